"""Telling members what happened, and sending the subscription messages that go along."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import current_app

from jobs.gateways.outreach import Outreach, OverQuota, Refused, Unavailable
from jobs.queue import Run, job
from models.money import yuan
from models.operations import notice, presale
from models.queries import agreement as agreements
from models.queries import news
from models.queries import notice as queries
from models.queries.notice import Due
from models.rules import notice as rules
from models.rules import parcel as parcels
from models.rules import shanghai
from models.rules.listing import GONE

AT_ONCE = 100
BATCHES = 50
PAGE = "pages/notice/index"
AHEAD = timedelta(days=3)
# Which notice a change of standing is told by.
CHANGES = {
    "qualified": "admission.qualified", "lapsed": "admission.lapsed", "frozen": "standing.frozen",
    "exited": "standing.exited", "revived": "standing.revived", "closed": "showcase.closed",
    "reopened": "showcase.reopened", "ranked": "rank.reached",
}  # fmt: skip


def _day(moment: datetime) -> str:
    return shanghai.day_of(moment).isoformat()


def _is_news(run: Run, moment: datetime | None) -> bool:
    return moment is not None and moment > run.at - rules.FRESH


@job(title="发送订阅消息", max_attempts=1)
def deliver_notices(run: Run, *, at: str) -> dict[str, Any]:
    """Send what waits, one call a message, each between two transactions; a used-up quota ends the run."""
    gateway: Outreach | None = current_app.extensions.get("outreach")
    ended: dict[str, int] = {"sent": 0, "refused": 0, "silent": 0, "put_off": 0}
    if gateway is None:
        return ended
    with run.transaction():
        waiting = queries.due(at=run.at, limit=AT_ONCE)
    for place, due in enumerate(waiting):
        run.check()
        try:
            _send(run, gateway, due, ended)
        except OverQuota:
            with run.transaction():
                notice.put_off(delivery_ids=[one.delivery_id for one in waiting[place:]], at=run.at)
            return {**ended, "put_off": len(waiting) - place}
    return ended


def _send(run: Run, gateway: Outreach, due: Due, ended: dict[str, int]) -> None:
    """One message: the call, then what came of it."""
    try:
        if due.openid is None:
            raise Refused("会员已注销")
        gateway.message(openid=due.openid, template=due.template_id, page=PAGE, values=due.message)
    except Refused as refusal:
        with run.transaction():
            notice.record_refused(delivery_id=due.delivery_id, error=str(refusal))
        ended["refused"] += 1
    except OverQuota:
        raise
    except Unavailable as silence:
        with run.transaction():
            notice.record_silent(delivery_id=due.delivery_id, error=str(silence), at=run.at)
        ended["silent"] += 1
    else:
        with run.transaction():
            notice.record_sent(delivery_id=due.delivery_id, at=run.at)
        ended["sent"] += 1


def _batches(run: Run, step: Callable[[], int]) -> dict[str, Any]:
    """Take a step of at most ``AT_ONCE`` notices, each in its own transaction, until one finds fewer."""
    told = 0
    for _ in range(BATCHES):
        run.check()
        with run.transaction():
            found = step()
        told += found
        if found < AT_ONCE:
            break
    return {"told": told}


@job(title="通知资格变动", max_attempts=3)
def tell_changes(run: Run, *, at: str) -> dict[str, Any]:
    """Tell whoever's standing changed within the last days and who was not told of it."""
    kinds = json.dumps(CHANGES)

    def step() -> int:
        since = run.at - rules.FRESH
        found = queries.untold_changes(since=since, told=kinds, kinds=list(CHANGES), limit=AT_ONCE)
        for row in found:
            notice.tell(
                member_id=row.member_id, template=CHANGES[row.kind], values={"day": _day(row.at)},
                about=f"change:{row.id}", at=run.at,
            )  # fmt: skip
        return len(found)

    return _batches(run, step)


@job(title="通知周期将结束", max_attempts=3)
def tell_cycles(run: Run, *, at: str) -> dict[str, Any]:
    """Tell whoever's cycle ends within three days."""

    def step() -> int:
        found = queries.ending_cycles(at=run.at, until=run.at + AHEAD, limit=AT_ONCE)
        for row in found:
            notice.tell(
                member_id=row.id, template="cycle.ending", values={"day": _day(row.cycle_end)},
                about=f"cycle:{row.id}:{int(row.cycle_end.timestamp())}", at=run.at,
            )  # fmt: skip
        return len(found)

    return _batches(run, step)


