"""物流 and 预售: parcels with what their carriers say, and presales whose balance is still to come."""

from datetime import timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin import order_names as names
from console.admin.base import ReadView, Viewer, form_id, staff_id
from console.admin.columns import Badge, Column, Kind, Tone, member_link, order_link
from console.admin.filters import Days, Equals, OneOf, Prefix
from console.admin.order import BUYERS, Buyer, OwnOrders, Seller, refused
from console.auth import permits
from models import BalanceReminder, Order, Parcel, ParcelTrack, db
from models.operations import parcel, presale
from models.queries import order as queries
from models.rules import parcel as rules
from models.rules.order import State as OrderState

SILENT = {"fine": Badge(_l("in order"), Tone.GOOD), "stalled": Badge(_l("silent for 72 h"), Tone.BAD)}
IS_STALLED = sa.case(
    (
        Parcel.state.in_(["sent", "moving"])
        & (Parcel.moved_at <= sa.func.now() - timedelta(hours=rules.STALLED_HOURS)),
        "stalled",
    ),
    else_="fine",
)
WAITING = (OrderState.DEPOSIT_PAID, OrderState.BALANCE_DUE)
LAST_REMINDED = sa.select(sa.func.max(BalanceReminder.at)).where(BalanceReminder.order_id == Order.id).scalar_subquery()
TIMES_REMINDED = (
    sa.select(sa.func.count()).where(BalanceReminder.order_id == Order.id).correlate(Order).scalar_subquery()
)


class ParcelView(ReadView):
    """物流: each parcel, where it is, and which have fallen silent."""

    model = Parcel
    section = "order"
    title = _l("Logistics")
    slug = "parcels"
    permission = "order.view"
    hint = _l("A parcel of which its carrier says nothing for 72 hours is looked for.")
    empty = _l("No parcel has left yet.")
    search_hint = _l("Waybill or order number, from its beginning")
    details_template = "order/parcel.html"

    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=Parcel.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="waybill", title=_l("Waybill"), at=Parcel.waybill, kind=Kind.CODE, link=True),
        Column(key="carrier", title=_l("Carrier"), at=Parcel.carrier),
        Column(key="state", title=_l("State"), at=Parcel.state, kind=Kind.BADGE, badges=names.PARCEL_STATES),
        Column(key="silent", title=_l("Watch"), at=IS_STALLED, kind=Kind.BADGE, badges=SILENT),
        Column(key="number", title=_l("Order number"), at=Order.number, kind=Kind.CODE, cell=order_link),
        Column(key="order_state", title=_l("Order"), at=Order.state, kind=Kind.BADGE, badges=names.STATES),
        Column(key="sent_at", title=_l("Sent at"), at=Parcel.sent_at, kind=Kind.MOMENT),
        Column(key="moved_at", title=_l("Last word"), at=Parcel.moved_at, kind=Kind.MOMENT),
        Column(key="delivered_at", title=_l("Delivered at"), at=Parcel.delivered_at, kind=Kind.MOMENT, shown=False),
    )
    questions = (
        OneOf(key="state", title=_l("State"), at=Parcel.state, choices=names.words(names.PARCEL_STATES)),
        OneOf(key="silent", title=_l("Watch"), at=IS_STALLED, choices=names.words(SILENT)),
        Equals(key="carrier", title=_l("Carrier"), at=Parcel.carrier),
        Days(key="sent", title=_l("Sent at"), at=Parcel.sent_at),
    )
    searches = (Prefix(Parcel.waybill), Prefix(Order.number))

    def base(self) -> Select[Any]:
        return sa.select().select_from(Parcel).join(Order, Order.id == Parcel.order_id)

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        if viewer.merchant_id is None:
            return query
        return query.where(Order.seller_id.in_(queries.merchants_sellers(viewer.merchant_id)))

    def heading(self, row: Row[Any]) -> str:
        return f"{row.carrier} {row.waybill}"

    def around(self, row_id: int) -> dict[str, Any]:
        told = sa.select(ParcelTrack).where(ParcelTrack.parcel_id == row_id).order_by(ParcelTrack.at.desc())
        found = self.found(row_id)
        order_id = found.order_id
        return {
            "found": found,
            "is_under_way": rules.State(found.state) not in rules.ENDED,
            "tracks": db.session.scalars(told).all(),
            "order_id": order_id,
            "goods": queries.dossier(order_id).goods(row_id),
            "states": names.PARCEL_STATES,
        }

    @expose("/<int:row_id>/correct", methods=["POST"])
    @permits("order.ship")
    def correct(self, row_id: int) -> Response:
        """The carrier or the waybill was written down wrongly."""
        self.found(row_id)
        return self.perform(
            parcel.correct,
            parcel_id=row_id,
            carrier=request.form.get("carrier", ""),
            waybill=request.form.get("waybill", ""),
            at=formatting.now(),
            done=_("The waybill is corrected; WeChat is told where the order came from there."),
        )

    @expose("/<int:row_id>/track", methods=["POST"])
    @permits("order.ship")
    def track(self, row_id: int) -> Response:
        """Write down what the carrier says."""
        self.found(row_id)
        state = request.form.get("state", "")
        if state not in {rules.State.MOVING, rules.State.DELIVERED, rules.State.RETURNED}:
            return refused(_("Choose where the parcel is."))
        return self.perform(
            parcel.track,
            parcel_id=row_id,
            state=rules.State(state),
            words=request.form.get("words", ""),
            at=formatting.now(),
            done=_("Written down."),
        )


class PresaleView(OwnOrders):
    """预售: orders whose balance is still to come."""

    section = "order"
    title = _l("Presales")
    slug = "presales"
    permission = "order.view"
    hint = _l("Deposits that wait for their balance. A buyer is reminded once a day at most.")
    empty = _l("No presale waits for its balance.")
    search_hint = _l("Order number, from its beginning")
    has_detail = False
    list_template = "order/presales.html"

    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=Order.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="number", title=_l("Order number"), at=Order.number, kind=Kind.CODE, cell=order_link),
        Column(key="state", title=_l("State"), at=Order.state, kind=Kind.BADGE, badges=names.STATES),
        *BUYERS,
        Column(key="seller", title=_l("Seller"), at=Seller.code, kind=Kind.CODE, cell=member_link("seller")),
        Column(key="deposit_fen", title=_l("Deposit"), at=Order.deposit_fen, kind=Kind.MONEY),
        Column(key="balance_fen", title=_l("Balance"), at=Order.paid_fen - Order.deposit_fen, kind=Kind.MONEY),
        Column(key="placed_at", title=_l("Ordered"), at=Order.placed_at, kind=Kind.MOMENT),
        Column(key="reminded", title=_l("Reminders"), at=TIMES_REMINDED, kind=Kind.COUNT),
        Column(key="reminded_at", title=_l("Last reminder"), at=LAST_REMINDED, kind=Kind.MOMENT),
    )
    questions = (
        OneOf(
            key="state",
            title=_l("State"),
            at=Order.state,
            choices={state: names.STATES[state].label for state in WAITING},
        ),
        Days(key="placed", title=_l("Ordered"), at=Order.placed_at),
        Equals(key="buyer", title=_l("Buyer"), at=Buyer.code),
    )
    searches = (Prefix(Order.number),)

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return super().scope(query, viewer).where(Order.state.in_(WAITING))

    @expose("/remind", methods=["POST"])
    @permits("order.remind")
    def remind(self) -> Response:
        """Ask the buyer of one row for the balance."""
        return self.perform(
            presale.remind,
            number=self.found(form_id()).number,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            done=_("The buyer is reminded of the balance."),
        )
