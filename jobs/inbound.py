"""Deciding callbacks: each of them once, in whatever order they came, compared with what we know where money moves."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import current_app

from jobs.queue import Run, job
from models.errors import DomainError
from models.operations import inbound, order, outbox, pay_refund, source, withdrawal
from models.operations.withdrawal import Told
from models.queries import inbound as queries
from models.rules.inbound import Channel, Incomplete, State, check_agrees
from models.rules.withdrawal import TransferState
from models.tables.inbound import Inbound

PUNISHED = "wxa_punish_event"


@job(title="处理回调")
def decide_inbound(run: Run, *, inbound_id: int) -> dict[str, Any]:
    """Decide one callback; a refusal stays with it, with its reason, until somebody lets it be decided again."""
    with run.transaction():
        found = queries.message(inbound_id)
        if found is None or found.state != State.WAITING:
            return {"state": found.state if found else "gone"}
        decide = _decision(found)
        if decide is None:
            inbound.decide(inbound_id=inbound_id, state=State.IGNORED, at=run.at)
            return {"state": State.IGNORED}
    try:
        with run.transaction():
            inbound.held(inbound_id=inbound_id)
            decide(found, run.at)
            inbound.decide(inbound_id=inbound_id, state=State.DONE, at=run.at)
    except DomainError as refusal:
        with run.transaction():
            inbound.decide(inbound_id=inbound_id, state=State.FAILED, at=run.at, error=str(refusal))
        return {"state": State.FAILED, "error": str(refusal)}
    return {"state": State.DONE}


def _decision(found: Inbound) -> Callable[[Inbound, datetime], None] | None:
    if found.channel == Channel.PAY:
        return next((decide for event, decide in PAY.items() if found.event.startswith(event)), None)
    return _punished if found.event == PUNISHED else _of_shop


def _ours() -> tuple[str, str]:
    """Our merchant's number and the mini-program's appid, as far as they are set up."""
    pay = current_app.extensions.get("pay")
    return (pay.merchant.mchid if pay else ""), current_app.extensions.get("mini_appid", "")


def _transfer(found: Inbound, at: datetime) -> None:
    told, number = found.content, _number(found)
    mchid, _appid = _ours()
    payee = queries.payee(number)
    check_agrees(商户号=(told.get("mchid"), mchid), 收款人=(told.get("openid"), payee))
    withdrawal.hear(
        number=number, at=at,
        told=Told(
            state=TransferState(told["state"]), amount_fen=int(told.get("transfer_amount", 0)),
            reason=str(told.get("fail_reason", "")),
        ),
    )  # fmt: skip


def _paid(found: Inbound, at: datetime) -> None:
    """An own payment came in: compared with the order in merchant, appid and amount before it counts."""
    told, number = found.content, _number(found)
    mchid, appid = _ours()
    ours = order.by_number(number)
    amount = told.get("amount") or {}
    check_agrees(
        商户号=(told.get("mchid"), mchid), appid=(told.get("appid"), appid), 状态=(told.get("trade_state"), "SUCCESS"),
        金额=(amount.get("total"), ours.paid_fen), 币种=(amount.get("currency", "CNY"), "CNY"),
    )  # fmt: skip
    when = min(_moment(told.get("success_time"), at), at)
    order.pay(number=number, at=when)
    source.note(
        order_id=ours.id, told=source.Told(
            channel="pay", number=number, transaction=str(told.get("transaction_id", "")), status="SUCCESS", at=when,
            openid=str((told.get("payer") or {}).get("openid", "")),
        ),
    )  # fmt: skip


def _refunded(found: Inbound, at: datetime) -> None:
    told = found.content
    mchid, _appid = _ours()
    check_agrees(商户号=(told.get("mchid"), mchid))
    pay_refund.record(
        number=_number(found), state=str(told.get("refund_status", "")), reference=str(told.get("refund_id", "")),
        amount_fen=int((told.get("amount") or {}).get("refund", 0)), at=at,
    )  # fmt: skip


def _of_shop(found: Inbound, at: datetime) -> None:
    """An event is no truth, only a word that something changed: whoever cares reads the thing itself again."""
    outbox.emit("shop.told", subject=f"shop:{found.number}", kind=found.event, number=found.number)


def _punished(found: Inbound, at: datetime) -> None:
    told = found.content
    outbox.emit(
        "showcase.punished", subject=f"punish:{found.number}", inbound_id=found.id, punish_id=found.number,
        rule=str(told.get("rule_name", "")), why=str(told.get("illegal_reason", "")),
    )  # fmt: skip


PAY: Mapping[str, Callable[[Inbound, datetime], None]] = {
    "MCHTRANSFER.BILL.": _transfer,
    "TRANSACTION.SUCCESS": _paid,
    "REFUND.": _refunded,
}


def _number(found: Inbound) -> str:
    if not found.number:
        raise Incomplete("回调里没有单号，无法处理；请到商户平台核对后忽略。")
    return found.number


def _moment(written: Any, otherwise: datetime) -> datetime:
    try:
        return datetime.fromisoformat(str(written))
    except ValueError:
        return otherwise