@job(title="提醒同意新协议", max_attempts=3)
def ask_consent(run: Run, *, at: str) -> dict[str, Any]:
    """Ask whoever has not accepted the agreement that is in force, once an agreement."""

    def step() -> int:
        current = agreements.current(run.at)
        if current is None:
            return 0
        found = queries.to_ask_again(agreement_id=current.id, limit=AT_ONCE)
        for member_id in found:
            notice.tell(
                member_id=member_id, template="agreement.changed", about=f"agreement:{current.id}", at=run.at,
                values={"version": current.version},
            )  # fmt: skip
        return len(found)

    return _batches(run, step)


@job(title="通知提现结果")
def tell_withdrawal(run: Run, *, number: str) -> dict[str, Any]:
    """Tell a member that its withdrawal arrived or came back."""
    with run.transaction():
        row = news.withdrawal(number)
        if row is None or not _is_news(run, row.ended_at):
            return {"told": 0}
        amount, is_paid = yuan(row.amount_fen), row.state == "SUCCESS"
        values = {"number": number, "amount": amount, "tax": yuan(row.tax_fen), "why": row.reason or "—"}
        template = "withdrawal.paid" if is_paid else "withdrawal.returned"
        made = notice.tell(
            member_id=row.member_id, template=template, values=values, about=f"withdrawal:{number}", at=run.at
        )
    return {"told": int(made is not None)}


@job(title="通知退款")
def tell_refund(run: Run, *, order_id: int, n: int) -> dict[str, Any]:
    """Tell a buyer who is a member that money of an order goes back."""
    with run.transaction():
        row = news.refund(order_id, n)
        if row is None or not _is_news(run, row.at):
            return {"told": 0}
        made = notice.tell(
            member_id=row.buyer_id, template="order.refunded", about=f"refund:{order_id}:{n}", at=run.at,
            values={"number": row.number, "amount": yuan(row.amount_fen)},
        )  # fmt: skip
    return {"told": int(made is not None)}


@job(title="通知发货", is_batched=True)
def tell_parcels(run: Run, *, event_ids: list[int]) -> dict[str, Any]:
    """Tell buyers who are members that their parcels have left."""
    told = 0
    with run.transaction():
        for row in news.parcels(event_ids):
            if not _is_news(run, row.sent_at):
                continue
            values = {"number": row.number, "carrier": row.carrier, "waybill": row.waybill}
            about = f"parcel:{row.id}"
            made = notice.tell(member_id=row.buyer_id, template="order.shipped", values=values, about=about, at=run.at)
            told += made is not None
    return {"told": told}


@job(title="通知尾款")
def tell_balance(run: Run, *, order_id: int) -> dict[str, Any]:
    """Tell a buyer who is a member that the balance of a presale is due; once a reminder."""
    with run.transaction():
        row = news.balance(order_id)
        if row is None or not _is_news(run, row.reminded_at):
            return {"told": 0}
        made = notice.tell(
            member_id=row.buyer_id, template="order.balance_due", about=f"balance:{order_id}:{row.reminders}",
            values={"number": row.number, "amount": yuan(row.paid_fen - row.deposit_fen)}, at=run.at,
        )  # fmt: skip
    return {"told": int(made is not None)}


@job(title="通知商品下架")
def tell_delisting(run: Run, *, delisting_id: int, **_: Any) -> dict[str, Any]:
    """Tell whoever sells a product that it is sold no longer, and whether it left their window by itself."""

    def step() -> int:
        found = news.delisted(delisting_id, limit=AT_ONCE)
        for row in found:
            then = rules.GONE_BY_ITSELF if row.outcome in GONE else rules.BY_HAND
            why = rules.DELISTED.get(row.reason.partition(":")[0], rules.ADJUSTED)
            notice.tell(
                member_id=row.id, template="product.delisted", about=f"delisting:{delisting_id}", at=run.at,
                values={"title": row.title, "day": _day(row.asked_at), "why": why, "then": then},
            )  # fmt: skip
        return len(found)

    return _batches(run, step)


@job(title="提醒尾款", max_attempts=1)
def remind_balances(run: Run, *, at: str) -> dict[str, Any]:
    """Ask again for balances that are due, a day after the last time; after three times a person sees to it."""
    before = run.at - timedelta(hours=parcels.REMIND_HOURS)
    with run.transaction():
        found = news.unreminded(before=before, most=parcels.REMINDERS, limit=AT_ONCE * BATCHES)
    for number in found:
        run.check()
        with run.transaction():
            presale.remind(number=number, at=run.at, by="timetable")
    return {"reminded": len(found)}
