"""What the platform's own people do: the founding, seed promoters, regional agents, decisions on suspicious orders."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from jobs.demo import docket, goods
from jobs.demo.people import terms
from jobs.demo.plan import BUILDER, CHECKER, Day, tried
from models import Merchant, db
from models.operations import admission, agreement, merchant, policy, product, region_agent
from models.rules import lint
from models.rules import policy as policies
from models.rules.case import State
from models.rules.placement import Template
from models.rules.product import Terms, Words
from models.tables.payout import RegionAgent

NOTE = (
    "演示数据：为展示全部规则而启用 plan 预设，等级、复审与高收入门槛按演示规模调低；"
    "红色检查项由演示程序逐条确认，法律意见书为虚构。"
)
# A demonstration's opinion is invented and never lapses.
FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)
FULL = 3_000
"""The members of a whole demonstration: thresholds are for so many."""

REGIONS = ("440000", "440100", "440106", "330000", "330100", "330106", "310000", "320100", "510100", "420111")
"""One region after the other finds its agent, from the twelfth day on, every fourth day."""

_ABLE = sa.text(
    """
    SELECT id, code FROM member WHERE position IS NULL AND standing = 'active' AND showcase = 'open'
    AND qualified_at < :before AND seed_at IS NULL
    AND id NOT IN (SELECT member_id FROM region_agent WHERE state = 'active') ORDER BY code
    """
)
_SUSPECT = sa.text(
    """
    SELECT number, buyer FROM shop_order WHERE kind = 'normal' AND state IN ('paid', 'shipped', 'completed')
    AND paid_at >= :since AND paid_at < :before ORDER BY number
    """
)
_HELD = sa.text("SELECT number, paid_at FROM shop_order WHERE is_held AND paid_at < :before ORDER BY number")


def thresholds(members: int) -> dict[str, Any]:
    """Ranks, second approvals and own orders of high earners in reach of so many members.

    With the plan's own thresholds nobody would have a dividend.
    """
    return {
        "rank.team_size": [max(least, size * members // FULL) for least, size in enumerate((13, 60, 180, 540), 1)],
        "rank.sales_fen": [fen * members // FULL for fen in (500_000, 3_000_000, 6_000_000, 18_000_000)],
        "withdraw.second_approval": max(1_000, 50_000 * members // FULL),
        "high_earner.step_fen": max(1_000, 100_000 * members // FULL),
    }


def found(day: Day, at: datetime) -> None:
    """Merchants with their matrices, the policy for demonstration, the agreement: on day 0."""
    if day.n:
        return
    draft = policy.propose(
        preset="plan",
        terms=policies.plain(policies.preset("plan")) | thresholds(day.plan.members),
        effective_at=at,
        at=at,
        by=BUILDER,
        note=NOTE,
    )
    policy.approve(
        version_id=draft.id, digest=draft.digest, acknowledged=[rule.id for rule in lint.RULES],
        opinion_until=FOR_EVER, at=at, by=CHECKER,
    )  # fmt: skip
    version, text = terms(day)
    agreement.publish(version=version, text=text, effective_at=at)
    for code, name, matrix, template in goods.MERCHANTS:
        found = db.session.scalars(sa.select(Merchant).where(Merchant.code == code)).one_or_none()
        owner = found or merchant.open_merchant(code=code, name=name)
        admission.make_matrix(code=matrix, merchant=owner, template=Template(template), at=at, by=BUILDER)
        for item in goods.ITEMS[matrix]:
            _take_in(item, owner.id, at)


def _take_in(item: goods.Item, merchant_id: int, at: datetime) -> None:
    draft = product.Draft(
        merchant_id=merchant_id, words=Words(code=item.code, title=item.title, category=item.category), stock=500,
        terms=Terms(
            price_fen=item.price_fen, cost_fen=item.price_fen * item.cost_bps // 10_000,
            commission_fen=item.price_fen * item.commission_bps // 10_000,
        ),
    )  # fmt: skip
    made = product.create(draft=draft, at=at, by=BUILDER)
    tried(product.put_on_sale, product_id=made.id, at=at)


def name_seeds(day: Day, at: datetime) -> None:
    """Some of those who sell are named seed promoters, one every third day."""
    able = db.session.execute(_ABLE, {"before": day.back(3)}).all()
    if able and day.n % 3 == 1:
        tried(admission.name_seed, member_id=day.chance("seeds").choice(able).id, at=at)


def appoint(day: Day, at: datetime) -> None:
    """Regions find their agents; one agency ends early, with a deduction."""
    able = db.session.execute(_ABLE, {"before": day.back(5)}).all()
    turn, rest = divmod(day.n - 12, 4)
    if able and rest == 0 and 0 <= turn < len(REGIONS):
        code = day.chance("agents").choice(able).code
        tried(region_agent.appoint, code=code, region=REGIONS[turn], at=at, ends_at=at + timedelta(days=365))
    if day.n == 45:
        running = db.session.scalars(
            sa.select(RegionAgent.id).where(RegionAgent.state == "active").order_by(RegionAgent.id).offset(2).limit(1)
        ).one_or_none()
        if running is not None:
            region_agent.end(agent_id=running, deducted_fen=30_000, at=at, reason="提前终止：物料未归还")


def suspect(day: Day, at: datetime) -> None:
    """A few of yesterday's orders are put on hold, each with its case."""
    yesterday = {"since": day.back(1), "before": day.back(0)}
    for row in db.session.execute(_SUSPECT, yesterday).all():
        if day.plan.lot("suspicion", row.number) < 0.02:
            docket.suspect(day, number=row.number, at=at)


def decide(day: Day, at: datetime) -> None:
    """Cases are decided after some days: most cleared, some confirmed, a few still wait."""
    for row in db.session.execute(_HELD, {"before": day.back(3)}).all():
        lot = day.plan.lot("verdict", row.number)
        if row.paid_at < day.back(3 + int(lot * 8)):
            if lot < 0.6:
                docket.decide(day, number=row.number, verdict=State.CLEARED, at=at)
            elif lot < 0.88:
                docket.decide(day, number=row.number, verdict=State.CONFIRMED, at=at)
