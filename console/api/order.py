"""One's orders as buyer or seller: timeline, parcels, receipt, after-sales."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from console import formatting
from console.api import cursor
from console.api.route import Call, route
from console.api.schema import Answer, Body, Count, Fen, Instant, Paged, Query, Words
from console.api.shown import not_there
from models import Member, Order, db
from models.errors import Conflict
from models.operations import after_sale
from models.operations import order as operations
from models.queries import after_sale as cases
from models.queries import parcel as packings
from models.queries import policy as policies
from models.queries import portal
from models.rules import admission
from models.rules import after_sale as rules
from models.rules.after_sale import Kind
from models.rules.order import State
from models.rules.standing import Standing
from models.tables.after_sale import AfterSale

AT = "2026-11-24T08:00:00.000+08:00"
BRIEF = {"number": "o1", "side": "buyer", "kind": "normal", "state": "shipped", "paid_fen": 9900, "refunded_fen": 0,
         "placed_at": AT, "completed_at": None}  # fmt: skip
CASE = {"id": 1, "order": "o1", "kind": "no_reason", "state": "opened", "words": "不合适", "answer": "",
        "opened_at": AT, "ended_at": None}  # fmt: skip
PACKED = [{"title": "面膜", "quantity": 1}]
DETAIL = BRIEF | {
    "lines": [{"title": "面膜", "quantity": 1, "price_fen": 9900, "sent": 1}],
    "parcels": [{"carrier": "SF", "waybill": "SF1234", "state": "moving", "sent_at": AT, "goods": PACKED}],
    "timeline": [{"at": AT, "event": "placed"}], "is_mine_to_confirm": True, "confirms_at": AT, "open_case": None,
}  # fmt: skip


CLOSES = "全额退款后这个准入任务会撤销，您的橱窗随之关闭。"
CHANGES_NOTHING = "七日内可无理由退货；退货不影响您的资格。"


class NotShipped(Conflict):
    """Nothing can be received that was not sent."""


class Brief(Answer):
    """An order in a list."""

    number: str
    side: Literal["buyer", "seller"]
    kind: str
    state: str
    paid_fen: Fen
    refunded_fen: Fen
    placed_at: Instant
    completed_at: Instant | None


class Briefs(Answer):
    items: list[Brief]
    next: str | None


class Line(Answer):
    """One kind of goods; ``sent`` of its pieces have left."""

    title: str
    quantity: Count
    price_fen: Fen
    sent: Count


class Packed(Answer):
    title: str
    quantity: Count


class Sent(Answer):
    """A parcel and what lies in it; no goods are named where nobody said."""

    carrier: str
    waybill: str
    state: str
    sent_at: Instant
    goods: list[Packed]


class Happened(Answer):
    at: Instant
    event: str


class Detail(Brief):
    """An order with what happened to it. It is shipped once its last piece has left; until then parcels show part."""

    lines: list[Line]
    parcels: list[Sent]
    timeline: list[Happened]
    is_mine_to_confirm: bool
    confirms_at: Instant | None
    open_case: int | None


class Track(Answer):
    at: Instant
    words: str
    state: str


class ParcelAnswer(Answer):
    carrier: str
    waybill: str
    state: str
    sent_at: Instant
    tracks: list[Track]


class Parcels(Answer):
    items: list[ParcelAnswer]


class Side(Paged):
    side: Literal["buyer", "seller"] = "buyer"


class Filing(Body):
    """What is asked for and why."""

    kind: Literal["no_reason", "quality", "wrong_goods", "not_received"]
    words: Words


def _flag(text: object) -> object:
    return {"true": True, "false": False}.get(text, text) if isinstance(text, str) else text


class Preview(Query):
    """With ``preview=true`` the effect is told and nothing is filed."""

    preview: Annotated[Literal[True, False], BeforeValidator(_flag)] = False


class Case(Answer):
    """A case as its buyer sees it."""

    id: int
    order: str
    kind: str
    state: str
    words: str
    answer: str
    opened_at: Instant
    ended_at: Instant | None


class Effect(Answer):
    """What filing does: the money that may come back, until when, and what else changes."""

    is_filed: bool
    refund_fen: Fen
    return_until: str | None
    closes_showcase: bool
    sentence: str
    case: Case | None


@route(
    "GET", "/me/orders", "orders.list", "我的订单", query=Side, answer=Briefs, gives={"items": [BRIEF], "next": None}
)
def list_(call: Call) -> Briefs:
    """The newest first."""
    asked: Side = call.query
    scope = ("orders", call.member_id, asked.side)
    before = cursor.after(asked.cursor, scope=scope) or portal.NEWEST
    found = portal.orders(
        member_id=call.member_id, is_seller=asked.side == "seller", before=before, limit=asked.limit + 1
    )  # fmt: skip
    rows, following = cursor.page(found, asked.limit, place=lambda row: row.id, scope=scope)
    return Briefs(items=[Brief(**_brief(row, call.member_id)) for row in rows], next=following)


@route("GET", "/orders/<number>", "orders.read", "订单详情", answer=Detail, gives=DETAIL)
def read(call: Call, number: str) -> Detail:
    return _detail(_mine(call, number), call.member_id)


@route(
    "GET", "/orders/<number>/tracks", "orders.tracks", "物流", answer=Parcels,
    gives={
        "items": [
            {"carrier": "SF", "waybill": "SF1234", "state": "moving", "sent_at": AT,
             "tracks": [{"at": AT, "words": "已揽收", "state": "moving"}]}
        ]
    },
)  # fmt: skip
def tracks(call: Call, number: str) -> Parcels:
    """Parcel by parcel, the newest word first."""
    made: dict[int, ParcelAnswer] = {}
    for row in portal.tracks(_mine(call, number).id):
        parcel = made.setdefault(
            row.id,
            ParcelAnswer(carrier=row.carrier, waybill=row.waybill, state=row.state, sent_at=row.sent_at, tracks=[]),
        )
        if row.words is not None:
            parcel.tracks.append(Track(at=row.at, words=row.words, state=row.track_state))
    return Parcels(items=list(made.values()))


@route(
    "POST", "/orders/<number>/receipt", "orders.receive", "确认收货", answer=Detail, keyed=True, gives=DETAIL
)  # fmt: skip
def receive(call: Call, number: str) -> Detail:
    """The buyer says that the goods are there: the order settles (rules §5.2)."""
    order = _bought(call, number)
    if order.state == State.PAID:
        raise NotShipped("规则 5.1：订单还没有发货，或还有商品没有发出；全部发出并收到后再确认收货。")
    return _detail(operations.complete(number=order.number, at=call.at), call.member_id)


@route(
    "POST", "/orders/<number>/after-sales", "after_sales.file", "申请售后；preview=true 只告知影响", body=Filing,
    query=Preview, answer=Effect, keyed=True, example={"kind": "no_reason", "words": "不合适"},
    gives={
        "is_filed": True, "refund_fen": 9900, "return_until": "2026-12-01", "closes_showcase": False,
        "sentence": "七日内可无理由退货；退货不影响您的资格。", "case": CASE,
    },
)  # fmt: skip
def file(call: Call, number: str) -> Effect:
    """The effect is told first, then the case is opened (rules §3.5)."""
    order, kind = _bought(call, number), Kind(call.body.kind)
    received_on = _day(order.completed_at) if order.completed_at else None
    closes = _closes(order, call)
    case = None
    if call.query.preview:
        rules.check_opens(kind=kind, order=State(order.state), received_on=received_on, today=_day(call.at))
    else:
        case = after_sale.open_(number=order.number, kind=kind, words=call.body.words, at=call.at, day=_day)
    return Effect(
        is_filed=case is not None, refund_fen=order.paid_fen - order.refunded_fen, closes_showcase=closes,
        return_until=str(rules.return_until(received_on)) if received_on else None,
        sentence=CLOSES if closes else CHANGES_NOTHING,
        case=_case(case, order) if case else None,
    )  # fmt: skip


@route("GET", "/after-sales/<number:case_id>", "after_sales.read", "售后进度", answer=Case, gives=CASE)
def case(call: Call, case_id: int) -> Case:
    found = portal.after_sale(member_id=call.member_id, case_id=case_id)
    if found is None:
        raise not_there()
    return _case(*found)


def _day(moment: datetime) -> date:
    return moment.astimezone(formatting.SHANGHAI).date()


def _mine(call: Call, number: str) -> Order:
    found = portal.order(member_id=call.member_id, number=number)
    if found is None:
        raise not_there()
    return found


def _bought(call: Call, number: str) -> Order:
    found = _mine(call, number)
    if found.buyer_id != call.member_id:
        raise not_there()
    return found


def _closes(order: Order, call: Call) -> bool:
    """Whether a whole refund of the order closes its buyer's showcase (rules §3.5)."""
    if order.kind != "admission":
        return False
    _, policy = policies.in_force(call.at)
    return admission.refund_closes(Standing(db.session.get_one(Member, call.member_id).standing), policy)


