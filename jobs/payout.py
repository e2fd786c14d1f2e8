"""Transfers of approved withdrawals: sent once under their number, asked about until they end."""

from datetime import datetime
from typing import Any

from flask import current_app

from jobs.gateways.transfer import Bill, Refused, Transfers, Uncertain
from jobs.queue import Run, job
from models.errors import Conflict
from models.operations import outbox, withdrawal
from models.operations.withdrawal import Told
from models.queries import switch as switches
from models.queries import withdrawal as withdrawals
from models.rules import withdrawal as rules
from models.rules.switch import MoneyJob
from models.rules.withdrawal import TransferState
from models.tables.job import Queue

ASKED_AT_ONCE = 500


class NoChannel(Conflict):
    """No channel of transfers is set up."""


def channel() -> Transfers:
    """The channel that this installation pays through."""
    found: Transfers | None = current_app.extensions.get("transfers")
    if found is None:
        raise NoChannel("规则 5.9：还没有配置转账渠道，请先配置后再付款。")
    return found


@job(queue=Queue.MONEY, title="付款")
def pay_out(run: Run, *, number: str) -> dict[str, Any]:
    """Bring one withdrawal a step nearer to its end: ask first, send if nothing was sent, write down the answer.

    While transfers are switched off, what was sent is asked about and nothing is sent.

    The calls stand between transactions, never inside one. Where a call gets no answer, the next look asks again.
    """
    gateway = channel()
    with run.transaction():
        transfer = withdrawals.transfer(number)
        is_off = switches.is_off(MoneyJob.TRANSFER)
    if transfer is None:
        return {"state": "ended"}
    try:
        bill = gateway.query(number=number)
        if bill is None and not is_off and rules.may_send(sent_at=transfer.sent_at, at=run.at):
            bill = _send(run, gateway, transfer)
    except Uncertain:
        return {"state": "unknown"}
    if bill is None:
        return {"state": "switched off" if is_off else "unknown"}
    with run.transaction():
        told = Told(
            state=bill.state, amount_fen=bill.amount_fen, reason=bill.reason, package=bill.package, made_at=bill.made_at
        )  # fmt: skip
        withdrawal.hear(number=number, told=told, at=run.at)
    return {"state": str(bill.state)}


def _send(run: Run, gateway: Transfers, transfer: withdrawals.Transfer) -> Bill | None:
    with run.transaction():
        is_ours = withdrawal.mark_sent(number=transfer.number, seen=transfer.sent_at, at=run.at)
    if not is_ours:
        return None
    try:
        return gateway.send(number=transfer.number, payee=transfer.payee, amount_fen=transfer.net_fen)
    except Refused as refusal:
        return Bill(
            number=transfer.number, amount_fen=transfer.net_fen, state=TransferState.FAIL, reason=str(refusal)
        )  # fmt: skip


@job(queue=Queue.MONEY, title="查询未完结的转账")
def ask_again(run: Run, *, at: str) -> dict[str, Any]:
    """Look again at every withdrawal that is approved and has not ended, the longest unasked first."""
    if "transfers" not in current_app.extensions:
        return {"asked": 0}
    with run.transaction():
        numbers = withdrawals.unended(before=datetime.fromisoformat(at), limit=ASKED_AT_ONCE)
        for number in numbers:
            outbox.request(
                "pay_out", queue=Queue.MONEY, payload={"number": number}, subject=f"withdrawal:{number}",
                title="付款", by="timetable", key=f"pay_out:{number}:{at}",
            )  # fmt: skip
    return {"asked": len(numbers)}
