"""The words and colours for evidence, its verdicts and its steps."""

from flask_babel import lazy_gettext as _l

from console.admin.columns import Badge, Text, Tone
from models.rules.proof import Code, State

STATES: dict[str, Badge] = {
    State.WAITING: Badge(_l("with the reader"), Tone.BUSY),
    State.MANUAL: Badge(_l("a person decides"), Tone.WARN),
    State.PASSED: Badge(_l("passed"), Tone.GOOD),
    State.REJECTED: Badge(_l("rejected"), Tone.BAD),
}
CODES: dict[str, Badge] = {
    Code.AGREES: Badge(_l("agrees with the record"), Tone.GOOD),
    Code.LOOKED_AT: Badge(_l("looked at by a person"), Tone.GOOD),
    Code.NOT_AN_ORDER: Badge(_l("shows no order"), Tone.BAD),
    Code.NO_NUMBER: Badge(_l("no order number on it"), Tone.BAD),
    Code.OTHER_BUYER: Badge(_l("another's order"), Tone.BAD),
    Code.OTHER_SHOWCASE: Badge(_l("another showcase"), Tone.BAD),
    Code.NOT_ADMISSION: Badge(_l("no admission order"), Tone.BAD),
    Code.NOT_PAID: Badge(_l("not paid"), Tone.BAD),
    Code.REFUNDED: Badge(_l("cancelled or refunded"), Tone.BAD),
    Code.NUMBER_USED: Badge(_l("number used before"), Tone.BAD),
    Code.AMOUNT_DIFFERS: Badge(_l("amount differs"), Tone.BAD),
    Code.TIME_DIFFERS: Badge(_l("time differs"), Tone.BAD),
    Code.SHOP_DIFFERS: Badge(_l("showcase differs"), Tone.BAD),
    Code.FORGED: Badge(_l("forged"), Tone.BAD),
    Code.UNREADABLE: Badge(_l("cannot be made out"), Tone.BAD),
    Code.NO_PURCHASE: Badge(_l("no such purchase"), Tone.BAD),
    Code.RECORD_MISSING: Badge(_l("no record yet"), Tone.WARN),
    Code.NUMBER_NEAR: Badge(_l("nearly the candidate's number"), Tone.WARN),
    Code.NO_BUYER: Badge(_l("the record knows no buyer"), Tone.WARN),
    Code.PARTLY_READ: Badge(_l("only partly read"), Tone.WARN),
    Code.UNSURE: Badge(_l("read with doubt"), Tone.WARN),
    Code.TWIN: Badge(_l("has a twin"), Tone.WARN),
    Code.NO_READER: Badge(_l("not read"), Tone.WARN),
    Code.APPEALED: Badge(_l("appealed"), Tone.WARN),
    Code.OTHER: Badge(_l("for another reason"), Tone.BAD),
}
FIELDS: dict[str, Text] = {
    "number": _l("Order number"),
    "shop": _l("Showcase"),
    "paid_fen": _l("Paid"),
    "time": _l("Ordered or paid at"),
}
STEPS: dict[str, Badge] = {
    "submitted": Badge(_l("picture sent"), Tone.BUSY),
    "judged": Badge(_l("judged by rule"), Tone.PLAIN),
    "appealed": Badge(_l("appealed"), Tone.WARN),
    "decided": Badge(_l("decided by a person"), Tone.PLAIN),
}
