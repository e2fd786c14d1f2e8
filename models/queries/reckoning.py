"""A Shanghai day as our books and the channel's statements tell it, and everything that they tell differently."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.rules import shanghai
from models.rules.statement import Account
from models.tables.statement import Difference, Reckoning, Statement

GRACE_HOURS = 48
"""A transfer that left the account may wait a day for its payee; later than this it is a difference."""


@dataclass(frozen=True, slots=True)
class Window:
    """A Shanghai day as two instants, [begins, ends)."""

    day: date
    begins: datetime
    ends: datetime


def window(day: date) -> Window:
    """The instants of a Shanghai day."""
    return Window(day, shanghai.begins(day), shanghai.begins(day + timedelta(days=1)))


def covered(day: date) -> set[str]:
    """Of which accounts a taken statement covers the day."""
    chosen = sa.select(Statement.account).distinct().where(
        Statement.state == "taken", Statement.first_on <= day, Statement.last_on >= day
    )  # fmt: skip
    return set(db.session.scalars(chosen))


# Ours of a day. A transfer counts on the day we learned that it arrived.
_OURS = """
    SELECT (SELECT count(*) FROM withdrawal WHERE state = 'SUCCESS' AND ended_at >= :begins AND ended_at < :ends)
        AS payouts,
    (SELECT coalesce(sum(amount_fen - tax_fen), 0)::bigint FROM withdrawal
        WHERE state = 'SUCCESS' AND ended_at >= :begins AND ended_at < :ends) AS payouts_fen,
    (SELECT coalesce(-sum(l.amount_fen), 0)::bigint FROM leg l JOIN posting p ON p.id = l.posting_id
        WHERE l.account_id = (SELECT id FROM account WHERE code = 'custody') AND p.at < :ends) AS custody_fen,
    paid.payments, paid.payments_fen, back.refunds, back.refunds_fen
    FROM (
        SELECT count(*) AS payments, coalesce(sum(o.paid_fen), 0)::bigint AS payments_fen
        FROM shop_order o JOIN order_source s ON s.order_id = o.id AND s.channel = 'pay'
        WHERE o.paid_at >= :begins AND o.paid_at < :ends
    ) paid, (
        SELECT count(*) AS refunds, coalesce(sum(amount_fen), 0)::bigint AS refunds_fen
        FROM pay_refund WHERE state = 'SUCCESS' AND ended_at >= :begins AND ended_at < :ends
    ) back
"""

# The channel's of a day, by kind of business; what came back of a transfer is taken off.
_THEIRS = """
    SELECT count(*) FILTER (WHERE business = 'payout') - count(*) FILTER (WHERE business = 'payout_back') AS payouts,
    coalesce(sum(CASE business WHEN 'payout' THEN amount_fen WHEN 'payout_back' THEN -amount_fen END), 0)::bigint
        AS payouts_fen,
    count(*) FILTER (WHERE business = 'payment' AND account = 'TRADE') AS payments,
    coalesce(sum(amount_fen) FILTER (WHERE business = 'payment' AND account = 'TRADE'), 0)::bigint AS payments_fen,
    count(*) FILTER (WHERE business = 'refund' AND account = 'TRADE') AS refunds,
    coalesce(sum(amount_fen) FILTER (WHERE business = 'refund' AND account = 'TRADE'), 0)::bigint AS refunds_fen
    FROM statement_line WHERE at >= :begins AND at < :ends AND account <> 'WALLET'
"""

# The last balance that an account's lines of any day up to the end of this one give.
_BALANCE = """
    SELECT sum(b.balance_fen)::bigint, count(*) FROM unnest(CAST(:accounts AS text[])) a(name)
    CROSS JOIN LATERAL (
        SELECT balance_fen FROM statement_line WHERE account = a.name AND at < :ends AND balance_fen IS NOT NULL
        ORDER BY at DESC, n DESC LIMIT 1) b
"""


def ours(day: Window) -> Mapping[str, int]:
    """Counts and sums of our own books, and what they say lies at the channel at the end of the day."""
    return db.session.execute(sa.text(_OURS), vars_of(day)).mappings().one()  # type: ignore[return-value]


def theirs(day: Window) -> Mapping[str, int]:
    """Counts and sums of the channel's lines of a day."""
    return db.session.execute(sa.text(_THEIRS), vars_of(day)).mappings().one()  # type: ignore[return-value]


