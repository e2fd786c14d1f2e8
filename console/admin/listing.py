"""橱窗商品, 全网下架 and 同步日志: what stands in which window, how it is taken down, what the shop reports."""

from typing import Any

import sqlalchemy as sa
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import ColumnElement, Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, Viewer, peers, staff_id
from console.admin.columns import Badge, Column, Kind, Tone, member_link
from console.admin.filters import Contains, Days, Equals, OneOf, Prefix
from console.admin.product import LISTING_STATES, product_link
from console.auth import permits
from models import Delisting, DelistingWindow, Job, Listing, Member, Product, Staff, SyncLog, db
from models.operations import listing as operations
from models.queries import listing as queries
from models.rules.listing import GONE, Outcome, Shown, Source

SOURCES = {
    Source.AGENCY.value: Badge(_l("by us")),
    Source.SHOP.value: Badge(_l("by the shop")),
    Source.PROMOTER.value: Badge(_l("by the promoter")),
}
OUTCOMES = {
    Outcome.REMOVED.value: Badge(_l("removed"), Tone.GOOD),
    Outcome.AUTO_SYNCED.value: Badge(_l("follows the shop"), Tone.GOOD),
    Outcome.NOT_OURS.value: Badge(_l("not put there by us"), Tone.WARN),
    Outcome.UNAUTHORISED.value: Badge(_l("not authorised"), Tone.BAD),
}
MEANINGS = {
    Outcome.REMOVED.value: _l("We had put it there under the promoter's authorisation and took it away."),
    Outcome.AUTO_SYNCED.value: _l("The shop's own goods: off sale in the shop they are off sale in the window."),
    Outcome.NOT_OURS.value: _l("The promoter put it there; only they can take it away. Ask them."),
    Outcome.UNAUTHORISED.value: _l("The promoter has not authorised us, or no longer. Send the link and try again."),
}
WAITING = Badge(_l("no answer yet"), Tone.BUSY)
SHOWN = {
    Shown.ON.value: Badge(_l("on sale"), Tone.GOOD),
    Shown.OFF.value: Badge(_l("off sale"), Tone.WARN),
    Shown.BANNED.value: Badge(_l("banned"), Tone.BAD),
    Shown.GONE.value: Badge(_l("gone")),
}
KINDS = {
    "listed": Badge(_l("put into the window"), Tone.GOOD),
    "removed": Badge(_l("taken out"), Tone.GOOD),
    "state": Badge(_l("state changed"), Tone.WARN),
    "stock": Badge(_l("stock changed"), Tone.BUSY),
    "price": Badge(_l("price changed"), Tone.WARN),
    "refused": Badge(_l("refused"), Tone.BAD),
    "unauthorised": Badge(_l("not authorised"), Tone.BAD),
    "silent": Badge(_l("no answer"), Tone.WARN),
}


def of_merchant(query: Select[Any], viewer: Viewer) -> Select[Any]:
    """A merchant's staff see what belongs to that merchant's products."""
    return query if viewer.merchant_id is None else query.where(Product.merchant_id == viewer.merchant_id)


def said(row: Row[Any], value: str) -> str:
    """What the shop's interface said, as people read it: amounts in yuan, states by their words."""
    if not value:
        return Markup('<span class="muted">–</span>')
    if row.kind == "price":
        return formatting.yuan(int(value))
    badge = {**SHOWN, **SOURCES, **OUTCOMES}.get(value)
    return str(badge.label) if badge else value


class Ends(OneOf):
    """Outcomes of windows, those without an answer among them."""

    def where(self, value: list[str]) -> ColumnElement[bool]:
        given = [one for one in value if one != "waiting"]
        return sa.or_(DelistingWindow.outcome.in_(given), *([self.at.is_(None)] if "waiting" in value else []))


PRODUCT = Column(key="title", title=_l("Product"), at=Product.title, cell=product_link)
PRODUCT_ID = Column(
    key="product_id", title=_l("Product number"), at=Product.id, kind=Kind.COUNT, shown=False, listed=False
)
WINDOW = Column(key="window", title=_l("Window"), at=Member.code, kind=Kind.CODE, cell=member_link("window"))


class _OfProduct(ReadView):
    """A list whose rows belong to products: their number is read beside, for the links."""

    section = "merchant"
    permission = "product.view"

    def rows(self, viewer: Viewer, columns: tuple[Column, ...]) -> Select[Any]:
        return super().rows(viewer, columns if PRODUCT_ID in columns else (*columns, PRODUCT_ID))

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return of_merchant(query, viewer)


