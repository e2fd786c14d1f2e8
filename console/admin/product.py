"""商品: what is sold, on which terms, what stays of it, where it stands and what it sold."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import flash, g, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import Batch, ReadView, Viewer, peers, staff_id, viewer
from console.admin.columns import Badge, Column, Kind, Text, Tone
from console.admin.filters import Contains, OneOf, Prefix, Yuan
from console.auth import actor, allowed, permits
from console.catalogue import CHINESE, chosen
from models import Merchant, Product, ProductStat, acting, db, transaction
from models.errors import DomainError
from models.operations import listing
from models.operations import product as operations
from models.operations.product import Draft
from models.queries import listing as windows
from models.queries import policy as policies
from models.queries import product as queries
from models.rules import product as rules
from models.rules.listing import ListingState
from models.rules.product import Fall, ProductState, Step, Terms, Words
from reports import figures
from reports.numbers import Lang, Unit

STATES: dict[str, Badge] = {
    ProductState.DRAFT: Badge(_l("Draft")),
    ProductState.LISTED: Badge(_l("On sale"), Tone.GOOD),
    ProductState.RETIRED: Badge(_l("Off sale"), Tone.WARN),
}
LISTING_STATES = {
    ListingState.ASKED.value: Badge(_l("on its way"), Tone.BUSY),
    ListingState.LISTED.value: Badge(_l("in the window"), Tone.GOOD),
    ListingState.REFUSED.value: Badge(_l("not taken"), Tone.BAD),
    ListingState.REMOVED.value: Badge(_l("taken down")),
}
STEPS: dict[str, Text] = {
    Step.PRICE: _l("Price"),
    Step.COST: _l("Cost"),
    Step.COMMISSION: _l("Commission"),
    Step.REGION: _l("Regional shares"),
    Step.SEED: _l("Seed bonus"),
    Step.DIVIDEND: _l("Team dividend"),
    Step.FREIGHT: _l("Freight"),
    Step.FEE: _l("Fees"),
    Step.RESERVE: _l("Reserve"),
    Step.MARGIN: _l("Margin"),
}
LAST_ORDERS = 20
YUAN_FIELDS: dict[str, Text] = {
    "price": _l("Price"),
    "cost": _l("Cost"),
    "commission": _l("Commission"),
    "freight": _l("Freight that we pay"),
    "deposit": _l("Deposit"),
}


@dataclass
class Typed:
    """What somebody typed into the form, and what is wrong with it, by field."""

    values: dict[str, str]
    wrong: dict[str, str] = field(default_factory=dict)

    def fen(self, name: str, *, is_needed: bool = False) -> int:
        text = self.values.get(name, "").strip()
        if not text and not is_needed:
            return 0
        fen = formatting.to_fen(text)
        if fen is None or fen < 0:
            self.wrong[name] = _("Type an amount in yuan with at most two decimals, such as 12.50")
        return fen or 0

    def whole(self, name: str) -> int:
        text = self.values.get(name, "").strip() or "0"
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            self.wrong[name] = _("Type a whole number, 0 or more")
            return 0
        return int(text)

    def bps(self, name: str) -> int:
        """A percentage with at most two decimals."""
        found = formatting.to_fen(self.values.get(name, "").strip().rstrip("%％") or "0")
        if found is None or not 0 <= found <= 10_000:
            self.wrong[name] = _("Type a percentage from 0 to 100, such as 0.6")
            return 0
        return found

    def draft(self, merchant_id: int) -> Draft:
        """The product as typed; what could not be read is in ``wrong``."""
        deposit = self.fen("deposit")
        days = self.whole("balance_days")
        terms = Terms(
            price_fen=self.fen("price", is_needed=True), cost_fen=self.fen("cost", is_needed=True),
            commission_fen=self.fen("commission", is_needed=True), freight_fen=self.fen("freight"),
            fee_bps=self.bps("fee"), deposit_fen=deposit, balance_days=days or None,
        )  # fmt: skip
        words = Words(**{name: self.values.get(name, "") for name in ("code", "title", "category")})
        return Draft(merchant_id=merchant_id, words=words, terms=terms, stock=self.whole("stock"))


def typed_of(product: Product) -> Typed:
    """The form as it stands for a product that is there."""
    amounts = {name: f"{getattr(product, f'{name}_fen') / 100:.2f}" for name in YUAN_FIELDS}
    return Typed(
        {
            **amounts,
            "deposit": amounts["deposit"] if product.deposit_fen else "",
            "code": product.code,
            "title": product.title,
            "category": product.category,
            "fee": f"{product.fee_bps / 100:.2f}",
            "stock": str(product.stock),
            "balance_days": str(product.balance_days or ""),
        }
    )


def product_link(row: Row[Any]) -> str:
    """A product's title as a link to its page; its address is built once a request."""
    if "products_list" not in g:
        g.products_list = url_for("products.index_view")
    if not row.product_id:
        return Markup('<span class="muted">–</span>')
    return Markup('<a href="{}{}">{}</a>').format(g.products_list, row.product_id, row.title)


