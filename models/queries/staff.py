"""Who is signed in, and which sessions stand."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.rules import permission, session
from models.tables.staff import Staff, StaffSession, StaffState


@dataclass(frozen=True)
class SignedIn:
    """The person behind a request, as the database knows them at this very moment."""

    id: int
    code: str
    name: str
    roles: tuple[str, ...]
    merchant_id: int | None
    session_id: int
    created_at: datetime
    last_seen_at: datetime
    authenticated_at: datetime

    @property
    def permissions(self) -> frozenset[str]:
        return permission.held_by(self.roles)


def signed_in(*, token_hash: str) -> SignedIn | None:
    """The active person of a session that nobody has ended; its times are for the caller to judge."""
    row = db.session.execute(
        sa.select(
            Staff.id,
            Staff.code,
            Staff.name,
            Staff.roles,
            Staff.merchant_id,
            StaffSession.id.label("session_id"),
            StaffSession.created_at,
            StaffSession.last_seen_at,
            StaffSession.authenticated_at,
        )
        .join_from(StaffSession, Staff, Staff.id == StaffSession.staff_id)
        .where(
            StaffSession.token_hash == token_hash,
            StaffSession.ended_at.is_(None),
            Staff.state == StaffState.ACTIVE,
        )
    ).one_or_none()
    if row is None:
        return None
    return SignedIn(**{**row._mapping, "roles": tuple(row.roles)})


def standing(*, staff_id: int, at: datetime) -> list[StaffSession]:
    """The sessions of a person that still let a browser in, newest first."""
    return list(
        db.session.scalars(
            sa.select(StaffSession)
            .where(
                StaffSession.staff_id == staff_id,
                StaffSession.ended_at.is_(None),
                StaffSession.created_at > at - session.ABSOLUTE,
                StaffSession.last_seen_at > at - session.IDLE,
            )
            .order_by(StaffSession.id.desc())
        )
    )
