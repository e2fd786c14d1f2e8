"""Who works on which queues, how much they have, when they are away, and whom they are related to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from models.base import db
from models.rules import case as rules
from models.rules.case import Queue
from models.rules.permission import held_by
from models.tables.case import Case, Reviewer, ReviewerAway, StaffTie
from models.tables.member import Member
from models.tables.staff import Staff, StaffState

WORKS = "case.work"


@dataclass(frozen=True)
class Ties:
    """Whom somebody is related to: members with their sponsors and directs, merchants, beginnings of region codes."""

    member_ids: frozenset[int] = frozenset()
    merchant_ids: frozenset[int] = frozenset()
    regions: frozenset[str] = frozenset()

    def meet(self, case: Case) -> bool:
        """Whether a case concerns any of them."""
        return bool(
            self.member_ids & set(case.member_ids)
            or self.merchant_ids & set(case.merchant_ids)
            or any(code.startswith(begin) for code in case.region_codes for begin in self.regions)
        )

    def met(self) -> sa.ColumnElement[bool]:
        """``meet`` in SQL."""
        region = sa.func.unnest(Case.region_codes).table_valued("code").render_derived()
        begins = sa.or_(sa.false(), *[region.c.code.startswith(one, autoescape=True) for one in sorted(self.regions)])
        return sa.or_(
            Case.member_ids.overlap(_ids(self.member_ids)),
            Case.merchant_ids.overlap(_ids(self.merchant_ids)),
            sa.select(sa.literal(1)).select_from(region).where(begins).exists(),
        )


@dataclass(frozen=True)
class Worker:
    """Somebody who may be given cases now. ``cap`` None: the queue's own."""

    staff_id: int
    name: str
    queues: frozenset[Queue]
    cap: int | None
    load: int
    is_away: bool
    ties: Ties


def _ids(values: Iterable[int]) -> sa.ColumnElement[Any]:
    return sa.literal(sorted(values), ARRAY(sa.BigInteger))


def begins(region_code: str) -> str:
    """What the codes of a region and all inside it begin with."""
    if region_code.endswith("0000"):
        return region_code[:2]
    return region_code[:4] if region_code.endswith("00") else region_code


def ties(staff_id: int) -> Ties:
    """Whom a person is related to; a member brings their sponsor and directs: the same team (R4)."""
    rows = db.session.scalars(sa.select(StaffTie).where(StaffTie.staff_id == staff_id)).all()
    own = [row.member_id for row in rows if row.member_id is not None]
    family = sa.select(Member.id, Member.sponsor_id).where(sa.or_(Member.id.in_(own), Member.sponsor_id.in_(own)))
    related = set(own)
    for row in db.session.execute(family) if own else ():
        related.add(row.id)
        if row.id in own and row.sponsor_id is not None:
            related.add(row.sponsor_id)
    merchants = {row.merchant_id for row in rows if row.merchant_id is not None}
    return Ties(
        frozenset(related), frozenset(merchants), frozenset(begins(r.region_code) for r in rows if r.region_code)
    )


def listed_ties(staff_id: int) -> Sequence[StaffTie]:
    """The ties as they were entered."""
    return db.session.scalars(sa.select(StaffTie).where(StaffTie.staff_id == staff_id).order_by(StaffTie.id)).all()


def absences(staff_id: int, *, since: datetime) -> Sequence[ReviewerAway]:
    """When somebody is away, what is over left out."""
    chosen = sa.select(ReviewerAway).where(ReviewerAway.staff_id == staff_id, ReviewerAway.until > since)
    return db.session.scalars(chosen.order_by(ReviewerAway.since, ReviewerAway.id)).all()


def load(staff_id: int) -> int:
    """How many open cases somebody has."""
    chosen = sa.select(sa.func.count()).where(Case.assignee_id == staff_id)
    return db.session.scalar(chosen) or 0


def workers(at: datetime) -> list[Worker]:
    """Everybody who may work on cases, by id."""
    chosen = sa.select(Staff).where(Staff.state == StaffState.ACTIVE, Staff.merchant_id.is_(None)).order_by(Staff.id)
    return [_worker(one, at) for one in db.session.scalars(chosen) if WORKS in held_by(one.roles)]


def worker(staff_id: int, at: datetime) -> Worker | None:
    """One of them; None for somebody who may not work on cases."""
    found = db.session.get(Staff, staff_id)
    if found is None or found.state != StaffState.ACTIVE or WORKS not in held_by(found.roles):
        return None
    return _worker(found, at)


def sees(staff_id: int) -> frozenset[Queue]:
    """The queues that somebody may look into: those of their roles, or the ones that were set."""
    found = db.session.get(Staff, staff_id)
    if found is None:
        return frozenset()
    set_ = db.session.scalars(sa.select(Reviewer).where(Reviewer.staff_id == staff_id)).one_or_none()
    skills = rules.skills(found.roles)
    return skills & {Queue(name) for name in set_.queues} if set_ else skills


def _worker(one: Staff, at: datetime) -> Worker:
    set_ = db.session.scalars(sa.select(Reviewer).where(Reviewer.staff_id == one.id)).one_or_none()
    skills = rules.skills(one.roles)
    away = sa.exists().where(ReviewerAway.staff_id == one.id, ReviewerAway.since <= at, ReviewerAway.until > at)
    return Worker(
        staff_id=one.id,
        name=one.name,
        queues=skills & {Queue(name) for name in set_.queues} if set_ else skills,
        cap=set_.cap if set_ else None,
        load=load(one.id),
        is_away=bool(db.session.scalar(sa.select(away))),
        ties=ties(one.id),
    )
