"""The words for states, kinds and rows of orders that several pages show."""

from flask_babel import lazy_gettext as _l

from console.admin.columns import Badge, Text, Tone
from console.admin.money.words import REASONS as REASONS
from models.rules import after_sale, errand, parcel, verdict
from models.rules.order import Scene, State

STATES: dict[str, Badge] = {
    State.PENDING_PAYMENT: Badge(_l("Waits for payment")),
    State.DEPOSIT_PAID: Badge(_l("Deposit paid"), Tone.BUSY),
    State.BALANCE_DUE: Badge(_l("Balance due"), Tone.WARN),
    State.PAID: Badge(_l("Paid, to be sent"), Tone.BUSY),
    State.SHIPPED: Badge(_l("On its way"), Tone.BUSY),
    State.COMPLETED: Badge(_l("Completed"), Tone.GOOD),
    State.CANCELLED: Badge(_l("Cancelled")),
    State.REFUNDED: Badge(_l("Refunded"), Tone.BAD),
}

KINDS: dict[str, Badge] = {
    "normal": Badge(_l("Normal order")),
    "admission": Badge(_l("Admission order"), Tone.BUSY),
    "presale": Badge(_l("Presale order"), Tone.WARN),
}

SCENES: dict[str, Text] = {
    Scene.SHORT_VIDEO: _l("Short video"),
    Scene.LIVE: _l("Live stream"),
    Scene.SHARE_LINK: _l("Share link"),
    Scene.SHOWCASE: _l("Showcase"),
}

RISKS: dict[str, Badge] = {
    "clear": Badge(_l("No finding")),
    "held": Badge(_l("On hold"), Tone.WARN),
    "fraud": Badge(_l("Confirmed fraud"), Tone.BAD),
}

CASE_STATES: dict[str, Badge] = {
    after_sale.State.OPENED: Badge(_l("To be decided"), Tone.WARN),
    after_sale.State.ACCEPTED: Badge(_l("Accepted, waits for goods or money"), Tone.BUSY),
    after_sale.State.REFUSED: Badge(_l("Refused"), Tone.BAD),
    after_sale.State.CLOSED: Badge(_l("Closed"), Tone.GOOD),
}

CASE_KINDS: dict[str, Text] = {
    after_sale.Kind.NO_REASON: _l("Seven days, no reason"),
    after_sale.Kind.QUALITY: _l("Faulty goods"),
    after_sale.Kind.WRONG_GOODS: _l("Wrong goods"),
    after_sale.Kind.NOT_RECEIVED: _l("Not received"),
}

ADVICE: dict[str, Badge] = {
    verdict.Advice.ACCEPT: Badge(_l("Accept the return"), Tone.GOOD),
    verdict.Advice.PAY_BACK: Badge(_l("Pay back at once"), Tone.GOOD),
    verdict.Advice.LOOK: Badge(_l("A person looks"), Tone.WARN),
}

PARCEL_STATES: dict[str, Badge] = {
    parcel.State.SENT: Badge(_l("Sent"), Tone.BUSY),
    parcel.State.MOVING: Badge(_l("Moving"), Tone.BUSY),
    parcel.State.DELIVERED: Badge(_l("Delivered"), Tone.GOOD),
    parcel.State.RETURNED: Badge(_l("Came back"), Tone.WARN),
}

ERRANDS: dict[str, Text] = {
    errand.Kind.CASE_ACCEPT: _l("Agree to the return"),
    errand.Kind.CASE_REFUND: _l("Refund in the shop"),
    errand.Kind.CASE_REJECT: _l("Refuse in the shop"),
    errand.Kind.PARCEL: _l("Parcel of the shop"),
    errand.Kind.SHIPPING: _l("Shipping of the payment"),
    errand.Kind.WAYBILL: _l("Corrected waybill"),
}

ERRAND_STATES: dict[str, Badge] = {
    errand.State.DUE: Badge(_l("being told"), Tone.BUSY),
    errand.State.DONE: Badge(_l("WeChat knows"), Tone.GOOD),
    errand.State.REFUSED: Badge(_l("WeChat refused"), Tone.BAD),
}

SHOP_KINDS: dict[str, Text] = {
    "REFUND": _l("money alone"),
    "RETURN": _l("money against the goods"),
    "EXCHANGE": _l("other goods"),
}

# The shop's own words; one that is not here is shown as the shop writes it.
SHOP_WORDS: dict[str, Text] = {
    "MERCHANT_PROCESSING": _l("waits for us"),
    "USER_WAIT_RETURN": _l("waits for the buyer to send the goods"),
    "MERCHANT_WAIT_RECEIPT": _l("goods are on their way back"),
    "MERCHANT_OVERDUE_REFUND": _l("overdue, the shop refunds"),
    "PLATFORM_REFUNDING": _l("the money is on its way back"),
    "MERCHANT_REFUND_SUCCESS": _l("refunded by the shop"),
    "MERCHANT_RETURN_SUCCESS": _l("returned and refunded by the shop"),
    "MERCHANT_REJECT_REFUND": _l("refund refused"),
    "MERCHANT_REJECT_RETURN": _l("return refused"),
    "USER_CANCELD": _l("taken back by the buyer"),
    "RETURN_CLOSED": _l("over in the shop"),
    "MERCHANT_FAIL": _l("failed in the shop"),
}

ROWS: dict[str, Text] = {
    "cost": _l("Cost of the goods"),
    "level": _l("Level share"),
    "region": _l("Region share"),
    "seed": _l("Seed bonus"),
    "house": _l("House"),
    "reserve": _l("Reserve"),
}
LEGS: dict[str, Text] = ROWS | {"settlement": _l("settlement"), "margin": _l("margin")}

BUCKETS: dict[str, Badge] = {
    "pending": Badge(_l("pending"), Tone.BUSY),
    "locked": Badge(_l("locked"), Tone.WARN),
    "frozen": Badge(_l("frozen"), Tone.WARN),
    "held": Badge(_l("held"), Tone.BAD),
    "available": Badge(_l("available"), Tone.GOOD),
}

POSTINGS: dict[str, Text] = {
    "pay": _l("Payment booked"),
    "pay-deposit": _l("Deposit booked"),
    "cancel": _l("Payment given back"),
    "settle": _l("Settled"),
    "mature": _l("Shares became available"),
    "release": _l("Shares released"),
    "reversal": _l("Shares taken back"),
    "refund": _l("Refunded"),
    "hold": _l("Shares put on hold"),
    "fraud": _l("Shares taken for fraud"),
}


def words(badges: dict[str, Badge]) -> dict[str, Text]:
    """The choices of a filter over these states."""
    return {key: badge.label for key, badge in badges.items()}
