"""A statement's way in: brought or downloaded, read on trial, then taken line by line, each line once for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from models.base import copy_rows, db
from models.errors import Conflict, Invalid, Missing
from models.operations import outbox
from models.rules.statement import Account, Entry, Layout
from models.tables.job import Queue
from models.tables.statement import Statement

ENTRY = Entry._fields
FINDINGS_KEPT = 100


class NoStatement(Missing):
    """No statement has this id."""


class AlreadyHere(Conflict):
    """This very file is here."""


class NotNow(Conflict):
    """The statement is not where this step could happen."""


class WhichAccount(Invalid):
    """A fund-flow bill does not say of itself which account it is of."""


class Stale(Conflict):
    """The job no longer speaks for the statement."""


@dataclass(frozen=True, kw_only=True)
class Brought:
    """A file in the store and what it was recognised as; ``day`` is what a download was asked for."""

    source: str
    layout: Layout
    account: Account
    file_name: str
    stored_name: str
    sha256: str
    size_bytes: int
    day: date | None = None


def account_of(layout: Layout, *, chosen: str, file_name: str) -> Account:
    """The account that a file is of: said by its layout, else chosen, else told by the file's name."""
    if layout is Layout.TRADE:
        return Account.TRADE
    if layout is not Layout.FUNDFLOW:
        return Account.WALLET
    if chosen in (Account.BASIC, Account.OPERATION, Account.FEES):
        return Account(chosen)
    name = file_name.lower()
    for account, signs in (
        (Account.OPERATION, ("operation", "运营")),
        (Account.FEES, ("fees", "手续费")),
        (Account.BASIC, ("basic", "基本")),
    ):
        if any(sign in name for sign in signs):
            return account
    raise WhichAccount("这是资金账单，文件里没有写明是哪个账户，请选择基本账户、运营账户或手续费账户后再上传。")


def standing(*, account: Account, sha256: str) -> Statement | None:
    """The statement that this very file became, unless it failed or was given up."""
    chosen = sa.select(Statement).where(
        Statement.account == account, Statement.sha256 == sha256, Statement.state.not_in(("failed", "cancelled"))
    )
    return db.session.scalars(chosen).one_or_none()


