"""One product out of one window, at its promoter's word."""

from typing import Any

from jobs import showcase
from jobs.gateways.showcase import Silent
from jobs.queue import Run, job
from models.operations import window
from models.queries import listing as queries
from models.rules.listing import GONE


class NobodyAnswered(RuntimeError):
    """The interface was silent: the job comes again."""


@job(title="移出橱窗")
def empty_window(run: Run, *, listing_id: int) -> dict[str, Any]:
    """Ask once; without an answer the job is tried again, which is harmless."""
    windows = showcase.gateway()
    with run.transaction():
        row = queries.standing(listing_id)
    if row is None:
        return {"outcome": "gone"}
    try:
        outcome = windows.remove(window=row.window, product=row.product)
    except Silent as silence:
        raise NobodyAnswered("橱窗接口没有应答") from silence
    with run.transaction():
        window.record_taken(listing_id=listing_id, outcome=outcome, is_gone=outcome in GONE, at=run.at)
    return {"outcome": str(outcome)}
