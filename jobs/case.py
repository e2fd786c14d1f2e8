"""The clocks of review cases, and the cases that other desks' facts open and close."""

from typing import Any

import sqlalchemy as sa

from jobs.queue import Run, job
from models import db
from models.operations import case, case_decision, caseclock
from models.queries import case as queries
from models.rules.after_sale import OPEN
from models.rules.case import Hit, Queue
from models.tables.after_sale import AfterSale
from models.tables.complaint import Complaint
from models.tables.order import Order
from models.tables.payout import Withdrawal

BY = "system:relay"
SETTLED = "settled: 业务台已办结"


@job(title="审核个案计时")
def run_case_clocks(run: Run, *, at: str) -> dict[str, Any]:
    """Leases that ended, warnings, breaches, expiries, dealing: each once, however often this runs."""
    with run.transaction():
        lapsed = caseclock.lapse(at=run.at)
    with run.transaction():
        warned, breached = caseclock.tell(at=run.at)
    with run.transaction():
        expired = caseclock.expire(at=run.at)
    with run.transaction():
        dealt = caseclock.deal(at=run.at)
    return {"lapsed": lapsed, "warned": warned, "breached": breached, "expired": expired, "dealt": dealt}


@job(title="售后转人工个案")
def open_after_sale_case(run: Run, *, after_sale_id: int, **_: Any) -> None:
    """A buyer's request waits for a person, from the moment it was made."""
    with run.transaction():
        found = db.session.get_one(AfterSale, after_sale_id)
        if found.state != "opened":
            return
        order = db.session.get_one(Order, found.order_id)
        case.open_case(
            queue=Queue.AFTER_SALE, subject=f"after_sale:{found.id}", group="after_sale",
            stake_fen=order.paid_fen - order.refunded_fen, score=30,
            reasons=[Hit("after_sale", f"买家对订单 {order.number} 提出售后：{found.reason or '未填写原因'}")],
            at=found.opened_at, by=BY,
        )  # fmt: skip


@job(title="售后逾期转个案")
def open_refund_case(run: Run, *, after_sale_id: int, **_: Any) -> None:
    """Goods are back and their money is overdue by law: that is urgent."""
    with run.transaction():
        found = db.session.get_one(AfterSale, after_sale_id)
        if found.state not in OPEN:
            return
        order = db.session.get_one(Order, found.order_id)
        case.open_case(
            queue=Queue.AFTER_SALE, subject=f"after_sale:{found.id}", group="refund_due",
            stake_fen=order.paid_fen - order.refunded_fen, score=90,
            reasons=[Hit("refund_due", f"订单 {order.number} 的退货已签收，退款已超过法定期限")], at=run.at, by=BY,
        )  # fmt: skip


@job(title="售后办结后结案")
def settle_after_sale_case(run: Run, *, after_sale_id: int, **_: Any) -> dict[str, Any]:
    """The desk has answered: its cases close."""
    with run.transaction():
        subject = f"after_sale:{after_sale_id}"
        return {"closed": case_decision.settle(subject=subject, reason=SETTLED, at=run.at, by=BY)}


@job(title="大额提现转个案")
def open_payout_case(run: Run, *, number: str, **_: Any) -> None:
    """A withdrawal of somebody with a held order or a strike is looked at by a reviewer beside finance."""
    with run.transaction():
        found = queries.doubtful_withdrawal(number)
        if found is None:
            return
        withdrawal, words = found
        case.open_case(
            queue=Queue.PAYOUT, subject=f"withdrawal:{withdrawal.id}", group="payout",
            stake_fen=withdrawal.amount_fen, score=50, reasons=[Hit("payout", said) for said in words],
            at=withdrawal.requested_at, by=BY,
        )  # fmt: skip


@job(title="提现办结后结案")
def settle_payout_case(run: Run, *, number: str, **_: Any) -> dict[str, Any]:
    """Finance has decided the withdrawal: its cases close."""
    with run.transaction():
        row_id = db.session.scalar(sa.select(Withdrawal.id).where(Withdrawal.number == number))
        return {"closed": case_decision.settle(subject=f"withdrawal:{row_id}", reason=SETTLED, at=run.at, by=BY)}


@job(title="投诉转个案")
def open_complaint_case(run: Run, *, complaint_id: int, **_: Any) -> None:
    """A complaint waits for a human answer, from the moment it came."""
    with run.transaction():
        found = db.session.get_one(Complaint, complaint_id)
        if found.answered_at is not None or found.closed_at is not None:
            return
        case.open_case(
            queue=Queue.COMPLAINT, subject=f"complaint:{found.id}", group="complaint", stake_fen=0, score=80,
            reasons=[Hit("complaint", f"投诉待答复：{found.words[:200]}")], at=found.opened_at, by=BY,
            members=[found.member_id] if found.member_id is not None else [],
        )  # fmt: skip


@job(title="投诉答复后结案")
def settle_complaint_case(run: Run, *, complaint_id: int, **_: Any) -> dict[str, Any]:
    """A person has answered: the case closes."""
    with run.transaction():
        subject = f"complaint:{complaint_id}"
        return {"closed": case_decision.settle(subject=subject, reason=SETTLED, at=run.at, by=BY)}