def _brief(row: Order, member_id: int) -> dict[str, Any]:
    return {
        "number": row.number, "side": "buyer" if row.buyer_id == member_id else "seller", "kind": row.kind,
        "state": row.state, "paid_fen": row.paid_fen, "refunded_fen": row.refunded_fen, "placed_at": row.placed_at,
        "completed_at": row.completed_at,
    }  # fmt: skip


def _detail(order: Order, member_id: int) -> Detail:
    is_buyer = order.buyer_id == member_id
    happened = [
        (order.placed_at, "placed"), (order.paid_at, "paid"), (order.shipped_at, "shipped"),
        (order.completed_at, "completed"), *((one.at, "refunded") for one in portal.refunds(order.id)),
    ]  # fmt: skip
    open_case = cases.of_order(order.id) if is_buyer else None
    return Detail(
        **_brief(order, member_id), **_goods(order.id),
        timeline=[Happened(at=at, event=event) for at, event in sorted((a, e) for a, e in happened if a)],
        is_mine_to_confirm=is_buyer and order.state == State.SHIPPED, confirms_at=order.confirm_at,
        open_case=open_case.id if open_case else None,
    )  # fmt: skip


def _goods(order_id: int) -> dict[str, Any]:
    """The lines with what of them has left, and the parcels with what lies in them."""
    lines, parcels, packing = portal.lines(order_id), portal.parcels(order_id), packings.packing(order_id)
    sent, titles = packing.sent, {one.n: one.title for one in lines}
    return {
        "lines": [
            Line(title=one.title, quantity=one.quantity, price_fen=one.price_fen, sent=sent.get(one.n, 0))
            for one in lines
        ],
        "parcels": [
            Sent(
                carrier=one.carrier, waybill=one.waybill, state=one.state, sent_at=one.sent_at,
                goods=[Packed(title=titles[n], quantity=held) for n, held in packing.parcels[one.id].items()],
            )
            for one in parcels
        ],
    }  # fmt: skip


def _case(case: AfterSale, order: Order) -> Case:
    return Case(
        id=case.id, order=order.number, kind=case.kind, state=case.state, words=case.reason, answer=case.answer or "",
        opened_at=case.opened_at, ended_at=case.ended_at,
    )  # fmt: skip
