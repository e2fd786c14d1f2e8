"""The cases that a page of something else leads to: about a subject, or about a person."""

from collections.abc import Sequence

import sqlalchemy as sa

from console.admin.base import viewer
from console.auth import allowed
from models import Case, db
from models.queries import case as cases
from models.queries import reviewer

SHOWN = 8


def about(subject: str) -> Sequence[Case]:
    """The open cases about a subject that this person may see, the oldest first."""
    return _seen(sa.select(Case).where(Case.subject == subject, cases.LIVE).order_by(Case.id))


def of_member(member_id: int) -> Sequence[Case]:
    """The newest cases that concern a member, as far as this person may see them."""
    return _seen(sa.select(Case).where(Case.member_ids.contains([member_id])).order_by(Case.id.desc()))


def _seen(query: sa.Select[Case]) -> Sequence[Case]:
    """Nobody sees a case of another duty, or one that concerns themselves or their own."""
    if not allowed("case.view"):
        return []
    person = viewer()
    queues = [queue.value for queue in reviewer.sees(person.id)]
    return db.session.scalars(query.where(Case.queue.in_(queues), ~reviewer.ties(person.id).met()).limit(SHOWN)).all()
