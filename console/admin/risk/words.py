"""The words of the risk desk: kinds of events, actions, groups, signals, labels."""

from typing import Any

from flask_babel import lazy_gettext as _l

from console import formatting
from console.admin.columns import Badge, Tone
from models.rules.risk_feature import FEATURES, Unit

EVENTS = {
    "register": Badge(_l("Registration")),
    "place": Badge(_l("Order placed")),
    "refund": Badge(_l("Refund paid")),
    "payout": Badge(_l("Withdrawal asked for")),
    "sign_in": Badge(_l("Sign-in")),
    "showcase": Badge(_l("Showcase opened")),
    "proof": Badge(_l("Screenshot sent in")),
}
ACTIONS = {
    "allow": Badge(_l("let through"), Tone.GOOD),
    "hold": Badge(_l("shares held"), Tone.BAD),
    "review": Badge(_l("to be reviewed"), Tone.WARN),
    "block_payout": Badge(_l("payout blocked"), Tone.BAD),
}
GROUPS = {
    "place": _l("Network and address"),
    "identity": _l("Device, payer and account"),
    "self": _l("Dealing with oneself"),
    "return": _l("Returns"),
    "burst": _l("Bursts"),
    "proof": _l("Screenshots"),
    "join": _l("Registrations"),
    "cycle": _l("Buying in circles"),
    "region": _l("Regional agents and orders"),
}
SIGNALS = {
    "payer": _l("Payer"),
    "phone": _l("Phone number"),
    "device": _l("Device"),
    "payee": _l("Payee account"),
    "ip": _l("IP address"),
    "address": _l("Postal address"),
}
LISTED = {key: SIGNALS[key] for key in ("ip", "address", "device")}
LABELS = {
    "confirmed": Badge(_l("fraud confirmed"), Tone.BAD),
    "held": Badge(_l("still held"), Tone.WARN),
    "cleared": Badge(_l("found clean"), Tone.GOOD),
    "refunded": Badge(_l("refunded later")),
    "clean": Badge(_l("nothing came up"), Tone.GOOD),
    "other": Badge(_l("no order")),
}
STATES = {
    "draft": Badge(_l("Draft of a rule"), Tone.WARN),
    "shadow": Badge(_l("In shadow"), Tone.BUSY),
    "live": Badge(_l("Live"), Tone.GOOD),
    "retired": Badge(_l("Retired")),
    "dropped": Badge(_l("Given up")),
}
OPS = {">=": "≥", ">": ">", "<=": "≤", "<": "<", "==": "=", "!=": "≠"}


def said(name: str, value: int | None) -> str:
    """A feature's value as people read it."""
    if value is None or value < 0:
        return str(_l("unknown"))
    unit = FEATURES[name].unit
    if unit is Unit.BPS:
        return f"{value / 100:.2f}%"
    if unit is Unit.FEN:
        return formatting.yuan(value)
    if unit is Unit.SECONDS:
        return formatting.duration(value)
    if unit is Unit.FLAG:
        return str(_l("yes") if value else _l("no"))
    return f"{value:,}"


def title(name: str) -> str:
    """A feature's name in words; it is Chinese in the source, since rules quote it."""
    return FEATURES[name].title if name in FEATURES else name


WORDS: dict[str, Any] = {
    "events": EVENTS, "actions": ACTIONS, "groups": GROUPS, "signals": SIGNALS, "labels": LABELS, "states": STATES,
    "ops": OPS, "said": said, "named": title,
}  # fmt: skip
