"""Evidence packs and reports written to files: streamed, marked row by row, digested, gone after a day."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app

from jobs import seals
from jobs.export import NotAllowed, fresh, neutral
from jobs.queue import Run, job
from models import Handout, db
from models.operations import download
from models.operations import handout as operations
from models.queries import filing, ledger, view
from models.queries import pack as packs
from models.rules import pack as rules
from models.rules import shanghai
from models.rules.pack import Entry

NEEDED = {True: "pack.make", False: "filing.make"}
README = """千星控台证据包

manifest.json 列出每个文件的字节数、行数和 SHA-256；manifest.sha256 是 manifest.json 自己的 SHA-256。
核对：qianxing verify-pack 本文件。金额单位是分，时刻是 UTC。每行末尾的水印说明是谁在何时取得的。
ledger_head 是生成时账本封存链的最新链头：向平台索取链头的库外留存，可以证明账目之后没有被改。
"""


def folder() -> Path:
    """Where the files wait to be fetched."""
    place: Path = current_app.config["SETTINGS"].files / "handouts"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def mark(made: Handout) -> str:
    """What every row carries: the file's number, who asked for it and when."""
    return f"P{made.id}-S{made.staff_id}-{made.created_at:%Y%m%d%H%M}"


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return neutral(value) if isinstance(value, str) else value


class Packer:
    """Writes files into a pack one after the other and keeps what the manifest says of them."""

    def __init__(self, archive: zipfile.ZipFile, sign: str) -> None:
        self.archive, self.sign = archive, sign
        self.entries: list[Entry] = []

    def text(self, name: str, content: str) -> None:
        """A plain file."""
        octets = content.encode()
        self.archive.writestr(name, octets)
        self._keep(name, octets_of=len(octets), digest=hashlib.sha256(octets).hexdigest(), rows=0)

    def table(self, name: str, headings: list[str], rows: Iterator[list[Any]]) -> int:
        """A CSV with its watermark in the last column; how many rows it has."""
        digest, length, count = hashlib.sha256(), 0, 0
        with self.archive.open(name, "w", force_zip64=True) as file:
            for cells in _with_heading(headings, rows, self.sign):
                line = _line(cells)
                file.write(line)
                digest.update(line)
                length, count = length + len(line), count + 1
        self._keep(name, octets_of=length, digest=digest.hexdigest(), rows=count - 1)
        return count - 1

    def _keep(self, name: str, *, octets_of: int, digest: str, rows: int) -> None:
        self.entries.append(Entry(name=name, bytes=octets_of, sha256=digest, rows=rows))

    def seal(self, facts: dict[str, Any]) -> str:
        """Write the manifest and its digest; the digest."""
        said = rules.manifest(facts=facts, files=self.entries)
        digest = hashlib.sha256(said).hexdigest()
        self.archive.writestr(rules.MANIFEST, said)
        self.archive.writestr(rules.SEAL, f"{digest}  {rules.MANIFEST}\n")
        return digest


def _with_heading(headings: list[str], rows: Iterator[list[Any]], sign: str) -> Iterator[list[Any]]:
    yield [*headings, "watermark"]
    for row in rows:
        yield [*map(_cell, row), sign]


def _line(cells: list[Any]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def _told(made: Handout) -> dict[str, Any]:
    """What the questions of a pack are asked with."""
    if made.kind != "period":
        return {"code": made.subject}
    first, last = operations.span(made.subject)
    return {"start": shanghai.begins(first), "end": shanghai.begins(last + timedelta(days=1))}


def _checked(handout_id: int) -> Handout:
    """What was asked for, if its asker may still have it."""
    made = db.session.get_one(Handout, handout_id)
    viewer = view.viewer(staff_id=made.staff_id)
    needed = {NEEDED[made.kind in operations.PACKS]} | (set() if made.is_masked else {"pii.reveal"})
    if viewer is None or not needed <= viewer.permissions:
        raise NotAllowed("申请人已没有生成这个文件的权限")
    return made


def _head() -> dict[str, Any] | None:
    """The newest sealed block, and whether the same head is kept outside the database."""
    block = ledger.last_block()
    if block is None:
        return None
    head = bytes(block.hash)
    return {
        "block": block.id,
        "last_posting": block.last_posting_id,
        "hash": head.hex(),
        "is_kept_outside": seals.kept().get(block.id) == head,
    }


@job(queue="export", title="生成证据包", max_attempts=3)
def write_pack(run: Run, *, handout_id: int) -> dict[str, Any]:
    """Write everything about a member, an order, a complaint or a span of days into one sealed ZIP."""
    made = _checked(handout_id)
    told, parts = _told(made), packs.parts(made.kind)
    with fresh("zip", folder()) as path:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            packer, rows = Packer(archive, mark(made)), 0
            packer.text("README.txt", README)
            for place, part in enumerate(parts):
                run.check()
                found = (cells for _names, cells in packs.rows(part, told, is_masked=made.is_masked))
                rows += packer.table(part.name, packs.headings(part, told), found)
                run.progress(place + 1, len(parts), part.name)
            digest = packer.seal(_facts(made, run.at))
        with run.transaction():
            operations.record_ready(
                handout_id=handout_id, file=path.name, digest=digest, rows=rows, octets=path.stat().st_size, at=run.at
            )
            run.complete({"rows": rows, "digest": digest})
    return {"rows": rows, "digest": digest}


def _facts(made: Handout, at: datetime) -> dict[str, Any]:
    return {
        "kind": made.kind,
        "subject": made.subject,
        "reason": made.reason,
        "is_masked": made.is_masked,
        "asked_by": f"staff:{made.staff_id}",
        "asked_at": made.created_at.isoformat(),
        "made_at": at.isoformat(),
        "watermark": mark(made),
        "ledger_head": _head(),
    }


@job(queue="export", title="生成报送文件", max_attempts=3)
def write_filing(run: Run, *, handout_id: int) -> dict[str, Any]:
    """Write a report to the tax authority: the file, and beside it what is missing in it, row by row."""
    made = _checked(handout_id)
    first, after = operations.months(made.subject)
    with fresh("zip", folder()) as path:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            packer = Packer(archive, mark(made))
            report = filing.of(made.kind, first, after)
            rows = packer.table(f"{made.kind}-{made.subject}.csv", list(report.headings), iter(report.rows))
            packer.table("problems.csv", ["row", "account", "problem"], iter(report.problems))
            digest = packer.seal(
                _facts(made, run.at) | {"totals": report.totals, "problems": len(report.problems), "rule": report.rule}
            )
        with run.transaction():
            operations.record_ready(
                handout_id=handout_id, file=path.name, digest=digest, rows=rows, octets=path.stat().st_size, at=run.at
            )
            run.complete({"rows": rows, "digest": digest, "problems": len(report.problems)})
    return {"rows": rows, "digest": digest}


@job(title="清理过期文件")
def forget_handouts(run: Run, *, at: str) -> dict[str, Any]:
    """Remove files whose link has expired."""
    gone, over = 0, [""]
    while over:
        run.check()
        with run.transaction():
            over = download.expire(Handout, at=run.at)
        for name in over:
            (folder() / name).unlink(missing_ok=True)
        gone += len(over)
    return {"removed": gone}
