"""Who is behind a session of the mini-program."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models.base import Actor, db
from models.tables.identity import MemberIdentity
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


# Asked by every request of the mini-program: written out, since building and caching it costs as much as asking.
_PERSON = """
    FROM member_session s JOIN member_identity i ON i.id = s.identity_id LEFT JOIN member m ON m.id = i.member_id
"""
_RUNNING = "WHERE s.id = :session AND s.ended_at IS NULL AND s.expires_at > :at AND i.ended_at IS NULL"
_CALLER = sa.text(f"SELECT s.id, s.identity_id, i.member_id, m.code {_PERSON} {_RUNNING}")
_OPENED = sa.text(
    f"""
    SELECT s.id, s.identity_id, i.member_id, m.code, k.digest, k.status, k.body,
        set_config('qianxing.actor', coalesce('member:' || m.code, :system), true),
        set_config('qianxing.source', :source, true), set_config('qianxing.action', :action, true),
        set_config('qianxing.reason', '', true), set_config('qianxing.request_id', :request_id, true),
        set_config('qianxing.ip', :ip, true)
    {_PERSON} LEFT JOIN kept_answer k ON k.identity_id = s.identity_id AND k.key = :key {_RUNNING}
    """
)
_KEPT = sa.text("SELECT digest, status, body FROM kept_answer WHERE identity_id = :identity AND key = :key")


@dataclass(frozen=True, slots=True)
class Kept:
    """What a request under a key was answered, and the SHA-256 of what was asked."""

    digest: bytes
    status: int
    body: bytes


def caller(*, session_id: int, at: datetime) -> Caller | None:
    """The person of a session that has neither ended nor run out."""
    row = db.session.execute(_CALLER, {"session": session_id, "at": at}).one_or_none()
    return Caller(*row) if row else None


def opened(*, session_id: int, key: str, acting: Actor, at: datetime) -> tuple[Caller, Kept | None] | None:
    """As ``caller``, with what stands under a key of theirs; and from here on this transaction is that person's.

    Three questions in one trip: whoever writes asks all of them each time. ``acting.name`` is for who is no member yet.
    """
    told = {
        "session": session_id, "at": at, "key": key, "system": acting.name, "source": acting.source,
        "action": acting.action, "request_id": acting.request_id, "ip": acting.ip,
    }  # fmt: skip
    row = db.session.execute(_OPENED, told).one_or_none()
    if row is None:
        return None
    kept = Kept(bytes(row.digest), row.status, bytes(row.body)) if row.digest is not None else None
    return Caller(*row[:4]), kept


def kept(*, identity_id: int, key: str) -> Kept | None:
    """The answer kept under a key of somebody's."""
    row = db.session.execute(_KEPT, {"identity": identity_id, "key": key}).one_or_none()
    return Kept(bytes(row.digest), row.status, bytes(row.body)) if row else None


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