def channel_balance(day: Window) -> int | None:
    """What the channel says lies in the two accounts at the end of the day; none until both have said something."""
    accounts = [str(Account.BASIC), str(Account.OPERATION)]
    fen, told = db.session.execute(sa.text(_BALANCE), {"accounts": accounts, "ends": day.ends}).one()
    return fen if told == len(accounts) else None


def vars_of(day: Window) -> dict[str, datetime]:
    """A day as parameters of a statement."""
    return {"begins": day.begins, "ends": day.ends}


# Every transfer with a line on the day, with all its lines of any day, beside our withdrawal.
_PAYOUTS = """
    WITH told AS (
        SELECT number, min(id) AS line_id, count(*) FILTER (WHERE business = 'payout') AS outs,
            count(*) FILTER (WHERE business = 'payout_back') AS backs,
            coalesce(sum(CASE business WHEN 'payout' THEN amount_fen ELSE -amount_fen END), 0)::bigint AS fen
        FROM statement_line WHERE business IN ('payout', 'payout_back') AND number IN (
            SELECT number FROM statement_line
            WHERE at >= :begins AND at < :ends AND business IN ('payout', 'payout_back'))
        GROUP BY number
    )
    SELECT CASE
            WHEN w.id IS NULL THEN 'missing_here'
            WHEN t.outs - t.backs > 1 THEN 'duplicate'
            WHEN w.state = 'SUCCESS' AND t.outs <= t.backs THEN 'state'
            WHEN w.state = 'SUCCESS' AND t.fen <> w.amount_fen - w.tax_fen THEN 'amount'
            WHEN w.state IN ('FAIL', 'CANCELLED', 'rejected') AND t.outs > t.backs THEN 'state'
            WHEN w.ended_at IS NULL AND t.outs > t.backs AND :ends + make_interval(hours => :grace) < :at THEN 'state'
        END AS kind, 'payout' AS business, t.number,
        CASE WHEN w.id IS NULL THEN '' ELSE 'withdrawal:' || w.number END AS subject, t.line_id,
        w.amount_fen - w.tax_fen AS ours_fen, t.fen AS theirs_fen, coalesce(w.state, '') AS ours_state,
        CASE WHEN t.outs > t.backs THEN '支出' ELSE '已退回' END AS theirs_state
    FROM told t LEFT JOIN withdrawal w ON w.number = t.number
"""

# What we count as arrived on the day and no line of any day tells.
_PAYOUTS_MISSING = """
    SELECT 'missing_there' AS kind, 'payout' AS business, w.number, 'withdrawal:' || w.number AS subject,
        NULL::bigint AS line_id, w.amount_fen - w.tax_fen AS ours_fen, NULL::bigint AS theirs_fen,
        w.state AS ours_state, '' AS theirs_state
    FROM withdrawal w
    WHERE w.state = 'SUCCESS' AND w.ended_at >= :begins AND w.ended_at < :ends AND NOT EXISTS (
        SELECT 1 FROM statement_line l WHERE l.number = w.number AND l.business = 'payout')
"""

# Payments of the trade bill beside our orders, by the order's own number.
_PAYMENTS = """
    WITH told AS (
        SELECT number, min(id) AS line_id, count(*) AS lines, count(DISTINCT reference) AS payments,
            sum(amount_fen)::bigint AS fen
        FROM statement_line WHERE business = 'payment' AND account = 'TRADE' AND number IN (
            SELECT number FROM statement_line
            WHERE at >= :begins AND at < :ends AND business = 'payment' AND account = 'TRADE')
        GROUP BY number
    )
    SELECT CASE
            WHEN o.id IS NULL THEN 'missing_here'
            WHEN t.lines > 1 THEN 'duplicate'
            WHEN o.paid_at IS NULL THEN 'state'
            WHEN t.fen <> o.paid_fen THEN 'amount'
        END AS kind, 'payment' AS business, t.number,
        CASE WHEN o.id IS NULL THEN '' ELSE 'order:' || o.number END AS subject, t.line_id,
        o.paid_fen AS ours_fen, t.fen AS theirs_fen, coalesce(o.state, '') AS ours_state, 'SUCCESS' AS theirs_state
    FROM told t LEFT JOIN shop_order o ON o.number = t.number
"""


# Own payments of the day that no line tells; what the shop took in is settled under the shop's own merchant.
_PAYMENTS_MISSING = """
    SELECT 'missing_there' AS kind, 'payment' AS business, o.number, 'order:' || o.number AS subject,
        NULL::bigint AS line_id, o.paid_fen AS ours_fen, NULL::bigint AS theirs_fen, o.state AS ours_state,
        '' AS theirs_state
    FROM shop_order o JOIN order_source s ON s.order_id = o.id AND s.channel = 'pay'
    WHERE o.paid_at >= :begins AND o.paid_at < :ends AND NOT EXISTS (
        SELECT 1 FROM statement_line l
        WHERE l.number = s.number AND l.business = 'payment' AND l.account = 'TRADE')
"""

