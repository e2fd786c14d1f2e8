"""Which policy is in force, and what a version said."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.rules import policy as rules
from models.rules.policy import Policy
from models.tables.policy import PolicyVersion

# A version's digest names its terms for ever, so that its policy is made once a process.
_made: dict[bytes, Policy] = {}

_IN_FORCE = sa.text("SELECT id, digest FROM policy_at(:at)")


def of(version_id: int) -> Policy:
    """The policy of a version: what an order paid under it keeps for ever."""
    known: dict[int, Policy] = db.session.info.setdefault("policies", {})
    if version_id not in known:
        version = db.session.get_one(PolicyVersion, version_id)
        if version.digest not in _made:
            _made[version.digest] = rules.changed(rules.preset(version.preset), version.terms)
        known[version_id] = _made[version.digest]
    return known[version_id]


def in_force(at: datetime) -> tuple[int, Policy]:
    """The version in force at an instant, and its policy (rules §10).

    A version that needs a legal opinion counts only while the opinion runs; after that, the newest that needs none.
    """
    found = db.session.execute(_IN_FORCE, {"at": at}).one()
    return found.id, named(found.id, bytes(found.digest))


def named(version_id: int, digest: bytes) -> Policy:
    """The policy of a version by its digest, read only if this process has not made it yet."""
    return _made.get(digest) or of(version_id)
