"""Words that the pages of growth share: states, metrics, kinds of notices, and findings as people read them."""

from flask_babel import lazy_gettext as _l

from console.admin.columns import Badge, Tone
from models.rules.leaderboard import Board

STATES = {
    "draft": Badge(_l("Draft")),
    "scanned": Badge(_l("scanned clean"), Tone.BUSY),
    "published": Badge(_l("published"), Tone.GOOD),
    "retired": Badge(_l("taken down")),
    "withdrawn": Badge(_l("consent withdrawn"), Tone.WARN),
    "pulled": Badge(_l("pulled back by a scan"), Tone.BAD),
    "closed": Badge(_l("closed")),
    "cancelled": Badge(_l("called off"), Tone.WARN),
}
WEIGHTS = {
    "block": Badge(_l("forbidden"), Tone.BAD),
    "review": Badge(_l("for review"), Tone.WARN),
    "warn": Badge(_l("a hint"), Tone.BUSY),
}
KINDS = {"script": Badge(_l("script")), "poster": Badge(_l("poster"), Tone.BUSY)}
PALETTES = {"night": _l("Night blue"), "dawn": _l("Dawn red"), "jade": _l("Jade green")}
METRICS = {
    "orders": _l("Completed orders"),
    "buyers": _l("Different buyers"),
    "returning": _l("Buyers who came back"),
}
BOARDS = {
    Board.SALES.value: _l("Sales, 30 days"),
    Board.RETURNING.value: _l("Buyers who came back, 90 days"),
    Board.NEWCOMERS.value: _l("Sales of newcomers, 30 days"),
}
REASONS = {
    "replaced": _l("replaced by a newer version"),
    "withdrawn": _l("its member withdrew the consent"),
    "phrases": _l("the list of phrases changed"),
}
DELIVERIES = {
    "none": Badge(_l("in the app only")),
    "waiting": Badge(_l("waiting to be sent"), Tone.BUSY),
    "sent": Badge(_l("sent to WeChat"), Tone.GOOD),
    "refused": Badge(_l("refused by WeChat"), Tone.BAD),
    "dropped": Badge(_l("given up"), Tone.WARN),
}
NOTICES = {
    "admission.qualified": _l("Admission complete"),
    "admission.lapsed": _l("Admission lapsed"),
    "proof.passed": _l("Evidence passed"),
    "proof.rejected": _l("Evidence rejected"),
    "proof.manual": _l("Evidence looked at by a person"),
    "cycle.ending": _l("Cycle ends soon"),
    "standing.frozen": _l("Standing frozen"),
    "standing.exited": _l("Standing exited"),
    "standing.revived": _l("Standing revived"),
    "showcase.closed": _l("Showcase closed"),
    "showcase.reopened": _l("Showcase reopened"),
    "rank.reached": _l("Rank changed"),
    "withdrawal.paid": _l("Withdrawal arrived"),
    "withdrawal.returned": _l("Withdrawal came back"),
    "order.refunded": _l("Order refunded"),
    "order.shipped": _l("Order shipped"),
    "order.balance_due": _l("Balance due"),
    "agreement.changed": _l("Agreement changed"),
    "story.ended": _l("Story taken down"),
    "challenge.closed": _l("Challenge closed"),
    "product.delisted": _l("Product sold no longer"),
}
