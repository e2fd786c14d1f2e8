"""Reading pictures in a process of its own that stays warm: asked one at a time, ended when it does not answer."""

import atexit
import importlib.util
import json
import select
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from models.rules.reading import Word

CHILD = [sys.executable, "-I", str(Path(__file__).with_name("children") / "ocr.py")]
START_SECONDS = 60.0
PICTURE_SECONDS = 60.0
# Native memory of many pictures is given back with the process.
PICTURES_A_CHILD = 500
_STEP_BYTES = 65_536


class NoReader(Exception):
    """The text of a picture could not be read: the reader is not installed, broke, or took too long."""


def is_installed() -> bool:
    """Whether this installation has the reader (`pip install .[ocr]`)."""
    return all(importlib.util.find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


class Reader:
    """The warm process. The first picture waits for the models to load; a broken process is replaced by the next."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._pictures = 0
        self._lock = threading.Lock()

    def read(self, jpeg: bytes) -> list[Word]:
        """Every line of text of a picture."""
        with self._lock:
            is_new = self._child is None or self._child.poll() is not None
            child = self._started() if is_new else self._child
            assert child is not None
            try:
                answer = _asked(child, jpeg, seconds=PICTURE_SECONDS + (START_SECONDS if is_new else 0))
            except (OSError, TimeoutError, EOFError) as error:
                self._end()
                raise NoReader(f"识别进程没有给出结果：{type(error).__name__}") from error
            self._pictures += 1
            if self._pictures >= PICTURES_A_CHILD:
                self._end()
        return [Word(*one) for one in json.loads(answer)]

    def close(self) -> None:
        """End the process; the next picture starts another."""
        with self._lock:
            self._end()

    def _started(self) -> subprocess.Popen[bytes]:
        if not is_installed():
            raise NoReader("没有安装识别组件，请运行 pip install '.[ocr]'")
        self._end()
        self._child = subprocess.Popen(CHILD, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return self._child

    def _end(self) -> None:
        child, self._child, self._pictures = self._child, None, 0
        if child is None:
            return
        child.kill()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                # What was not sent to a process that is gone goes with it.
                with suppress(BrokenPipeError):
                    pipe.close()
        child.wait()


def _asked(child: subprocess.Popen[bytes], jpeg: bytes, *, seconds: float) -> bytes:
    """One question and its line; `TimeoutError` and `EOFError` where none comes."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(b"%d\n" % len(jpeg) + jpeg)
    child.stdin.flush()
    return _line(child.stdout, until=time.monotonic() + seconds)


def _line(source: IO[bytes], *, until: float) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([source], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise TimeoutError
        step = source.read1(_STEP_BYTES)  # type: ignore[attr-defined]
        if not step:
            raise EOFError
        line += step
    return line


READER = Reader()
atexit.register(READER.close)
