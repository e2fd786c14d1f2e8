"""Lists written to files: streamed from PostgreSQL, bounded in memory, no live formula in any cell."""

import csv
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
import xlsxwriter
from flask import current_app

from jobs.queue import Run, job
from models import Export, db
from models.errors import Forbidden, Invalid
from models.operations import export as operations
from models.queries import view
from models.queries.view import Viewer
from models.tables.view import Format

CHUNK = 5_000
XLSX_ROWS = 1_048_575
ORPHANED = timedelta(days=2)
# What a spreadsheet takes for the beginning of a formula, in both widths.
LIVE = frozenset("=+-@\t\r\n\x00＝＋－＠")


class NotAllowed(Forbidden):
    """The person who asked may no longer see this list."""


class TooManyRows(Invalid):
    """More rows than a sheet holds."""


@dataclass(frozen=True)
class Field:
    """One column of the file: its heading, and how a value of the row becomes a text, a number or nothing."""

    title: str
    convert: Callable[[Any], str | int | Decimal | None] | None = None


class Source(Protocol):
    """A list that can be exported; the console offers its lists under the names of their pages."""

    def statement(self, export: Export, viewer: Viewer) -> tuple[sa.Select[Any], list[Field]]:
        """The rows of the export in this person's right and the columns chosen; refuses who may not see them."""


class Sink(Protocol):
    """A file that takes rows."""

    def write(self, rows: Iterable[Sequence[Any]]) -> None: ...


def neutral(text: str) -> str:
    """A text that no spreadsheet runs: an apostrophe before anything that looks like a formula."""
    text = text.replace("\x00", "")
    return f"'{text}" if text[:1] in LIVE and text else text


class CsvSink:
    """UTF-8 with a mark, so that Excel reads Chinese."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("w", encoding="utf-8-sig", newline="", buffering=1 << 20)
        self.writer = csv.writer(self.file)

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        self.writer.writerows([neutral(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)

    def close(self) -> None:
        self.file.close()


class XlsxSink:
    """One sheet, row by row; texts are typed as texts, so nothing in it is a formula."""

    def __init__(self, path: Path) -> None:
        self.book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
        self.sheet = self.book.add_worksheet()
        self.sheet.freeze_panes(1, 0)
        self.row = 0

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            if self.row > XLSX_ROWS:
                raise TooManyRows("超过 1,048,575 行，一张工作表放不下；请改用 CSV 或缩小筛选范围")
            for place, cell in enumerate(row):
                if isinstance(cell, str):
                    self.sheet.write_string(self.row, place, cell)
                elif cell is not None:
                    self.sheet.write_number(self.row, place, cell)
            self.row += 1

    def close(self) -> None:
        self.book.close()


SINKS: dict[str, Callable[[Path], CsvSink | XlsxSink]] = {Format.CSV: CsvSink, Format.XLSX: XlsxSink}


def folder() -> Path:
    """Where export files wait to be fetched."""
    place: Path = current_app.config["SETTINGS"].files / "exports"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


@contextmanager
def _fresh(format_: str) -> Iterator[Path]:
    """A new file under a name nobody can guess; gone again when writing it fails."""
    path = folder() / f"{secrets.token_hex(16)}.{format_}"
    path.touch(mode=0o600)
    try:
        yield path
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@job(queue="export", title="导出列表", max_attempts=3)
def export_list(run: Run, *, export_id: int) -> dict[str, Any]:
    """Write one list to a file in the right its asker has at this moment."""
    export = db.session.get_one(Export, export_id)
    viewer = view.viewer(staff_id=export.staff_id)
    if viewer is None:
        raise NotAllowed("申请导出的账号已停用")
    source: Source = current_app.extensions["exports"][export.page]
    statement, fields = source.statement(export, viewer)
    total = db.session.scalar(sa.select(sa.func.count()).select_from(statement.order_by(None).subquery())) or 0
    with _fresh(export.format) as path:
        rows = _write(run, statement, fields, SINKS[export.format](path), total)
        with run.transaction():
            operations.record_ready(
                export_id=export_id, file=path.name, rows=rows, octets=path.stat().st_size, at=run.at
            )
            run.complete({"rows": rows})
    return {"rows": rows}


def _write(run: Run, statement: sa.Select[Any], fields: list[Field], sink: CsvSink | XlsxSink, total: int) -> int:
    rows = 0
    with closing(sink):
        sink.write([[field.title for field in fields]])
        streamed = db.session.execute(statement, execution_options={"yield_per": CHUNK})
        for chunk in streamed.partitions():
            columns = zip(*chunk, strict=True)
            sink.write(
                zip(
                    *(
                        column if field.convert is None else map(field.convert, column)
                        for field, column in zip(fields, columns, strict=True)
                    ),
                    strict=True,
                )
            )
            rows += len(chunk)
            run.check()
            run.progress(rows, max(total, rows), "")
    return rows


@job(title="清理过期导出")
def forget_exports(run: Run, *, at: str) -> dict[str, Any]:
    """Remove files whose link has expired, and files that a crash left without an export."""
    moment, gone, over = datetime.fromisoformat(at), 0, [""]
    while over:
        run.check()
        with run.transaction():
            over = operations.expire(at=moment)
        for name in over:
            (folder() / name).unlink(missing_ok=True)
        gone += len(over)
    for path in folder().iterdir():
        if path.stat().st_mtime < (moment - ORPHANED).timestamp():
            path.unlink(missing_ok=True)
    return {"removed": gone}
