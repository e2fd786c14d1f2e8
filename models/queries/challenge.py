"""Challenges that run, who is in them, and how it stands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.queries import sold
from models.queries.board import is_unlisted
from models.tables.challenge import Challenge, ChallengeEntry
from models.tables.member import Member
from models.tables.person import Person


def page(*, before: int, limit: int) -> Sequence[Challenge]:
    """Challenges that are out or over, the newest first."""
    chosen = sa.select(Challenge).where(Challenge.state.in_(["published", "closed"]), Challenge.id < before)
    return db.session.scalars(chosen.order_by(Challenge.id.desc()).limit(limit)).all()


def open_one(challenge_id: int) -> Challenge | None:
    """A challenge as members may know of it."""
    chosen = sa.select(Challenge).where(Challenge.id == challenge_id, Challenge.state.in_(["published", "closed"]))
    return db.session.scalars(chosen).one_or_none()


def entries(member_id: int, challenge_ids: Sequence[int]) -> dict[int, ChallengeEntry]:
    """A member's own entries among these challenges."""
    chosen = sa.select(ChallengeEntry).where(
        ChallengeEntry.member_id == member_id, ChallengeEntry.challenge_id.in_(challenge_ids)
    )
    return {one.challenge_id: one for one in db.session.scalars(chosen)}


def counts(challenge_ids: Sequence[int]) -> dict[int, int]:
    """How many are in each of these challenges."""
    chosen = sa.select(ChallengeEntry.challenge_id, sa.func.count()).where(
        ChallengeEntry.challenge_id.in_(challenge_ids)
    )
    return {row[0]: row[1] for row in db.session.execute(chosen.group_by(ChallengeEntry.challenge_id))}


def scores(challenge: Challenge, *, until: datetime) -> dict[int, tuple[int, datetime]]:
    """What everybody in a challenge has by now, with the instant of entry: by orders completed in its period."""
    entered = dict(
        db.session.execute(
            sa.select(ChallengeEntry.member_id, ChallengeEntry.entered_at).where(
                ChallengeEntry.challenge_id == challenge.id
            )
        ).all()
    )
    if not entered or until <= challenge.starts_at:
        return {member: (0, at) for member, at in entered.items()}
    ends = min(until, challenge.ends_at)
    found = sold.counted(since=challenge.starts_at, until=ends, sellers=list(entered))
    counted = {row.seller_id: getattr(row, challenge.metric) for row in found}
    return {member: (counted.get(member, 0), at) for member, at in entered.items()}


def closing(at: datetime) -> Sequence[int]:
    """Challenges whose standings are final by now and not written down."""
    chosen = sa.select(Challenge.id).where(Challenge.state == "published", Challenge.closes_at <= at)
    return db.session.scalars(chosen.order_by(Challenge.closes_at, Challenge.id)).all()


def shown(member_ids: Sequence[int]) -> dict[int, tuple[str, str | None]]:
    """Code and nickname of those among these who let themselves be shown."""
    chosen = (
        sa.select(Member.id, Member.code, Person.nickname).outerjoin(Person, Person.member_id == Member.id)
        .where(Member.id.in_(member_ids), ~is_unlisted())
    )  # fmt: skip
    return {row.id: (row.code, row.nickname) for row in db.session.execute(chosen)}


def named(member_ids: Sequence[int]) -> dict[int, tuple[str, str | None]]:
    """Code and nickname of members, for staff."""
    chosen = sa.select(Member.id, Member.code, Person.nickname).outerjoin(Person, Person.member_id == Member.id)
    return {row.id: (row.code, row.nickname) for row in db.session.execute(chosen.where(Member.id.in_(member_ids)))}


def final(challenge_id: int, *, limit: int) -> Sequence[Any]:
    """The places of a closed challenge, the first first."""
    chosen = sa.select(ChallengeEntry.member_id, ChallengeEntry.score, ChallengeEntry.place).where(
        ChallengeEntry.challenge_id == challenge_id, ChallengeEntry.place.is_not(None)
    )
    return db.session.execute(chosen.order_by(ChallengeEntry.place).limit(limit)).all()


def stale(phrases: str, *, limit: int) -> Sequence[int]:
    """Challenges that are out and were last held against another list."""
    chosen = sa.select(Challenge.id).where(Challenge.state == "published", Challenge.phrases != phrases)
    return db.session.scalars(chosen.order_by(Challenge.id).limit(limit)).all()
