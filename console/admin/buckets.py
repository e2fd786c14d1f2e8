"""The words for where a member's money lies."""

from flask_babel import lazy_gettext as _l

from console.admin.columns import Text

BUCKETS: dict[str, Text] = {
    "available": _l("Available"),
    "pending": _l("Pending"),
    "locked": _l("Locked"),
    "frozen": _l("Frozen money"),
    "held": _l("Held for review"),
    "payout": _l("On its way out"),
    "debt": _l("Debt"),
}
BUCKET_MEANINGS: dict[str, Text] = {
    "available": _l("May be withdrawn now."),
    "pending": _l("Becomes available when the days for returns are over."),
    "locked": _l("Levels 2 and 3 before enough directs have qualified."),
    "frozen": _l("Earned while frozen or exited; released at the revival."),
    "held": _l("Of orders under review; released when the review clears them."),
    "payout": _l("Asked for or being transferred; comes back if the transfer fails."),
    "debt": _l("Refunds of what was already paid out; whatever becomes available pays it first."),
}
