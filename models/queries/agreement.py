"""Which agreement is asked for, and who has accepted it."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.tables.policy import Agreement, Consent

_CURRENT = sa.select(Agreement).from_statement(
    sa.text("SELECT * FROM agreement_in_force(:at)").columns(*Agreement.__table__.columns)
)


def current(at: datetime) -> Agreement | None:
    """The version that is asked for at an instant: the newest in effect."""
    return db.session.scalars(_CURRENT, {"at": at}).one_or_none()


def has_accepted(*, member_id: int, agreement_id: int) -> bool:
    """Whether a member's consent to a version is on file."""
    found = sa.exists().where(Consent.member_id == member_id, Consent.agreement_id == agreement_id)
    return bool(db.session.scalar(sa.select(found)))
