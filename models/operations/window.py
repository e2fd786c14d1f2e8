"""A promoter's own window: one product in, one product out, at the promoter's word."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict
from models.operations import agreement, outbox, product
from models.queries import member as members
from models.rules import product as products
from models.rules.listing import ListingState, Outcome, Source
from models.rules.standing import Showcase
from models.tables.listing import Listing, SyncLog
from models.tables.product import Product


class WindowShut(Conflict):
    """Only an open window shows products."""


class NotThere(Conflict):
    """The product is not in the window."""


def put(*, product_id: int, member_id: int, at: datetime) -> Listing:
    """Ask for a product to go into a member's window; there already, it stays."""
    member = members.locked([member_id])[member_id]
    if member.showcase != Showcase.OPEN:
        raise WindowShut("规则 5.2：橱窗未开通或已关闭，暂时不能上架商品。")
    agreement.check_consent(member=member, at=at)
    wanted = product.locked(product_id)
    products.check_listable(state=wanted.state, stock=wanted.stock)
    found = _listing(product_id, member_id)
    if found is not None and found.state in (ListingState.ASKED, ListingState.LISTED):
        return found
    by = f"member:{member.code}"
    if found is None:
        found = Listing(
            product_id=product_id, member_id=member_id, source=Source.AGENCY, state=ListingState.ASKED, asked_at=at,
            asked_by=by, error="",
        )  # fmt: skip
        db.session.add(found)
    found.state, found.asked_at, found.asked_by, found.error = ListingState.ASKED, at, by, ""
    found.listed_at = found.removed_at = found.outcome = None
    db.session.flush()
    outbox.request(
        "fill_windows", payload={"product_id": product_id}, subject=product.subject(wanted),
        title=f"上架到橱窗：{wanted.title}", by=by,
    )  # fmt: skip
    return found


def take_out(*, product_id: int, member_id: int, at: datetime) -> Listing:
    """Take a product out of a member's window: what nobody carried out yet is called off, the rest is asked for."""
    found = _listing(product_id, member_id)
    if found is None or found.state in (ListingState.REFUSED, ListingState.REMOVED):
        raise NotThere("橱窗里没有这件商品，请刷新后查看。")
    if found.state == ListingState.ASKED:
        found.state, found.error = ListingState.REFUSED, "会员取消上架"
    else:
        code = db.session.scalars(sa.select(Product.code).where(Product.id == product_id)).one()
        outbox.request(
            "empty_window", payload={"listing_id": found.id}, subject=f"product:{code}", title="移出橱窗",
            by=f"member:{member_id}", key=f"window:{found.id}:{found.listed_at}",
        )  # fmt: skip
    db.session.flush()
    return found


def record_taken(*, listing_id: int, outcome: Outcome, is_gone: bool, at: datetime) -> None:
    """What the shop's interface made of it."""
    found = db.session.get_one(Listing, listing_id, with_for_update=True, populate_existing=True)
    if found.state != ListingState.LISTED:
        return
    found.outcome = outcome
    if is_gone:
        found.state, found.removed_at = ListingState.REMOVED, at
    kind = {Outcome.UNAUTHORISED: "unauthorised", Outcome.NOT_OURS: "refused"}.get(outcome, "removed")
    db.session.add(
        SyncLog(
            at=at, member_id=found.member_id, product_id=found.product_id, kind=kind, before="", after=outcome, note=""
        )
    )  # fmt: skip


def _listing(product_id: int, member_id: int) -> Listing | None:
    chosen = sa.select(Listing).where(Listing.product_id == product_id, Listing.member_id == member_id)
    found = chosen.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(found).one_or_none()
