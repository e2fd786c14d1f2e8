"""Telling WeChat what was decided here: read first, told once, silence asked about and never answered by guessing."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from flask import current_app

from jobs.gateways.http import Refused, Retryable
from jobs.gateways.mini_shipping import NOT_YET, SHIPPED_BEFORE, Waybill
from jobs.gateways.shop_after_sale import Accept
from jobs.gateways.shop_delivery import Packed, Shipment
from jobs.gateways.shop_order import OrderStatus, ShopOrder
from jobs.gateways.wechat import WeChat
from jobs.queue import Run, job
from models.errors import Conflict
from models.operations import errand, outbox
from models.queries import errand as queries
from models.queries.errand import Sent, Todo
from models.rules import errand as rules
from models.rules import masking
from models.rules.after_sale import Kind as CaseKind
from models.rules.errand import Kind

AT_ONCE = 200
RETURN_SCENE, REFUND_SCENE = 4, 1
Sku = tuple[str, str]
"""Product and sku as the shop numbers them."""


class NobodyAnswered(RuntimeError):
    """WeChat was silent, or does not know the payment yet: the job comes again."""


class Impossible(Conflict):
    """WeChat would refuse it where things stand; what to do instead is said."""


def gateway() -> WeChat:
    """Every client of this installation."""
    found: WeChat = current_app.extensions["wechat"]
    return found


@dataclass(frozen=True, slots=True)
class Telling:
    """One errand on its way. ``turn`` takes the one right to tell; false where another job took it."""

    wechat: WeChat
    todo: Todo
    turn: Callable[[], bool]
    at: datetime


@job(title="回传微信", max_attempts=12)
def tell_wechat(run: Run, *, errand_id: int) -> dict[str, Any]:
    """Bring one errand to its end. What WeChat refuses is kept with its words and told again by a person alone."""
    with run.transaction():
        todo = queries.todo(errand_id)
    if todo is None:
        return {"state": "ended"}

    try:
        is_told = TELLERS[todo.kind](Telling(gateway(), todo, partial(_turn, run, todo), run.at))
    except Retryable as silence:
        raise NobodyAnswered(f"微信没有应答（{silence.code}）") from silence
    except (Refused, Impossible) as refusal:
        if refusal.code == NOT_YET:
            raise NobodyAnswered("支付单尚未同步到小程序，稍后再传") from refusal
        with run.transaction():
            errand.refuse(errand_id=errand_id, code=refusal.code, error=str(refusal), at=run.at)
        return {"state": "refused", "code": refusal.code}
    if not is_told:
        return {"state": "another"}
    _settle(run, todo)
    return {"state": "done"}


def _turn(run: Run, todo: Todo) -> bool:
    with run.transaction():
        return errand.mark_sent(errand_id=todo.errand_id, seen=todo.sent_at, at=run.at)


def _settle(run: Run, todo: Todo) -> None:
    """It is told; where that moved an after-sale, it is read again."""
    with run.transaction():
        errand.settle(errand_id=todo.errand_id, at=run.at)
        if todo.kind not in (Kind.PARCEL, Kind.SHIPPING, Kind.WAYBILL):
            outbox.request(
                "sync_case", payload={"number": todo.about}, subject=f"shop:{todo.about}", title="同步小店售后",
                by="shop", key=f"case:{todo.about}:told:{todo.errand_id}:{int(run.at.timestamp())}",
            )  # fmt: skip


def _agree(one: Telling) -> bool:
    """Agree to a return, with the address that the goods go to."""
    if one.wechat.after_sales.get(one.todo.about).status != rules.PROCESSING:
        return True
    address = one.wechat.credentials.return_address
    if not address:
        raise Impossible("没有配置小店退货地址（WECHAT_SHOP_RETURN_ADDRESS），请配置后重试，或在小店后台同意。")
    if not one.turn():
        return False
    one.wechat.after_sales.accept(one.todo.about, step=Accept.RETURN, address_id=address)
    return True


def _refund(one: Telling) -> bool:
    """Refund, unless the money is back or on its way already."""
    found = one.wechat.after_sales.get(one.todo.about)
    if found.status in rules.REFUNDED | rules.REFUNDING:
        return True
    if not rules.is_live(found.status):
        raise Impossible(f"小店售后已结束（{found.status}），没有可退的款。")
    if found.type == rules.RETURN and found.status in (rules.PROCESSING, rules.ON_THE_WAY_BACK):
        raise Impossible("买家还没有寄回商品，小店暂不能退款；收到退货单号后再重试。")
    if not one.turn():
        return False
    one.wechat.after_sales.accept(one.todo.about, step=Accept.REFUND)
    return True


def _reject(one: Telling) -> bool:
    """Refuse, with the words that our desk wrote and the reason of the shop's that fits best."""
    found = one.wechat.after_sales.get(one.todo.about)
    if found.status.startswith(rules.REJECTED):
        return True
    if found.status != rules.PROCESSING:
        raise Impossible(f"小店售后已到“{found.status}”，不能再拒绝。")
    scene = RETURN_SCENE if found.type == rules.RETURN else REFUND_SCENE
    offered = one.wechat.after_sales.refusals()
    fitting = [reason for reason in offered if reason.reject_scene in (0, scene)] or offered
    kinds = {reason.reject_reason_type: reason.reject_reason_type_text for reason in fitting}
    if not one.turn():
        return False
    kind = rules.answer_of(CaseKind(one.todo.reason), kinds)
    one.wechat.after_sales.reject(one.todo.about, reason=one.todo.words, kind=kind)
    return True


