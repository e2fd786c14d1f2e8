"""How the membership moves: how many came, qualified, froze, left and returned, day by day in Shanghai."""

from collections.abc import Mapping
from datetime import date, datetime

import sqlalchemy as sa

from models.base import db

KINDS = ("registered", "qualified", "frozen", "exited", "revived", "lapsed")

_MOVED = sa.text(
    """
    SELECT (at AT TIME ZONE 'Asia/Shanghai')::date AS "on", kind, count(*) AS n FROM standing_change
    WHERE at >= :since AND at < :until AND kind = ANY (:kinds) GROUP BY 1, 2
    """
)


def moved(*, since: datetime, until: datetime) -> Mapping[tuple[date, str], int]:
    """How often each of ``KINDS`` happened on each day in [since, until); what did not happen is left out."""
    rows = db.session.execute(_MOVED, {"since": since, "until": until, "kinds": list(KINDS)})
    return {(row.on, row.kind): row.n for row in rows}
