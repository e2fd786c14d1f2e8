"""Stories and consents: who agreed, what is out, what a newer list of phrases has not seen."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.tables.challenge import Board
from models.tables.member import Member
from models.tables.person import Person
from models.tables.story import Publicity, Story


def said(*, member_id: int, purpose: str) -> Publicity | None:
    """What a member says of a purpose now."""
    chosen = sa.select(Publicity).where(Publicity.member_id == member_id, Publicity.purpose == purpose)
    return db.session.scalars(chosen.where(Publicity.ended_at.is_(None))).one_or_none()


def of_member(member_id: int) -> Story | None:
    """The story of a member that is out."""
    chosen = sa.select(Story).where(Story.member_id == member_id, Story.state == "published")
    return db.session.scalars(chosen).one_or_none()


def page(*, before: int, limit: int) -> Sequence[Any]:
    """Stories that are out, the newest first, each with its member's code and nickname."""
    chosen = (
        sa.select(Story, Member.code, Person.nickname).join(Member, Member.id == Story.member_id)
        .outerjoin(Person, Person.member_id == Member.id).where(Story.state == "published", Story.id < before)
    )  # fmt: skip
    return db.session.execute(chosen.order_by(Story.id.desc()).limit(limit)).all()


def stale(phrases: str, *, limit: int) -> Sequence[int]:
    """Stories that are out and were last held against another list."""
    chosen = sa.select(Story.id).where(Story.state == "published", Story.phrases != phrases)
    return db.session.scalars(chosen.order_by(Story.id).limit(limit)).all()


def spread() -> Board | None:
    """How income was spread when it was last counted."""
    return db.session.get(Board, "earnings")


def willing(*, limit: int) -> Sequence[Any]:
    """Who agreed to a story and has none that is out, the newest consent first."""
    shown = sa.exists().where(Story.member_id == Publicity.member_id, Story.state == "published")
    chosen = (
        sa.select(Member.id, Member.code, Person.nickname, Publicity.given_at)
        .join(Member, Member.id == Publicity.member_id).outerjoin(Person, Person.member_id == Member.id)
        .where(Publicity.purpose == "story", Publicity.ended_at.is_(None), ~shown)
    )  # fmt: skip
    return db.session.execute(chosen.order_by(Publicity.id.desc()).limit(limit)).all()