_REFUNDS = """
    WITH told AS (
        SELECT number, min(id) AS line_id, count(*) AS lines, sum(amount_fen)::bigint AS fen, max(state) AS state
        FROM statement_line WHERE business = 'refund' AND account = 'TRADE' AND number IN (
            SELECT number FROM statement_line
            WHERE at >= :begins AND at < :ends AND business = 'refund' AND account = 'TRADE')
        GROUP BY number
    )
    SELECT CASE
            WHEN r.number IS NULL THEN 'missing_here'
            WHEN t.lines > 1 THEN 'duplicate'
            WHEN t.fen <> r.amount_fen THEN 'amount'
            WHEN r.state = 'SUCCESS' AND t.state IN ('FAIL', 'CHANGE') THEN 'state'
            WHEN r.state = 'CLOSED' AND t.state = 'SUCCESS' THEN 'state'
        END AS kind, 'refund' AS business, t.number,
        CASE WHEN o.id IS NULL THEN '' ELSE 'order:' || o.number END AS subject, t.line_id,
        r.amount_fen AS ours_fen, t.fen AS theirs_fen, coalesce(r.state, '') AS ours_state, t.state AS theirs_state
    FROM told t LEFT JOIN pay_refund r ON r.number = t.number LEFT JOIN shop_order o ON o.id = r.order_id
"""

_REFUNDS_MISSING = """
    SELECT 'missing_there' AS kind, 'refund' AS business, r.number, 'order:' || o.number AS subject,
        NULL::bigint AS line_id, r.amount_fen AS ours_fen, NULL::bigint AS theirs_fen, r.state AS ours_state,
        '' AS theirs_state
    FROM pay_refund r JOIN shop_order o ON o.id = r.order_id
    WHERE r.state = 'SUCCESS' AND r.ended_at >= :begins AND r.ended_at < :ends AND NOT EXISTS (
        SELECT 1 FROM statement_line l WHERE l.number = r.number AND l.business = 'refund' AND l.account = 'TRADE')
"""


def finders(accounts: set[str]) -> Sequence[str]:
    """The questions that the statements at hand can answer."""
    asked: list[str] = []
    if accounts & {Account.OPERATION, Account.BASIC}:
        asked.append(_PAYOUTS)
    if Account.OPERATION in accounts:
        asked.append(_PAYOUTS_MISSING)
    if Account.TRADE in accounts:
        asked += [_PAYMENTS, _PAYMENTS_MISSING, _REFUNDS, _REFUNDS_MISSING]
    return asked


def before(day: date) -> Reckoning | None:
    """The newest reckoning before a day that knew the channel's balance."""
    chosen = sa.select(Reckoning).where(Reckoning.day < day, Reckoning.channel_fen.is_not(None))
    return db.session.scalars(chosen.order_by(Reckoning.day.desc()).limit(1)).one_or_none()


def unsettled(*, since: date) -> list[date]:
    """The days with open differences, the oldest first."""
    chosen = sa.select(Difference.day).distinct().where(Difference.state == "open", Difference.day >= since)
    return list(db.session.scalars(chosen.order_by(Difference.day)))


def opened(day: date) -> dict[str, int]:
    """How many differences of a day stand in each state."""
    chosen = sa.select(Difference.state, sa.func.count()).where(Difference.day == day).group_by(Difference.state)
    return {row[0]: row[1] for row in db.session.execute(chosen)}


def statements(day: date) -> Sequence[Any]:
    """The statements that cover a day, the newest first."""
    chosen = sa.select(Statement).where(Statement.first_on <= day, Statement.last_on >= day)
    return db.session.scalars(chosen.order_by(Statement.id.desc()).limit(50)).all()


def statement(statement_id: int) -> Statement:
    """One statement by its id."""
    return db.session.get_one(Statement, statement_id)


def is_here(*, account: Account, day: date) -> bool:
    """Whether a downloaded statement of an account and day is here and did not fail."""
    there = sa.exists().where(
        Statement.source == "download", Statement.account == account, Statement.first_on <= day,
        Statement.last_on >= day, Statement.state.not_in(("failed", "cancelled")),
    )  # fmt: skip
    return bool(db.session.scalar(sa.select(there)))
