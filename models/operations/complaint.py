"""A complaint: taken in, owned, answered by a person, closed; told when its clock runs out (rules 8.4)."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Missing
from models.operations import outbox
from models.queries import complaint as queries
from models.rules import complaint as rules
from models.rules.complaint import Category, Said, State
from models.tables.complaint import Complaint, ComplaintMessage


class NoComplaint(Missing):
    """No complaint has this number."""


def open_(*, member_id: int | None, category: Category, subject: str, words: str, at: datetime, by: str) -> Complaint:
    """Take a complaint in, with a receipt that says it is no answer."""
    if member_id is not None and queries.open_of(member_id) >= rules.OPEN_AT_ONCE:
        raise rules.TooMany(f"您已有 {rules.OPEN_AT_ONCE} 件投诉等待答复，请等专人答复后再提交。")
    made = Complaint(
        member_id=member_id, category=category, subject=subject, words=rules.checked(words), state=State.OPEN,
        opened_at=at, due_at=rules.due(at),
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    _say(made, Said.MEMBER, by, made.words, at)
    _say(made, Said.AUTO, "system:receipt", rules.RECEIVED.format(number=made.id), at)
    outbox.emit("complaint.opened", subject=f"complaint:{made.id}", complaint_id=made.id)
    return made


def add(*, complaint_id: int, words: str, at: datetime, by: str) -> Complaint:
    """More from the complainant."""
    found = _locked(complaint_id)
    rules.check_open(State(found.state))
    _say(found, Said.MEMBER, by, rules.checked(words), at)
    return found


def take(*, complaint_id: int, staff_id: int) -> Complaint:
    """Make it one's own; from whoever had it."""
    found = _locked(complaint_id)
    rules.check_open(State(found.state))
    found.owner_id = staff_id
    db.session.flush()
    return found


def answer(*, complaint_id: int, words: str, at: datetime, by: str) -> Complaint:
    """A person answers; the first answer stops the clock."""
    found = _locked(complaint_id)
    rules.check_open(State(found.state))
    rules.check_human(by)
    words = rules.checked(words)
    rules.check_fit(words)
    _say(found, Said.ANSWER, by, words, at)
    if found.answered_at is None:
        found.state, found.answered_at, found.answered_by = State.ANSWERED, at, by
        found.owner_id = found.owner_id or int(by.partition(":")[2])
    db.session.flush()
    outbox.emit("complaint.answered", subject=f"complaint:{found.id}", complaint_id=found.id)
    return found


def note(*, complaint_id: int, words: str, at: datetime, by: str) -> Complaint:
    """A word among staff; it answers nothing."""
    found = _locked(complaint_id)
    _say(found, Said.NOTE, by, rules.checked(words), at)
    return found


def close(*, complaint_id: int, outcome: str, at: datetime) -> Complaint:
    """Done, with what came of it; closing again changes nothing."""
    found = _locked(complaint_id)
    if found.state == State.CLOSED:
        return found
    if found.answered_at is None:
        raise rules.NotAnswered("规则 8.4：先由人工答复，再办结。")
    found.state, found.closed_at, found.outcome = State.CLOSED, at, rules.checked(outcome)
    db.session.flush()
    outbox.emit("complaint.closed", subject=f"complaint:{found.id}", complaint_id=found.id)
    return found


def tell_breached(*, at: datetime) -> int:
    """Tell, once each, that a complaint's clock ran out without a human answer; how many."""
    over = sa.select(Complaint).where(
        Complaint.answered_at.is_(None), Complaint.breached_at.is_(None), Complaint.due_at <= at
    )
    found = db.session.scalars(over.order_by(Complaint.id).with_for_update(skip_locked=True)).all()
    for one in found:
        one.breached_at = at
        outbox.emit("complaint.breached", subject=f"complaint:{one.id}", complaint_id=one.id)
    db.session.flush()
    return len(found)


def _say(complaint: Complaint, kind: Said, by: str, words: str, at: datetime) -> None:
    db.session.add(ComplaintMessage(complaint_id=complaint.id, at=at, kind=kind, by=by, words=words))
    db.session.flush()


def _locked(complaint_id: int) -> Complaint:
    found = db.session.get(Complaint, complaint_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoComplaint("没有这件投诉，请刷新列表。")
    return found