class ListingView(_OfProduct):
    """橱窗商品: every product in every window, with what the shop's interface reports."""

    title = _l("Listings")
    slug = "listings"
    permission = "product.view"
    model = Listing
    has_detail = False
    hint = _l("What stands in which window, who put it there, and what the shop showed at the last look.")
    empty = _l("No product stands in a window yet. Open a product and list it.")
    search_hint = _l("Window or product code from its beginning, or any part of the title")
    columns = (
        Column(key="id", title=_l("Number"), at=Listing.id, kind=Kind.COUNT, sort=True, shown=False),
        PRODUCT,
        WINDOW,
        Column(key="state", title=_l("State"), at=Listing.state, kind=Kind.BADGE, badges=LISTING_STATES),
        Column(key="source", title=_l("Put there"), at=Listing.source, kind=Kind.BADGE, badges=SOURCES),
        Column(key="reported_state", title=_l("Shop shows"), at=Listing.reported_state, kind=Kind.BADGE, badges=SHOWN),
        Column(key="reported_stock", title=_l("Stock there"), at=Listing.reported_stock, kind=Kind.COUNT),
        Column(key="reported_price_fen", title=_l("Price there"), at=Listing.reported_price_fen, kind=Kind.MONEY),
        Column(key="reported_at", title=_l("Last look"), at=Listing.reported_at, kind=Kind.MOMENT),
        Column(key="outcome", title=_l("Last delisting"), at=Listing.outcome, kind=Kind.BADGE, badges=OUTCOMES),
        Column(key="error", title=_l("Reason"), at=Listing.error),
        Column(key="listed_at", title=_l("In since"), at=Listing.listed_at, kind=Kind.MOMENT, shown=False),
        Column(key="removed_at", title=_l("Out since"), at=Listing.removed_at, kind=Kind.MOMENT, shown=False),
        PRODUCT_ID,
    )
    questions = (
        OneOf(key="state", title=_l("State"), at=Listing.state,
              choices={key: badge.label for key, badge in LISTING_STATES.items()}),
        OneOf(key="source", title=_l("Put there"), at=Listing.source,
              choices={key: badge.label for key, badge in SOURCES.items()}),
        OneOf(key="shown", title=_l("Shop shows"), at=Listing.reported_state,
              choices={key: badge.label for key, badge in SHOWN.items()}),
        Equals(key="product", title=_l("Product number"), at=Listing.product_id),
        Equals(key="window", title=_l("Window"), at=Member.code),
    )  # fmt: skip
    searches = (Prefix(Member.code), Prefix(Product.code), Contains(Product.title))

    def base(self) -> Select[Any]:
        joined = sa.select().select_from(Listing).join(Product, Product.id == Listing.product_id)
        return joined.join(Member, Member.id == Listing.member_id)


STATE = sa.case((Delisting.ended_at.is_(None), "running"), else_="ended")
ANSWERED = (
    sa.select(sa.func.concat(sa.func.count(DelistingWindow.outcome), " / ", sa.func.count()))
    .where(DelistingWindow.delisting_id == Delisting.id)
    .correlate(Delisting)
    .scalar_subquery()
)
RUNS = {"running": Badge(_l("under way"), Tone.BUSY), "ended": Badge(_l("done"), Tone.GOOD)}


class DelistingView(_OfProduct):
    """全网下架: each time a product was taken down everywhere, and what happened in each window."""

    title = _l("Taken down everywhere")
    slug = "delistings"
    permission = "product.view"
    model = Delisting
    hint = _l("Each window is asked by itself: the shop's interface knows no batch. It ends in one of four ways.")
    empty = _l("Nothing was taken down everywhere yet. The button is on a product's page.")
    columns = (
        Column(key="id", title=_l("Number"), at=Delisting.id, kind=Kind.COUNT, sort=True),
        Column(key="title", title=_l("Product"), at=Product.title, link=True),
        Column(key="code", title=_l("Product code"), at=Product.code, kind=Kind.CODE),
        Column(key="state", title=_l("State"), at=STATE, kind=Kind.BADGE, badges=RUNS),
        Column(key="reason", title=_l("Reason"), at=Delisting.reason, kind=Kind.REASON),
        Column(key="windows", title=_l("Windows answered"), at=ANSWERED),
        Column(key="rounds", title=_l("Rounds"), at=Delisting.rounds, kind=Kind.COUNT, shown=False),
        Column(
            key="who", title=_l("Asked for by"), at=sa.func.coalesce(Staff.name, Delisting.asked_by), kind=Kind.ACTOR
        ),
        Column(key="asked_at", title=_l("Asked for"), at=Delisting.asked_at, kind=Kind.MOMENT),
        Column(key="ended_at", title=_l("Ended"), at=Delisting.ended_at, kind=Kind.MOMENT),
        PRODUCT_ID,
    )
    questions = (
        Equals(key="product", title=_l("Product number"), at=Delisting.product_id),
        Days(key="asked", title=_l("Asked for"), at=Delisting.asked_at),
    )
    details_template = "product/delisting.html"

    def base(self) -> Select[Any]:
        joined = sa.select().select_from(Delisting).join(Product, Product.id == Delisting.product_id)
        return joined.outerjoin(Staff, Delisting.asked_by == sa.func.concat("staff:", Staff.id))

    def heading(self, row: Row[Any]) -> str:
        return f"{row.title} #{row.row_id}"

    def around(self, row_id: int) -> dict[str, Any]:
        return {**self._standing(row_id), "peers": peers()}

    def _standing(self, row_id: int) -> dict[str, Any]:
        made, counts = self.found(row_id), queries.outcomes(row_id)
        total = sum(counts.values())
        newest = sa.select(sa.func.max(Job.id)).where(Job.key == f"delisting:{made.id}:{made.rounds}")
        return {
            "made": made,
            "counts": counts,
            "total": total,
            "done": total - counts.get(None, 0),
            "left": total - sum(counts.get(one, 0) for one in GONE),
            "outcomes": OUTCOMES,
            "meanings": MEANINGS,
            "waiting": WAITING,
            "job_id": db.session.scalar(newest),
        }

    @expose("/<int:row_id>/progress")
    @permits("product.view")
    def progress(self, row_id: int) -> Any:
        """How far a delisting is, for the page that stays open."""
        return self.render("product/delisting_progress.html", **self._standing(row_id))

    @expose("/<int:row_id>/again", methods=["POST"])
    @permits("product.delist")
    def again(self, row_id: int) -> Response:
        """Ask once more where the product still stands."""
        self.found(row_id)
        return self.perform(
            operations.delist_again, delisting_id=row_id, at=formatting.now(), by=f"staff:{staff_id()}",
            done=_("The windows where it still stands are asked again."),
        )  # fmt: skip


