"""订单: every order of the platform's showcases, its story, its money and what may be done about it."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from sqlalchemy.orm import aliased
from werkzeug.wrappers import Response

from console import formatting
from console.admin import order_asks
from console.admin import order_names as names
from console.admin.base import ReadView, Viewer, back, staff_id, viewer
from console.admin.columns import Column, Kind, buyer_link, member_link
from console.admin.filters import Days, Equals, OneOf, Prefix, Starts, Yuan
from console.admin.member.asks import Meaning
from console.admin.order_story import story
from console.auth import permits
from models import Member, Order, db
from models.operations import after_sale, order, parcel, presale
from models.queries import errand as errands
from models.queries import order as queries
from models.queries import policy as policies
from models.queries import why as stories
from models.rules import admission as tasks
from models.rules import after_sale as rules
from models.rules import region, shanghai
from models.rules.order import BEFORE, SETTLABLE, State
from models.rules.standing import Standing

Seller = aliased(Member, name="seller")
Buyer = aliased(Member, name="buyer_member")

BUYER = sa.func.coalesce(Buyer.code, Order.buyer)
BUYERS = (
    Column(key="buyer", title=_l("Buyer"), at=BUYER, kind=Kind.CODE, cell=buyer_link),
    Column(key="buyer_code", title=_l("Buyer as a member"), at=Buyer.code, kind=Kind.CODE, shown=False),
)
RISK = sa.case((Order.is_fraud, "fraud"), (Order.is_held, "held"), else_="clear")
RECEIVER = Order.address["name"].astext
PHONE = Order.address["phone"].astext


class OwnOrders(ReadView):
    """A list over orders; a merchant's staff see what is sold in that merchant's networks."""

    model = Order

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(Order)
            .join(Seller, Seller.id == Order.seller_id)
            .outerjoin(Buyer, Buyer.id == Order.buyer_id)
        )

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        if viewer.merchant_id is None:
            return query
        return query.where(Order.seller_id.in_(queries.merchants_sellers(viewer.merchant_id)))


class OrderView(OwnOrders):
    """订单: the list, and one page an order that tells everything about it."""

    section = "order"
    title = _l("Orders")
    slug = "orders"
    permission = "order.view"
    hint = _l("Orders of the showcases, settled by the ledger. Imported rows stand under history orders.")
    empty = _l("No order was placed yet.")
    search_hint = _l("Order number, from its beginning")
    details_template = "order/detail.html"

    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=Order.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="number", title=_l("Order number"), at=Order.number, kind=Kind.CODE, link=True),
        Column(key="state", title=_l("State"), at=Order.state, kind=Kind.BADGE, badges=names.STATES),
        Column(key="kind", title=_l("Kind"), at=Order.kind, kind=Kind.BADGE, badges=names.KINDS),
        Column(key="seller", title=_l("Seller"), at=Seller.code, kind=Kind.CODE, cell=member_link("seller")),
        *BUYERS,
        Column(key="paid_fen", title=_l("Amount"), at=Order.paid_fen, kind=Kind.MONEY),
        Column(key="refunded_fen", title=_l("Refunded"), at=Order.refunded_fen, kind=Kind.MONEY),
        Column(key="commission_fen", title=_l("Commission"), at=Order.commission_fen, kind=Kind.MONEY),
        Column(key="cost_fen", title=_l("Cost"), at=Order.cost_fen, kind=Kind.MONEY, shown=False),
        Column(
            key="scene",
            title=_l("Scene"),
            at=Order.scene,
            cell=lambda row: str(names.SCENES.get(row.scene, row.scene)),
        ),
        Column(key="region_code", title=_l("Region"), at=Order.region_code, cell=lambda row: place(row.region_code)),
        Column(key="risk", title=_l("Risk"), at=RISK, kind=Kind.BADGE, badges=names.RISKS, shown=False),
        Column(key="placed_at", title=_l("Ordered"), at=Order.placed_at, kind=Kind.MOMENT),
        Column(key="paid_at", title=_l("Paid at"), at=Order.paid_at, kind=Kind.MOMENT, shown=False),
        Column(key="shipped_at", title=_l("Sent at"), at=Order.shipped_at, kind=Kind.MOMENT, shown=False),
        Column(key="completed_at", title=_l("Completed at"), at=Order.completed_at, kind=Kind.MOMENT, shown=False),
        Column(key="receiver", title=_l("Receiver"), at=RECEIVER, kind=Kind.NAME, shown=False),
        Column(key="phone", title=_l("Phone"), at=PHONE, kind=Kind.PHONE, shown=False),
    )
    questions = (
        OneOf(key="state", title=_l("State"), at=Order.state, choices=names.words(names.STATES)),
        OneOf(key="kind", title=_l("Kind"), at=Order.kind, choices=names.words(names.KINDS)),
        OneOf(key="scene", title=_l("Scene"), at=Order.scene, choices=names.SCENES),
        Days(key="paid", title=_l("Paid on"), at=Order.paid_at),
        Days(key="completed", title=_l("Completed at"), at=Order.completed_at),
        Equals(key="seller", title=_l("Seller"), at=Seller.code),
        Equals(key="buyer", title=_l("Buyer"), at=Buyer.code),
        Starts(key="region", title=_l("Region code"), at=Order.region_code),
        Yuan(key="amount", title=_l("Amount"), at=Order.paid_fen),
        Meaning(
            key="risk",
            title=_l("Risk"),
            at=RISK,
            choices=names.words(names.RISKS),
            conditions={
                "fraud": sa.and_(Order.is_fraud),
                "held": sa.and_(Order.is_held, ~Order.is_fraud),
                "clear": sa.and_(~Order.is_held, ~Order.is_fraud),
            },
        ),
        *order_asks.QUESTIONS,
    )
    searches = (Prefix(Order.number),)

    def around(self, row_id: int) -> dict[str, Any]:
        found = queries.dossier(row_id)
        one = found.order
        state = State(one.state)
        left = one.paid_fen - one.refunded_fen
        return {
            "found": found,
            "one": one,
            "steps": story(found),
            "names": names,
            "place": place(one.region_code),
            "left_fen": left if state in SETTLABLE | {State.COMPLETED} else 0,
            "is_before": state in BEFORE,
            "left": found.packing.left,
            "sent": found.packing.sent,
            "may_ship": state in SETTLABLE and (bool(found.packing.left) or not found.lines),
            "is_partly": state is State.PAID and bool(found.parcels),
            "closes_showcase": closes_showcase(one),
            "kinds": {str(kind): words for kind, words in names.CASE_KINDS.items()},
            "errands": errands.of_order(row_id),
            "is_shops": found.source is not None and found.source.channel == "shop",
            "open_case": next((case for case in found.cases if case.ended_at is None), None),
        }

    @expose("/<int:row_id>/why")
    @permits("order.view", "member.money.view")
    def why(self, row_id: int) -> Any:
        """Each row of the settlement with its reason, and who got nothing of it and why."""
        one = self.found(row_id)
        settled = queries.settlement(one.number) or abort(404)
        return self.render("order/why.html", one=one, told=stories.of(settled), rows=names.LEGS)

    @expose("/number/<number>")
    @permits("order.view")
    def by_number(self, number: str) -> Response:
        """The page of the order with a number: where every mention of an order leads."""
        row_id = db.session.scalar(
            self.scope(self.base().add_columns(Order.id), viewer()).where(Order.number == number)
        )
        return redirect(self.address("detail", row_id=row_id)) if row_id else abort(404)

    @expose("/<int:row_id>/send", methods=["POST"])
    @permits("order.ship")
    def send(self, row_id: int) -> Response:
        """A parcel leaves, with all that is left or the pieces that were chosen."""
        try:
            items = pieces()
        except ValueError:
            return refused(_("Write the pieces of each line as a whole number."))
        return self.perform(
            parcel.send,
            number=self.found(row_id).number,
            carrier=request.form.get("carrier", ""),
            waybill=request.form.get("waybill", ""),
            items=items,
            at=formatting.now(),
            done=_("The parcel is on its way. The receipt confirms itself some days after the last piece has left."),
        )

    @expose("/<int:row_id>/leave-rest", methods=["POST"])
    @permits("order.ship")
    def leave_rest(self, row_id: int) -> Response:
        """Nothing more of it will leave."""
        number, reason = self.found(row_id).number, self.reason("order.leave_rest")
        return self.perform(
            parcel.leave_rest,
            number=number,
            at=formatting.now(),
            reason=reason,
            done=_("The order is sent with what has left."),
        )

    @expose("/<int:row_id>/remind", methods=["POST"])
    @permits("order.remind")
    def remind(self, row_id: int) -> Response:
        """Ask for the balance."""
        return self.perform(
            presale.remind,
            number=self.found(row_id).number,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            done=_("The buyer is reminded of the balance."),
        )

    @expose("/<int:row_id>/cancel", methods=["POST"])
    @permits("order.cancel")
    def cancel(self, row_id: int) -> Response:
        """End an order that was never paid in full."""
        reason = self.reason("order.cancel")
        return self.perform(
            order.cancel,
            number=self.found(row_id).number,
            at=formatting.now(),
            reason=reason,
            done=_("The order is cancelled; what was paid goes back."),
        )

    @expose("/<int:row_id>/refund", methods=["POST"])
    @permits("order.refund")
    def refund(self, row_id: int) -> Response:
        """Pay back part or all of it."""
        reason, number = self.reason("order.refund"), self.found(row_id).number
        amount = amount_fen()
        if amount is None:
            return refused(_("Write the amount in yuan, like 12.50."))
        return self.perform(
            after_sale.give_back,
            number=number,
            amount_fen=amount,
            at=formatting.now(),
            reason=reason,
            done=_("%(amount)s go back to the buyer.", amount=formatting.yuan(amount)),
        )

    @expose("/<int:row_id>/after-sale", methods=["POST"])
    @permits("after_sale.open")
    def open_case(self, row_id: int) -> Response:
        """A buyer asks for something: a case begins."""
        kind = request.form.get("kind", "")
        if kind not in set(rules.Kind):
            return refused(_("Choose what the buyer asks for."))
        return self.perform(
            after_sale.open_,
            number=self.found(row_id).number,
            kind=rules.Kind(kind),
            words=" ".join(request.form.get("words", "").split())[:200],
            at=formatting.now(),
            day=shanghai.day_of,
            done=_("The case is open; pending shares of the order wait for it."),
        )

    def heading(self, row: Row[Any]) -> str:
        return str(row.number)


def refused(words: str) -> Response:
    """Say what is wrong where the person came from."""
    flash(words, "refused")
    return redirect(back())


def pieces() -> dict[int, int] | None:
    """The pieces of each line that a form sends; None where it lets no choice."""
    prefix = "pieces-"
    told = {key: text.strip() for key, text in request.form.items() if key.startswith(prefix)}
    return {int(key.removeprefix(prefix)): int(text or 0) for key, text in told.items()} or None


def amount_fen() -> int | None:
    """The amount a form sends in yuan; None when it is none."""
    return formatting.to_fen(request.form.get("amount", ""))


def place(code: str | None) -> str:
    """A region code as people read it."""
    return region.full_name(code) if code else formatting.NOTHING


def closes_showcase(one: Order) -> bool:
    """Whether a whole refund closes the buyer's showcase, which the buyer is told before (rules §3.5)."""
    if one.kind != "admission" or one.buyer_id is None:
        return False
    buyer = db.session.get_one(Member, one.buyer_id)
    _policy_id, policy = policies.in_force(formatting.now())
    return tasks.refund_closes(Standing(buyer.standing), policy)