def bring(*, brought: Brought, by: str, at: datetime) -> Statement:
    """Enter a file and start reading it on trial; nothing counts until it is taken."""
    twin = standing(account=brought.account, sha256=brought.sha256)
    if twin is not None:
        raise AlreadyHere(f"这个文件已经在账单 #{twin.id}（{twin.file_name}）中，不会重复入账；可直接打开它查看。")
    made = Statement(
        source=brought.source, layout=brought.layout, account=brought.account, file_name=brought.file_name,
        stored_name=brought.stored_name, sha256=brought.sha256, size_bytes=brought.size_bytes, state="reading",
        first_on=brought.day, last_on=brought.day, created_by=by, created_at=at,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    _ask(made, "read_statement", f"试读 {made.file_name}", by)
    return made


def nothing(*, account: Account, layout: Layout, day: date, by: str, at: datetime) -> Statement:
    """The channel says that a day had no business: a statement without lines, once."""
    name = f"{account}-{day:%Y%m%d}-empty"
    there = db.session.scalars(sa.select(Statement).where(Statement.stored_name == name)).one_or_none()
    if there is not None:
        return there
    made = Statement(
        source="download", layout=layout, account=account, file_name=f"{day:%Y-%m-%d}", stored_name=name, sha256=name,
        size_bytes=0, state="taken", first_on=day, last_on=day, lines_claimed=0, created_by=by, created_at=at,
        read_at=at, taken_at=at,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    outbox.emit("statement.taken", subject=_subject(made), statement_id=made.id)
    return made


def held(*, statement_id: int, job_id: int, state: str) -> Statement:
    """The statement under its row lock, if this job still speaks for it."""
    found = _locked(statement_id)
    if found.job_id != job_id or found.state != state:
        raise Stale("该账单已被取消或重新发起，本任务不再继续")
    return found


def begin(*, found: Statement) -> None:
    """A reading that starts from the first row leaves nothing of an earlier one."""
    _clear(found.id)
    found.lines_read, found.lines_refused, found.findings = 0, 0, []


def write(*, found: Statement, entries: Sequence[tuple[int, Entry]], refused: Sequence[dict[str, Any]]) -> None:
    """Put some thousand lines down on trial, and what could not be read."""
    copy_rows("statement_draft", ("statement_id", "n", *ENTRY), ((found.id, n, *entry) for n, entry in entries))
    found.lines_read += len(entries)
    found.lines_refused += len(refused)
    found.findings = [*found.findings, *refused][:FINDINGS_KEPT]


_SUMS = """
    SELECT coalesce(sum(amount_fen) FILTER (WHERE way = 'in'), 0)::bigint AS in_fen,
        coalesce(sum(amount_fen) FILTER (WHERE way = 'out'), 0)::bigint AS out_fen,
        (min(at) AT TIME ZONE 'Asia/Shanghai')::date AS first_on,
        (max(at) AT TIME ZONE 'Asia/Shanghai')::date AS last_on
    FROM statement_draft WHERE statement_id = :id
"""
_KNOWN = """
    FROM (
        SELECT *, row_number() OVER (PARTITION BY digest ORDER BY n) AS copy
        FROM statement_draft WHERE statement_id = :id
    ) d
"""
_NEW = f"""
    SELECT count(*) {_KNOWN} WHERE NOT EXISTS (
        SELECT 1 FROM statement_line l WHERE l.account = :account AND l.digest = d.digest AND l.copy = d.copy)
"""
_TAKE = f"""
    INSERT INTO statement_line (statement_id, n, account, copy, {", ".join(ENTRY)})
    SELECT statement_id, n, :account, copy, {", ".join(ENTRY)} {_KNOWN} ORDER BY n
    ON CONFLICT ON CONSTRAINT uq_statement_line_account_digest_copy DO NOTHING
"""


def finish_reading(*, found: Statement, claimed: int | None, at: datetime) -> Statement:
    """Sum up what was read on trial: it waits for a person, or for nobody where the channel itself was asked."""
    sums = db.session.execute(sa.text(_SUMS), {"id": found.id}).mappings().one()
    found.in_fen, found.out_fen = sums["in_fen"], sums["out_fen"]
    if sums["first_on"] is not None:
        found.first_on = min(found.first_on or sums["first_on"], sums["first_on"])
        found.last_on = max(found.last_on or sums["last_on"], sums["last_on"])
    found.lines_claimed, found.read_at, found.state = claimed, at, "read"
    found.lines_new = db.session.scalar(sa.text(_NEW), {"id": found.id, "account": found.account}) or 0
    if found.source == "download":
        take(statement_id=found.id, by=found.created_by)
    db.session.flush()
    return found


def take(*, statement_id: int, by: str) -> Statement:
    """Start taking the lines that were read on trial."""
    found = _locked(statement_id)
    if found.state != "read":
        raise NotNow("该账单还没有试读完成，或已经入账；请刷新后查看最新状态。")
    found.state = "taking"
    _ask(found, "take_statement", f"入账 {found.file_name}", by)
    return found


def finish_taking(*, found: Statement, at: datetime) -> Statement:
    """Every line that no file brought before is there, all in one transaction."""
    taken: Any = db.session.execute(sa.text(_TAKE), {"id": found.id, "account": found.account})
    found.lines_new, found.state, found.taken_at = taken.rowcount, "taken", at
    _clear(found.id)
    db.session.flush()
    outbox.emit("statement.taken", subject=_subject(found), statement_id=found.id)
    return found


def fail(*, found: Statement, failure: str) -> None:
    """The file cannot be read to its end: say why and keep nothing of it."""
    begin(found=found)
    found.state, found.failure = "failed", failure


def cancel(*, statement_id: int) -> Statement:
    """Give a statement up that was not taken; the file may be brought again."""
    found = _locked(statement_id)
    if found.state not in ("reading", "read"):
        raise NotNow("该账单已经入账或已结束，不能再取消。")
    found.state = "cancelled"
    _clear(found.id)
    return found


def _clear(statement_id: int) -> None:
    db.session.execute(sa.text("DELETE FROM statement_draft WHERE statement_id = :id"), {"id": statement_id})


def _locked(statement_id: int) -> Statement:
    found = db.session.get(Statement, statement_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoStatement("没有这份账单，请刷新列表。")
    return found


def _subject(found: Statement) -> str:
    return f"statement:{found.id}"


def _ask(found: Statement, kind: str, title: str, by: str) -> None:
    job = outbox.request(
        kind, queue=Queue.DEFAULT, payload={"statement_id": found.id}, subject=_subject(found), title=title, by=by
    )
    found.job_id = job.id
    db.session.flush()
