"""Who is behind a session of the mini-program."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.tables.answer import KeptAnswer
from models.tables.identity import MemberIdentity, MemberSession
from models.tables.member import Member


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in person: the session, the identity and, once registered, the member."""

    session_id: int
    identity_id: int
    member_id: int | None
    code: str | None


_CALLER = (
    sa.select(MemberSession.id, MemberSession.identity_id, MemberIdentity.member_id, Member.code)
    .join(MemberIdentity, MemberIdentity.id == MemberSession.identity_id)
    .outerjoin(Member, Member.id == MemberIdentity.member_id)
)


def caller(*, session_id: int, at: datetime) -> Caller | None:
    """The person of a session that has neither ended nor run out."""
    running = (MemberSession.id == session_id, MemberSession.ended_at.is_(None), MemberSession.expires_at > at)
    row = db.session.execute(_CALLER.where(*running, MemberIdentity.ended_at.is_(None))).one_or_none()
    return Caller(*row) if row else None


def kept(*, identity_id: int, key: str) -> KeptAnswer | None:
    """The answer kept under a key of somebody's."""
    chosen = sa.select(KeptAnswer).where(KeptAnswer.identity_id == identity_id, KeptAnswer.key == key)
    return db.session.scalars(chosen.execution_options(populate_existing=True)).one_or_none()
