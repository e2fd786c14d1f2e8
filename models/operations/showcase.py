"""Staff close a member's showcase and open again what staff had closed."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict
from models.operations import standing, team
from models.queries import member as members
from models.rules.standing import Showcase
from models.tables.member import Member
from models.tables.standing import StandingChange

BY_STAFF = "staff"


class NothingToClose(Conflict):
    """The showcase is closed already, or was never asked for."""


class NotClosedByStaff(Conflict):
    """What a rule closed, only that rule's own way opens again."""


def close(*, member_id: int, at: datetime) -> Member:
    """Close a showcase: no new orders, no newcomers below, no part in the teams above (rules §2.3, §4.6, §5.4)."""
    member = _locked(member_id)
    if member.showcase not in (Showcase.OPEN, Showcase.PENDING):
        raise NothingToClose("规则 2.3：该橱窗没有开通或已经关闭，请刷新后查看。")
    standing.close_showcase(member=member, at=at, reason=BY_STAFF)
    return member


def reopen(*, member_id: int, at: datetime) -> Member:
    """Open again what staff closed, as it stood before; its team counts it again."""
    member = _locked(member_id)
    closing = last_closing(member_id)
    if member.showcase != Showcase.CLOSED or closing is None:
        raise NothingToClose("规则 2.3：该橱窗没有关闭，请刷新后查看。")
    if closing.reason != BY_STAFF:
        raise NotClosedByStaff(_WAYS.get(closing.reason, _ELSEWHERE))
    restore(member=member, at=at, reason=BY_STAFF)
    return member


def restore(*, member: Member, at: datetime, reason: str) -> None:
    """Open a closed showcase as it stood before; its team counts it again. The caller holds the member's lock."""
    closing = last_closing(member.id)
    member.showcase = (closing.before if closing else None) or Showcase.OPEN
    team.changed(member, "reopened", at=at, reason=reason, before=Showcase.CLOSED, after=member.showcase)
    db.session.flush()
    team.tell_showcase(member)
    if members.is_qualified(member):
        team.rejoin_teams(member=member)
    standing.refresh_seat(member=member, at=at, reason="reopened")


_WAYS = {
    "strikes": "规则 8.2：因违规次数关闭的橱窗，只能由申诉成功恢复，请转风控处理。",
    "admission_refund": "规则 3.5：准入任务因退单撤销，橱窗随之关闭；请重新完成该任务后再恢复。",
}
_ELSEWHERE = "规则 2.3：该橱窗不是由工作人员关闭的，不能在此恢复。"


def last_closing(member_id: int) -> StandingChange | None:
    """The newest row that says why a member's showcase closed."""
    chosen = sa.select(StandingChange).where(StandingChange.member_id == member_id, StandingChange.kind == "closed")
    return db.session.scalars(chosen.order_by(StandingChange.id.desc()).limit(1)).one_or_none()


def _locked(member_id: int) -> Member:
    found = members.locked([member_id])
    if member_id not in found:
        raise members.NoMember("没有这个会员，请刷新列表")
    return found[member_id]
