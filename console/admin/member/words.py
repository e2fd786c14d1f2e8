"""The words and colours for what members are, have and went through."""

import json
from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Row

from console import formatting
from console.admin.buckets import BUCKET_MEANINGS as BUCKET_MEANINGS
from console.admin.buckets import BUCKETS as BUCKETS
from console.admin.columns import Badge, Text, Tone
from models.rules.standing import Rank, Showcase, Standing

STANDINGS: dict[str, Badge] = {
    Standing.CANDIDATE: Badge(_l("Candidate"), Tone.BUSY),
    Standing.ACTIVE: Badge(_l("Active"), Tone.GOOD),
    Standing.FROZEN: Badge(_l("Frozen"), Tone.WARN),
    Standing.EXITED: Badge(_l("Exited"), Tone.BAD),
    Standing.LAPSED: Badge(_l("Lapsed"), Tone.PLAIN),
}
SHOWCASES: dict[str, Badge] = {
    Showcase.NONE: Badge(_l("No showcase"), Tone.PLAIN),
    Showcase.PENDING: Badge(_l("Showcase pending"), Tone.BUSY),
    Showcase.OPEN: Badge(_l("Showcase open"), Tone.GOOD),
    Showcase.CLOSED: Badge(_l("Showcase closed"), Tone.BAD),
}
RANKS: dict[str, Badge] = {
    Rank.EXPERT: Badge(_l("Expert"), Tone.PLAIN),
    Rank.LEADER: Badge(_l("Leader"), Tone.BUSY),
    Rank.FOUNDER: Badge(_l("Co-founder"), Tone.GOOD),
    Rank.CENTER: Badge(_l("Operations centre"), Tone.WARN),
}
CHANGES: dict[str, Badge] = {
    "registered": Badge(_l("Registration"), Tone.BUSY),
    "lapsed": Badge(_l("Lapsed"), Tone.PLAIN),
    "qualified": Badge(_l("Qualified"), Tone.GOOD),
    "unlocked": Badge(_l("Levels 2 and 3 unlocked"), Tone.GOOD),
    "passed": Badge(_l("Cycle passed"), Tone.GOOD),
    "failed": Badge(_l("Cycle failed"), Tone.WARN),
    "frozen": Badge(_l("Frozen"), Tone.WARN),
    "exited": Badge(_l("Exited"), Tone.BAD),
    "revived": Badge(_l("Revived"), Tone.GOOD),
    "ranked": Badge(_l("Rank reached"), Tone.GOOD),
    "unranked": Badge(_l("Rank lost"), Tone.BAD),
    "closed": Badge(_l("Showcase closed"), Tone.BAD),
    "reopened": Badge(_l("Showcase reopened"), Tone.GOOD),
    "seed": Badge(_l("Named seed promoter"), Tone.GOOD),
    "strike": Badge(_l("Strike"), Tone.BAD),
    "reminded": Badge(_l("Reminded"), Tone.WARN),
    "stated": Badge(_l("showcase named"), Tone.BUSY),
    "bound": Badge(_l("showcase bound"), Tone.GOOD),
    "refused": Badge(_l("named showcase refused"), Tone.WARN),
}
# Why a transition happened, as the operations write it; what staff chose stands behind the colon.
BECAUSE: dict[str, Text] = {
    "registered": _l("accepted the agreement"),
    "registered again": _l("registered again"),
    "lapsed": _l("the days to qualify were over"),
    "revived": _l("the standing is back"),
    "staff": _l("by staff"),
    "not qualified in time": _l("not qualified in time"),
    "admission passed": _l("every admission task passed"),
    "directs": _l("enough directs have qualified"),
    "assessment": _l("the assessment of the cycle"),
    "own_orders": _l("enough own orders"),
    "reached": _l("both thresholds reached"),
    "exited": _l("exited"),
    "named": _l("named by staff"),
    "fraud": _l("an order was confirmed as fraud"),
    "strikes": _l("three strikes"),
    "admission_refund": _l("an admission order was refunded"),
    "binding": _l("its owner named it"),
}
STATES = {**STANDINGS, **RANKS}


def because(key: str) -> Callable[[Row[Any]], str]:
    """A cell that says a reason as the operations write it: its words, and what staff added."""

    return lambda row: said_because(row._mapping[key])


def said_because(kept: str | None) -> str:
    """A reason as the operations write it, in words: theirs, or those of a coded reason."""
    code, _sep, note = (kept or "").partition(":")
    if code not in BECAUSE:
        return formatting.reason(kept)
    return f"{BECAUSE[code]}：{note.strip()}" if note.strip() else str(BECAUSE[code])


def said_state(value: str | None) -> str:
    """The word for a standing, a rank or a showcase."""
    badge = STATES.get(value or "") or SHOWCASES.get(value or "")
    return str(badge.label) if badge else value or formatting.NOTHING


def state(key: str) -> Callable[[Row[Any]], str]:
    """A cell with the word for a standing, a rank or a showcase."""

    return lambda row: said_state(row._mapping[key])


def rested_on(row: Row[Any]) -> str:
    """A cell with the figures that a step rested on."""
    told = json.loads(row.evidence or "{}")
    figures = (f"{EVIDENCE.get(key, key)} {figure(key, value)}" for key, value in told.items())
    return " · ".join(figures) or formatting.NOTHING


def figure(key: str, value: Any) -> str:
    """One figure of the evidence, money in yuan."""
    if key.endswith("_fen"):
        return formatting.yuan(value)
    return str(EVIDENCE.get(value, value)) if key == "metric" else str(value)


EVIDENCE: dict[str, Text] = {
    "directs": _l("Qualified directs"),
    "reached": _l("Reached in the cycle"),
    "target": _l("Target of the cycle"),
    "metric": _l("Counted by"),
    "recruits": _l("directs who qualified"),
    "team_size": _l("Team size"),
    "team_sales_fen": _l("Team sales"),
    "own_sales_fen": _l("Own sales"),
    "orders": _l("Orders counted"),
    "order": _l("Order"),
    "strikes": _l("Strikes so far"),
    "sales_fen": _l("Sales counted"),
}
ORDER_STATES: dict[str, Badge] = {
    "pending_payment": Badge(_l("Unpaid")),
    "deposit_paid": Badge(_l("Deposit paid"), Tone.BUSY),
    "balance_due": Badge(_l("Balance due"), Tone.WARN),
    "paid": Badge(_l("Paid up"), Tone.BUSY),
    "shipped": Badge(_l("Shipped"), Tone.BUSY),
    "completed": Badge(_l("Completed"), Tone.GOOD),
    "cancelled": Badge(_l("Cancelled order")),
    "refunded": Badge(_l("Refunded"), Tone.BAD),
}
SEED_STATES: dict[str, Badge] = {
    "tagged": Badge(_l("Tagged"), Tone.BUSY),
    "proposed": Badge(_l("Proposed"), Tone.BUSY),
    "accepted": Badge(_l("Accepted by the merchant"), Tone.GOOD),
    "declined": Badge(_l("Declined by the merchant"), Tone.WARN),
    "named": Badge(_l("Named"), Tone.GOOD),
    "dropped": Badge(_l("Let go")),
}
MOVES: dict[str, Text] = {
    "place": _l("Placed in the tree"),
    "free": _l("Seat freed"),
    "close": _l("Slots closed"),
    "open": _l("Slots opened"),
    "move": _l("Re-placed"),
}
