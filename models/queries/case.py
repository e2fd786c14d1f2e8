"""Reading review cases: how urgent they are, whom they concern, what they hold, how their queue is worked on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.rules.case import PRESETS, Queue, Terms
from models.rules.hours import Hours
from models.tables.after_sale import AfterSale
from models.tables.case import BusinessDay, Case, CaseHit, CaseHold, QueueSetting
from models.tables.inbound import Inbound
from models.tables.member import Member
from models.tables.order import Order, Share
from models.tables.payout import Withdrawal
from models.tables.proof import Proof
from models.tables.strike import Appeal, Strike

LIVE = Case.closed_at.is_(None)
_TERMS = (
    "sla_minutes", "opens", "closes", "every_day", "cap", "lease_minutes", "second_look_bps", "two_people_fen",
    "expires_days", "deals",
)  # fmt: skip


@dataclass(frozen=True)
class About:
    """Whom a subject concerns, and the orders whose money it may hold."""

    member_ids: tuple[int, ...] = ()
    merchant_ids: tuple[int, ...] = ()
    region_codes: tuple[str, ...] = ()
    order_ids: tuple[int, ...] = ()

    def __or__(self, other: "About") -> "About":
        """Both together, each once."""
        return About(
            tuple(sorted({*self.member_ids, *other.member_ids})),
            tuple(sorted({*self.merchant_ids, *other.merchant_ids})),
            tuple(sorted({*self.region_codes, *other.region_codes})),
            tuple(sorted({*self.order_ids, *other.order_ids})),
        )


def terms(queue: str) -> Terms:
    """How a queue is worked on: as it was set, or as it ships."""
    found = db.session.get(QueueSetting, queue)
    if found is None:
        return PRESETS[Queue(queue)]
    return Terms(**{name: getattr(found, name) for name in _TERMS})


def exceptions() -> Mapping[date, bool]:
    """The days that are not what their weekday says."""
    return {row.day: row.is_worked for row in db.session.execute(sa.select(BusinessDay.day, BusinessDay.is_worked))}


def hours(queue: str) -> Hours:
    """When a queue is worked on."""
    return terms(queue).hours(exceptions())


def is_unsnoozed(at: Any) -> sa.ColumnElement[bool]:
    """A case whose snooze has ended by itself."""
    return sa.func.coalesce(Case.snoozed_until <= at, sa.false())


def is_awake(at: Any) -> sa.ColumnElement[bool]:
    """Neither snoozed nor waiting for somebody outside."""
    return sa.and_(Case.paused_at.is_(None), sa.or_(Case.snoozed_until.is_(None), Case.snoozed_until <= at))


def priority(at: Any) -> sa.ColumnElement[Any]:
    """``rules.case.priority`` in SQL, for the same numbers, at an instant or at ``now()``."""
    hours = sa.func.floor(sa.func.extract("epoch", at - Case.opened_at) / 3600) + 1
    doubled = sa.func.cardinality(Case.boosts) + sa.cast(is_unsnoozed(at), sa.Integer)
    yuan = sa.func.greatest(Case.stake_fen.op("/")(100), 1)
    figure = sa.cast(sa.func.greatest(Case.score, 1), sa.Numeric) * yuan * hours * sa.func.power(2, doubled)
    return sa.cast(figure, sa.Numeric(40, 0))


def urgency() -> sa.ColumnElement[datetime]:
    """By when a case wants to be done, as the lists are ordered: what waits for somebody outside stands behind all
    clocks that run, and what is closed behind that.

    In one queue the earliest end is also the fewest working minutes left; over several it is what breaks first.
    """
    return sa.func.case_urgency(Case.closed_at, Case.paused_at, Case.due_at, type_=sa.DateTime(timezone=True))


def open_on(subject: str) -> Sequence[Case]:
    """The open cases about a subject, the oldest first."""
    return db.session.scalars(sa.select(Case).where(Case.subject == subject, LIVE).order_by(Case.id)).all()


def hits(case_id: int) -> Sequence[CaseHit]:
    """What a case rests on, as it came."""
    return db.session.scalars(sa.select(CaseHit).where(CaseHit.case_id == case_id).order_by(CaseHit.id)).all()


def holds(case_id: int) -> Sequence[CaseHold]:
    """The orders that a case wants held."""
    chosen = sa.select(CaseHold).where(CaseHold.case_id == case_id, CaseHold.ended_at.is_(None))
    return db.session.scalars(chosen.order_by(CaseHold.order_id)).all()


def held_fen() -> sa.ColumnElement[int]:
    """What lies in *held* of an order."""
    left = sa.cast(sa.func.coalesce(sa.func.sum(Share.amount_fen - Share.reversed_fen), 0), sa.BigInteger)
    return sa.select(left).where(Share.order_id == Order.id, Share.bucket == "held").scalar_subquery()


def orphans() -> sa.Select[int, str, int]:
    """Held orders that no open case keeps, with the fen that lie in *held*: none, in a sound world (R5)."""
    kept = sa.exists().where(
        CaseHold.order_id == Order.id, CaseHold.is_keeper, CaseHold.case_id == Case.id, LIVE,
    )  # fmt: skip
    return (
        sa.select(Order.id, Order.number, held_fen().label("held_fen")).where(Order.is_held, ~kept).order_by(Order.id)
    )


def doubtful_withdrawal(number: str) -> tuple[Withdrawal, list[str]] | None:
    """A requested withdrawal of somebody with strikes or under review, and why it is looked at; None for others."""
    found = db.session.scalars(
        sa.select(Withdrawal).where(Withdrawal.number == number, Withdrawal.state == "requested")
    ).one_or_none()
    if found is None:
        return None
    member = db.session.get_one(Member, found.member_id)
    reviewed = sa.select(sa.func.count()).where(
        Case.member_ids.contains([member.id]), LIVE, Case.queue.in_([Queue.FIRST_REVIEW, Queue.COMPLIANCE])
    )
    under = db.session.scalar(reviewed) or 0
    said = [f"该会员有 {member.strikes} 次违规记录"] if member.strikes else []
    said += [f"该会员涉及 {under} 个未结审核个案"] if under else []
    return (found, said) if said else None


def by_queue(worker_queues: Sequence[str], hidden: sa.ColumnElement[bool], at: Any) -> Sequence[Any]:
    """For each queue: how many are open, free, late and near their end, and when the next one is due."""
    free = sa.and_(Case.state == "open", is_awake(at))
    running = Case.paused_at.is_(None)
    chosen = sa.select(
        Case.queue,
        sa.func.count().label("open"),
        sa.func.count().filter(free).label("free"),
        sa.func.count().filter(running, Case.due_at <= at).label("late"),
        sa.func.count().filter(running, Case.due_at > at, Case.warn_at <= at).label("near"),
        sa.func.min(Case.due_at).filter(running).label("next_due"),
        sa.cast(sa.func.coalesce(sa.func.sum(Case.stake_fen), 0), sa.BigInteger).label("stake_fen"),
    ).where(LIVE, Case.queue.in_(worker_queues), ~hidden)
    return db.session.execute(chosen.group_by(Case.queue)).all()


def urgent(worker_queues: Sequence[str], hidden: sa.ColumnElement[bool], at: Any, *, limit: int) -> Sequence[Any]:
    """The free cases that stand first in line, with their priority."""
    figure = priority(at).label("priority")
    chosen = sa.select(Case, figure, label().label("ref")).where(
        LIVE, Case.queue.in_(worker_queues), Case.state == "open", is_awake(at), ~hidden
    )
    return db.session.execute(chosen.order_by(figure.desc(), Case.id).limit(limit)).all()


def label() -> sa.ColumnElement[str]:
    """How people name the subject of a case: an order or a withdrawal by its number, a member by their code."""
    ref = sa.func.split_part(Case.subject, ":", 2)
    key = sa.cast(ref, sa.BigInteger)

    def of(kind: str, query: sa.Select[Any]) -> tuple[Any, Any]:
        return (
            sa.and_(Case.subject.startswith(f"{kind}:"), ref.regexp_match("^[0-9]{1,18}$")),
            query.scalar_subquery(),
        )

    return sa.func.coalesce(
        sa.case(
            of("order", sa.select(Order.number).where(Order.id == key)),
            of("member", sa.select(Member.code).where(Member.id == key)),
            of("withdrawal", sa.select(Withdrawal.number).where(Withdrawal.id == key)),
            of("after_sale", sa.select(Order.number).join(AfterSale, AfterSale.order_id == Order.id)
               .where(AfterSale.id == key)),
            of("appeal", sa.select(Member.code).join(Appeal, Appeal.member_id == Member.id).where(Appeal.id == key)),
            of("proof", sa.select(Member.code).join(Proof, Proof.member_id == Member.id).where(Proof.id == key)),
            of("punish", sa.select(Inbound.number).where(Inbound.id == key)),
            of("strike", sa.select(Order.number).join(Strike, Strike.order_id == Order.id).where(Strike.id == key)),
            else_=ref,
        ),
        ref,
    )  # fmt: skip
