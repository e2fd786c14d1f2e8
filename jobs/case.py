"""The clocks of review cases, and the cases that other desks' facts open and close."""

from typing import Any

import sqlalchemy as sa

from jobs.queue import Run, job
from models import db
from models.operations import case, case_decision, caseclock
from models.queries import case as queries
from models.queries import shop as shops
from models.rules.after_sale import OPEN
from models.rules.case import Hit, Queue
from models.rules.proof import Code
from models.rules.proof import State as ProofState
from models.rules.proof_words import SENTENCES
from models.tables.after_sale import AfterSale
from models.tables.complaint import Complaint
from models.tables.inbound import Inbound
from models.tables.order import Order
from models.tables.payout import Withdrawal
from models.tables.proof import Proof

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


@job(title="准入凭证转人工个案")
def open_proof_case(run: Run, *, proof_id: int, **_: Any) -> None:
    """A picture waits for a person, from the moment it was judged; an appeal is more urgent, a twin most."""
    with run.transaction():
        found = db.session.get_one(Proof, proof_id)
        if found.state != ProofState.MANUAL or found.code is None:
            return
        is_twin = found.twin_id is not None
        score = 80 if is_twin else 60 if found.appealed_at is not None else 40
        case.open_case(
            queue=Queue.ADMISSION, subject=f"proof:{found.id}", group="proof", stake_fen=found.paid_fen or 0,
            score=score, reasons=[Hit(f"proof_{found.code}", SENTENCES[Code(found.code)])],
            at=found.appealed_at or found.judged_at or found.submitted_at, by=BY,
        )  # fmt: skip


@job(title="准入凭证办结后结案")
def settle_proof_case(run: Run, *, proof_id: int, **_: Any) -> dict[str, Any]:
    """The picture is decided, by a person or by the record that came: its cases close."""
    with run.transaction():
        if db.session.get_one(Proof, proof_id).decided_at is None:
            return {"closed": 0}
        return {"closed": case_decision.settle(subject=f"proof:{proof_id}", reason=SETTLED, at=run.at, by=BY)}


@job(title="平台处罚转个案")
def open_punished_case(run: Run, *, inbound_id: int, **_: Any) -> None:
    """WeChat punished us: a person reads why, and mends it before the date that it names."""
    with run.transaction():
        found = db.session.get_one(Inbound, inbound_id)
        told = {
            name: str(found.content.get(name) or "") for name in ("rule_name", "illegal_reason", "rectify_deadline")
        }
        who = shops.member_of(str(found.content.get("openid") or ""))
        case.open_case(
            queue=Queue.COMPLIANCE, subject=f"punish:{found.id}", group="punish", stake_fen=0, score=90,
            reasons=[Hit("wxa_punish_event", _punished(found.number, told))], at=found.received_at, by=BY,
            members=[who.id] if who else [],
        )  # fmt: skip


def _punished(number: str, told: dict[str, str]) -> str:
    until = f"，整改期限 {told['rectify_deadline']}" if told["rectify_deadline"] else ""
    return (
        f"微信处罚通知 {number}：{told['illegal_reason'] or '未写明原因'}（{told['rule_name'] or '未写明规则'}）{until}"
    )


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
