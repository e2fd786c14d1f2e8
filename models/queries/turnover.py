"""Months of the ledger: what moved on the accounts of each kind, and what became of withdrawals."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from models.base import db
from models.queries import balance
from models.tables.ledger import Posting
from models.tables.turnover import Turnover

GROUPED = """
    SELECT (p.at AT TIME ZONE 'Asia/Shanghai')::date AS day, a.bucket, p.kind, l.cause, l.level,
           sum(l.amount_fen)::bigint AS amount_fen
    FROM posting p JOIN leg l ON l.posting_id = p.id JOIN account a ON a.id = l.account_id
    WHERE p.id > :since AND p.id <= :upto AND l.posting_id > :since AND l.posting_id <= :upto
    GROUP BY 1, 2, 3, 4, 5
"""
_MONTHS = sa.text(
    f"""
    WITH fresh AS ({GROUPED}),
    every AS (SELECT day, bucket, kind, cause, level, amount_fen FROM turnover UNION ALL SELECT * FROM fresh)
    SELECT date_trunc('month', day)::date AS month, bucket, kind, cause, level, sum(amount_fen)::bigint AS fen
    FROM every GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    """
)
_WITHDRAWN = sa.text(
    """
    SELECT month, state, count(*) AS number, sum(amount_fen)::bigint AS fen FROM withdrawal
    WHERE month >= :since GROUP BY month, state ORDER BY month, state
    """
)
NO_LIMIT = 2**63 - 1
LOOKS = 3


@dataclass(frozen=True, slots=True)
class Moved:
    """What moved in a month (its first day in Shanghai) on accounts of one kind, by postings of one kind; in fen."""

    month: date
    bucket: str
    kind: str
    cause: str
    level: int | None
    fen: int


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Withdrawals asked for in a month that stand in one state."""

    month: date
    state: str
    number: int
    fen: int


def counted() -> int:
    """Up to which posting the turnover is counted."""
    return db.session.scalar(sa.select(sa.func.max(Turnover.upto_id))) or 0


def months() -> list[Moved]:
    """Every month of the ledger: what is counted, and the legs posted since."""
    told = {"since": counted(), "upto": NO_LIMIT}
    return [Moved(*row) for row in db.session.execute(_MONTHS, told)]


def withdrawn(since: date) -> list[Withdrawn]:
    """Withdrawals by month and state, from a month on."""
    return [Withdrawn(*row) for row in db.session.execute(_WITHDRAWN, {"since": since})]


def tied() -> tuple[list[Moved], dict[str, int] | None]:
    """Every month, and what accounts of each kind hold beyond what their months come to: nothing where both agree.

    None when something was posted between the two readings, each time.
    """
    moved: list[Moved] = []
    for _ in range(LOOKS):
        before = _newest()
        moved = months()
        held = {bucket: fen for bucket, _number, fen in balance.by_kind()}
        if _newest() == before:
            sums: dict[str, int] = defaultdict(int)
            for one in moved:
                sums[one.bucket] += one.fen
            off = {bucket: held.get(bucket, 0) - sums.get(bucket, 0) for bucket in {*held, *sums}}
            return moved, {bucket: fen for bucket, fen in off.items() if fen}
    return moved, None


def _newest() -> int:
    return db.session.scalar(sa.select(sa.func.max(Posting.id))) or 0
