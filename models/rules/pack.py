"""An evidence pack: a ZIP of plain files with a manifest of their digests, and its examination by anybody."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
SEAL = "manifest.sha256"
CHUNK = 1 << 20
LARGEST = 1 << 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a pack."""

    name: str
    bytes: int
    sha256: str
    rows: int


def manifest(*, facts: dict[str, Any], files: list[Entry]) -> bytes:
    """The manifest as it stands in the pack; its SHA-256 is the pack's digest."""
    listed = [{"name": one.name, "bytes": one.bytes, "sha256": one.sha256, "rows": one.rows} for one in files]
    return json.dumps({**facts, "files": listed}, ensure_ascii=False, indent=2, sort_keys=True).encode()


def examined(path: Path) -> Iterator[str]:
    """Everything that does not agree in a pack, a Chinese sentence each; nothing says it is whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield from _examined(archive)
    except (zipfile.BadZipFile, OSError) as error:
        yield f"这不是一个完整的证据包（{type(error).__name__}），请重新获取文件"


def _examined(archive: zipfile.ZipFile) -> Iterator[str]:
    names = archive.namelist()
    if MANIFEST not in names or SEAL not in names:
        yield "证据包里没有清单（manifest.json、manifest.sha256）"
        return
    if len(names) != len(set(names)):
        yield "证据包里有重名的文件"
        return
    said = archive.read(MANIFEST)
    if hashlib.sha256(said).hexdigest() != archive.read(SEAL).decode("ascii", "replace").split()[0:1][0]:
        yield "清单与它的 SHA-256 不符"
    listed = {one["name"]: one for one in json.loads(said)["files"]}
    for name in sorted(set(names) - set(listed) - {MANIFEST, SEAL}):
        yield f"{name} 不在清单里"
    for name, one in listed.items():
        if name not in names:
            yield f"清单里的 {name} 不在包里"
        elif _digest(archive, name) != (one["bytes"], one["sha256"]):
            yield f"{name} 的内容与清单不符"


def _digest(archive: zipfile.ZipFile, name: str) -> tuple[int, str]:
    """Length and SHA-256 of a file, read piece by piece and never beyond what any pack holds."""
    digest, length = hashlib.sha256(), 0
    try:
        with archive.open(name) as file:
            while (chunk := file.read(CHUNK)) and length < LARGEST:
                digest.update(chunk)
                length += len(chunk)
    except zipfile.BadZipFile:
        return -1, ""
    return length, digest.hexdigest()