class DelistingWindowView(_OfProduct):
    """下架结果: each window of each delisting, with its end."""

    title = _l("Results by window")
    slug = "delisting-windows"
    permission = "product.view"
    model = DelistingWindow
    has_detail = False
    is_listed = False
    columns = (
        Column(key="id", title=_l("Number"), at=DelistingWindow.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="delisting_id", title=_l("Delisting"), at=DelistingWindow.delisting_id, kind=Kind.COUNT),
        PRODUCT,
        WINDOW,
        Column(key="outcome", title=_l("Result"), at=sa.func.coalesce(DelistingWindow.outcome, "waiting"),
               kind=Kind.BADGE, badges={**OUTCOMES, "waiting": WAITING}),
        Column(key="source", title=_l("Put there"), at=Listing.source, kind=Kind.BADGE, badges=SOURCES),
        Column(key="error", title=_l("Reason"), at=DelistingWindow.error),
        Column(key="tries", title=_l("Tries"), at=DelistingWindow.tries, kind=Kind.COUNT),
        Column(key="at", title=_l("When"), at=DelistingWindow.at, kind=Kind.MOMENT),
        PRODUCT_ID,
    )  # fmt: skip
    questions = (
        Equals(key="delisting", title=_l("Delisting"), at=DelistingWindow.delisting_id),
        Ends(key="outcome", title=_l("Result"), at=DelistingWindow.outcome,
             choices={**{key: badge.label for key, badge in OUTCOMES.items()}, "waiting": WAITING.label}),
    )  # fmt: skip
    searches = (Prefix(Member.code),)

    def base(self) -> Select[Any]:
        joined = sa.select().select_from(DelistingWindow).join(Listing, Listing.id == DelistingWindow.listing_id)
        joined = joined.join(Product, Product.id == Listing.product_id)
        return joined.join(Member, Member.id == Listing.member_id)


class SyncLogView(_OfProduct):
    """同步日志: what the shop's interface reported or refused, window by window."""

    title = _l("Sync log")
    slug = "sync-log"
    permission = "product.view"
    model = SyncLog
    has_detail = False
    hint = _l("Every change that the shop's interface showed and every refusal it gave, as they came. Never changed.")
    empty = _l("The shop's interface has reported nothing yet. Windows are looked into every hour.")
    search_hint = _l("Window or product code, from its beginning")
    columns = (
        Column(key="id", title=_l("Number"), at=SyncLog.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="at", title=_l("When"), at=SyncLog.at, kind=Kind.MOMENT, sort=True),
        Column(key="kind", title=_l("What"), at=SyncLog.kind, kind=Kind.BADGE, badges=KINDS),
        WINDOW,
        Column(key="title", title=_l("Product"), at=sa.func.coalesce(Product.title, ""), cell=product_link),
        Column(key="before", title=_l("Before"), at=SyncLog.before, cell=lambda row: said(row, row.before)),
        Column(key="after", title=_l("After"), at=SyncLog.after, cell=lambda row: said(row, row.after)),
        Column(key="note", title=_l("Note"), at=SyncLog.note),
        PRODUCT_ID,
    )
    questions = (
        OneOf(key="kind", title=_l("What"), at=SyncLog.kind,
              choices={key: badge.label for key, badge in KINDS.items()}),
        Days(key="at", title=_l("When"), at=SyncLog.at),
        Equals(key="product", title=_l("Product number"), at=SyncLog.product_id),
        Equals(key="window", title=_l("Window"), at=Member.code),
    )  # fmt: skip
    searches = (Prefix(Member.code), Prefix(Product.code))

    def base(self) -> Select[Any]:
        joined = sa.select().select_from(SyncLog).join(Member, Member.id == SyncLog.member_id)
        return joined.outerjoin(Product, Product.id == SyncLog.product_id)