def falls_of(product: Product) -> list[Fall]:
    """The waterfall of a product under the policy in force."""
    _, policy = policies.in_force(formatting.now())
    return rules.waterfall(queries.terms_of(product), policy)


def drawn(falls: list[Fall]) -> dict[str, Any]:
    """The waterfall as a figure, for the page's script."""
    lang = Lang.ZH if chosen() == CHINESE else Lang.EN
    names, values = [str(STEPS[fall.step]) for fall in falls], [fall.worst_fen for fall in falls]
    return {"figure": figures.waterfall(names, values, unit=Unit.YUAN, lang=lang), "links": []}


SOURCES = (("history", _l("imported rows")), ("orders", _l("own orders")))


def sold_in(product: Product, *, days: int) -> list[tuple[Any, str]]:
    """The rows of a product over its last days, imported ones and own orders, as far as this person may see them."""
    last = formatting.today()
    asked = urlencode({"product": product.code, "paid_from": last - timedelta(days=days - 1), "paid_to": last})
    pages = peers()
    return [(title, f"{pages[page].address()}?{asked}") for page, title in SOURCES if page in pages]


class ProductView(ReadView):
    """商品: every product; a merchant's staff see that merchant's."""

    title = _l("Products")
    section = "product"
    slug = "products"
    permission = "product.view"
    model = Product
    hint = _l("Terms of today. An order keeps the terms of the day it was paid.")
    empty = _l("No product yet. Take the first one in and see what stays of its price.")
    search_hint = _l("Code from its beginning, or any part of the title")
    order = "-updated_at"
    columns = (
        Column(key="code", title=_l("Product code"), at=Product.code, kind=Kind.CODE, sort=True),
        Column(key="title", title=_l("Title"), at=Product.title, link=True),
        Column(key="merchant", title=_l("Merchant"), at=Merchant.name),
        Column(key="category", title=_l("Category"), at=Product.category, sort=True),
        Column(key="price_fen", title=_l("Price"), at=Product.price_fen, kind=Kind.MONEY, sort=True),
        Column(key="cost_fen", title=_l("Cost"), at=Product.cost_fen, kind=Kind.MONEY),
        Column(key="commission_fen", title=_l("Commission"), at=Product.commission_fen, kind=Kind.MONEY),
        Column(key="freight_fen", title=_l("Freight"), at=Product.freight_fen, kind=Kind.MONEY, shown=False),
        Column(key="deposit_fen", title=_l("Deposit"), at=Product.deposit_fen, kind=Kind.MONEY, shown=False,
               help=_l("Above zero it is a presale.")),
        Column(key="balance_days", title=_l("Balance within days"), at=Product.balance_days, kind=Kind.COUNT,
               shown=False),
        Column(key="stock", title=_l("Stock"), at=Product.stock, kind=Kind.COUNT, sort=True),
        Column(key="windows", title=_l("Windows"), at=ProductStat.windows, kind=Kind.COUNT,
               help=_l("Windows it stands in, as last counted.")),
        Column(key="state", title=_l("State"), at=Product.state, kind=Kind.BADGE, badges=STATES),
        Column(key="created_at", title=_l("Taken in"), at=Product.created_at, kind=Kind.MOMENT, shown=False),
        Column(key="updated_at", title=_l("Last change"), at=Product.updated_at, kind=Kind.MOMENT, sort=True),
    )  # fmt: skip
    questions = (
        OneOf(key="state", title=_l("State"), at=Product.state, choices={key: b.label for key, b in STATES.items()}),
        OneOf(
            key="category",
            title=_l("Category"),
            at=Product.category,
            choices=lambda: {name: name for name in queries.categories(merchant_id=viewer().merchant_id)},
        ),
        OneOf(
            key="merchant",
            title=_l("Merchant"),
            at=Product.merchant_id,
            choices=lambda: {str(key): name for key, name in merchants()},
        ),
        Yuan(key="price", title=_l("Price"), at=Product.price_fen),
    )
    searches = (Prefix(Product.code), Contains(Product.title))
    batches = (Batch("delist", _l("Take down everywhere"), "product.delist", "product.delist", "product.delist"),)
    list_template = "product/list.html"
    details_template = "product/detail.html"

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(Product)
            .join(Merchant, Merchant.id == Product.merchant_id)
            .outerjoin(ProductStat, ProductStat.product_id == Product.id)
        )

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return query if viewer.merchant_id is None else query.where(Product.merchant_id == viewer.merchant_id)

    def heading(self, row: Row[Any]) -> str:
        return f"{row.title} · {row.code}"

    def around(self, row_id: int) -> dict[str, Any]:
        product = self.found(row_id)
        sees_margin = allowed("curation.view")
        falls = falls_of(product) if sees_margin else []
        return {
            "product": product,
            "falls": falls,
            "drawn": drawn(falls) if falls else None,
            "steps": STEPS,
            "listing_states": LISTING_STATES,
            "stat": db.session.get(ProductStat, row_id),
            "windows": queries.windows(row_id),
            "delistings": windows.delistings(row_id, limit=5),
            "is_delisting": windows.running(row_id) is not None,
            "orders": queries.last_orders(product, limit=LAST_ORDERS),
            "peers": peers(),
            "sold_in": sold_in,
        }

    @expose("/new", methods=["GET", "POST"])
    @permits("product.edit")
    def new(self) -> Any:
        """Take a product in."""
        typed = Typed(dict(request.form) or {"fee": f"{rules.FEE_BPS / 100:.2f}", "stock": "0"})
        if request.method == "GET":
            return self._form(typed)
        draft = typed.draft(request.form.get("merchant_id", 0, type=int))
        by = f"staff:{staff_id()}"
        return self._saved(typed, lambda: operations.create(draft=draft, at=formatting.now(), by=by), "product.create")

    @expose("/<int:row_id>/edit", methods=["GET", "POST"])
    @permits("product.edit")
    def edit(self, row_id: int) -> Any:
        """Other words, terms or stock; the merchant and the code stay."""
        product = self.found(row_id)
        if request.method == "GET":
            return self._form(typed_of(product), product)
        typed = Typed({**dict(request.form), "code": product.code})
        draft = typed.draft(product.merchant_id)
        return self._saved(
            typed,
            lambda: operations.edit(product_id=row_id, draft=draft, at=formatting.now()),
            "product.edit",
            product,
        )

    def _saved(self, typed: Typed, save: Any, action: str, product: Product | None = None) -> Any:
        """Save what was typed, or show the form again as it was typed with what is wrong."""
        if typed.wrong:
            return self._form(typed, product, problem=_("Some fields cannot be read; see below.")), 422
        try:
            reason = self.reason("product.edit") if product else ""
            with acting(actor(action=action, reason=reason)), transaction():
                row_id = save().id
        except DomainError as refusal:
            return self._form(typed, product, problem=str(refusal)), 422
        flash(_("Saved."), "done")
        return redirect(self.address("detail", row_id=row_id))

    def _form(self, typed: Typed, product: Product | None = None, problem: str = "") -> Any:
        return self.render(
            "product/form.html",
            typed=typed,
            product=product,
            problem=problem,
            yuan_fields=YUAN_FIELDS,
            merchants=merchants(),
            categories=queries.categories(),
        )

    @expose("/<int:row_id>/put-on-sale", methods=["POST"])
    @permits("product.edit")
    def put_on_sale(self, row_id: int) -> Response:
        """Sell it from now on."""
        self.found(row_id)
        return self.perform(
            operations.put_on_sale, product_id=row_id, at=formatting.now(), done=_("The product is on sale.")
        )

    @expose("/<int:row_id>/retire", methods=["POST"])
    @permits("product.edit")
    def retire(self, row_id: int) -> Response:
        """Sell it no longer."""
        self.found(row_id)
        return self.perform(
            operations.retire,
            product_id=row_id,
            at=formatting.now(),
            reason=self.reason("product.retire"),
            done=_("The product is off sale. Take it down where it still stands in windows."),
        )

    @expose("/<int:row_id>/list-in-windows", methods=["POST"])
    @permits("product.list")
    def list_in_windows(self, row_id: int) -> Response:
        """Put it into the preset windows of its merchant, or into all that are open."""
        self.found(row_id)
        return self.perform(
            listing.ask, product_id=row_id, is_presets=request.form.get("which") != "all", at=formatting.now(),
            by=f"staff:{staff_id()}", done=_("It goes into the windows in the background."),
        )  # fmt: skip

    @expose("/<int:row_id>/delist", methods=["POST"])
    @permits("product.delist")
    def delist(self, row_id: int) -> Response:
        """Sell it no longer and take it out of every window, with a reason."""
        self.found(row_id)
        why = self.reason("product.delist")
        return self.perform(
            listing.delist_everywhere, product_id=row_id, why=why, at=formatting.now(), by=f"staff:{staff_id()}",
            reason=why, to=lambda made: url_for("delistings.detail", row_id=made.id),
            done=_("It is off sale; every window is being asked."),
        )  # fmt: skip


def merchants() -> list[tuple[int, str]]:
    """The merchants this person may see."""
    own = viewer().merchant_id
    return [(key, name) for key, name in queries.merchants() if own in (None, key)]
