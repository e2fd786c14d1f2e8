"""Refunds of own payments: asked about first, sent once under their number, followed until they end."""

from typing import Any

from flask import current_app

from jobs.gateways.http import Refused, Retryable
from jobs.gateways.pay_refund import RefundOrder, Refunds
from jobs.queue import Run, job
from models.operations import outbox, pay_refund
from models.operations.pay_refund import Due
from models.queries import inbound as queries
from models.rules.withdrawal import may_send
from models.tables.job import Queue

ASKED_AT_ONCE = 200
REASON = "售后退款"


@job(queue=Queue.MONEY, title="原路退款")
def pay_back(run: Run, *, order_id: int, n: int, **_: Any) -> dict[str, Any]:
    """Bring one refund a step nearer to its end. What the shop pays back itself is none of ours."""
    with run.transaction():
        due = pay_refund.owe(order_id=order_id, n=n, at=run.at)
    if due is None:
        return {"state": "not ours"}
    refunds: Refunds | None = current_app.extensions.get("refunds")
    if refunds is None:
        return {"state": "no channel"}
    try:
        found = refunds.find(due.number)
        if found is None and may_send(sent_at=due.sent_at, at=run.at):
            found = _sent(run, refunds, due)
    except (Retryable, Refused) as error:
        # Whatever the refusal, the number is asked about again: topped up or set right, it goes through [H].
        return {"state": "unknown", "code": error.code}
    if found is None:
        return {"state": "unknown"}
    with run.transaction():
        pay_refund.record(
            number=due.number, state=found.state, reference=found.refund_id, at=run.at,
            amount_fen=found.amount.refund if found.amount else due.amount_fen,
        )  # fmt: skip
    return {"state": found.state}


def _sent(run: Run, refunds: Refunds, due: Due) -> Any:
    with run.transaction():
        is_ours = pay_refund.mark_sent(number=due.number, seen=due.sent_at, at=run.at)
    if not is_ours:
        return None
    asked = RefundOrder(
        number=due.number, trade=due.trade, refund_fen=due.amount_fen, total_fen=due.total_fen, reason=REASON,
        notify_url=current_app.extensions.get("pay_notices", ""),
    )  # fmt: skip
    return refunds.create(asked)


@job(queue=Queue.MONEY, title="查询未完结的退款")
def ask_refunds(run: Run, *, at: str) -> dict[str, Any]:
    """Look again at every refund through Pay that has not ended."""
    with run.transaction():
        waiting = queries.refunds_under_way(limit=ASKED_AT_ONCE)
        for one in waiting:
            outbox.request(
                "pay_back", queue=Queue.MONEY, payload={"order_id": one.order_id, "n": one.n},
                subject=f"refund:{one.number}", title="原路退款", by="timetable", key=f"pay_back:{one.number}:{at}",
            )  # fmt: skip
    return {"asked": len(waiting)}
