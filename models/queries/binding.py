"""What a member said of its showcase, and by what account it is known."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.rules.binding import State
from models.tables.binding import Binding
from models.tables.shop import ShopAccount

_WINDOW = sa.text(
    """
    SELECT m.showcase, m.real_name_at, a.account AS finder, b.account, b.state, b.words, b.asked_at, b.ended_at
    FROM member m
    LEFT JOIN LATERAL (
        SELECT account FROM shop_account WHERE member_id = m.id AND kind = 'finder' ORDER BY id DESC LIMIT 1
    ) a ON true
    LEFT JOIN LATERAL (
        SELECT * FROM binding WHERE member_id = m.id AND state <> 'withdrawn' ORDER BY id DESC LIMIT 1
    ) b ON true
    WHERE m.id = :member
    """
)


def window(member_id: int) -> Any:
    """A member's showcase, by what it is known, and its owner's last word, in one row."""
    return db.session.execute(_WINDOW, {"member": member_id}).one()


def newest(member_id: int) -> Binding | None:
    """The last word of a member that it did not take back itself."""
    chosen = sa.select(Binding).where(Binding.member_id == member_id, Binding.state != State.WITHDRAWN)
    return db.session.scalars(chosen.order_by(Binding.id.desc()).limit(1)).one_or_none()


def waiting(member_id: int) -> Binding | None:
    """What is to be checked of a member."""
    chosen = sa.select(Binding).where(Binding.member_id == member_id, Binding.state == State.WAITING)
    return db.session.scalars(chosen).one_or_none()


def finder_of(member_id: int) -> str | None:
    """The finder id by which the shop knows a member's showcase; the newest where it is known by several."""
    return finders([member_id]).get(member_id)


def finders(member_ids: Sequence[int]) -> dict[int, str]:
    """The finder ids of many members' showcases."""
    chosen = sa.select(ShopAccount.member_id, ShopAccount.account)
    chosen = chosen.where(ShopAccount.member_id.in_(member_ids), ShopAccount.kind == "finder")
    return {row.member_id: row.account for row in db.session.execute(chosen.order_by(ShopAccount.id))}


def holder(account: str) -> int | None:
    """Whose showcase a finder id is."""
    chosen = sa.select(ShopAccount.member_id).where(ShopAccount.kind == "finder", ShopAccount.account == account)
    return db.session.scalar(chosen)
