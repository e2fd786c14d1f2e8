"""发货台: paid orders of which something is still to leave, the longest waiting first, with what is left of each."""

from datetime import timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from console.admin import order_names as names
from console.admin.base import Viewer
from console.admin.columns import Badge, Column, Kind, Tone, member_link, order_link
from console.admin.filters import Days, Equals, OneOf, Prefix, Starts
from console.admin.order import OwnOrders, Seller, place
from models import Order, OrderLine, Parcel, ParcelItem
from models.rules import parcel as rules
from models.rules.order import State

GONE = (
    sa.select(sa.func.coalesce(sa.func.sum(ParcelItem.pieces), 0))
    .where(ParcelItem.order_id == OrderLine.order_id, ParcelItem.n == OrderLine.n)
    .correlate(OrderLine)
    .scalar_subquery()
)
WAITS = OrderLine.quantity - GONE
TITLE = OrderLine.title + "×" + sa.cast(WAITS, sa.Text)


def _of_lines(value: Any, *conditions: sa.ColumnElement[bool]) -> Any:
    """Something of the lines of the row's order."""
    chosen = sa.select(value).where(OrderLine.order_id == Order.id, *conditions)
    return chosen.correlate(Order).scalar_subquery()


LEFT = _of_lines(sa.cast(sa.func.sum(sa.func.greatest(WAITS, 0)), sa.BigInteger))
PIECES = _of_lines(sa.cast(sa.func.sum(OrderLine.quantity), sa.BigInteger))
GOODS = _of_lines(sa.func.string_agg(TITLE, sa.literal("、")), WAITS > 0)
PARCELS = sa.select(sa.func.count()).where(Parcel.order_id == Order.id).correlate(Order).scalar_subquery()
BEGUN = sa.case((sa.exists().where(Parcel.order_id == Order.id).correlate(Order), "partly"), else_="nothing")
BEGINNINGS = {
    "nothing": Badge(_l("nothing has left"), Tone.BUSY),
    "partly": Badge(_l("partly sent"), Tone.WARN),
}
CLOCK = sa.case((Order.paid_at <= sa.func.now() - timedelta(hours=rules.SHIP_HOURS), "late"), else_="fine")
CLOCKS = {"fine": Badge(_l("in time"), Tone.GOOD), "late": Badge(_l("waits over 48 h"), Tone.BAD)}


class DispatchView(OwnOrders):
    """发货台: what is to be packed next; the parcel itself is made on the order's page."""

    section = "order"
    title = _l("To be sent")
    slug = "dispatch"
    permission = "order.view"
    hint = _l("Paid orders of which something is still to leave. Open one to send all that is left, or part of it.")
    empty = _l("Everything that was paid has left.")
    search_hint = _l("Order number, from its beginning")
    has_detail = False
    order = "id"
    list_template = "order/dispatch.html"

    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=Order.id, kind=Kind.COUNT, sort=True, rises=True, shown=False),
        Column(key="number", title=_l("Order number"), at=Order.number, kind=Kind.CODE, cell=order_link),
        Column(key="clock", title=_l("Clock"), at=CLOCK, kind=Kind.BADGE, badges=CLOCKS),
        Column(key="begun", title=_l("Sent so far"), at=BEGUN, kind=Kind.BADGE, badges=BEGINNINGS),
        Column(key="goods", title=_l("Goods to send"), at=GOODS),
        Column(key="left", title=_l("Pieces to send"), at=LEFT, kind=Kind.COUNT),
        Column(key="pieces", title=_l("Pieces bought"), at=PIECES, kind=Kind.COUNT, shown=False),
        Column(key="parcels", title=_l("Parcels so far"), at=PARCELS, kind=Kind.COUNT, shown=False),
        Column(
            key="region_code",
            title=_l("Region"),
            at=Order.region_code,
            cell=lambda row: place(row.region_code),
            shown=False,
        ),
        Column(key="seller", title=_l("Seller"), at=Seller.code, kind=Kind.CODE, cell=member_link("seller")),
        Column(key="kind", title=_l("Kind"), at=Order.kind, kind=Kind.BADGE, badges=names.KINDS, shown=False),
        Column(key="paid_at", title=_l("Paid at"), at=Order.paid_at, kind=Kind.MOMENT),
    )
    questions = (
        OneOf(key="clock", title=_l("Clock"), at=CLOCK, choices=names.words(CLOCKS)),
        OneOf(key="begun", title=_l("Sent so far"), at=BEGUN, choices=names.words(BEGINNINGS)),
        OneOf(key="kind", title=_l("Kind"), at=Order.kind, choices=names.words(names.KINDS)),
        Days(key="paid", title=_l("Paid on"), at=Order.paid_at),
        Equals(key="seller", title=_l("Seller"), at=Seller.code),
        Starts(key="region", title=_l("Region code"), at=Order.region_code),
    )
    searches = (Prefix(Order.number),)

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return super().scope(query, viewer).where(Order.state == State.PAID)
