"""Which policy is in force, and what a version said."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict
from models.rules import policy as rules
from models.rules.policy import Policy
from models.tables.policy import PolicyVersion

# A version's digest names its terms for ever, so that its policy is made once a process.
_made: dict[bytes, Policy] = {}

_TURNS = sa.text(
    """
    SELECT EXISTS (
        SELECT FROM policy_version WHERE state = 'approved'
        AND (effective_at > :first AND effective_at <= :last OR opinion_until > :first AND opinion_until <= :last))
    OR EXISTS (SELECT FROM agreement WHERE effective_at > :first AND effective_at <= :last)
    """
)
_IN_FORCE = sa.text("SELECT id, digest FROM policy_at(:at)")


class Turned(Conflict):
    """Another policy, or another agreement, comes into force within a span that must be under one."""


def of_span(first: datetime, last: datetime) -> int:
    """The version in force all the time from one instant to another, the agreement unchanged."""
    if db.session.scalar(_TURNS, {"first": first, "last": last}):
        raise Turned("规则 10：这段时间内政策或协议有变，请逐个处理。")
    return in_force(first)[0]


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
