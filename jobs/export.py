"""Lists written to files: streamed from PostgreSQL, bounded in memory, no live formula in any cell."""

import codecs
import csv
import io
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
import xlsxwriter
from flask import current_app

from jobs.queue import Run, job
from models import EarningExport, Export, db
from models.errors import Forbidden, Invalid
from models.operations import download
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
    """One column of the file: its heading and what PostgreSQL reads for it, a number or a text."""

    title: str
    at: sa.ColumnElement[Any]

    @property
    def is_number(self) -> bool:
        return isinstance(self.at.type, sa.Integer | sa.Numeric)


class Source(Protocol):
    """A list that can be exported; the console offers its lists under the names of their pages."""

    def rows(self, export: Export, viewer: Viewer) -> tuple[sa.Select[Any], list[Field]]:
        """The rows in this person's right and in order, without columns, and the columns chosen.

        Refuses a person who may not see them.
        """


def neutral(text: str) -> str:
    """A text that no spreadsheet runs: an apostrophe before anything that looks like a formula."""
    text = text.replace("\x00", "")
    return f"'{text}" if text[:1] in LIVE and text else text


def neutralised(text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """As ``neutral``, said to PostgreSQL, which is far quicker over a million rows."""
    text = sa.cast(text, sa.Text)
    live = sa.func.left(text, 1).in_(sorted(LIVE - {"\x00"}))
    return sa.case((live, sa.func.concat("'", text)), else_=text)


def folder() -> Path:
    """Where export files wait to be fetched."""
    place: Path = current_app.config["SETTINGS"].files / "exports"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


@contextmanager
def fresh(ending: str, place: Path | None = None) -> Iterator[Path]:
    """A new file, in the folder of exports or another, under a name nobody can guess; gone when writing it fails."""
    path = (place or folder()) / f"{secrets.token_hex(16)}.{ending}"
    path.touch(mode=0o600)
    try:
        yield path
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def write_csv(run: Run, query: sa.Select[Any], fields: list[Field], path: Path, total: int) -> int:
    """UTF-8 with a mark, so that Excel reads Chinese; the rows as PostgreSQL itself writes them."""
    statement = query.add_columns(*(field.at if field.is_number else neutralised(field.at) for field in fields))
    compiled = statement.compile(dialect=db.engine.dialect, compile_kwargs={"render_postcompile": True})
    copy = f"COPY ({compiled}) TO STDOUT WITH (FORMAT csv, ENCODING 'UTF8')"
    rows = 0
    with path.open("wb", buffering=1 << 20) as file:
        heading = io.StringIO(newline="")
        csv.writer(heading, lineterminator="\n").writerow([neutral(field.title) for field in fields])
        file.write(codecs.BOM_UTF8 + heading.getvalue().encode())
        cursor = db.session.connection().connection.cursor()
        with cursor.copy(copy, compiled.params) as lines:
            for line in lines:
                file.write(line)
                rows += 1
                if rows % CHUNK == 0:
                    run.check()
                    run.progress(rows, max(total, rows), "")
    return rows


def write_xlsx(run: Run, query: sa.Select[Any], fields: list[Field], path: Path, total: int) -> int:
    """One sheet, row by row; texts are typed as texts, so nothing in it is a formula."""
    if total > XLSX_ROWS:
        raise TooManyRows("超过 1,048,575 行，一张工作表放不下；请改用 CSV 或缩小筛选范围")
    statement = query.add_columns(*(field.at if field.is_number else sa.cast(field.at, sa.Text) for field in fields))
    rows = 0
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True})
        for place, field in enumerate(fields):
            sheet.set_column(place, place, 14 if field.is_number else 20)
            sheet.write_string(0, place, field.title, bold)
        streamed = db.session.execute(statement, execution_options={"yield_per": CHUNK})
        for chunk in streamed.partitions():
            for row in chunk:
                rows += 1
                _write_row(sheet, rows, row)
            run.check()
            run.progress(rows, max(total, rows), "")
    return rows


def _write_row(sheet: Any, number: int, row: Sequence[Any]) -> None:
    for place, cell in enumerate(row):
        if isinstance(cell, str):
            sheet.write_string(number, place, cell)
        elif cell is not None:
            sheet.write_number(number, place, cell)


WRITERS: dict[str, Callable[[Run, sa.Select[Any], list[Field], Path, int], int]] = {
    Format.CSV: write_csv,
    Format.XLSX: write_xlsx,
}


@job(queue="export", title="导出列表", max_attempts=3)
def export_list(run: Run, *, export_id: int) -> dict[str, Any]:
    """Write one list to a file in the right its asker has at this moment."""
    export = db.session.get_one(Export, export_id)
    viewer = view.viewer(staff_id=export.staff_id)
    if viewer is None:
        raise NotAllowed("申请导出的账号已停用")
    source: Source = current_app.extensions["exports"][export.page]
    query, fields = source.rows(export, viewer)
    counted = query.order_by(None).add_columns(sa.literal(1)).subquery()
    total = db.session.scalar(sa.select(sa.func.count()).select_from(counted)) or 0
    with fresh(export.format) as path:
        rows = WRITERS[export.format](run, query, fields, path, total)
        with run.transaction():
            operations.record_ready(
                export_id=export_id, file=path.name, rows=rows, octets=path.stat().st_size, at=run.at
            )
            run.complete({"rows": rows})
    return {"rows": rows}


@job(title="清理过期导出")
def forget_exports(run: Run, *, at: str) -> dict[str, Any]:
    """Remove files whose link has expired, and files that a crash left without an export."""
    moment, gone, over = datetime.fromisoformat(at), 0, [""]
    while over:
        run.check()
        with run.transaction():
            over = download.expire(Export, at=moment) + download.expire(EarningExport, at=moment)
        for name in over:
            (folder() / name).unlink(missing_ok=True)
        gone += len(over)
    for path in folder().iterdir():
        if path.stat().st_mtime < (moment - ORPHANED).timestamp():
            path.unlink(missing_ok=True)
    return {"removed": gone}
