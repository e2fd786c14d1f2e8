"""Open, keep and end the sessions of staff."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Missing
from models.rules import session, token
from models.tables.staff import StaffSession

AGENT_LENGTH = 300


class NoSession(Missing):
    """The session is not there, or over already."""


def open_(*, staff_id: int, ip: str, user_agent: str, at: datetime) -> str:
    """A new session of a person who has just proved both factors; returns the token for the cookie."""
    fresh = token.new()
    db.session.add(
        StaffSession(
            staff_id=staff_id,
            token_hash=token.digest(fresh),
            created_at=at,
            last_seen_at=at,
            authenticated_at=at,
            ip=ip,
            user_agent=user_agent[:AGENT_LENGTH],
        )
    )
    db.session.flush()
    return fresh


def renew(*, session_id: int, at: datetime) -> str:
    """The person has proved both factors again: the session goes on under a new token."""
    fresh = token.new()
    row = _standing(session_id)
    row.token_hash, row.authenticated_at, row.last_seen_at = token.digest(fresh), at, at
    db.session.flush()
    return fresh


def touch(*, session_id: int, at: datetime) -> None:
    """The person is still there."""
    db.session.execute(
        sa.update(StaffSession)
        .where(StaffSession.id == session_id, StaffSession.last_seen_at < at)
        .values(last_seen_at=at)
    )


def end(*, session_id: int, why: session.Ended, at: datetime, staff_id: int | None = None) -> StaffSession:
    """End one session; with ``staff_id`` only that person's own."""
    row = _standing(session_id)
    if staff_id is not None and row.staff_id != staff_id:
        raise NoSession("这个会话不存在或已经结束，请刷新页面")
    row.ended_at, row.ended_why = at, why
    db.session.flush()
    return row


def end_all(*, staff_id: int, why: session.Ended, at: datetime, but: int | None = None) -> None:
    """End every standing session of a person, but for one where asked."""
    db.session.execute(
        sa.update(StaffSession)
        .where(
            StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None), StaffSession.id.is_distinct_from(but)
        )
        .values(ended_at=at, ended_why=why)
    )


def end_lapsed(*, at: datetime) -> int:
    """End every session that time alone has ended, whose browser never came back to notice; returns how many."""
    is_old = StaffSession.created_at <= at - session.ABSOLUTE
    gone = db.session.execute(
        sa.update(StaffSession)
        .where(StaffSession.ended_at.is_(None), is_old | (StaffSession.last_seen_at <= at - session.IDLE))
        .values(ended_at=at, ended_why=sa.case((is_old, session.Ended.EXPIRED), else_=session.Ended.IDLE))
        .returning(StaffSession.id)
    )
    return len(gone.all())


def _standing(session_id: int) -> StaffSession:
    row = db.session.get(StaffSession, session_id, with_for_update=True, populate_existing=True)
    if row is None or row.ended_at is not None:
        raise NoSession("这个会话不存在或已经结束，请刷新页面")
    return row
