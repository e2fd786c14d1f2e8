"""回传微信: what WeChat was told because of a decision here, and what it refused."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask import url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin import order_names as names
from console.admin.base import ReadView, Viewer, staff_id
from console.admin.columns import Column, Kind, order_link
from console.admin.filters import Days, OneOf, Prefix
from console.auth import permits
from models import Errand, Order
from models.operations import errand
from models.queries import order as orders

# The page of what an errand is about: the endpoint and the word before its number.
PAGES = {"case": ("after_sales.detail", _l("After-sale")), "parcel": ("parcels.detail", _l("Parcel"))}


def _about(row: Row[Any]) -> Markup:
    """What WeChat is told about: the after-sale, the parcel, or the order itself."""
    kind, _colon, ref = row.about.partition(":")
    if kind not in PAGES:
        return Markup(order_link(row))
    endpoint, word = PAGES[kind]
    return Markup('<a href="{}">{} <code>{}</code></a>').format(url_for(endpoint, row_id=int(ref)), word, ref)


class ErrandView(ReadView):
    """回传微信: a row a thing that WeChat is to do; what was refused is told again from here."""

    section = "order"
    title = _l("Told to WeChat")
    slug = "wechat-errands"
    permission = "order.view"
    model = Errand
    hint = _l("Parcels, shipping and answers to after-sales that WeChat is told because they were decided here.")
    empty = _l("WeChat was not told of anything yet.")
    search_hint = _l("Order number, from its beginning")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=Errand.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(
            key="kind", title=_l("What it is told"), at=Errand.kind, link=True,
            cell=lambda row: str(names.ERRANDS.get(row.kind, row.kind)),
        ),
        Column(key="number", title=_l("Order number"), at=Order.number, kind=Kind.CODE, cell=order_link),
        Column(key="state", title=_l("State"), at=Errand.state, kind=Kind.BADGE, badges=names.ERRAND_STATES),
        Column(key="about", title=_l("About"), at=Errand.subject, cell=_about, listed=False),
        Column(key="error", title=_l("Why WeChat refused"), at=Errand.error),
        Column(key="words", title=_l("Words to the buyer"), at=Errand.words, shown=False),
        Column(key="tries", title=_l("Times told"), at=Errand.tries, kind=Kind.COUNT),
        Column(key="asked_at", title=_l("Due since"), at=Errand.asked_at, kind=Kind.MOMENT),
        Column(key="ended_at", title=_l("Ended"), at=Errand.ended_at, kind=Kind.MOMENT),
    )  # fmt: skip
    questions = (
        OneOf(key="state", title=_l("State"), at=Errand.state, choices=names.words(names.ERRAND_STATES)),
        OneOf(key="kind", title=_l("What it is told"), at=Errand.kind, choices=names.ERRANDS),
        Days(key="asked", title=_l("Due since"), at=Errand.asked_at),
    )
    searches = (Prefix(Order.number),)
    details_template = "order/errand.html"

    def base(self) -> Select[Any]:
        return sa.select().select_from(Errand).join(Order, Order.id == Errand.order_id)

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        if viewer.merchant_id is None:
            return query
        return query.where(Order.seller_id.in_(orders.merchants_sellers(viewer.merchant_id)))

    def heading(self, row: Row[Any]) -> str:
        return f"{names.ERRANDS.get(row.kind, row.kind)} · {row.number}"

    def around(self, row_id: int) -> dict[str, Any]:
        return {"found": self.found(row_id)}

    @expose("/<int:row_id>/again", methods=["POST"])
    @permits("errand.again")
    def again(self, row_id: int) -> Response:
        """Tell what was refused once more."""
        return self.perform(
            errand.again,
            errand_id=self.found(row_id).id,
            by=f"staff:{staff_id()}",
            at=formatting.now(),
            done=_("WeChat is told again in a moment."),
        )
