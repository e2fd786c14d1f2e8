"""The figures of products are kept, and the weekly refresh is proposed, decided and applied."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import copy_rows, db
from models.queries.curation import Counted
from models.rules import product as products
from models.rules.policy import Policy
from models.tables.product import ProductStat

COLUMNS = tuple(column.name for column in ProductStat.__table__.columns)
_FRESH = sa.text("CREATE TEMPORARY TABLE fresh_stat (LIKE product_stat) ON COMMIT DROP")
_GONE = sa.text("DROP TABLE fresh_stat")
_KEPT = sa.text(
    f"INSERT INTO product_stat ({', '.join(COLUMNS)}) SELECT {', '.join(COLUMNS)} FROM fresh_stat ORDER BY product_id"
    f" ON CONFLICT (product_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in COLUMNS[1:])}"
)


def keep(*, counted: Iterable[Counted], policy: Policy, at: datetime) -> int:
    """Write down what was counted of each product, with its margin under a policy; how many there were."""
    rows = list(_rows(counted, policy, at))  # read to its end: nothing else can be asked while rows are copied
    db.session.execute(_FRESH)
    copy_rows("fresh_stat", COLUMNS, rows)
    kept: Any = db.session.execute(_KEPT)
    db.session.execute(_GONE)
    return int(kept.rowcount)


def _rows(counted: Iterable[Counted], policy: Policy, at: datetime) -> Iterator[list[Any]]:
    for one in counted:
        margin, price, found = products.margin_fen(one.terms, policy), one.terms.price_fen, one.figures
        values = {
            "product_id": one.product_id,
            "merchant_id": one.merchant_id,
            "counted_at": at,
            "margin_fen": margin,
            "margin_bps": products.rate_bps(margin, price),
            "commission_bps": products.rate_bps(one.terms.commission_fen, price),
        }
        yield [values[name] if name in values else getattr(found, name) for name in COLUMNS]
