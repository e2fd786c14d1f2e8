"""The trial balance: what accounts of each kind hold together, and where the house's shares come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.queries import ledger as books
from models.queries.account import held_fen
from models.tables.ledger import Account

# A debt is as old as the newest leg that made it larger; later earnings pay it off.
_MADE = """
    SELECT max(p.at) FROM leg l JOIN posting p ON p.id = l.posting_id
    WHERE l.account_id = account.id AND l.amount_fen < 0
"""
MADE_AT = sa.literal_column(f"({_MADE})", sa.DateTime(timezone=True))

# What the owner of a debt has that is not available yet.
_COMING = """
    SELECT coalesce(sum(o.balance_fen), 0)::bigint
    FROM unnest(ARRAY['pending', 'locked', 'frozen', 'held']) AS b (bucket)
    JOIN account o ON o.code = concat_ws(':', 'member', split_part(account.code, ':', 2), b.bucket)
"""
COMING = sa.literal_column(f"({_COMING})", sa.BigInteger)

_HOUSE = """
    SELECT l.reason, date_trunc('month', p.at, 'Asia/Shanghai') AS month, sum(l.amount_fen)::bigint AS fen
    FROM leg l JOIN posting p ON p.id = l.posting_id
    WHERE l.account_id = (SELECT id FROM account WHERE code = 'platform:house') AND p.at >= :since
    GROUP BY l.reason, month ORDER BY month DESC, fen DESC
"""


def by_kind() -> list[tuple[str, int, int]]:
    """(kind of account, accounts, what they hold together), in the order of the chart."""
    total = sa.cast(sa.func.sum(Account.balance_fen), sa.BigInteger).label("fen")
    cold = sa.select(Account.bucket, sa.func.count().label("number"), total).where(~Account.is_hot)
    found = {row.bucket: [row.number, row.fen] for row in db.session.execute(cold.group_by(Account.bucket))}
    hot = sa.select(Account.bucket, held_fen().label("fen")).where(Account.is_hot)
    for row in db.session.execute(hot):
        kept = found.setdefault(row.bucket, [0, 0])
        kept[0] += 1
        kept[1] += row.fen
    return [(bucket, found[bucket][0], found[bucket][1]) for bucket in sorted(found)]


def house(since: Any) -> Sequence[Any]:
    """(reason, month, fen): what became the house's since an instant."""
    return db.session.execute(sa.text(_HOUSE), {"since": since}).all()


def reserve_fen() -> int:
    """What the reserve holds now."""
    return books.balances(["platform:reserve"])["platform:reserve"]


@dataclass(frozen=True, slots=True)
class Moved:
    """What came into an account and went out of it on one day; both amounts are positive."""

    on: date
    came_fen: int
    went_fen: int


_MOVED = """
    SELECT (p.at AT TIME ZONE 'Asia/Shanghai')::date AS "on",
           coalesce(sum(l.amount_fen) FILTER (WHERE l.amount_fen > 0), 0)::bigint AS came_fen,
           coalesce(-sum(l.amount_fen) FILTER (WHERE l.amount_fen < 0), 0)::bigint AS went_fen
    FROM posting p JOIN leg l ON l.posting_id = p.id
    WHERE l.account_id = (SELECT id FROM account WHERE code = :code) AND p.at >= :since
    GROUP BY 1 ORDER BY 1
"""


def moved(code: str, *, since: datetime) -> list[Moved]:
    """Day by day in Shanghai what moved on an account; days without a posting are left out."""
    return [Moved(*row) for row in db.session.execute(sa.text(_MOVED), {"code": code, "since": since})]


def debts_by_age(age: sa.ColumnElement[str]) -> dict[str, tuple[int, int]]:
    """{age: (debtors, fen owed)} under an expression of the debts' age."""
    owed = sa.cast(-sa.func.sum(Account.balance_fen), sa.BigInteger)
    debts = sa.select(age.label("age"), sa.func.count(), owed).select_from(Account)
    debts = debts.where(Account.bucket == "debt", Account.balance_fen < 0).group_by(sa.literal_column("age"))
    return {row[0]: (row[1], row[2]) for row in db.session.execute(debts)}
