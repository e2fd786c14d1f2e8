"""商家: who sells through us, and what its networks come to."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, Viewer, peers
from console.admin.columns import Column, Kind
from console.admin.filters import Contains, Days, Prefix
from console.admin.importing.upload import PLATFORMS
from console.auth import permits
from models import Matrix, Merchant, Shop, Staff, db
from models.operations import merchant as operations
from models.queries import merchant as merchants

DAYS = 30
SPAN = timedelta(days=DAYS)


def _counted(model: Any) -> Any:
    return sa.select(sa.func.count()).where(model.merchant_id == Merchant.id).correlate(Merchant).scalar_subquery()


class MerchantView(ReadView):
    """商家: a merchant's own staff see that merchant and no other."""

    title = _l("Merchants")
    section = "merchant"
    slug = "merchants"
    permission = "merchant.view"
    model = Merchant
    order = "code"
    hint = _l("Whose goods we sell: shops, matrices of ten showcases, the networks below them.")
    empty = _l("No merchant yet. Take in the first one.")
    search_hint = _l("Code or name")
    list_template = "merchant/list.html"
    details_template = "merchant/detail.html"
    columns = (
        Column(key="code", title=_l("Code"), at=Merchant.code, kind=Kind.CODE, sort=True, link=True),
        Column(key="name", title=_l("Name"), at=Merchant.name),
        Column(key="matrices", title=_l("Matrices"), at=_counted(Matrix), kind=Kind.COUNT),
        Column(key="shops", title=_l("Shops"), at=_counted(Shop), kind=Kind.COUNT),
        Column(key="accounts", title=_l("Staff accounts"), at=_counted(Staff), kind=Kind.COUNT),
        Column(key="created_at", title=_l("Taken in"), at=Merchant.created_at, kind=Kind.MOMENT),
    )
    questions = (Days(key="since", title=_l("Taken in"), at=Merchant.created_at),)
    searches = (Prefix(Merchant.code), Contains(Merchant.name))

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return query if viewer.merchant_id is None else query.where(Merchant.id == viewer.merchant_id)

    def heading(self, row: Row[Any]) -> str:
        return str(row.name)

    def around(self, row_id: int) -> dict[str, Any]:
        merchant, until = self.found(row_id), formatting.day_end(formatting.today())
        people = sa.select(Staff.id, Staff.code, Staff.name, Staff.state).where(Staff.merchant_id == row_id)
        return {
            "merchant": merchant,
            "figures": merchants.figures(merchant, since=until - SPAN, until=until),
            "before": merchants.figures(merchant, since=until - 2 * SPAN, until=until - SPAN),
            "sold_at": self._sold(row_id, until),
            "days": DAYS,
            "matrices": merchants.matrices(row_id),
            "shops": merchants.shops(row_id),
            "people": db.session.execute(people.order_by(Staff.id)).all(),
            "peers": peers(),
            "platforms": PLATFORMS,
        }

    def _sold(self, merchant_id: int, until: datetime) -> str:
        """The orders behind the figures of the last days; nothing where there is no network to sell in."""
        networks = [one.id for one in merchants.matrices(merchant_id)]
        if not networks or "orders" not in peers():
            return ""
        days = {"paid_from": formatting.day(until - SPAN), "paid_to": f"{formatting.today()}"}
        return f"{peers()['orders'].address()}?{urlencode({**days, 'network': networks}, doseq=True)}"

    @expose("/new", methods=["POST"])
    @permits("shop.manage")
    def new(self) -> Response:
        """Take in a merchant."""
        return self.perform(
            operations.open_merchant,
            code=request.form.get("code", ""),
            name=request.form.get("name", ""),
            done=_("The merchant is taken in."),
            to=lambda made: self.address("detail", row_id=made.id),
        )

    @expose("/<int:row_id>/rename", methods=["POST"])
    @permits("shop.manage")
    def rename(self, row_id: int) -> Response:
        """Give it another name."""
        self.found(row_id)
        return self.perform(
            operations.rename, merchant_id=row_id, name=request.form.get("name", ""), done=_("Renamed.")
        )

    @expose("/<int:row_id>/shop", methods=["POST"])
    @permits("shop.manage")
    def shop(self, row_id: int) -> Response:
        """Open one of its shops."""
        self.found(row_id)
        return self.perform(
            operations.open_shop,
            merchant_id=row_id,
            name=request.form.get("name", ""),
            platform=request.form.get("platform", ""),
            done=_("The shop is open."),
        )
