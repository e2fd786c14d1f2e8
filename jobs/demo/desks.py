"""What lies on the desks when the demonstration begins: asked for and planned, and not yet decided."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from jobs.demo import docket
from jobs.demo.plan import BUILDER, CHECKER, Day, tried
from models import Merchant, db
from models.operations import agency, curation, flow, note, outbox, policy, seed, switch
from models.queries import curation as figures
from models.queries import policy as policies
from models.rules import curation as weeks
from models.rules import shanghai
from models.rules.policy import plain
from models.rules.switch import MoneyJob
from models.tables.member import Matrix
from models.tables.payout import RegionAgent
from models.tables.seed import SeedCandidate

REGIONS = ("440300", "320500", "500100", "420100", "350100")
"""Somebody has asked for each of these; the contract of every second one is signed."""

NOTES = (
    "来电询问佣金何时可提现，已说明退货期规则。",
    "反馈橱窗图片不清晰，已转商品组处理。",
    "本周完成线下分享一场，需要补发样品。",
    "客户投诉物流慢，已联系承运商核查。",
)
_CONSENTED = sa.text(
    """
    SELECT m.id, m.code FROM member m JOIN consent c ON c.member_id = m.id
    WHERE m.position IS NULL AND m.standing = 'active' AND m.showcase = 'open'
    AND c.agreement_id = (SELECT id FROM agreement_in_force(:at))
    ORDER BY m.qualified_at DESC, m.code LIMIT 40
    """
)


def leave(day: Day, at: datetime) -> None:
    """The last things of the world, at the moment for which it was asked."""
    if day.n != day.plan.days:
        return
    people = db.session.execute(_CONSENTED, {"at": at}).all()
    _apply([row.code for row in people], at)
    _refresh(at)
    _draft(at)
    _seeds(at)
    switch.off(job=MoneyJob.TRANSFER, why="收到一份对账差异，先停付核对", at=at - timedelta(hours=3), by=BUILDER)
    switch.resume(job=MoneyJob.TRANSFER, asked_by=BUILDER, at=at - timedelta(hours=2), by=CHECKER)
    for row, text in zip(people, NOTES, strict=False):
        note.add(member_id=row.id, text=text, at=at, by=BUILDER)
    for matrix_id in db.session.scalars(sa.select(Matrix.id).order_by(Matrix.id)).all():
        tried(flow.plan, matrix_id=matrix_id, at=at, by=BUILDER)
    docket.leave(at)
    outbox.request("count_products", payload={}, title="统计商品指标", by=BUILDER, key="demo:count_products")


def _apply(codes: Sequence[str], at: datetime) -> None:
    """Members ask for regions; one running agency is to end, which a second person has yet to allow."""
    for n, (region, code) in enumerate(zip(REGIONS, codes, strict=False)):
        if tried(agency.apply, code=code, region_code=region, at=at, note="愿意组织本地仓与售后") and n % 2:
            asked = sa.select(RegionAgent.id).where(RegionAgent.region_code == region, RegionAgent.state == "applied")
            agency.sign(agent_id=db.session.scalars(asked).one(), contract=f"QX-DL-{region}", at=at)
    running = sa.select(RegionAgent.id).where(RegionAgent.state == "active").order_by(RegionAgent.id).limit(1)
    for agent_id in db.session.scalars(running).all():
        agency.ask_to_end(
            agent_id=agent_id,
            deducted_fen=50_000,
            is_now=True,
            why="agreed: 双方协商提前终止，扣除物料费",
            at=at,
            by=BUILDER,
        )


def _refresh(at: datetime) -> None:
    """What the figures of the goods propose for this week."""
    today = shanghai.day_of(at)
    begin = shanghai.begins(today - timedelta(days=weeks.DAYS - 1))
    _, terms = policies.in_force(at)
    curation.keep(counted=figures.counted(begin=begin, at=at), policy=terms, at=at)
    curation.propose(week=weeks.monday(today), at=at)


def _draft(at: datetime) -> None:
    """A change of the policy that waits for a second person."""
    _, now = policies.in_force(at)
    policy.propose(
        preset="plan", terms=plain(now) | {"withdraw.second_approval": 300_000}, effective_at=at + timedelta(days=7),
        at=at, by=BUILDER, note="演示数据：把提现二审门槛调到 3000 元，待第二人审批。",
    )  # fmt: skip


def _seeds(at: datetime) -> None:
    """Who sold enough in the last week; every second one is proposed to a merchant."""
    seed.tag(until=at, at=at)
    merchant = sa.select(Merchant.id).order_by(Merchant.id).limit(1)
    for candidate_id in db.session.scalars(sa.select(SeedCandidate.id).order_by(SeedCandidate.id)).all()[::2]:
        seed.propose(candidate_id=candidate_id, merchant_id=db.session.scalars(merchant).one(), at=at, by=BUILDER)
