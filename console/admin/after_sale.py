"""售后台: what buyers ask for, the first verdict with its reasons, and the statutory clocks."""

from datetime import date, timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin import order_names as names
from console.admin.base import ReadView, Viewer
from console.admin.columns import Column, Kind, member_link, order_link
from console.admin.filters import Days, Equals, OneOf, Prefix
from console.admin.order import BUYERS, Buyer, Seller, amount_fen, closes_showcase, place, refused
from console.auth import permits
from models import AfterSale, Order, db
from models.operations import after_sale
from models.queries import after_sale as queries
from models.queries import errand as errands
from models.queries import order as orders
from models.rules import after_sale as rules
from models.rules import shanghai, verdict

# The last instant in time: seven days after the day on which the goods came back (rules.refund_due).
_DUE_DAY = sa.func.timezone(shanghai.SHANGHAI.key, AfterSale.goods_back_at) + timedelta(days=rules.REFUND_DAYS)
DUE = sa.cast(_DUE_DAY, sa.Date)
CLOCK = sa.case(
    (AfterSale.ended_at.is_not(None), "over"),
    (AfterSale.goods_back_at.is_(None), "open"),
    (sa.func.cast(sa.func.timezone(shanghai.SHANGHAI.key, sa.func.now()), sa.Date) > DUE, "late"),
    else_="due",
)


def _clock(row: Row[Any]) -> Markup:
    """The day until which the money must be back, and how near it is."""
    if row.due is None or row.state in (rules.State.CLOSED, rules.State.REFUSED):
        return Markup('<span class="muted">–</span>')
    left = (row.due - formatting.today()).days
    tone = "bad" if left < 0 else "warn" if left <= 2 else "plain"
    words = _("%(n)s days late", n=-left) if left < 0 else _("%(n)s days left", n=left)
    return Markup('<span class="badge {}">{}</span> <span class="num">{}</span>').format(tone, words, row.due)


