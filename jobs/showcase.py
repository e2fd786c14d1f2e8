"""Products go into windows and out of them, and what the shop shows of them is mirrored: a call a window."""

from collections.abc import Callable
from typing import Any

from flask import current_app

from jobs.gateways.showcase import Known, Refused, Silent, Unauthorised, Windows
from jobs.queue import Run, job
from models.errors import Conflict
from models.operations import listing
from models.operations.listing import Seen
from models.queries import listing as queries
from models.queries import product as products
from models.rules.listing import TRIES_A_ROUND, ListingState, Outcome, Source

AT_ONCE = 50
UNAUTHORISED = "橱窗主未授权"
SILENT = "接口无应答"


class NoWindows(Conflict):
    """No interface to windows is set up."""


def gateway() -> Windows:
    """The windows that this installation fills."""
    found: Windows | None = current_app.extensions.get("windows")
    if found is None:
        raise NoWindows("还没有配置橱窗接口，请先在部署配置中填好带货机构的凭证。")
    return found


@job(title="上架到橱窗")
def fill_windows(run: Run, *, product_id: int) -> dict[str, Any]:
    """Put a product into the windows it was asked for, one call each; done twice it is done once."""
    windows, done = gateway(), 0
    with run.transaction():
        total = products.windows(product_id).get(ListingState.ASKED, 0)
    while True:
        with run.transaction():
            waiting = queries.asked(product_id, limit=AT_ONCE)
        if not waiting:
            return {"done": done}
        for row in waiting:
            run.check()
            record = _added(windows, row)
            with run.transaction():
                record(listing_id=row.id, at=run.at)
            done += 1
            run.progress(done, total, "")


def _added(windows: Windows, row: Any) -> Callable[..., None]:
    """Ask for one product in one window; what is to be written down of the answer."""
    for _ in range(TRIES_A_ROUND):
        try:
            source = windows.add(window=row.window, product=row.product)
        except Silent:
            continue
        except Unauthorised:
            return _refusal("unauthorised", UNAUTHORISED)
        except Refused as refusal:
            return _refusal("refused", str(refusal))
        return _arrival(source)
    return _refusal("silent", SILENT)


def _refusal(kind: str, error: str) -> Callable[..., None]:
    return lambda **row: listing.record_refused(kind=kind, error=error, **row)


def _arrival(source: Source) -> Callable[..., None]:
    return lambda **row: listing.record_listed(source=source, **row)


@job(title="全网下架")
def empty_windows(run: Run, *, delisting_id: int, round: int = 1) -> dict[str, Any]:
    """Take a product out of every window of a delisting, one call each; the silent ones are asked again."""
    windows = gateway()
    with run.transaction():
        counts = queries.outcomes(delisting_id)
    total, done = sum(counts.values()), sum(number for outcome, number in counts.items() if outcome)
    while True:
        with run.transaction():
            waiting = queries.unanswered(delisting_id, limit=AT_ONCE)
        if not waiting:
            break
        for row in waiting:
            run.check()
            outcome = _removed(windows, row)
            with run.transaction():
                if outcome is None:
                    listing.record_silence(window_id=row.id, at=run.at)
                else:
                    listing.record_outcome(window_id=row.id, outcome=outcome, at=run.at)
            done += outcome is not None
            run.progress(done, total, "")
    with run.transaction():
        listing.end(delisting_id=delisting_id, at=run.at)
        counts = queries.outcomes(delisting_id)
    return {"windows": total, **{outcome or "unanswered": number for outcome, number in counts.items()}}


def _removed(windows: Windows, row: Any) -> Outcome | None:
    try:
        return windows.remove(window=row.window, product=row.product)
    except Silent:
        return None


@job(title="同步橱窗状态", max_attempts=3)
def mirror_windows(run: Run, *, at: str = "") -> dict[str, Any]:
    """Look into every window that holds products, and write down what changed; ``at`` only names the period."""
    if "windows" not in current_app.extensions:
        return {"windows": 0}
    windows, after, looked = gateway(), 0, 0
    while True:
        with run.transaction():
            members = queries.filled(after=after, limit=AT_ONCE)
        if not members:
            return {"windows": looked}
        for member in members:
            run.check()
            _mirror(run, windows, member)
            looked += 1
        after = members[-1].id


def _mirror(run: Run, windows: Windows, member: Any) -> None:
    with run.transaction():
        there = queries.standing_in(member.id)
    products = [Known(product=row.product, stock=row.stock, price_fen=row.price_fen) for row in there]
    try:
        shown = windows.look(window=member.code, products=products)
    except Unauthorised:
        with run.transaction():
            listing.record_look(member_id=member.id, kind="unauthorised", note=UNAUTHORISED, at=run.at)
        return
    except Silent:
        with run.transaction():
            listing.record_look(member_id=member.id, kind="silent", note=SILENT, at=run.at)
        return
    ids = {row.product: row.id for row in there}
    with run.transaction():
        for one in shown:
            seen = Seen(listing_id=ids[one.product], shown=one.shown, stock=one.stock, price_fen=one.price_fen)
            listing.record_seen(seen=seen, at=run.at)
