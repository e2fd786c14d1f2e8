"""What settled orders have cost the platform, order by order (rules 5.2): the alert of a margin below nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from models import money
from models.base import db
from models.queries import alert
from models.rules import alert as alerts
from models.rules.finding import Hit
from models.rules.lint import Severity

NAMED = 3

_LOST = sa.text(
    """
    SELECT count(*) AS orders, coalesce(-sum(lost.fen), 0) AS fen,
        (array_agg(lost.number ORDER BY lost.fen, lost.number))[1:3] AS worst
    FROM (
        SELECT substr(p.subject, 7) AS number, l.amount_fen AS fen FROM posting p JOIN leg l ON l.posting_id = p.id
        WHERE p.kind = 'settle' AND p.at > :since AND p.at <= :at
        AND l.account_id = (SELECT id FROM account WHERE code = 'platform:margin') AND l.amount_fen < 0) AS lost
    """
)


def hits(at: datetime) -> Iterator[Hit]:
    """The alert of orders that have cost more than they brought, once together they lose more than the rule allows."""
    terms = alert.terms(alerts.MARGIN)
    days, allowed = terms["days"], terms["loss_fen"]
    row = db.session.execute(_LOST, {"since": at - timedelta(days=days), "at": at}).one()
    if row.fen <= allowed:
        return
    above = f"（预警线 {money.yuan(allowed)}）" if allowed else ""
    worst = f"{'、'.join(row.worst)}{' 等' if row.orders > NAMED else ''}"
    yield Hit(
        rule=alerts.MARGIN,
        severity=Severity.WARN,
        subject="margin",
        evidence=f"近 {days} 天 {row.orders} 笔订单结算后平台毛利为负，"
        f"合计亏 {money.yuan(int(row.fen))}{above}：{worst}",
        mend=f"核对这些商品的成本、佣金与区域分润，提价或下架；{days} 天内不再出现后自动解除",
    )
