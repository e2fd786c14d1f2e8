"""The world as scenario files show it: members, accounts that hold something, order states."""

from typing import Any

import sqlalchemy as sa

from models.base import db
from models.queries import ledger

_MEMBERS = sa.text(
    """
    SELECT m.code, p.code AS parent, s.slot, s.depth, up.code AS sponsor, m.standing, m.showcase, m.failures, m.rank,
           m.unlocked_at IS NOT NULL AS unlocked,
           CASE WHEN m.qualified_at IS NULL OR s.id IS NULL THEN 0 ELSE t.size END AS team_size,
           (SELECT count(*) FROM member d WHERE d.sponsor_id = m.id AND d.qualified_at IS NOT NULL) AS directs
    FROM member m LEFT JOIN seat s ON s.member_id = m.id LEFT JOIN seat ps ON ps.id = s.parent_id
    LEFT JOIN member p ON p.id = ps.member_id LEFT JOIN member up ON up.id = m.sponsor_id
    LEFT JOIN team t ON t.member_id = m.id WHERE m.position IS NULL
    """
)


def shown() -> dict[str, Any]:
    """Everything a scenario's expectation names, keys sorted by whoever prints it."""
    members = {
        row.code: {key: value for key, value in row._mapping.items() if key != "code"} for row in _rows(_MEMBERS)
    }
    accounts = {code: fen for code, fen in ledger.balances().items() if fen}
    orders = {row.number: row.state for row in _rows(sa.text("SELECT number, state FROM shop_order"))}
    return {"members": members, "accounts": accounts, "orders": orders}


def _rows(query: sa.TextClause) -> Any:
    return db.session.execute(query).all()
