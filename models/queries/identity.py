"""Who is behind a session of the mini-program."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.tables.answer import KeptAnswer
from models.tables.identity import MemberIdentity, MemberSession
from models.tables.member import Member
from models.tables.person import Person


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in person: the session, the identity and, once registered, the member."""

    session_id: int
    identity_id: int
    member_id: int | None
    code: str | None


@dataclass(frozen=True, slots=True)
class Payee:
    """Where a member's money would go: personal data, for a transfer and for nothing else."""

    openid: str | None
    real_name: str | None


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


def payee(code: str) -> Payee | None:
    """Openid and real name of a member; None where there is no such member."""
    row = db.session.execute(
        sa.select(MemberIdentity.openid, Person.real_name)
        .select_from(Member)
        .outerjoin(MemberIdentity, MemberIdentity.member_id == Member.id)
        .outerjoin(Person, Person.member_id == Member.id)
        .where(Member.code == code)
    ).one_or_none()
    return Payee(row.openid, row.real_name) if row else None
