"""A few crooks among the invented buyers, so that the risk desk has something to look at, and the day's scores."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from jobs.demo import orders
from jobs.demo.plan import BUILDER, Day, tried
from models import RiskDecision, RiskEvent, db
from models.operations import placing, risk, risk_allow, risk_rule
from models.operations.order import Purchase
from models.operations.placing import Placed
from models.operations.risk_event import Signals
from models.rules.risk_feature import Kind

CROOKED_DAYS = 16
"""In the last days of the world the crooks are at work."""
AT_ONCE = 200
DORMITORY = "203.0.113.7"
_SHOPS = sa.text(
    """
    SELECT code FROM member WHERE position IS NULL AND standing = 'active' AND showcase = 'open'
    AND qualified_at < :before ORDER BY md5(code) LIMIT 4
    """
)
_UNSCORED = (
    sa.select(RiskEvent.id)
    .outerjoin(RiskDecision, RiskDecision.event_id == RiskEvent.id)
    .where(RiskDecision.id.is_(None), RiskEvent.kind == Kind.PLACE)
    .order_by(RiskEvent.id)
)


def cheat(day: Day, at: datetime) -> None:
    """A ring trades with itself, sellers buy through second accounts, somebody buys ten times within the hour."""
    if day.plan.days - day.n >= CROOKED_DAYS or day.n == 0:
        return
    shops = db.session.scalars(_SHOPS, {"before": day.back(6)}).all()
    if len(shops) < 4:
        return
    placing.place_many(placed=[Placed(one, at) for one in _orders(day, shops)])
    if day.n == day.plan.days - CROOKED_DAYS + 1:
        tried(
            risk_allow.add, kind="ip", value=DORMITORY, label="学院 3 号宿舍楼", why="dormitory: 已向学院核实",
            days=180, at=at, by=BUILDER,
        )  # fmt: skip


def _orders(day: Day, shops: Sequence[str]) -> Iterator[Purchase]:
    chance, made = day.chance("crooks"), 0
    ring, alter, burst, straw = shops
    for n in range(6):
        if chance.random() < 0.4:
            made += 1
            one = Signals(ip=f"198.51.100.{n // 3}", device=f"demo:farm{n // 2}", payer=f"demo:bank{n // 3}")
            yield _order(day, made, ring, f"K{n:05d}", one)
    if chance.random() < 0.5:
        made += 1
        yield _order(day, made, alter, "K00010", Signals(ip="198.51.100.77", device=f"demo:{alter}", payer="demo:k10"))
    if (day.plan.days - day.n) % 7 == 3:
        for _ in range(10):
            made += 1
            yield _order(day, made, burst, "K00020", Signals(device="demo:k20", payer="demo:k20"))
    for n in range(3):
        made += 1
        who = f"K{30 + (day.n * 3 + n) % 24:05d}"
        yield _order(day, made, straw, who, Signals(ip=DORMITORY, device=f"demo:{who}", payer=f"demo:{who}"))


def _order(day: Day, n: int, seller: str, buyer: str, came: Signals) -> Purchase:
    return orders.purchase(day, f"K{day.on:%y%m%d}{n:04d}", seller=seller, buyer=buyer, signals=came)


def score(day: Day, at: datetime) -> None:
    """What the rules say of the day's orders, as of the evening."""
    found = list(db.session.scalars(_UNSCORED))
    for n in range(0, len(found), AT_ONCE):
        risk.score(event_ids=found[n : n + AT_ONCE], at=at)


def leave(day: Day, at: datetime) -> None:
    """A draft of a rule on the lab's table when the world ends."""
    if day.n != day.plan.days:
        return
    terms = {
        "code": "same_ip", "on": ["place"], "group": "place", "weight": 40,
        "reason": "24 小时内同一 IP 有 {ip_buyers_1d} 位买家下单",
        "when": {"feature": "ip_buyers_1d", "op": ">=", "value": 4},
        "hits": [{"ip_buyers_1d": 4}], "misses": [{"ip_buyers_1d": 3}],
    }  # fmt: skip
    risk_rule.draft(terms=terms, note="运营商出口误报较多，门槛由 3 提到 4", at=at - timedelta(hours=5), by=BUILDER)
