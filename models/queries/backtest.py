"""History as a back-test reads it: each event with the values that its decision saw, and what became of its order."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db

AT_ONCE = 5_000
# What is known of an order today: the label of its event. Whatever is young may still change.
_EVENTS = sa.text(
    """
    SELECT d.id, e.id AS event_id, e.kind, e.ref, e.at, e.amount_fen, e.actor_id, e.other_id, d.features,
           coalesce(o.commission_fen, 0) AS stake_fen,
           CASE WHEN o.id IS NULL THEN 'other' WHEN o.is_fraud THEN 'confirmed' WHEN o.is_held THEN 'held'
                WHEN d.action = 'hold' THEN 'cleared' WHEN o.refunded_fen > 0 THEN 'refunded' ELSE 'clean' END AS label
    FROM risk_event e JOIN risk_decision d ON d.event_id = e.id LEFT JOIN shop_order o ON o.id = e.order_id
    WHERE e.at >= :since AND e.at < :until AND e.kind = ANY (:kinds) AND e.id > :after
    ORDER BY e.id LIMIT :limit
    """
)
_COUNT = sa.text("SELECT count(*) FROM risk_event WHERE at >= :since AND at < :until AND kind = ANY (:kinds)")
_LIVED = sa.text(
    """
    SELECT count(*) AS events,
           count(*) FILTER (WHERE d.hits @> jsonb_build_array(jsonb_build_object('code', CAST(:code AS text),
               'version', CAST(:version AS bigint)))) AS hits
    FROM risk_decision d JOIN risk_event e ON e.id = d.event_id
    WHERE d.at >= :since AND d.at < :until AND e.kind = ANY (:kinds)
    """
)


def events(*, kinds: list[str], since: datetime, until: datetime) -> Iterator[Any]:
    """Every decided event of these kinds in [since, until), in the order observed."""
    after = 0
    asked = {"kinds": kinds, "since": since, "until": until, "limit": AT_ONCE}
    while True:
        rows = db.session.execute(_EVENTS, asked | {"after": after}).all()
        yield from rows
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].event_id


def count(*, kinds: list[str], since: datetime, until: datetime) -> int:
    """How many events there are to read."""
    return int(db.session.scalar(_COUNT, {"kinds": kinds, "since": since, "until": until}) or 0)


def lived(*, code: str, version: int, kinds: list[str], since: datetime, until: datetime) -> tuple[int, int]:
    """(events decided, hits of the rule) in [since, until)."""
    asked = {"code": code, "version": version, "kinds": kinds, "since": since, "until": until}
    row = db.session.execute(_LIVED, asked).one()
    return row.events, row.hits
