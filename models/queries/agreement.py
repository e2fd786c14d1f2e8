"""Which agreement is asked for, and who has accepted it."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.tables.policy import Agreement, Consent


def current(at: datetime) -> Agreement | None:
    """The version that is asked for at an instant: the newest in effect."""
    return db.session.scalars(
        sa.select(Agreement).where(Agreement.effective_at <= at)
        .order_by(Agreement.effective_at.desc(), Agreement.id.desc()).limit(1)
    ).one_or_none()  # fmt: skip


def has_accepted(*, member_id: int, agreement_id: int) -> bool:
    """Whether a member's consent to a version is on file."""
    found = sa.exists().where(Consent.member_id == member_id, Consent.agreement_id == agreement_id)
    return bool(db.session.scalar(sa.select(found)))
