"""A case's file: its story, drafts, decisions, what it costs, what came before, and which others are like it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.queries import case as cases
from models.tables.case import Case, CaseDecision, CaseDraft, CaseHold, CaseSnooze, CaseStep
from models.tables.member import Member
from models.tables.order import Order, Share


@dataclass(frozen=True)
class Stake:
    """One share of an order that a case holds: whose it is, where it lies, what is left of it."""

    number: str
    owner: str | None
    kind: str
    level: int | None
    bucket: str | None
    left_fen: int


def story(case_id: int) -> Sequence[CaseStep]:
    """What happened to a case, in order."""
    return db.session.scalars(sa.select(CaseStep).where(CaseStep.case_id == case_id).order_by(CaseStep.id)).all()


def snooze(case_id: int) -> CaseSnooze | None:
    """The newest snooze of a case."""
    chosen = sa.select(CaseSnooze).where(CaseSnooze.case_id == case_id).order_by(CaseSnooze.id.desc()).limit(1)
    return db.session.scalars(chosen).one_or_none()


def draft(case_id: int, staff_id: int) -> CaseDraft | None:
    """What a reviewer had written."""
    chosen = sa.select(CaseDraft).where(CaseDraft.case_id == case_id, CaseDraft.staff_id == staff_id)
    return db.session.scalars(chosen).one_or_none()


def others_drafts(case_id: int, staff_id: int) -> Sequence[CaseDraft]:
    """What other reviewers had written before the case came to this one."""
    chosen = sa.select(CaseDraft).where(CaseDraft.case_id == case_id, CaseDraft.staff_id != staff_id)
    return db.session.scalars(chosen.order_by(CaseDraft.at)).all()


def decisions(case_id: int) -> Sequence[CaseDecision]:
    """The decision and, where there was one, the second look."""
    chosen = sa.select(CaseDecision).where(CaseDecision.case_id == case_id)
    return db.session.scalars(chosen.order_by(CaseDecision.id)).all()


def stakes(case_id: int) -> list[Stake]:
    """The members' shares of every order that a case holds, wherever they lie."""
    left = (Share.amount_fen - Share.reversed_fen).label("left_fen")
    chosen = (
        sa.select(Order.number, Member.code, Share.kind, Share.level, Share.bucket, left)
        .join(CaseHold, sa.and_(CaseHold.order_id == Order.id, CaseHold.case_id == case_id))
        .join(Share, Share.order_id == Order.id).join(Member, Member.id == Share.member_id)
        .where(Share.bucket.is_not(None)).order_by(Order.id, Share.n)
    )  # fmt: skip
    return [Stake(*row) for row in db.session.execute(chosen)]


def by_bucket(stakes: Sequence[Stake]) -> dict[str, int]:
    """What lies in each bucket."""
    found: dict[str, int] = {}
    for one in stakes:
        found[one.bucket or ""] = found.get(one.bucket or "", 0) + one.left_fen
    return found


def earlier(case: Case, *, limit: int = 10) -> Sequence[Case]:
    """Other cases about the same subject or the same people, the newest first."""
    same = sa.or_(Case.subject == case.subject, Case.member_ids.overlap(sa.cast(case.member_ids, Case.member_ids.type)))
    chosen = sa.select(Case).where(same, Case.id != case.id).order_by(Case.id.desc()).limit(limit)
    return db.session.scalars(chosen).all()


def alike(case: Case, *, at: datetime, limit: int) -> Sequence[Case]:
    """Other free cases of the queue that rest on the very same evidence, the oldest first."""
    chosen = sa.select(Case).where(
        Case.evidence == case.evidence, Case.queue == case.queue, Case.id != case.id, cases.LIVE,
        Case.state == "open", cases.is_awake(at),
    )  # fmt: skip
    return db.session.scalars(chosen.order_by(Case.id).limit(limit)).all()


def second_looks() -> Sequence[tuple[str, str]]:
    """(first verdict, second verdict) of every case that was looked at twice."""
    second = sa.orm.aliased(CaseDecision)
    chosen = (
        sa.select(CaseDecision.verdict, second.verdict)
        .join(second, second.case_id == CaseDecision.case_id)
        .where(CaseDecision.first_by.is_(None), second.first_by.is_not(None)).order_by(second.id)
    )  # fmt: skip
    return [(row[0], row[1]) for row in db.session.execute(chosen)]


def by_reviewer(*, since: datetime) -> dict[str, tuple[int, int, int]]:
    """For each decider since then: how many decisions, the median of their seconds, how many were upheld."""
    seconds = sa.func.percentile_disc(0.5).within_group(CaseDecision.seconds)
    upheld = sa.func.count().filter(CaseDecision.verdict == "confirmed")
    chosen = (
        sa.select(CaseDecision.made_by, sa.func.count(), seconds, upheld)
        .where(CaseDecision.at >= since, CaseDecision.first_by.is_(None), CaseDecision.made_by.startswith("staff:"))
        .group_by(CaseDecision.made_by)
    )  # fmt: skip
    return {row[0]: (row[1], row[2], row[3]) for row in db.session.execute(chosen)}
