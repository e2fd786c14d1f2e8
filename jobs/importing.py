"""Imports in the background: a file is tried row by row, its good rows are published at once, or withdrawn at once."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import Any

from flask import current_app

from jobs import reading
from jobs.queue import Cancelled, Run, job
from jobs.refusals import NoSuchSheet
from models.errors import DomainError, Missing
from models.operations import importing as operations
from models.operations import publishing, staging
from models.operations.job import LeaseLost
from models.operations.staging import Chunk
from models.rules import shanghai
from models.rules.importing import Cell, Cleaned, Cleaner, Field, Kind, Layout, SheetInfo, read_products
from models.rules.importing.values import shown
from models.rules.intake import State
from models.tables.history import CELL_END

CHUNK_ROWS = 5_000
Row = tuple[int, tuple[Cell, ...]]


def folder() -> Path:
    """Where uploaded files lie, under names of our own."""
    return Path(current_app.config["SETTINGS"].files) / "imports"


class FileGone(Missing):
    """An uploaded file that lies here no more."""


def sheets_of(stored_name: str) -> list[SheetInfo]:
    """The sheets of an uploaded file with their first rows."""
    if not (folder() / stored_name).exists():
        raise FileGone("原文件已不在服务器上（可能已按保存期限清除），请重新上传")
    return reading.open_sheets(folder() / stored_name)


@dataclass(frozen=True)
class Reading:
    """A file opened under its layout, from behind the row where an earlier attempt stopped."""

    path: Path
    layout: Layout
    sheet: SheetInfo
    after: int

    @property
    def header(self) -> tuple[str, ...]:
        return self.sheet.columns(self.layout.header_row)

    def cleaner(self, run: Run) -> Cleaner:
        products = None
        if self.layout.products is not None:
            of = self.layout.products
            names = next(sheet for sheet in reading.open_sheets(self.path) if sheet.name == of.sheet)
            rows = (cells for _, cells in reading.rows(self.path, of.sheet, of.header_row))
            products = read_products(self.layout, names.columns(of.header_row), rows)
        return Cleaner(self.layout, self.header, today=shanghai.day_of(run.at), products=products)

    def rows(self) -> Iterator[Row]:
        for row in reading.rows(self.path, self.layout.sheet, self.layout.header_row):
            if row[0] > self.after:
                yield row


Step = Callable[..., dict[str, Any] | None]


def _for_its_import(*, back: State, gives_up: bool = False) -> Callable[[Step], Step]:
    """Tie a job to the state of its import.

    A job whose import was stopped or asked for anew ends quietly. A job that is cancelled gives the import the state
    ``back``; with ``gives_up`` a file that cannot be read makes the import fail with the reason.
    """

    def tie(step: Step) -> Step:
        @wraps(step)
        def tied(run: Run, *, import_id: int) -> dict[str, Any] | None:
            try:
                return step(run, import_id=import_id)
            except staging.Stale as stale:
                return {"stopped": str(stale)}
            except Cancelled:
                with run.transaction():
                    operations.stop(import_id=import_id, job_id=run.job_id, back=back)
                raise
            except LeaseLost:
                raise
            except DomainError as refusal:
                if not gives_up:
                    raise
                with run.transaction():
                    record = staging.take(import_id=import_id, job_id=run.job_id, state=State.STAGING)
                    staging.fail(run=record, failure=str(refusal))
                return {"failure": str(refusal)}

        return tied

    return tie


@job(title="试算导入文件", seconds=3 * 3600)
@_for_its_import(back=State.CANCELLED, gives_up=True)
def stage_import(run: Run, *, import_id: int) -> dict[str, Any] | None:
    """The dry run: read every row into the staged ones, note what was found, count what stands."""
    file = _opened(run, import_id)
    cleaner = file.cleaner(run)
    estimate = file.sheet.rows_estimate
    for chunk in _chunks(file.rows(), cleaner):
        run.check()
        with run.transaction():
            record = staging.take(import_id=import_id, job_id=run.job_id, state=State.STAGING)
            staging.write(run=record, chunk=chunk)
            read = record.rows_read
        run.progress(read, max(estimate, read + 1), "读取")
    run.check()
    with run.transaction():
        record = staging.take(import_id=import_id, job_id=run.job_id, state=State.STAGING)
        staging.mend_words(run=record, column=file.layout.columns.get(Field.SALES_REGION, ""))
        staging.refuse_repeats(run=record)
        staging.finish(run=record, at=run.at)
        result = {"ready": record.rows_ready, "refused": record.rows_refused, "repaired": record.rows_repaired}
        run.complete(result)
    return result


@job(title="导入订单", seconds=3 * 3600)
@_for_its_import(back=State.STAGED)
def publish_import(run: Run, *, import_id: int) -> dict[str, Any] | None:
    """Take every staged row into history in one transaction: the boards see all of the import or nothing."""
    with run.transaction():
        record = staging.take(import_id=import_id, job_id=run.job_id, state=State.PUBLISHING)
        total = record.rows_ready

        def told(moved: int) -> None:
            run.progress(moved, max(total, 1), "导入")
            run.check()

        publishing.move_rows(run=record, told=told)
        publishing.settle(run=record, at=run.at)
        result = {"rows": record.rows_published}
        run.complete(result)
    return result


@job(title="撤销导入", seconds=3 * 3600)
@_for_its_import(back=State.DONE)
def undo_import(run: Run, *, import_id: int) -> dict[str, Any] | None:
    """Take every row of the import out of history in one transaction."""
    with run.transaction():
        record = staging.take(import_id=import_id, job_id=run.job_id, state=State.UNDOING)
        result = {"rows": publishing.withdraw(run=record, at=run.at)}
        run.complete(result)
    return result


@job(title="清理已取消的导入")
@_for_its_import(back=State.CANCELLED)
def clear_import(run: Run, *, import_id: int) -> dict[str, Any] | None:
    """Drop what the dry run of a cancelled import wrote, and the file: it may be brought again."""
    with run.transaction():
        record = staging.take(import_id=import_id, job_id=run.job_id, state=State.CANCELLED)
        staging.clear(import_id=record.id)
    (folder() / record.stored_name).unlink(missing_ok=True)
    return None


def _opened(run: Run, import_id: int) -> Reading:
    with run.transaction():
        record = staging.take(import_id=import_id, job_id=run.job_id, state=State.STAGING)
        path, layout, after = folder() / record.stored_name, Layout.from_json(record.layout), record.checkpoint
        if not after:
            staging.begin(run=record)
    sheet = next((one for one in reading.open_sheets(path) if one.name == layout.sheet), None)
    if sheet is None:
        raise NoSuchSheet(f"文件中没有“{layout.sheet}”这个工作表")
    file = Reading(path, layout, sheet, after)
    with run.transaction():
        record = staging.take(import_id=import_id, job_id=run.job_id, state=State.STAGING)
        record.header = list(file.header)
    return file


def _chunks(rows: Iterable[Row], cleaner: Cleaner) -> Iterator[Chunk]:
    waiting = iter(rows)
    while batch := list(islice(waiting, CHUNK_ROWS)):
        chunk = Chunk(last_row=batch[-1][0], read=len(batch))
        for number, cells in batch:
            _sort_in(chunk, number, cells, cleaner)
        yield chunk


def _sort_in(chunk: Chunk, number: int, cells: tuple[Cell, ...], cleaner: Cleaner) -> None:
    outcome = cleaner.clean(cells)
    chunk.cells.append((number, _as_text(cells)))
    if isinstance(outcome, Cleaned):
        chunk.lines.append((number, *outcome.line))
        chunk.repaired += any(finding.kind is Kind.REPAIRED for finding in outcome.findings)
    else:
        chunk.refused += 1
    for found in outcome.findings:
        chunk.issues.append((number, found.column, found.value, found.repaired, found.kind, found.code, found.reason))


def _as_text(cells: tuple[Cell, ...]) -> str:
    texts = [cell if type(cell) is str else shown(cell) for cell in cells]
    joined = CELL_END.join(texts)
    if joined.count(CELL_END) != len(texts) - 1 or "\0" in joined:
        return CELL_END.join(text.replace(CELL_END, " ").replace("\0", " ") for text in texts)
    return joined
