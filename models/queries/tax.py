"""Tax withheld by member and month, with the cumulation that led to it, read for a whole page of months at once."""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from models.base import db
from models.rules.tax import ALLOWANCE_FEN, CUMULATIVE, TAXED_PERCENT
from models.tables.payout import Withdrawal

BACK = "('FAIL', 'CANCELLED', 'rejected')"
_KEPT = f"w.member_id = withdrawal.member_id AND w.state NOT IN {BACK}"

# The first month of the run: back within the year as long as no month is without a withdrawal (rules §5.9).
_RUN = f"""(
    SELECT min(w.month) FROM withdrawal w
    WHERE {_KEPT} AND w.month <= withdrawal.month AND date_trunc('year', w.month) = date_trunc('year', withdrawal.month)
    AND extract(month FROM withdrawal.month) - extract(month FROM w.month) + 1 = (
        SELECT count(DISTINCT b.month) FROM withdrawal b
        WHERE b.member_id = w.member_id AND b.state NOT IN {BACK} AND b.month BETWEEN w.month AND withdrawal.month))"""
_TAXED = f"greatest(0, run.income_fen * {TAXED_PERCENT} - {ALLOWANCE_FEN * 100} * run.months)"
_ENDS = [(band.up_to_fen or 10**15, band) for band in CUMULATIVE]


def _by_band(what: str) -> str:
    cases = " ".join(f"WHEN {_TAXED} <= {end * 100} THEN {getattr(band, what)}::bigint" for end, band in _ENDS)
    return f"CASE WHEN {_TAXED} = 0 THEN 0::bigint {cases} END"


_DUE = f"greatest(0, ({_TAXED} * {_by_band('percent')} - ({_by_band('quick_fen')}) * 10000 + 5000) / 10000)"
_WORKED = f"""
    SELECT run.*, {TAXED_PERCENT} * run.income_fen / 100 AS counted_fen, {ALLOWANCE_FEN} * run.months AS allowance_fen,
        ({_TAXED}) / 100 AS taxable_fen, {_by_band("percent")} AS percent, {_by_band("quick_fen")} AS quick_fen,
        {_DUE} AS due_fen
    FROM (
        SELECT sum(w.amount_fen)::bigint AS income_fen, sum(w.tax_fen)::bigint AS withheld_fen,
            (extract(month FROM withdrawal.month) - extract(month FROM min(w.month)) + 1)::bigint AS months,
            sum(w.amount_fen) FILTER (WHERE w.month = withdrawal.month)::bigint AS month_fen,
            sum(w.tax_fen) FILTER (WHERE w.month = withdrawal.month)::bigint AS month_tax_fen,
            count(*) FILTER (WHERE w.month = withdrawal.month) AS number
        FROM withdrawal w WHERE {_KEPT} AND w.month BETWEEN {_RUN} AND withdrawal.month) run
"""
WORKED = (
    sa.text(_WORKED)
    .columns(
        sa.column("income_fen", sa.BigInteger), sa.column("withheld_fen", sa.BigInteger),
        sa.column("months", sa.BigInteger), sa.column("month_fen", sa.BigInteger),
        sa.column("month_tax_fen", sa.BigInteger), sa.column("number", sa.BigInteger),
        sa.column("counted_fen", sa.BigInteger), sa.column("allowance_fen", sa.BigInteger),
        sa.column("taxable_fen", sa.BigInteger), sa.column("percent", sa.BigInteger),
        sa.column("quick_fen", sa.BigInteger), sa.column("due_fen", sa.BigInteger),
    )
    .lateral("worked")
)  # fmt: skip
"""One row beside a withdrawal: its member's month and the run up to it."""

LAST = sa.text(
    f"withdrawal.state NOT IN {BACK} AND NOT EXISTS (SELECT FROM withdrawal w WHERE {_KEPT}"
    " AND w.month = withdrawal.month AND w.id > withdrawal.id)"
)
"""A withdrawal stands for its member's month when it is the last of it."""


def months(*, today: date) -> list[date]:
    """The months with a withdrawal that may have withheld something, the newest first."""
    first = db.session.scalar(sa.select(Withdrawal.month).order_by(Withdrawal.id).limit(1)) or today.replace(day=1)
    count = (today.year - first.year) * 12 + today.month - first.month
    ends = (first.year * 12 + first.month - 1 + n for n in range(count, -1, -1))
    return [date(end // 12, end % 12 + 1, 1) for end in ends]


def total(month: date) -> sa.Row[int, int, int]:
    """What a month withdrew and withheld in all: people, gross, tax."""
    kept = sa.and_(Withdrawal.month == month, sa.text(f"state NOT IN {BACK}"))
    gross, tax = (sa.cast(sa.func.coalesce(sa.func.sum(at), 0), sa.BigInteger) for at in
                  (Withdrawal.amount_fen, Withdrawal.tax_fen))  # fmt: skip
    chosen = sa.select(
        sa.func.count(Withdrawal.member_id.distinct()).label("people"), gross.label("gross_fen"), tax.label("tax_fen")
    ).where(kept)
    return db.session.execute(chosen).one()


def of_month(member_id: int, month: date) -> Sequence[Withdrawal]:
    """A member's withdrawals of a year up to a month, those that came back included, the oldest first."""
    chosen = sa.select(Withdrawal).where(
        Withdrawal.member_id == member_id, Withdrawal.month <= month, Withdrawal.month >= month.replace(month=1)
    )
    return db.session.scalars(chosen.order_by(Withdrawal.id)).all()
