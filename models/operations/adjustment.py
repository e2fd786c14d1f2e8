"""Corrections of the ledger from a template; a second person's approval comes before."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.operations import share
from models.queries import ledger as books
from models.queries import member as members
from models.rules import adjustment as rules
from models.rules.adjustment import Adjustment, Template
from models.rules.share import Bucket

LOCK = 7310011
MARGIN = "platform:margin"
SOURCES = {Template.HOUSE: "platform:house", Template.RESERVE: "platform:reserve"}


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
