"""Statements in the background: fetched from the channel, read on trial, taken, and the days they cover reckoned."""

import hashlib
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import Any

from flask import current_app

from jobs import reading
from jobs.gateways.statement import NoBusiness, NotYet, Silent, Statements
from jobs.queue import Run, job
from jobs.refusals import BrokenFile, NotASpreadsheet, TooLarge
from models.errors import DomainError
from models.operations import reckoning
from models.operations import statement as operations
from models.operations.job import LeaseLost
from models.operations.statement import Brought
from models.queries import reckoning as queries
from models.rules import shanghai
from models.rules.statement import (
    Account,
    Entry,
    Layout,
    Reader,
    Recognised,
    Refused,
    claims_of,
    recognise,
)
from models.tables.statement import Statement

CHUNK_LINES = 5_000
DAYS_AT_ONCE = 92
DAYS_KEPT_OPEN = 30
DAYS_ASKED_FOR = 3
READY_HOUR = 10
UNPACKED_BYTES_MAX = 600 * 2**20
FETCHED = ((Account.TRADE, Layout.TRADE), (Account.BASIC, Layout.FUNDFLOW), (Account.OPERATION, Layout.FUNDFLOW))


def folder() -> Path:
    """Where statements lie, under names of our own."""
    return Path(current_app.config["SETTINGS"].files) / "statements"


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The file itself, or the one table inside a plain archive; an .xlsx, an archive by its nature, stays as it is."""
    if not zipfile.is_zipfile(path):
        yield path
        return
    with zipfile.ZipFile(path) as archive:
        if "[Content_Types].xml" in archive.namelist():
            yield path
            return
        inner = _table_of(archive)
        target = path.with_name(f"{path.name}.{secrets.token_hex(4)}{Path(inner.filename).suffix.lower()}")
        try:
            with archive.open(inner) as source, target.open("xb") as file:
                shutil.copyfileobj(source, file)
            yield target
        finally:
            target.unlink(missing_ok=True)


def _table_of(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    tables = [one for one in archive.infolist() if one.filename.lower().endswith((".csv", ".xlsx", ".txt"))]
    if not tables:
        raise NotASpreadsheet("压缩包里没有 .csv 或 .xlsx 账单，请解压后确认内容再上传")
    if len(tables) > 1:
        raise NotASpreadsheet(f"压缩包里有 {len(tables)} 个表格，请解压后逐个上传")
    if tables[0].flag_bits & 1:
        raise NotASpreadsheet("压缩包加了密码，请解压后上传其中的账单")
    if tables[0].file_size > UNPACKED_BYTES_MAX:
        raise TooLarge("压缩包里的账单过大，请按天下载后分别上传")
    return tables[0]


def look(path: Path) -> Recognised:
    """What statement a file is; a file that is none is refused with what to do."""
    try:
        with unpacked(path) as table:
            return recognise(reading.open_sheets(table))
    except zipfile.BadZipFile as error:
        raise BrokenFile("压缩包已损坏，可能没有下载完整；请重新下载后上传") from error


Step = Callable[..., dict[str, Any] | None]


def _for_its_statement(*, state: str) -> Callable[[Step], Step]:
    """A job whose statement was given up ends quietly; a file that cannot be read makes its statement fail."""

    def tie(step: Step) -> Step:
        @wraps(step)
        def tied(run: Run, *, statement_id: int) -> dict[str, Any] | None:
            try:
                return step(run, statement_id=statement_id)
            except operations.Stale as stale:
                return {"stopped": str(stale)}
            except LeaseLost:
                raise
            except DomainError as refusal:
                with run.transaction():
                    found = operations.held(statement_id=statement_id, job_id=run.job_id, state=state)
                    operations.fail(found=found, failure=str(refusal))
                return {"failure": str(refusal)}

        return tied

    return tie


@job(title="试读账单", seconds=3 * 3600)
@_for_its_statement(state="reading")
def read_statement(run: Run, *, statement_id: int) -> dict[str, Any] | None:
    """The dry run: every line into drafts, what cannot be read set aside with its reason."""
    with run.transaction():
        found = operations.held(statement_id=statement_id, job_id=run.job_id, state="reading")
        path = folder() / found.stored_name
        operations.begin(found=found)
    with unpacked(path) as table:
        return _read(run, statement_id, table)


def _read(run: Run, statement_id: int, table: Path) -> dict[str, Any]:
    sheets = reading.open_sheets(table)
    known = recognise(sheets)
    sheet = next(one for one in sheets if one.name == known.sheet)
    reader, total = Reader(known), sheet.rows_estimate
    read = 0
    rows = reading.rows(table, known.sheet, known.header_row)
    while chunk := list(islice(rows, CHUNK_LINES)):
        run.check()
        said = [(number, reader.read(cells)) for number, cells in chunk]
        with run.transaction():
            found = operations.held(statement_id=statement_id, job_id=run.job_id, state="reading")
            operations.write(
                found=found,
                entries=[(number, one) for number, one in said if isinstance(one, Entry)],
                refused=[{"row": number, **one._asdict()} for number, one in said if isinstance(one, Refused)],
            )
        read += len(chunk)
        run.progress(read, max(total, read + 1), "读取")
    above = (cells for number, cells in sheet.sample if number < known.header_row)
    claimed = reader.claims.lines if reader.claims.lines is not None else claims_of(above).lines
    with run.transaction():
        found = operations.held(statement_id=statement_id, job_id=run.job_id, state="reading")
        operations.finish_reading(found=found, claimed=claimed, at=run.at)
        result = {"lines": found.lines_read, "refused": found.lines_refused, "new": found.lines_new}
        run.complete(result)
    return result


@job(title="账单入账", seconds=3 * 3600)
@_for_its_statement(state="taking")
def take_statement(run: Run, *, statement_id: int) -> dict[str, Any] | None:
    """Every line that was read on trial counts from now on, all in one transaction."""
    with run.transaction():
        found = operations.held(statement_id=statement_id, job_id=run.job_id, state="taking")
        operations.finish_taking(found=found, at=run.at)
        result = {"new": found.lines_new}
        run.complete(result)
    return result


@job(title="对账")
def reckon_statement(run: Run, *, statement_id: int, **_: Any) -> dict[str, Any]:
    """Reckon every day that a statement covers, the newest three months of them."""
    with run.transaction():
        found = queries.statement(statement_id)
        days = _days(found.first_on, found.last_on) if found.account != Account.WALLET else []
    return _reckon(run, days)


@job(title="对账一天")
def reckon_day(run: Run, *, day: str) -> dict[str, Any]:
    """Reckon one day again."""
    return _reckon(run, [date.fromisoformat(day)])


def _days(first: date | None, last: date | None) -> list[date]:
    if first is None or last is None:
        return []
    first = max(first, last - timedelta(days=DAYS_AT_ONCE - 1))
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _reckon(run: Run, days: list[date]) -> dict[str, Any]:
    for done, day in enumerate(days, start=1):
        run.check()
        with run.transaction():
            reckoning.reckon(day=day, at=run.at)
        run.progress(done, len(days), "")
    return {"days": len(days)}


@job(title="下载账单")
def fetch_statements(run: Run, *, at: str) -> dict[str, Any]:
    """Ask the channel for the statements of the last days that are not here yet; once an hour is often enough.

    ``at`` is the beginning of the timetable's period. Files are made from nine o'clock on, so none is asked for before
    ten; where one is still being made, was refused or came spoilt, the next period asks again. What is still waited for
    is said with what the channel told.
    """
    channel: Statements | None = current_app.extensions.get("statements")
    begun = datetime.fromisoformat(at).astimezone(shanghai.SHANGHAI)
    if channel is None or begun.hour < READY_HOUR:
        return {"waiting": []}
    days = [begun.date() - timedelta(days=n) for n in range(DAYS_ASKED_FOR, 0, -1)]
    wanted = [(day, account, layout) for day in days for account, layout in FETCHED]
    waiting = []
    for done, (day, account, layout) in enumerate(wanted, start=1):
        run.check()
        if (missing := _fetched(run, channel, account, layout, day)) is not None:
            waiting.append(f"{day} {account} {missing}".strip())
        run.progress(done, len(wanted), "")
    return {"waiting": waiting}


@job(title="重新对账")
def reckon_open(run: Run, *, at: str) -> dict[str, Any]:
    """Reckon yesterday, and every day of the last month that has differences left: some go by themselves."""
    yesterday = shanghai.day_of(datetime.fromisoformat(at)) - timedelta(days=1)
    with run.transaction():
        days = queries.unsettled(since=yesterday - timedelta(days=DAYS_KEPT_OPEN))
    return _reckon(run, sorted({*days, yesterday}))


def _fetched(run: Run, channel: Statements, account: Account, layout: Layout, day: date) -> str | None:
    """None where the statement of an account is here now; else why it is not."""
    with run.transaction():
        if queries.is_here(account=account, day=day):
            return None
    folder().mkdir(parents=True, exist_ok=True)
    name = f"{secrets.token_hex(16)}.csv"
    path = folder() / name
    try:
        channel.fetch(account=account, day=day, into=path)
    except NoBusiness:
        with run.transaction():
            operations.nothing(account=account, layout=layout, day=day, by="timetable", at=run.at)
        return None
    except (NotYet, Silent) as missing:
        path.unlink(missing_ok=True)
        return str(missing)
    with run.transaction():
        _enter(path, name, account, layout, day, run.at)
    return None


def _enter(path: Path, name: str, account: Account, layout: Layout, day: date, at: datetime) -> Statement | None:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    there = operations.standing(account=account, sha256=digest)
    if there is not None:
        path.unlink(missing_ok=True)
        return there
    brought = Brought(
        source="download", layout=layout, account=account, file_name=f"{account}-{day:%Y%m%d}.csv", stored_name=name,
        sha256=digest, size_bytes=path.stat().st_size, day=day,
    )  # fmt: skip
    return operations.bring(brought=brought, by="timetable", at=at)
