"""Products go into windows and out of them; every answer of the shop's interface is written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.errors import Missing
from models.operations import outbox, product
from models.rules import listing as rules
from models.rules import product as products
from models.rules.listing import ListingState, Outcome, Shown, Source
from models.rules.product import ProductState
from models.tables.listing import Delisting, DelistingWindow, Listing, SyncLog
from models.tables.product import Product

# Every open window of the merchant's networks that does not have it; the ten presets alone where asked.
_ASKED = sa.text(
    """
    INSERT INTO listing (product_id, member_id, source, state, asked_at, asked_by, error)
    SELECT :product_id, m.id, 'agency', 'asked', :at, :by, ''
    FROM member m JOIN matrix x ON x.id = m.matrix_id
    WHERE x.merchant_id = :merchant_id AND m.showcase = 'open' AND (m.position IS NOT NULL OR NOT :is_presets)
    ORDER BY m.id
    ON CONFLICT (product_id, member_id) DO UPDATE SET
        state = 'asked', asked_at = excluded.asked_at, asked_by = excluded.asked_by, listed_at = NULL,
        removed_at = NULL, outcome = NULL, error = ''
    WHERE listing.state IN ('refused', 'removed')
    """
)
_WINDOWS = sa.text(
    """
    INSERT INTO delisting_window (delisting_id, listing_id, error, tries)
    SELECT :delisting_id, id, '', 0 FROM listing WHERE product_id = :product_id AND state = 'listed' ORDER BY id
    """
)


class NoDelisting(Missing):
    """There is no such delisting, or not for this person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the shop's interface shows of a listing."""

    listing_id: int
    shown: Shown
    stock: int
    price_fen: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a product on its way into a window: where it stands there now, else why it does not."""

    listing_id: int
    source: Source | None = None
    kind: str = ""
    error: str = ""


def ask(*, product_id: int, is_presets: bool, at: datetime, by: str) -> int:
    """Ask for a product to go into open windows of its merchant's networks; into how many it will go."""
    found = product.locked(product_id)
    products.check_listable(state=found.state, stock=found.stock)
    values = {"product_id": product_id, "merchant_id": found.merchant_id, "is_presets": is_presets, "at": at, "by": by}
    asked: Any = db.session.execute(_ASKED, values)
    if not asked.rowcount:
        raise rules.NowhereToList("没有可上架的橱窗：该商家的已开通橱窗都已有这件商品，或还没有开通的橱窗。")
    outbox.request(
        "fill_windows", payload={"product_id": product_id}, subject=product.subject(found),
        title=f"上架到橱窗：{found.title}", by=by,
    )  # fmt: skip
    return int(asked.rowcount)


def record_listed(*, listing_id: int, source: Source, at: datetime) -> None:
    """The product stands in the window now."""
    record_answers(answers=[Answer(listing_id, source=source)], at=at)


def record_refused(*, listing_id: int, kind: str, error: str, at: datetime) -> None:
    """The product did not get into the window, and why."""
    record_answers(answers=[Answer(listing_id, kind=kind, error=error)], at=at)


def record_answers(*, answers: Sequence[Answer], at: datetime) -> None:
    """What became of many products on their way into windows."""
    chosen = sa.select(Listing).where(Listing.id.in_([one.listing_id for one in answers])).order_by(Listing.id)
    locked = chosen.with_for_update().execution_options(populate_existing=True)
    found = {one.id: one for one in db.session.scalars(locked)}
    for answer in answers:
        one = found[answer.listing_id]
        if one.state != ListingState.ASKED:
            continue
        if answer.source is not None:
            one.state, one.source, one.listed_at, one.error = ListingState.LISTED, answer.source, at, ""
            _log(one, "listed", at=at, after=answer.source)
        else:
            one.state, one.error = ListingState.REFUSED, answer.error
            _log(one, answer.kind, at=at, note=answer.error)


def delist_everywhere(*, product_id: int, why: str, at: datetime, by: str) -> Delisting:
    """Sell a product no longer and take it out of every window it stands in."""
    found = product.locked(product_id)
    running = sa.select(Delisting.id).where(Delisting.product_id == product_id, Delisting.ended_at.is_(None))
    if db.session.scalar(running) is not None:
        raise rules.UnderWay("该商品正在全网下架，请等本次结束后再操作。")
    if found.state != ProductState.RETIRED:
        product.retire(product_id=product_id, at=at)
    made = Delisting(product_id=product_id, reason=why, asked_at=at, asked_by=by)
    db.session.add(made)
    db.session.flush()
    waiting = sa.update(Listing).where(Listing.product_id == product_id, Listing.state == ListingState.ASKED)
    db.session.execute(waiting.values(state=ListingState.REFUSED, error="商品已全网下架"))
    db.session.execute(_WINDOWS, {"delisting_id": made.id, "product_id": product_id})
    _begin(made, found, by)
    return made


