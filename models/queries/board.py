"""Boards as members and staff see them: who stands where, who is new; nobody who asked to be left out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.tables.challenge import Board, BoardPlace
from models.tables.member import Member
from models.tables.person import Person
from models.tables.story import Publicity


def is_unlisted() -> sa.ColumnElement[bool]:
    """Whether the member of the row asked to stand on no board."""
    return sa.exists().where(
        Publicity.member_id == Member.id, Publicity.purpose == "unlisted", Publicity.ended_at.is_(None)
    )


def named(name: str) -> Board | None:
    """A board as it was last counted."""
    return db.session.get(Board, name)


def places(name: str) -> Sequence[Any]:
    """Who stands on a board of names and is shown, the first first."""
    chosen = (
        sa.select(BoardPlace.member_id, BoardPlace.score, BoardPlace.place, Member.code, Person.nickname)
        .join(Member, Member.id == BoardPlace.member_id).outerjoin(Person, Person.member_id == Member.id)
        .where(BoardPlace.name == name, ~is_unlisted(), Member.standing.in_(["active", "frozen"]))
        .order_by(BoardPlace.place)
    )  # fmt: skip
    return db.session.execute(chosen).all()


def newcomers(*, before: tuple[datetime, int], limit: int) -> Sequence[Any]:
    """Who qualified, the newest first, before (instant, id)."""
    at, last = before
    place = sa.tuple_(sa.literal(at), sa.literal(last))
    chosen = (
        sa.select(Member.id, Member.code, Person.nickname, Member.qualified_at)
        .outerjoin(Person, Person.member_id == Member.id)
        .where(Member.qualified_at.is_not(None), Member.position.is_(None), Member.standing == "active", ~is_unlisted())
        .where(Member.qualified_at <= at, sa.tuple_(Member.qualified_at, Member.id) < place)
        .order_by(Member.qualified_at.desc(), Member.id.desc()).limit(limit)
    )  # fmt: skip
    return db.session.execute(chosen).all()


def able(ids: Sequence[int], *, qualified_since: datetime | None = None) -> set[int]:
    """Which of these may stand on a board: active promoters who did not ask to be left out."""
    chosen = sa.select(Member.id).where(
        Member.id == sa.any_(sa.literal(list(ids), sa.ARRAY(sa.BigInteger))), Member.standing == "active",
        Member.qualified_at.is_not(None), ~is_unlisted(),
    )  # fmt: skip
    if qualified_since is not None:
        chosen = chosen.where(Member.qualified_at >= qualified_since)
    return set(db.session.scalars(chosen))
