"""How many buyers came back within the days that are watched, and the products that lost most.

As on the boards, the platform's own orders speak where there are any, imported ones before (ADR 22).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from models import money
from models.base import db
from models.queries import alert
from models.rules import alert as alerts
from models.rules import repurchase as rules
from models.rules import shanghai
from models.rules.finding import Hit
from models.rules.lint import Severity

NAMED = 3

# A buyer is one buyer within a shop: two shops may give the same code to different people.
_BUYERS = sa.text(
    """
    WITH bought AS (
        SELECT h.shop_id || ':' || h.buyer AS who, h.paid_on AS day FROM history_line h
        WHERE h.paid_on >= :first AND h.paid_on < :after AND h.buyer IS NOT NULL
            AND NOT EXISTS (SELECT FROM shop_order WHERE paid_at IS NOT NULL)
        UNION ALL
        SELECT coalesce('m' || o.buyer_id, 'b' || o.buyer), (o.paid_at AT TIME ZONE 'Asia/Shanghai')::date
        FROM shop_order o WHERE o.paid_at >= :begin AND o.paid_at < :end
    ), each AS (SELECT count(DISTINCT day) AS days FROM bought WHERE who IS NOT NULL GROUP BY who)
    SELECT count(*) AS buyers, count(*) FILTER (WHERE days > 1) AS returning FROM each
    """
)
_PRODUCTS = sa.text(
    """
    SELECT p.code, p.title, s.repurchase_bps FROM product_stat s JOIN product p ON p.id = s.product_id
    WHERE s.buyers_30 > 0 AND s.repurchase_bps < :target
    ORDER BY s.buyers_30 - s.returning_30 DESC, p.code LIMIT :named
    """
)


def buyers(at: datetime, days: int) -> tuple[int, int]:
    """Buyers of the days that end with this one, and how many of them bought on two days or more."""
    after = shanghai.day_of(at) + timedelta(days=1)
    first = after - timedelta(days=days)
    told = {"first": first, "after": after, "begin": shanghai.begins(first), "end": shanghai.begins(after)}
    row = db.session.execute(_BUYERS, told).one()
    return row.buyers, row.returning


def hits(at: datetime) -> Iterator[Hit]:
    """The alert of rules 7.1, with the products behind it: those whose buyers stayed away most in thirty days."""
    terms = alert.terms(alerts.REPURCHASE)
    days, target = terms["days"], terms["target_bps"]
    count, returning = buyers(at, days)
    if not rules.is_low(buyers=count, returning=returning, target_bps=target, buyers_min=terms["buyers_min"]):
        return
    rate = rules.rate_bps(buyers=count, returning=returning)
    products = db.session.execute(_PRODUCTS, {"target": target, "named": NAMED})
    worst = [f"{one.title} {one.code}（{money.bps_text(one.repurchase_bps)}）" for one in products]
    behind = f"；流失最多的商品：{'、'.join(worst)}" if worst else ""
    yield Hit(
        rule=alerts.REPURCHASE,
        severity=Severity.WARN,
        subject="repurchase",
        evidence=f"近 {days} 天 {count:,} 名买家中 {returning:,} 名复购，复购率 {money.bps_text(rate)}，"
        f"低于 {money.bps_text(target)}{behind}",
        mend="在选品看板按复购率排序，替换流失最多的商品；回升到目标后自动解除",
    )
