"""A member says which showcase is its own; somebody checks it, and from then on the shop's orders find their seller."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Missing
from models.operations import agreement, outbox, shop_order, team
from models.queries import binding as queries
from models.queries import member as members
from models.rules import binding as rules
from models.rules.binding import State
from models.rules.shop_order import Kind
from models.rules.standing import Showcase, Standing
from models.tables.binding import Binding
from models.tables.member import Member


class BoundAlready(Conflict):
    """A showcase is bound once; another one takes staff."""


class NothingStated(Missing):
    """Nothing of this member waits to be checked."""


def state(*, member_id: int, account: str, at: datetime) -> Binding:
    """A member's word that a showcase is its own (rules §3.4); the same again is the same, another corrects it.

    Until it is checked it credits nobody with anything: whose word it is proves nothing.
    """
    member = members.locked([member_id])[member_id]
    rules.check_states(standing=Standing(member.standing), showcase=Showcase(member.showcase))
    agreement.check_consent(member=member, at=at)
    account = rules.check_finder(account)
    _check_free(member.id, account)
    last = queries.newest(member.id)
    if last is not None and last.account == account and last.state in (State.WAITING, State.BOUND):
        return last
    _withdraw(member.id, at)
    made = Binding(member_id=member.id, account=account, state=State.WAITING, words="", asked_at=at)
    db.session.add(made)
    db.session.flush()
    _told(member, "stated", made, at, after=Showcase.PENDING if member.showcase == Showcase.NONE else None)
    outbox.emit("binding.stated", subject=f"member:{member.code}", binding_id=made.id)
    return made


def _check_free(member_id: int, account: str) -> None:
    holder, mine = queries.holder(account), queries.finder_of(member_id)
    if holder is not None and holder != member_id:
        raise shop_order.AccountTaken("这个视频号已经绑定另一位会员；请核对 ID，若确为本人所有请联系客服。")
    if mine is not None and mine != account:
        raise BoundAlready("您的橱窗已经绑定视频号；更换绑定请联系客服由专人核对。")


def confirm(*, member_id: int, at: datetime, by: str) -> Binding:
    """It was checked: the shop's orders of this finder are this member's from now on."""
    member, found = _waiting(member_id)
    rules.check_states(standing=Standing(member.standing), showcase=Showcase(member.showcase))
    shop_order.bind(member_id=member.id, kind=Kind.FINDER, account=found.account, by=by, at=at)
    found.state, found.ended_at, found.decided_by = State.BOUND, at, by
    _told(member, "bound", found, at)
    team.tell_showcase(member)
    return found


def refuse(*, member_id: int, why: str, at: datetime, by: str) -> Binding:
    """It cannot be bound; the coded reason is said to the member in a sentence that tells what to do."""
    member, found = _waiting(member_id)
    found.state, found.ended_at, found.decided_by = State.REFUSED, at, by
    found.words = rules.refusal(why)
    _told(member, "refused", found, at, after=Showcase.NONE if member.showcase == Showcase.PENDING else None)
    return found


def forget(*, member_id: int) -> None:
    """Who leaves takes its words along; what is bound stays, for orders on their way."""
    db.session.execute(sa.delete(Binding).where(Binding.member_id == member_id))


def _waiting(member_id: int) -> tuple[Member, Binding]:
    found = members.locked([member_id])
    asked = queries.waiting(member_id)
    if member_id not in found or asked is None:
        raise NothingStated("这位会员没有待核对的橱窗，请刷新后查看。")
    return found[member_id], asked


def _withdraw(member_id: int, at: datetime) -> None:
    mine = sa.update(Binding).where(Binding.member_id == member_id, Binding.state == State.WAITING)
    db.session.execute(mine.values(state=State.WITHDRAWN, ended_at=at))


def _told(member: Member, kind: str, found: Binding, at: datetime, *, after: Showcase | None = None) -> None:
    """The row in the member's history; a showcase not asked for yet waits from its owner's word on."""
    team.changed(
        member, kind, at=at, reason="binding", before=member.showcase if after else None, after=after,
        evidence={"binding": found.id},
    )  # fmt: skip
    member.showcase = after or member.showcase
    db.session.flush()