class AfterSaleView(ReadView):
    """售后台: the queue of cases, and one page a case."""

    model = AfterSale
    section = "order"
    title = _l("After-sales")
    slug = "after-sales"
    permission = "order.view"
    hint = _l("A return within seven days is never refused; the money is due within seven days of the goods.")
    empty = _l("No buyer has asked for anything.")
    search_hint = _l("Order number, from its beginning")
    details_template = "order/case.html"
    list_template = "order/cases.html"

    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Case"), at=AfterSale.id, kind=Kind.COUNT, sort=True, link=True),
        Column(key="state", title=_l("State"), at=AfterSale.state, kind=Kind.BADGE, badges=names.CASE_STATES),
        Column(
            key="kind",
            title=_l("The buyer asks for"),
            at=AfterSale.kind,
            cell=lambda row: str(names.CASE_KINDS.get(row.kind, row.kind)),
        ),
        Column(key="number", title=_l("Order number"), at=Order.number, kind=Kind.CODE, cell=order_link),
        Column(key="paid_fen", title=_l("Amount"), at=Order.paid_fen, kind=Kind.MONEY),
        *BUYERS,
        Column(
            key="seller", title=_l("Seller"), at=Seller.code, kind=Kind.CODE, cell=member_link("seller"), shown=False
        ),
        Column(key="reason", title=_l("Buyer's words"), at=AfterSale.reason),
        Column(key="opened_at", title=_l("Opened"), at=AfterSale.opened_at, kind=Kind.MOMENT),
        Column(key="due", title=_l("Money due"), at=DUE, kind=Kind.DAY, cell=_clock),
        Column(key="goods_back_at", title=_l("Goods back"), at=AfterSale.goods_back_at, kind=Kind.MOMENT, shown=False),
        Column(key="answer", title=_l("Answer"), at=AfterSale.answer, shown=False),
    )
    questions = (
        OneOf(key="state", title=_l("State"), at=AfterSale.state, choices=names.words(names.CASE_STATES)),
        OneOf(key="kind", title=_l("The buyer asks for"), at=AfterSale.kind, choices=names.CASE_KINDS),
        OneOf(
            key="clock",
            title=_l("Money due"),
            at=CLOCK,
            choices={
                "late": _l("late"),
                "due": _l("goods are back"),
                "open": _l("goods are not back"),
                "over": _l("over"),
            },
        ),
        Days(key="opened", title=_l("Opened"), at=AfterSale.opened_at),
        Equals(key="seller", title=_l("Seller"), at=Seller.code),
    )
    searches = (Prefix(Order.number),)

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(AfterSale)
            .join(Order, Order.id == AfterSale.order_id)
            .join(Seller, Seller.id == Order.seller_id)
            .outerjoin(Buyer, Buyer.id == Order.buyer_id)
        )

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        if viewer.merchant_id is None:
            return query
        return query.where(Order.seller_id.in_(orders.merchants_sellers(viewer.merchant_id)))

    def heading(self, row: Row[Any]) -> str:
        return _("Case %(n)s · order %(number)s", n=row.row_id, number=row.number)

    def extras(self) -> dict[str, Any]:
        """The case that has waited longest for a decision."""
        waiting = sa.select(AfterSale.id).where(AfterSale.state == rules.State.OPENED)
        return {"next_id": db.session.scalar(waiting.order_by(AfterSale.id).limit(1))}

    def around(self, row_id: int) -> dict[str, Any]:
        case = self.found(row_id)
        facts = queries.facts(case, at=formatting.now(), day=shanghai.day_of)
        found = orders.dossier(case.order_id)
        one = found.order
        return {
            "case": case,
            "found": found,
            "one": one,
            "facts": facts,
            "verdict": verdict.first_verdict(facts),
            "names": names,
            "place": place(one.region_code),
            "left_fen": one.paid_fen - one.refunded_fen,
            "return_until": rules.return_until(facts.received_on) if facts.received_on else None,
            "due_on": self._due(case),
            "today": formatting.today(),
            "errands": errands.of_order(case.order_id),
            "shop_words": names.SHOP_WORDS,
            "shop_kinds": names.SHOP_KINDS,
            "behind": errands.shop_case(row_id),
            "is_shops": found.source is not None and found.source.channel == "shop",
            "is_open": case.state in rules.OPEN,
            "is_right": case.kind == rules.Kind.NO_REASON,
            "closes_showcase": closes_showcase(one),
        }

    def _due(self, case: AfterSale) -> date | None:
        return rules.refund_due(shanghai.day_of(case.goods_back_at)) if case.goods_back_at else None

    @expose("/<int:row_id>/accept", methods=["POST"])
    @permits("after_sale.decide")
    def accept(self, row_id: int) -> Response:
        """Say yes."""
        self.found(row_id)
        return self.perform(
            after_sale.accept, after_sale_id=row_id, at=formatting.now(), done=_("Accepted; the goods may come back.")
        )

    @expose("/<int:row_id>/goods-back", methods=["POST"])
    @permits("after_sale.decide")
    def goods_back(self, row_id: int) -> Response:
        """The goods are back."""
        self.found(row_id)
        return self.perform(
            after_sale.take_back,
            after_sale_id=row_id,
            at=formatting.now(),
            done=_("The goods are back; the money is due within seven days."),
        )

    @expose("/<int:row_id>/pay-back", methods=["POST"])
    @permits("after_sale.decide", "order.refund")
    def pay_back(self, row_id: int) -> Response:
        """Pay the buyer back and close the case."""
        self.found(row_id)
        reason, amount = self.reason("order.refund"), amount_fen()
        if amount is None:
            return refused(_("Write the amount in yuan, like 12.50."))
        return self.perform(
            after_sale.pay_back,
            after_sale_id=row_id,
            amount_fen=amount,
            at=formatting.now(),
            answer=" ".join(request.form.get("answer", "").split())[:200],
            reason=reason,
            done=_("%(amount)s go back to the buyer; the case is closed.", amount=formatting.yuan(amount)),
        )

    @expose("/<int:row_id>/refuse", methods=["POST"])
    @permits("after_sale.decide")
    def refuse(self, row_id: int) -> Response:
        """Say no, in words that the buyer reads."""
        self.found(row_id)
        return self.perform(
            after_sale.refuse,
            after_sale_id=row_id,
            answer=" ".join(request.form.get("answer", "").split())[:200],
            at=formatting.now(),
            reason=self.reason("after_sale.refuse"),
            done=_("Refused; the buyer reads the reason."),
        )
