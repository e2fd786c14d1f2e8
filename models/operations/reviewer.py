"""Reviewers' skills and caps, when they are away, whom they are related to; how queues and the calendar are set."""

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Forbidden, Invalid, Missing
from models.operations import outbox
from models.queries import case as queries
from models.queries import reviewer
from models.rules.case import LONGEST_CAP, Queue, Terms
from models.tables.case import BusinessDay, QueueSetting, Reviewer, ReviewerAway, StaffTie
from models.tables.member import Member
from models.tables.merchant import Merchant
from models.tables.region import Region


class NotAReviewer(Missing):
    """Somebody who does not work on cases."""


class BadSetting(Invalid):
    """A value that a queue or a reviewer cannot have."""


class NoTie(Missing):
    """Nobody and nothing of this name to be related to."""


class OwnTie(Forbidden):
    """Nobody takes their own relations away."""


class AlreadySet(Conflict):
    """The day has its exception already."""


def set_skills(*, of_id: int, queues: Sequence[str], cap: int, at: datetime, by: str) -> Reviewer:
    """What somebody works on, within their roles, and how many cases they may have at once."""
    _check(of_id, at)
    unknown = sorted(set(queues) - set(Queue))
    if unknown or not 0 <= cap <= LONGEST_CAP:
        raise BadSetting(f"请选择列表中的队列，上限填 0 到 {LONGEST_CAP} 的整数。")
    found = db.session.scalars(sa.select(Reviewer).where(Reviewer.staff_id == of_id)).one_or_none()
    if found is None:
        found = Reviewer(staff_id=of_id, cap=cap, queues=[], set_by=by)
        db.session.add(found)
    found.cap, found.queues, found.set_by = cap, sorted(set(queues)), by
    db.session.flush()
    return found


def set_away(*, of_id: int, since: datetime, until: datetime, note: str, at: datetime, by: str) -> ReviewerAway:
    """Somebody is given no case for a while; what they have stays theirs until handed over."""
    _check(of_id, at)
    if not since < until or until <= at:
        raise BadSetting("离岗结束须晚于开始，且晚于现在。")
    made = ReviewerAway(staff_id=of_id, since=since, until=until, note=note.strip(), set_by=by)
    db.session.add(made)
    db.session.flush()
    return made


def end_away(*, away_id: int, at: datetime) -> ReviewerAway:
    """Somebody is back early; an absence that has not begun is dropped."""
    found = db.session.get(ReviewerAway, away_id, with_for_update=True)
    if found is None or found.until <= at:
        raise NoTie("没有这条离岗记录，请刷新后查看。")
    if found.since >= at:
        db.session.delete(found)
    else:
        found.until = at
    db.session.flush()
    return found


def tie(*, of_id: int, kind: str, ref: str, note: str, at: datetime, by: str) -> StaffTie:
    """Note whom somebody is related to, by the code of a member, merchant or region: they see none of its cases."""
    _check(of_id, at)
    if not note.strip():
        raise BadSetting("请写明是什么关系，例如“本人”“配偶”“前雇主”。")
    made = StaffTie(staff_id=of_id, note=note.strip(), set_at=at, set_by=by, **_tied(kind, ref.strip()))
    db.session.add(made)
    db.session.flush()
    outbox.emit("reviewer.tied", subject=f"staff:{of_id}", staff_id=of_id)
    return made


def untie(*, tie_id: int, at: datetime, by: str) -> None:
    """A relation is over; never by the person themselves."""
    found = db.session.get(StaffTie, tie_id, with_for_update=True)
    if found is None:
        raise NoTie("没有这条回避关系，请刷新后查看。")
    if by == f"staff:{found.staff_id}":
        raise OwnTie("本人的回避关系须由他人解除。")
    db.session.delete(found)
    db.session.flush()


def set_queue(*, queue: str, terms: Terms, at: datetime, by: str) -> QueueSetting:
    """How a queue is worked on from now on; cases that are open keep their clocks (R7)."""
    if queue not in set(Queue):
        raise BadSetting("没有这个队列，请从列表中选择。")
    terms.hours({})
    _check_terms(terms)
    found = db.session.get(QueueSetting, queue, with_for_update=True)
    if found is None:
        found = QueueSetting(queue=queue, **vars(terms), set_at=at, set_by=by)
        db.session.add(found)
    for name, value in vars(terms).items():
        setattr(found, name, value)
    found.set_at, found.set_by = at, by
    db.session.flush()
    return found


def set_day(*, day: date, is_worked: bool, name: str, at: datetime, by: str) -> BusinessDay:
    """A day that is not what its weekday says: a holiday, or a weekend day that is worked on."""
    if not name.strip():
        raise BadSetting("请填写这一天的名称，例如“国庆节”或“国庆调休上班”。")
    if day in queries.exceptions():
        raise AlreadySet("这一天已经设置过，请先删除再重新添加。")
    made = BusinessDay(day=day, is_worked=is_worked, name=name.strip(), set_by=by)
    db.session.add(made)
    db.session.flush()
    return made


def drop_day(*, day_id: int) -> None:
    """A day is what its weekday says again."""
    found = db.session.get(BusinessDay, day_id, with_for_update=True)
    if found is None:
        raise NoTie("没有这条日历设置，请刷新后查看。")
    db.session.delete(found)
    db.session.flush()


def _check(staff_id: int, at: datetime) -> None:
    if reviewer.worker(staff_id, at) is None:
        raise NotAReviewer("该员工没有处理个案的权限，无需设置。")


def _check_terms(terms: Terms) -> None:
    expires = terms.expires_days is None or 1 <= terms.expires_days <= 365
    limits = 1 <= terms.sla_minutes <= 14_400 and 1 <= terms.cap <= LONGEST_CAP and 2 <= terms.lease_minutes <= 120
    if not (expires and limits and 0 <= terms.second_look_bps <= 10_000 and terms.two_people_fen >= 0):
        raise BadSetting(
            "请核对：时限 1–14400 分钟，上限 1–200 个，领取 2–120 分钟，复看 0–100%，到期 1–365 天或不到期。"
        )


def _tied(kind: str, ref: str) -> dict[str, int | str]:
    if kind == "member":
        found = db.session.scalar(sa.select(Member.id).where(Member.code == ref))
    elif kind == "merchant":
        found = db.session.scalar(sa.select(Merchant.id).where(Merchant.code == ref))
    else:
        region = db.session.scalar(sa.select(Region.code).where(Region.code == ref)) if kind == "region" else None
        if region is None:
            raise NoTie("请填写会员编码、商家编码或六位地区代码，系统中没有您填写的对象。")
        return {"region_code": region}
    if found is None:
        raise NoTie("系统中没有这个编码，请核对后再填写。")
    return {f"{kind}_id": found}