def delist_again(*, delisting_id: int, at: datetime, by: str) -> Delisting:
    """Ask once more in the windows where the product still stands."""
    made = _delisting(delisting_id)
    if made.ended_at is None:
        raise rules.UnderWay("本次全网下架还在进行，请等它结束后再重试。")
    left = DelistingWindow.outcome.is_(None) | DelistingWindow.outcome.not_in(rules.GONE)
    again = sa.update(DelistingWindow).where(DelistingWindow.delisting_id == delisting_id, left)
    reset: Any = db.session.execute(again.values(outcome=None, error="", tries=0))
    if not reset.rowcount:
        raise rules.UnderWay("每个橱窗都已下架，不需要重试。")
    made.ended_at = None
    made.rounds += 1
    _begin(made, db.session.get_one(Product, made.product_id), by)
    return made


def _begin(made: Delisting, found: Product, by: str) -> None:
    outbox.request(
        "empty_windows", payload={"delisting_id": made.id, "round": made.rounds}, subject=product.subject(found),
        title=f"全网下架：{found.title}", by=by, key=f"delisting:{made.id}:{made.rounds}",
    )  # fmt: skip


def record_outcome(*, window_id: int, outcome: Outcome, at: datetime) -> None:
    """What a window's end was; where it is gone the listing is."""
    window = db.session.get_one(DelistingWindow, window_id, with_for_update=True)
    if window.outcome is not None:
        return
    window.outcome, window.error, window.tries, window.at = outcome, "", window.tries + 1, at
    found = _locked(window.listing_id)
    found.outcome = outcome
    if outcome in rules.GONE and found.state == ListingState.LISTED:
        found.state, found.removed_at = ListingState.REMOVED, at
    kind = {Outcome.UNAUTHORISED: "unauthorised", Outcome.NOT_OURS: "refused"}.get(outcome, "removed")
    _log(found, kind, at=at, after=outcome)


def record_silence(*, window_id: int, at: datetime) -> None:
    """Nobody answered for a window."""
    window = db.session.get_one(DelistingWindow, window_id, with_for_update=True)
    if window.outcome is None:
        window.error, window.tries, window.at = "接口无应答", window.tries + 1, at
        _log(_locked(window.listing_id), "silent", at=at, note=window.error)


def end(*, delisting_id: int, at: datetime) -> None:
    """Every window was asked as often as a round asks."""
    made = _delisting(delisting_id)
    if made.ended_at is None:
        made.ended_at = at
        outbox.emit("product.delisted", subject=f"product:{made.product_id}", delisting_id=made.id)


def record_seen(*, seen: Seen, at: datetime) -> None:
    """What the interface shows now; each change since the last look is one line of the log."""
    found = _locked(seen.listing_id)
    for kind, name, value in (
        ("state", "reported_state", str(seen.shown)),
        ("stock", "reported_stock", seen.stock),
        ("price", "reported_price_fen", seen.price_fen),
    ):
        before = getattr(found, name)
        if before is not None and before != value:
            _log(found, kind, at=at, before=str(before), after=str(value))
        setattr(found, name, value)
    found.reported_at = at
    if seen.shown is Shown.GONE and found.state == ListingState.LISTED:
        found.state, found.removed_at = ListingState.REMOVED, at


def record_look(*, member_id: int, kind: str, note: str, at: datetime) -> None:
    """A window that could not be looked into, and why."""
    db.session.add(SyncLog(at=at, member_id=member_id, kind=kind, before="", after="", note=note))


def _locked(listing_id: int) -> Listing:
    chosen = sa.select(Listing).where(Listing.id == listing_id).with_for_update()
    return db.session.scalars(chosen.execution_options(populate_existing=True)).one()


def _delisting(delisting_id: int) -> Delisting:
    made = db.session.get(Delisting, delisting_id, with_for_update=True)
    if made is None:
        raise NoDelisting("没有这次全网下架，请从列表中选择。")
    return made


def _log(found: Listing, kind: str, *, at: datetime, before: str = "", after: str = "", note: str = "") -> None:
    db.session.add(
        SyncLog(
            at=at, member_id=found.member_id, product_id=found.product_id, kind=kind, before=before, after=after,
            note=note,
        )
    )  # fmt: skip
