"""How the membership moves: how many came, qualified, froze, left and returned, day by day in Shanghai."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from models.base import db

KINDS = ("registered", "qualified", "frozen", "exited", "revived", "lapsed")
NO_RANK = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Whose steps are counted: of one network, one depth of its tree, one rank (`NO_RANK`: without any); or all.

    Depth and rank are those of now.
    """

    network: int | None = None
    level: int | None = None
    rank: str | None = None

    @property
    def is_all(self) -> bool:
        return self == Part()

    def told(self) -> dict[str, Any]:
        return asdict(self)


WITHIN = """
    (CAST(:network AS bigint) IS NULL OR m.matrix_id = :network)
    AND (CAST(:rank AS text) IS NULL OR coalesce(m.rank, '') = :rank)
    AND (CAST(:level AS int) IS NULL
        OR EXISTS (SELECT FROM seat place WHERE place.member_id = m.id AND place.depth = :level))
"""
"""The condition of a `Part` on a member called ``m``."""

_MOVED = """
    SELECT (c.at AT TIME ZONE 'Asia/Shanghai')::date AS "on", c.kind, count(*) AS n FROM standing_change c {joined}
    WHERE c.at >= :since AND c.at < :until AND c.kind = ANY (:kinds) {within} GROUP BY 1, 2
"""
_ALL = sa.text(_MOVED.format(joined="", within=""))
_PART = sa.text(_MOVED.format(joined="JOIN member m ON m.id = c.member_id", within=f"AND {WITHIN}"))


def moved(*, since: datetime, until: datetime, of: Part | None = None) -> Mapping[tuple[date, str], int]:
    """How often each of ``KINDS`` happened on each day in [since, until); what did not happen is left out."""
    told: dict[str, Any] = {"since": since, "until": until, "kinds": list(KINDS)}
    is_all = of is None or of.is_all
    rows = db.session.execute(_ALL if is_all else _PART, told if of is None or is_all else told | of.told())
    return {(row.on, row.kind): row.n for row in rows}


_CAME = """
    SELECT count(*) FILTER (WHERE c.at >= :middle) AS now, count(*) FILTER (WHERE c.at < :middle) AS before
    FROM standing_change c {joined} WHERE c.kind = 'registered' AND c.at >= :since AND c.at < :until
"""
_CAME_ALL = sa.text(_CAME.format(joined=""))
_CAME_TO = sa.text(
    _CAME.format(
        joined="JOIN member m ON m.id = c.member_id JOIN matrix x ON x.id = m.matrix_id AND x.merchant_id = :merchant"
    )
)


def came(*, since: datetime, middle: datetime, until: datetime, merchant_id: int | None) -> tuple[int, int]:
    """How many registered in [middle, until) and in [since, middle): of everybody, or in a merchant's networks."""
    told: dict[str, Any] = {"since": since, "middle": middle, "until": until}
    query, narrow = (_CAME_ALL, {}) if merchant_id is None else (_CAME_TO, {"merchant": merchant_id})
    row = db.session.execute(query, told | narrow).one()
    return row.now, row.before
