"""`qianxing demo` as a person runs it: it comes, bears the death of its parts, stops whole and keeps its data."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from console import processes

PATIENCE = 240


class Demo:
    """One demo on a folder of its own, watched from outside."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.screen = root.parent / "screen"

    def start(self, **environment: str) -> "Demo":
        given = {name: value for name, value in os.environ.items() if not name.endswith(("_URL", "SECRET_KEY"))}
        given |= {"QIANXING_VAR": str(self.root), "PORT": "5900", "DEMO_MEMBERS": "30"} | environment
        with self.screen.open("wb") as screen:
            command = [sys.executable, "-m", "console.cli", "demo"]
            self.process = subprocess.Popen(command, env=given, stdout=screen, stderr=screen, start_new_session=True)
        _until(lambda: "已就绪" in self.text or self.process.poll() is not None)
        assert self.process.poll() is None, self.text
        return self

    @property
    def text(self) -> str:
        return self.screen.read_text() if self.screen.exists() else ""

    @property
    def address(self) -> str:
        return str(json.loads((self.root / "demo.json").read_text())["address"])

    def answers(self, path: str = "/readyz") -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{self.address}{path}", timeout=10) as answer:
            return answer.status == 200
        return False

    def children(self) -> set[int]:
        """Every living process that was started for this folder."""
        mark = f"QIANXING_FILES={self.root / 'files'}".encode()
        found = set()
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if (
                    entry.name.isdigit()
                    and mark in (entry / "environ").read_bytes()
                    and processes.is_alive(int(entry.name))
                ):
                    found.add(int(entry.name))
        return found

    def servers(self) -> set[int]:
        return processes.of_folder(self.root / "pg") | processes.of_folder(self.root / "redis")

    def stop(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


def _until(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not claim():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


@pytest.fixture
def demo(tmp_path):
    one = Demo(tmp_path / "var")
    yield one
    if one.process.poll() is None:
        one.stop(signal.SIGTERM)
    assert one.children() | one.servers() == set()


class TestDemo:
    @pytest.mark.timeout(600)
    def test_comes_heals_stops_and_comes_back(self, demo):
        demo.start()
        assert re.search(r"地址 +http://127\.0\.0\.1:59\d\d\n", demo.text)
        assert len(re.findall(r"^  演示\S+ +demo\S* +\S{19} +\d{6}", demo.text, re.MULTILINE)) == 8
        link = re.search(r"/demo/[\w-]+", demo.text)[0]
        assert demo.answers(link)
        assert not demo.answers("/demo/of-nobody")

        postmaster = int((demo.root / "pg" / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(postmaster, signal.SIGKILL)
        _until(lambda: not processes.is_alive(postmaster))
        _until(demo.answers)

        web = [pid for pid in demo.children() if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        for pid in web:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _until(demo.answers)

        assert demo.stop(signal.SIGINT) == 0
        assert "数据保留" in demo.text
        assert demo.children() | demo.servers() == set()

        password = re.search(r"演示管理员 +demo +(\S{19})", demo.text)[1]
        demo.start()
        assert f" {password} " in demo.text
        assert (demo.root / "files").stat().st_mode & 0o077 == 0
        assert demo.stop(signal.SIGTERM) == 0
