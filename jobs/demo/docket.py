"""What lies before the reviewers: suspicious orders with their cases, decided, struck, appealed; other queues too."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from jobs.demo.plan import BUILDER, CHECKER, Day, tried
from models import db
from models.operations import appeal, case, case_decision
from models.queries import case as queries
from models.queries import concern
from models.rules.case import Hit, Queue, State
from models.tables.member import Member
from models.tables.order import Order
from models.tables.strike import Appeal, Strike

FOUND = (
    Hit("same_address", "同一收货地址 7 天内有 4 个买家", weight=35, features={"buyers_7d": 4}),
    Hit("same_ip", "同一 IP 24 小时内有 3 个买家", weight=30, features={"buyers_24h": 3}),
    Hit("burst", "同一买家 1 小时内下了 11 单", weight=40, features={"orders_1h": 11}),
    Hit("return_rate", "近 30 天 8 单退了 3 单", weight=30, features={"orders_30d": 8, "refunded_30d": 3}),
)
_ORDER = sa.select(Order.id, Order.commission_fen).where(Order.number == sa.bindparam("number"))
CLEARED = ("household: 同住家人，地址一致", "real_buyer: 电话核实为真实顾客", "rule_wrong: 公司团购，规则误判")
CONFIRMED = ("fake_trade: 收货后立即退回空包", "self_deal: 付款人为卖家家人")


def suspect(day: Day, *, number: str, at: datetime) -> None:
    """An order is put on hold with a case about it."""
    lot = day.plan.lot("findings", number)
    order = db.session.execute(_ORDER, {"number": number}).one_or_none()
    if order is None:
        return
    first = int(lot * len(FOUND))
    hits = [FOUND[first], FOUND[(first + 1) % len(FOUND)]] if lot * 10 % 1 < 0.5 else [FOUND[first]]
    case.open_case(
        queue=Queue.FIRST_REVIEW, subject=f"order:{number}", group="sharing", orders=[order.id], reasons=hits,
        stake_fen=order.commission_fen, score=60 + int(lot * 30), at=at, by=BUILDER,
    )  # fmt: skip


def decide(day: Day, *, number: str, verdict: State, at: datetime) -> None:
    """The case about an order is decided; where that takes two, by two."""
    found = queries.open_on(concern.canonical([f"order:{number}"])[f"order:{number}"])
    words = CONFIRMED if verdict == State.CONFIRMED else CLEARED
    reason = words[int(day.plan.lot("reason", number) * len(words))]
    for one in found:
        made = case.locked(one.id)
        takes_two = verdict == State.CONFIRMED and case_decision.takes_two(made)
        case_decision.conclude(
            made, verdict=verdict, reason=reason, at=at, by=BUILDER, second_by=CHECKER if takes_two else None
        )


def leave(at: datetime) -> None:
    """Appeals against the newest strikes, one of them decided, and matters of other queues, on the last day."""
    struck = sa.select(Strike.id, Strike.member_id).where(Strike.taken_back_at.is_(None), Strike.at > at - _DAYS)
    for n, one in enumerate(db.session.execute(struck.order_by(Strike.id.desc()).limit(3))):
        filed = tried(
            appeal.file, member_id=one.member_id, subject=f"strike:{one.id}", words=WORDS[n % len(WORDS)], at=at
        )
        if filed and n == 1:
            _answer(one.id, at)
    people = sa.select(Member.id, Member.code).where(Member.standing == "active", Member.position.is_(None))
    for n, row in enumerate(db.session.execute(people.order_by(Member.id).limit(3))):
        case.open_case(
            queue=Queue.COMPLIANCE, subject=f"member:{row.id}", group="promise", stake_fen=0, score=55 + 10 * n,
            reasons=[Hit("promise", f"会员 {row.code} 的推广文案含“稳赚”字样", features={"phrase": "稳赚"})],
            at=at - timedelta(hours=n), by=BUILDER,
        )  # fmt: skip


def _answer(strike_id: int, at: datetime) -> None:
    """One appeal is won, by somebody who had no hand in the strike."""
    asked = sa.select(Appeal.id).where(Appeal.subject == f"strike:{strike_id}")
    found = queries.open_on(f"appeal:{db.session.scalars(asked).one()}")
    for one in found:
        case_decision.conclude(
            case.locked(one.id), verdict=State.CLEARED, reason="our_mistake", at=at, by="system:demo-appeals"
        )


_DAYS = timedelta(days=29)
WORDS = (
    "订单为公司团购，附上发票与签收单，请复核。",
    "买家是我的老顾客，有聊天记录和物流签收为证。",
    "当天有直播活动，下单集中属于正常情况。",
)
