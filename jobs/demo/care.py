"""What buyers send back: after-sales in every state, refunds before and after completion, early and late."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from jobs.demo.plan import Day, tried
from models import db
from models.operations import after_sale, order
from models.rules import shanghai
from models.rules.after_sale import Kind

REASONS = {
    Kind.NO_REASON: "不想要了，未拆封",
    Kind.QUALITY: "收到时包装破损，部分不能使用",
    Kind.WRONG_GOODS: "收到的颜色与下单不符",
    Kind.NOT_RECEIVED: "物流显示签收，本人未收到",
}
_RECENT = sa.text(
    """
    SELECT number, state FROM shop_order WHERE kind <> 'admission'
    AND (state IN ('paid', 'shipped') AND paid_at >= :since OR state = 'completed' AND completed_at >= :since)
    AND paid_at < :before ORDER BY number
    """
)
_CASES = sa.text(
    """
    SELECT a.id, a.kind, a.state, a.opened_at, a.accepted_at, a.goods_back_at, o.number, o.paid_fen, o.refunded_fen,
           o.completed_at IS NOT NULL AS is_completed
    FROM after_sale a JOIN shop_order o ON o.id = a.order_id WHERE a.ended_at IS NULL ORDER BY o.number
    """
)
_PAID_OUT = sa.text(
    """
    SELECT o.number, o.paid_fen, o.refunded_fen FROM shop_order o JOIN member m ON m.id = o.seller_id
    JOIN account a ON a.code = concat_ws(':', 'member', m.code, 'available') AND a.balance_fen < o.commission_fen / 2
    WHERE o.refunded_fen = 0 AND o.state = 'completed' AND o.kind = 'normal' AND o.completed_at < :before
    AND m.position IS NULL
    AND EXISTS (SELECT 1 FROM withdrawal w WHERE w.member_id = m.id AND w.state = 'SUCCESS')
    ORDER BY o.number
    """
)
_ADMITTED = sa.text(
    """
    SELECT o.number, o.paid_fen FROM shop_order o JOIN member m ON m.id = o.buyer_id
    WHERE o.kind = 'admission' AND o.state = 'completed' AND m.standing = 'active' AND m.showcase = 'open'
    AND o.completed_at >= :since ORDER BY o.number
    """
)


def complain(day: Day, at: datetime) -> None:
    """A few of the last days' buyers open a case."""
    for row in db.session.execute(_RECENT, {"since": day.back(1), "before": day.back(0)}).all():
        lot = day.plan.lot("complaint", f"{row.number}:{row.state}")
        if lot < 0.025:
            kinds = tuple(Kind) if row.state == "completed" else (Kind.NOT_RECEIVED,)
            kind = kinds[int(lot * 1000) % len(kinds)]
            tried(after_sale.open_, number=row.number, kind=kind, words=REASONS[kind], at=at, day=shanghai.day_of)


def answer(day: Day, at: datetime) -> None:
    """Open cases go a step on: accepted or refused, goods back, refunded and closed; some are left to wait."""
    for case in db.session.execute(_CASES).all():
        lot = day.plan.lot("answer", case.number)
        if lot > 0.9:
            continue
        if case.state == "opened" and case.opened_at < day.back(0):
            if lot < 0.25 and case.kind != Kind.NO_REASON:
                after_sale.refuse(after_sale_id=case.id, answer="照片显示商品完好，可提供新的凭证再申请", at=at)
            else:
                after_sale.accept(after_sale_id=case.id, at=at)
        elif case.state == "accepted" and case.goods_back_at is None and case.accepted_at < day.back(2):
            after_sale.take_back(after_sale_id=case.id, at=at)
        elif case.goods_back_at is not None and case.goods_back_at < day.back(1) and lot < 0.85:
            _refund(case, is_whole=lot < 0.6, at=at)


def _refund(case: sa.Row[Any], *, is_whole: bool, at: datetime) -> None:
    left = case.paid_fen - case.refunded_fen
    amount = left if is_whole or case.kind == Kind.NO_REASON else left // 3
    if amount:
        order.refund(number=case.number, amount_fen=amount, at=at)
    after_sale.close(after_sale_id=case.id, at=at, answer="已退款")


def refund_late(day: Day, at: datetime) -> None:
    """Refunds long after completion, where the money has left already: debts; admission orders taken back."""
    if day.n % 2 == 0:
        old = db.session.execute(_PAID_OUT, {"before": day.back(9)}).all()
        for row in day.chance("late refunds").sample(old, min(2, len(old))):
            order.refund(number=row.number, amount_fen=row.paid_fen, at=at)
    if day.n % 9 == 5:
        bought = db.session.execute(_ADMITTED, {"since": day.back(6)}).all()
        if bought:
            row = day.chance("admission refunds").choice(bought)
            tried(order.refund, number=row.number, amount_fen=row.paid_fen, at=at)
