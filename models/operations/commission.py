"""What a completed order pays, row by row, and what a refund takes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from models.base import db
from models.operations import share
from models.rules import refund
from models.rules.ledger import AmountRefused
from models.tables.order import Order


@dataclass(frozen=True)
class Done:
    """Orders that were completed, whose rank may have risen by them, and buyers whose standing may change."""

    orders: Sequence[int]
    ranked: Sequence[int]
    changing: Sequence[int]


# The engine of migration 0011; it is not entered at all while settling is switched off.
_ORDER = sa.text(
    "SELECT * FROM settle_order(:number, :at)"
    " WHERE NOT EXISTS (SELECT FROM money_switch WHERE job = 'settle' AND is_off)"
)
_BOOK = sa.text("SELECT * FROM settle_book(CAST(:ids AS bigint[]), CAST(:ats AS timestamptz[]))")


def settle(*, number: str, at: datetime) -> Done | None:
    """Complete an order and empty clearing into every row of rules §5.2, with what each rests on.

    Nothing happens, and None is answered, where the order does not wait for it or settling is switched off.
    """
    return _settle(_ORDER, {"number": number, "at": at})


def settle_many(*, ids: Sequence[int], ats: Sequence[datetime]) -> Done | None:
    """`settle` for orders that are held, in this order, each at its own instant."""
    return _settle(_BOOK, {"ids": list(ids), "ats": list(ats)})


def _settle(query: sa.TextClause, told: dict[str, object]) -> Done | None:
    db.session.flush()
    try:
        found = db.session.execute(query, told).one_or_none()
    except IntegrityError as error:
        if "ck_leg_amount" in str(error.orig):
            raise AmountRefused("规则 5.2：结算中有一行超过一百亿元，不能入账：请核对订单的成本与佣金") from error
        raise
    return Done(found.orders, found.ranked, found.changing) if found and found.orders else None


def reverse(*, order: Order, draft: share.Draft, amount_fen: int) -> None:
    """Take back of every row what a refund makes of it; margin takes what remains (rules §5.6)."""
    rows, people = share.of_order(order)
    settled = order.settled_fen or 0
    since = order.refunded_fen - (order.paid_fen - settled)
    parts = refund.reversals_fen(
        [(row.amount_fen, row.reversed_fen) for row in rows], settled_fen=settled, refunded_fen=since
    )
    for row, part in zip(rows, parts, strict=True):
        code = people[row.member_id].code if row.member_id is not None else None
        draft.take_share(row, code, part, "refund")
        row.reversed_fen += part
    share.unearn(zip(rows, parts, strict=True), people)
    draft.add("platform:margin", sum(parts) - amount_fen, "refund")
