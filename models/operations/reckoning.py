"""The daily reckoning against the channel's statements, and what becomes of each difference."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Missing
from models.operations import adjustment, approval, outbox
from models.operations.approval import Effect
from models.queries import reckoning as queries
from models.queries.reckoning import Window
from models.rules import adjustment as corrections
from models.rules.approval import Line
from models.rules.statement import Account
from models.tables.approval import Approval
from models.tables.statement import Difference, Reckoning

LOCK = 7310021
CORRECTED = "corrected"


class NoDifference(Missing):
    """No difference has this id."""


class NotOpen(Conflict):
    """The difference is over."""


class NotYours(Conflict):
    """Somebody else is at it."""


# A difference that was gone and is found again is open again; one that a person resolved stays so.
_FOUND = """
    INSERT INTO difference (day, kind, business, number, subject, line_id, ours_fen, theirs_fen, ours_state,
        theirs_state, state, found_at, note, resolution)
    SELECT :day, f.kind, f.business, f.number, f.subject, f.line_id, f.ours_fen, f.theirs_fen, f.ours_state,
        f.theirs_state, 'open', :at, '', '' FROM ({found}) f WHERE f.kind IS NOT NULL ORDER BY f.number
    ON CONFLICT ON CONSTRAINT uq_difference_day_kind_business_number DO UPDATE SET
        ours_fen = excluded.ours_fen, theirs_fen = excluded.theirs_fen, ours_state = excluded.ours_state,
        theirs_state = excluded.theirs_state, state = 'open', ended_at = NULL
    WHERE difference.state = 'gone' OR difference.state = 'open' AND (
        difference.ours_fen, difference.theirs_fen, difference.ours_state, difference.theirs_state)
        IS DISTINCT FROM (excluded.ours_fen, excluded.theirs_fen, excluded.ours_state, excluded.theirs_state)
"""
_GONE = """
    UPDATE difference d SET state = 'gone', ended_at = :at
    WHERE d.day = :day AND d.state = 'open' AND d.business <> 'balance' AND NOT EXISTS (
        SELECT 1 FROM ({found}) f WHERE f.kind = d.kind AND f.business = d.business AND f.number = d.number)
"""


def reckon(*, day: date, at: datetime) -> Reckoning:
    """Compare a day with whatever statements of it are here. Again is harmless: what is gone is closed, nothing twice.

    ``day`` is a Shanghai day.
    """
    db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK, day.toordinal())))
    span, accounts = queries.window(day), queries.covered(day)
    made = _summed(span, accounts, at)
    asked = queries.finders(accounts)
    if asked:
        values = {**queries.vars_of(span), "day": day, "at": at, "grace": queries.GRACE_HOURS}
        found = " UNION ALL ".join(f"({one})" for one in asked)
        db.session.execute(sa.text(_FOUND.format(found=found)), values)
        db.session.execute(sa.text(_GONE.format(found=found)), values)
    _weigh(made, at)
    opened = queries.opened(day).get("open", 0)
    outbox.emit("reckoning.made", subject=f"reckoning:{day}", day=day.isoformat(), open=opened)
    return made


def _summed(span: Window, accounts: set[str], at: datetime) -> Reckoning:
    ours, theirs = queries.ours(span), queries.theirs(span)
    made = db.session.scalars(sa.select(Reckoning).where(Reckoning.day == span.day).with_for_update()).one_or_none()
    if made is None:
        made = Reckoning(day=span.day, runs=0)
    made.at, made.runs, made.custody_fen = at, made.runs + 1, ours["custody_fen"]
    made.payouts, made.payouts_fen = ours["payouts"], ours["payouts_fen"]
    made.payments, made.payments_fen = ours["payments"], ours["payments_fen"]
    made.refunds, made.refunds_fen = ours["refunds"], ours["refunds_fen"]
    if Account.OPERATION in accounts:
        made.channel_payouts, made.channel_payouts_fen = theirs["payouts"], theirs["payouts_fen"]
    if Account.TRADE in accounts:
        made.channel_payments, made.channel_payments_fen = theirs["payments"], theirs["payments_fen"]
        made.channel_refunds, made.channel_refunds_fen = theirs["refunds"], theirs["refunds_fen"]
    if accounts & {Account.OPERATION, Account.BASIC}:
        made.channel_fen = queries.channel_balance(span)
    db.session.add(made)
    db.session.flush()
    return made


def _weigh(made: Reckoning, at: datetime) -> None:
    """The gap between custody and the channel's balance is explained once; each day that it moves is a difference."""
    there = db.session.scalars(
        sa.select(Difference).where(Difference.day == made.day, Difference.business == "balance").with_for_update()
    ).one_or_none()
    if made.channel_fen is None:
        return
    earlier = queries.before(made.day)
    gap = made.channel_fen - made.custody_fen
    known = earlier.channel_fen - earlier.custody_fen if earlier and earlier.channel_fen is not None else 0
    if gap == known:
        if there is not None and there.state == "open":
            there.state, there.ended_at = "gone", at
        return
    ours, theirs = made.custody_fen + known, made.channel_fen
    if there is None:
        there = Difference(
            day=made.day, kind="balance", business="balance", number=made.day.isoformat(),
            subject=f"reckoning:{made.day}", state="open", found_at=at,
        )  # fmt: skip
    if there.state != "resolved":
        there.state, there.ended_at, there.ours_fen, there.theirs_fen = "open", None, ours, theirs
    db.session.add(there)
    db.session.flush()


