"""Pictures that members send: checked from the header, decoded by a confined child, kept under names of our own."""

import json
import secrets
import subprocess
import sys
import threading
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from console import picture_child
from models.errors import Conflict
from models.rules import picture as rules
from models.rules.picture import BrokenPicture

FOLDER = "proofs"
CHILD = [sys.executable, "-I", str(Path(picture_child.__file__).resolve())]
PATIENCE_SECONDS = 20.0
ROOM_SECONDS = 5.0
TYPES = tuple(kind.value for kind in rules.Kind)
# The form around a picture is small.
LARGEST_BODY = rules.BYTES_MAX + 64 * 1024
TOO_LARGE = f"图片不能超过 {rules.BYTES_MAX // 1024 // 1024} MB，{rules.AGAIN}"
# Each child may take half a gigabyte: no more of them at once than this process has room for.
_ROOM = threading.BoundedSemaphore(2)


class NoRoom(Conflict):
    """Too many pictures arrive at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that may be kept: the digest of what was sent, and what was made of it."""

    sha256: bytes
    jpeg: bytes
    width: int
    height: int
    hash64: int
    outline: bytes


def take(raw: bytes) -> Picture:
    """Check and decode what was sent; nothing of its metadata is left, nothing of it touches the disk."""
    rules.check(raw)
    if not _ROOM.acquire(timeout=ROOM_SECONDS):
        raise NoRoom("同时上传的图片较多，请稍等几秒后重试。")
    try:
        done = subprocess.run(CHILD, input=raw, capture_output=True, timeout=PATIENCE_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise BrokenPicture(f"图片无法在限定时间内打开，{rules.AGAIN}") from error
    finally:
        _ROOM.release()
    if done.returncode:
        # Three where it says so itself; a signal where a limit ended it.
        raise BrokenPicture(f"图片无法打开，{rules.AGAIN}")
    line, _, jpeg = done.stdout.partition(b"\n")
    facts = json.loads(line)
    return Picture(
        sha256=sha256(raw).digest(), jpeg=jpeg, width=facts["width"], height=facts["height"], hash64=facts["hash"],
        outline=bytes.fromhex(facts["outline"]),
    )  # fmt: skip


def keep(picture: Picture, *, files: Path) -> str:
    """Write a picture into the store; its name there."""
    folder = files / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{secrets.token_hex(16)}.jpg"
    with (folder / name).open("xb") as target:
        target.write(picture.jpeg)
    return name


def path(name: str, *, files: Path) -> Path:
    """Where a kept picture lies."""
    return files / FOLDER / name
