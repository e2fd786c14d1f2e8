"""Strikes: given for a confirmed order, taken back by an appeal that was won (rules §8.2)."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Missing
from models.operations import outbox, showcase, standing, team
from models.queries import member as members
from models.rules.standing import Showcase
from models.tables.member import Member
from models.tables.order import Order
from models.tables.strike import Strike

STRIKES = 3
CLOSED_BY = "strikes"


class NoStrike(Missing):
    """No strike has this id."""


class TakenBack(Conflict):
    """A strike is taken back once."""


def give(*, seller: Member, order: Order, at: datetime, by: str) -> Strike:
    """One confirmed order counts against its seller, once; the third closes the showcase by itself.

    The caller holds the locks of the order and the seller.
    """
    seller.strikes += 1
    evidence = {"order": order.number, "strikes": seller.strikes}
    team.changed(seller, "strike", at=at, reason="fraud", evidence=evidence)
    closes = seller.strikes >= STRIKES and seller.showcase != Showcase.CLOSED
    if closes:
        standing.close_showcase(member=seller, at=at, reason=CLOSED_BY)
    made = Strike(member_id=seller.id, order_id=order.id, at=at, given_by=by, closed_showcase=closes)
    db.session.add(made)
    db.session.flush()
    outbox.emit("strike.given", subject=f"strike:{made.id}", strike_id=made.id, member_id=seller.id, closes=closes)
    return made


def take_back(*, strike_id: int, at: datetime, by: str) -> Strike:
    """A won appeal: the strike counts no more, and what closed for three strikes opens again with two."""
    made = db.session.get(Strike, strike_id, with_for_update=True, populate_existing=True)
    if made is None:
        raise NoStrike("没有这条违规记录，请刷新列表。")
    if made.taken_back_at is not None:
        raise TakenBack("规则 8.2：该违规已经撤销，请刷新后查看。")
    member = members.locked([made.member_id])[made.member_id]
    made.taken_back_at, made.taken_back_by = at, by
    member.strikes -= 1
    number = db.session.scalars(sa.select(Order.number).where(Order.id == made.order_id)).one()
    team.changed(
        member, "strike", at=at, reason="appeal_won", evidence={"order": number, "strikes": member.strikes}
    )  # fmt: skip
    db.session.flush()
    reopen(member=member, at=at)
    outbox.emit("strike.taken_back", subject=f"strike:{made.id}", strike_id=made.id, member_id=member.id)
    return made


def reopen(*, member: Member, at: datetime) -> bool:
    """Undo a closure for strikes once there are too few of them; whether it was undone."""
    closing = showcase.last_closing(member.id)
    is_ours = member.showcase == Showcase.CLOSED and closing is not None and closing.reason == CLOSED_BY
    if not is_ours or member.strikes >= STRIKES:
        return False
    showcase.restore(member=member, at=at, reason="appeal_won")
    return True


def newest(member_id: int) -> int | None:
    """The newest strike of a member that counts."""
    chosen = sa.select(Strike.id).where(Strike.member_id == member_id, Strike.taken_back_at.is_(None))
    return db.session.scalar(chosen.order_by(Strike.id.desc()).limit(1))