def _parcel(one: Telling) -> bool:
    """Send a parcel of the shop's order with the goods that lie in it."""
    found, (sent,) = one.wechat.orders.get(one.todo.order), one.todo.parcels
    names = (sent.waybill, *sent.formerly)
    if any(known.waybill_id in names for known in found.order_detail.delivery_info.delivery_product_info):
        return True
    if found.status not in (OrderStatus.TO_SHIP, OrderStatus.PARTLY_SHIPPED):
        raise Impossible("小店订单已全部发货或已结束，追加的运单请在小店后台修改物流。")
    left = _left(found)
    packed = _in_shops_words(found, sent) if sent.items else left
    if not packed or any(pieces > left.get(key, 0) for key, pieces in packed.items()):
        raise Impossible("这些商品在小店里已随其他运单发出，请在小店后台核对物流。")
    if not one.turn():
        return False
    shipment = Shipment(
        company=rules.carrier_code(sent.carrier), number=sent.waybill,
        packed=tuple(Packed(product_id=key[0], sku_id=key[1], number=pieces) for key, pieces in packed.items()),
    )  # fmt: skip
    one.wechat.deliveries.send(one.todo.order, [shipment])
    return True


def _left(found: ShopOrder) -> dict[Sku, int]:
    """What of an order lies in no parcel of the shop's yet."""
    left: Counter[Sku] = Counter()
    for line in found.order_detail.product_infos:
        left[line.product_id, line.sku_id] += line.sku_cnt
    for one in found.order_detail.delivery_info.delivery_product_info:
        for item in one.product_infos:
            left[item.product_id, item.sku_id] -= item.product_cnt
    return {key: pieces for key, pieces in left.items() if pieces > 0}


def _in_shops_words(found: ShopOrder, sent: Sent) -> dict[Sku, int]:
    """The goods of a parcel as the shop calls them: our lines stand in the order of its own."""
    told = found.order_detail.product_infos
    packed: Counter[Sku] = Counter()
    for item in sent.items:
        same = [line for line in told if item.code == (line.out_product_id or line.sku_code)]
        at_place = [line for line in told[item.n - 1 : item.n] if line in same]
        if not same:
            raise Impossible(f"小店订单里没有“{item.title}”，请在小店后台发货。")
        line = (at_place or same)[0]
        packed[line.product_id, line.sku_id] += item.pieces
    return dict(packed)


def _waybill_again(one: Telling) -> bool:
    """Write the right waybill over the one that the shop has; where it has neither, the parcel itself is still told."""
    found, (sent,) = one.wechat.orders.get(one.todo.order), one.todo.parcels
    there = found.order_detail.delivery_info.delivery_product_info
    wrong = [known for known in there if known.waybill_id in sent.formerly]
    company = rules.carrier_code(sent.carrier)
    is_right = any((known.waybill_id, known.delivery_id) == (sent.waybill, company) for known in there)
    wrong = wrong or [known for known in there if known.waybill_id == sent.waybill]
    if is_right or not wrong:
        return True
    if not one.turn():
        return False
    shipments = [
        Shipment(
            company=company if known is wrong[0] else known.delivery_id,
            number=sent.waybill if known is wrong[0] else known.waybill_id,
            packed=tuple(
                Packed(product_id=item.product_id, sku_id=item.sku_id, number=item.product_cnt)
                for item in known.product_infos
            ),
        )
        for known in there
    ]  # fmt: skip
    one.wechat.deliveries.correct(one.todo.order, shipments)
    return True


def _shipping(one: Telling) -> bool:
    """Say how an own payment was sent; what is known there already is not told again.

    While something is still to leave, each call brings the parcels that are new; once all has left a further call
    counts as sending anew, names every parcel, and is allowed once (facts/wechat §9.1).
    """
    known, sent = one.wechat.shippings.find(one.todo.transaction), one.todo.parcels
    fresh = tuple(parcel for parcel in sent if parcel.waybill not in known.waybills)
    is_same = known.waybills == {parcel.waybill for parcel in sent}
    if is_same and known.is_finished == one.todo.is_all:
        return True
    if not one.turn():
        return False
    told = sent if known.is_finished else fresh or sent[-1:]
    is_split = len(sent) > 1 or not one.todo.is_all or (bool(known.waybills) and not known.is_finished)
    try:
        one.wechat.shippings.upload(
            transaction=one.todo.transaction, openid=one.todo.openid, waybills=[_waybill(one, each) for each in told],
            at=one.at, is_split=is_split, is_all=one.todo.is_all,
        )  # fmt: skip
    except Refused as refusal:
        if refusal.code in SHIPPED_BEFORE:
            raise Impossible("这笔支付的发货信息已不能再改（微信只允许修改一次），请在小程序后台核对。") from refusal
        raise
    return True


def _waybill(one: Telling, sent: Sent) -> Waybill:
    return Waybill(
        number=sent.waybill, company=rules.carrier_code(sent.carrier), goods=sent.goods or one.todo.goods,
        receiver_phone=masking.phone(one.todo.phone) or "",
    )  # fmt: skip


TELLERS: Mapping[Kind, Callable[[Telling], bool]] = {
    Kind.CASE_ACCEPT: _agree,
    Kind.CASE_REFUND: _refund,
    Kind.CASE_REJECT: _reject,
    Kind.PARCEL: _parcel,
    Kind.SHIPPING: _shipping,
    Kind.WAYBILL: _waybill_again,
}


@job(title="补传微信", max_attempts=1)
def tell_wechat_again(run: Run, *, at: str) -> dict[str, Any]:
    """Ask again for errands whose own job did not bring them to an end."""
    with run.transaction():
        waiting = queries.overdue(before=datetime.fromisoformat(at) - rules.PATIENCE, limit=AT_ONCE)
        for one in waiting:
            errand.ask(one, by="timetable", key=f"errand:{one.id}:{at}")
    return {"asked": len(waiting)}
