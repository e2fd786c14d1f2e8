"""Complaints asked about by more than one caller."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.rules import complaint as rules
from models.rules.complaint import Said, State
from models.tables.complaint import Complaint, ComplaintMessage

PUBLIC = (Said.MEMBER, Said.AUTO, Said.ANSWER)


def messages(complaint_id: int) -> Sequence[ComplaintMessage]:
    """Everything said, the oldest first, notes among staff included."""
    chosen = sa.select(ComplaintMessage).where(ComplaintMessage.complaint_id == complaint_id)
    return db.session.scalars(chosen.order_by(ComplaintMessage.id)).all()


def told(complaint_ids: Sequence[int]) -> dict[int, list[ComplaintMessage]]:
    """What the complainant may read of each, the oldest first."""
    chosen = sa.select(ComplaintMessage).where(
        ComplaintMessage.complaint_id.in_(complaint_ids), ComplaintMessage.kind.in_(PUBLIC)
    )
    found: dict[int, list[ComplaintMessage]] = {one: [] for one in complaint_ids}
    for message in db.session.scalars(chosen.order_by(ComplaintMessage.id)):
        found[message.complaint_id].append(message)
    return found


def of_member(member_id: int, *, before: int | None, limit: int) -> Sequence[Complaint]:
    """A member's complaints before a number, the newest first."""
    chosen = sa.select(Complaint).where(Complaint.member_id == member_id)
    if before is not None:
        chosen = chosen.where(Complaint.id < before)
    return db.session.scalars(chosen.order_by(Complaint.id.desc()).limit(limit)).all()


def open_of(member_id: int) -> int:
    """How many of a member's complaints wait for a first answer."""
    chosen = sa.select(sa.func.count()).where(Complaint.member_id == member_id, Complaint.state == State.OPEN)
    return db.session.scalar(chosen) or 0


def unanswered(at: datetime) -> Sequence[Complaint]:
    """Complaints without a human answer whose last hours run or are over, the oldest first."""
    near = Complaint.due_at <= at + rules.WARN_BEFORE
    chosen = sa.select(Complaint).where(Complaint.answered_at.is_(None), near)
    return db.session.scalars(chosen.order_by(Complaint.due_at, Complaint.id)).all()
