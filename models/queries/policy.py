"""Which policy is in force, and what a version said."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.rules import policy as rules
from models.rules.policy import Policy
from models.tables.policy import PolicyVersion


def of(version_id: int) -> Policy:
    """The policy of a version: what an order paid under it keeps for ever."""
    return _typed(db.session.get_one(PolicyVersion, version_id))


def in_force(at: datetime) -> tuple[int, Policy]:
    """The version in force at an instant, and its policy (rules §10).

    A version that needs a legal opinion counts only while the opinion runs; after that, the newest that needs none.
    """
    needs_none = PolicyVersion.opinion_until.is_(None)
    version = db.session.scalars(
        sa.select(PolicyVersion)
        .where(PolicyVersion.state == "approved", PolicyVersion.effective_at <= at)
        .where(needs_none | (PolicyVersion.opinion_until > at))
        .order_by(PolicyVersion.effective_at.desc(), PolicyVersion.id.desc())
        .limit(1)
    ).one()
    return version.id, _typed(version)


def _typed(version: PolicyVersion) -> Policy:
    return rules.changed(rules.preset(version.preset), version.terms)
