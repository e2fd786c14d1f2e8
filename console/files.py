"""Uploaded files on disk: kept under names of our own, measured and digested while they are written."""

import os
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

from flask import Flask, request

from models.errors import Invalid

FORM_BYTES = 1024 * 1024
LARGEST_BYTES = 128 * 1024 * 1024
SUFFIXES = (".csv", ".xlsx")
ROOMY = frozenset({"imports.receive", "channel_bills.receive"})
_STEP_BYTES = 1024 * 1024


def register(app: Flask) -> None:
    """Bound what a request may send: little, except where files are brought. Comes before anything reads a form."""
    app.config["MAX_CONTENT_LENGTH"] = FORM_BYTES
    app.before_request(_make_room)


def _make_room() -> None:
    if request.endpoint in ROOMY:
        request.max_content_length = LARGEST_BYTES + FORM_BYTES


class NotAnOrderFile(Invalid):
    """The name does not end like a file we read."""


class EmptyFile(Invalid):
    """There is nothing in the file."""


class TooLarge(Invalid):
    """The file is over the limit."""


@dataclass(frozen=True)
class Kept:
    """A file in the store: its name there, what it holds and how much."""

    name: str
    sha256: str
    size_bytes: int


def keep(source: IO[bytes], *, called: str, folder: Path, suffixes: tuple[str, ...] = SUFFIXES) -> Kept:
    """Write a file into the store; nothing of it stays when it is refused."""
    suffix = Path(called).suffix.lower()
    if suffix not in suffixes:
        known = "、".join(suffixes[:-1]) + f" 和 {suffixes[-1]}"
        raise NotAnOrderFile(f"只支持 {known} 文件；如为 .xls，请用表格软件另存为 .xlsx 后再上传")
    folder.mkdir(parents=True, exist_ok=True)
    name = secrets.token_hex(16) + suffix
    try:
        digest, size = _written(source, folder / name)
        if not size:
            raise EmptyFile("文件是空的，请确认导出是否成功")
    except BaseException:
        drop(name, folder=folder)
        raise
    return Kept(name, digest, size)


def drop(name: str, *, folder: Path) -> None:
    """Take a file out of the store."""
    (folder / name).unlink(missing_ok=True)


def _written(source: IO[bytes], path: Path) -> tuple[str, int]:
    digest, size = sha256(), 0
    with path.open("xb") as target:
        while step := source.read(_STEP_BYTES):
            size += len(step)
            if size > LARGEST_BYTES:
                raise TooLarge(f"文件超过 {LARGEST_BYTES // 1024 // 1024} MB，请按月份拆分后分别上传")
            digest.update(step)
            target.write(step)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest(), size
