"""Corrections of the ledger from a template; a second person's approval comes before."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.operations import approval, share
from models.operations.approval import Effect
from models.queries import ledger as books
from models.queries import member as members
from models.rules import adjustment as rules
from models.rules.adjustment import Adjustment, Template
from models.rules.approval import Line, Word
from models.rules.share import Bucket
from models.tables.approval import Approval

LOCK = 7310011
MARGIN = "platform:margin"
SOURCES = {Template.HOUSE: "platform:house", Template.RESERVE: "platform:reserve"}
WORDS = {
    Template.COMPENSATE: Word("Compensate a member from margin"),
    Template.RECOVER: Word("Recover from a member what was paid too much"),
    Template.FORGIVE: Word("Take over a member's debt"),
    Template.HOUSE: Word("Turn house shares into margin"),
    Template.RESERVE: Word("Cover a loss from the reserve"),
}


def adjust(*, adjustment: Adjustment, key: str, subject: str, reason: str, at: datetime) -> None:
    """Book one correction, once for its key."""
    amount, cause = adjustment.amount_fen, "adjustment"
    draft = share.Draft()
    if adjustment.member is None:
        source = SOURCES[adjustment.template]
        # A hot account has no row to lock: two corrections of the house's money come one after the other.
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        rules.check_there(amount_fen=amount, held_fen=books.balances([source])[source])
        draft.add(source, -amount, cause, reason=reason)
        draft.add(MARGIN, amount, cause, reason=reason)
    else:
        member = members.by_code(adjustment.member)
        members.locked([member.id])
        _of_member(draft, adjustment, member.code, reason)
    draft.book(key=key, kind="adjustment", subject=subject, at=at, template=str(adjustment.template), reason=reason)


def _of_member(draft: share.Draft, adjustment: Adjustment, code: str, reason: str) -> None:
    amount, cause = adjustment.amount_fen, "adjustment"
    if adjustment.template is Template.RECOVER:
        draft.take(code, amount, cause)
        draft.add(MARGIN, amount, cause, reason=reason)
        return
    draft.add(MARGIN, -amount, cause, reason=reason)
    if adjustment.template is Template.COMPENSATE:
        draft.give(code, amount, cause)
    else:
        debt = share.account(code, Bucket.DEBT)
        rules.check_there(amount_fen=amount, held_fen=-books.balance(debt))
        draft.add(debt, amount, cause, reason=reason)


def _canonical(payload: Mapping[str, Any]) -> dict[str, Any]:
    found = rules.parsed(**payload)
    return {"template": str(found.template), "amount_fen": found.amount_fen, "member": found.member}


def _approved(request: Approval, at: datetime, by: str) -> None:
    adjust(
        adjustment=rules.parsed(**request.payload), key=f"adjust:{request.id}", subject=f"approval:{request.id}",
        reason=request.reason, at=at,
    )  # fmt: skip


def _told(payload: Mapping[str, Any]) -> list[Line]:
    found = rules.parsed(**payload)
    lines = [Line("Template", WORDS[found.template]), Line("Amount", found.amount_fen, "money")]
    if found.member is None:
        held = books.balances([SOURCES[found.template]])[SOURCES[found.template]]
        return [*lines, Line("From account", SOURCES[found.template], "code"), Line("It holds now", held, "money")]
    code = members.by_code(found.member).code
    available, debt = (books.balance(share.account(code, bucket)) for bucket in (Bucket.AVAILABLE, Bucket.DEBT))
    return [
        *lines,
        Line("Member", code, "code"),
        Line("Available now", available, "money"),
        Line("Debt now", debt, "money"),
    ]


approval.register(
    "ledger.adjust",
    Effect("Correct the ledger", "5.10", "adjust.approve", check=_canonical, run=_approved, tells=_told),
)