def own(*, difference_id: int, by: str, at: datetime) -> Difference:
    """Take a difference on: from now on it is this person's to clear."""
    found = _open(difference_id)
    if found.owner is not None and found.owner != by:
        raise NotYours("这条差异已有人在处理，请先与对方沟通，由对方放手后再认领。")
    found.owner, found.owned_at = by, at
    return found


def release(*, difference_id: int, by: str) -> Difference:
    """Let a difference go that one had taken on."""
    found = _open(difference_id)
    if found.owner != by:
        raise NotYours("只有处理人可以放手这条差异。")
    found.owner = found.owned_at = None
    return found


def note(*, difference_id: int, words: str) -> Difference:
    """Write down what was found out so far."""
    found = _open(difference_id)
    found.note = words.strip()
    return found


def resolve(*, difference_id: int, resolution: str, by: str, at: datetime) -> Difference:
    """Close a difference without booking anything, with a coded reason; who closes it has it from then on."""
    found = _open(difference_id)
    if found.owner is not None and found.owner != by:
        raise NotYours("这条差异由他人处理中，只有处理人可以关闭。")
    return _resolve(found, resolution, by, at)


def _resolve(found: Difference, resolution: str, by: str, at: datetime) -> Difference:
    found.state, found.resolution, found.resolved_by, found.ended_at = "resolved", resolution, by, at
    if found.owner is None:
        found.owner, found.owned_at = by, at
    db.session.flush()
    outbox.emit("difference.resolved", subject=f"difference:{found.id}", difference_id=found.id)
    return found


def _open(difference_id: int) -> Difference:
    found = db.session.get(Difference, difference_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoDifference("没有这条差异，请刷新列表。")
    if found.state != "open":
        raise NotOpen("这条差异已经结束，请刷新后查看。")
    return found


def ask_correction(*, difference_id: int, correction: Mapping[str, Any], why: str, by: str, at: datetime) -> Approval:
    """Ask a second person for a correction of the ledger that closes a difference."""
    own(difference_id=difference_id, by=by, at=at)
    payload = {"difference_id": difference_id, **correction}
    return approval.ask(kind="difference.correct", payload=payload, reason=why, at=at, by=by)


def _split(payload: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    rest = dict(payload)
    return int(rest.pop("difference_id")), rest


def _canonical(payload: Mapping[str, Any]) -> dict[str, Any]:
    difference_id, rest = _split(payload)
    found = corrections.parsed(**rest)
    return {
        "difference_id": difference_id, "template": str(found.template), "amount_fen": found.amount_fen,
        "member": found.member,
    }  # fmt: skip


def _approved(request: Approval, at: datetime, by: str) -> None:
    difference_id, rest = _split(request.payload)
    found = _open(difference_id)
    adjustment.adjust(
        adjustment=corrections.parsed(**rest), key=f"adjust:{request.id}", subject=f"difference:{difference_id}",
        reason=request.reason, at=at,
    )  # fmt: skip
    _resolve(found, f"{CORRECTED}: {request.reason}", request.made_by, at)


def _told(payload: Mapping[str, Any]) -> list[Line]:
    difference_id, rest = _split(payload)
    found = _open(difference_id)
    return [
        Line("Difference", " ".join([str(found.day), found.number]), "code"),
        Line("Our books say", found.ours_fen or 0, "money"),
        Line("The channel says", found.theirs_fen or 0, "money"),
        *approval.effect_of("ledger.adjust").tells(rest),
    ]


approval.register(
    "difference.correct",
    Effect(
        "Correct the ledger for a difference", "5.10", "adjust.approve", check=_canonical, run=_approved, tells=_told
    ),
)
