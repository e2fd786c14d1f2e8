"""The words of the ledger as staff read them: kinds of accounts, of postings, causes of legs."""

from typing import Any

from flask import current_app, url_for
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from console.admin.columns import Badge, Tone
from models.rules.adjustment import Template

BUCKETS = {
    "custody": Badge(_l("custody")),
    "clearing": Badge(_l("clearing"), Tone.BUSY),
    "supplier": Badge(_l("supplier")),
    "margin": Badge(_l("margin")),
    "house": Badge(_l("house share")),
    "reserve": Badge(_l("reserve")),
    "withheld": Badge(_l("tax withheld")),
    "deposit": Badge(_l("agent's deposit")),
    "pending": Badge(_l("pending share"), Tone.BUSY),
    "locked": Badge(_l("locked share"), Tone.WARN),
    "frozen": Badge(_l("frozen share"), Tone.WARN),
    "held": Badge(_l("share under review"), Tone.BAD),
    "available": Badge(_l("available to withdraw"), Tone.GOOD),
    "payout": Badge(_l("on its way out"), Tone.BUSY),
    "debt": Badge(_l("debt"), Tone.BAD),
}
KINDS = {
    "pay": Badge(_l("payment")),
    "pay-deposit": Badge(_l("presale deposit")),
    "cancel": Badge(_l("order cancelled"), Tone.WARN),
    "settle": Badge(_l("settlement"), Tone.GOOD),
    "refund": Badge(_l("refund"), Tone.WARN),
    "mature": Badge(_l("matured"), Tone.GOOD),
    "release": Badge(_l("released"), Tone.GOOD),
    "hold": Badge(_l("put under review"), Tone.BAD),
    "clear": Badge(_l("review cleared"), Tone.GOOD),
    "fraud": Badge(_l("fraud confirmed"), Tone.BAD),
    "restore": Badge(_l("fraud taken back"), Tone.GOOD),
    "withdrawal": Badge(_l("withdrawal")),
    "payout": Badge(_l("paid out"), Tone.GOOD),
    "payout_back": Badge(_l("payout came back"), Tone.WARN),
    "dividend": Badge(_l("dividend")),
    "deposit": Badge(_l("agent's deposit moved")),
    "adjustment": Badge(_l("adjustment"), Tone.WARN),
    "reversal": Badge(_l("reversal"), Tone.WARN),
}
CAUSES = {
    "settlement": _l("settlement"),
    "cost": _l("cost of goods"),
    "level": _l("level share"),
    "region": _l("regional share"),
    "seed": _l("seed bonus"),
    "house": _l("house share"),
    "reserve": _l("reserve"),
    "margin": _l("margin"),
    "payment": _l("payment"),
    "refund": _l("refund"),
    "mature": _l("matured"),
    "release": _l("released"),
    "hold": _l("put under review"),
    "clear": _l("review cleared"),
    "fraud": _l("fraud confirmed"),
    "withdrawal": _l("withdrawal"),
    "tax": _l("tax withheld"),
    "payout": _l("paid out"),
    "payout_back": _l("payout came back"),
    "dividend": _l("dividend"),
    "deposit": _l("agent's deposit moved"),
    "deposit_back": _l("deposit given back"),
    "deposit_deducted": _l("deposit deducted"),
    "adjustment": _l("adjustment"),
}
# Why WeChat ended a transfer (facts of the transfer family); codes that are not here are shown as they come.
CHANNEL = {
    "ACCOUNT_FROZEN": _l("the payee's account is frozen"),
    "REAL_NAME_CHECK_FAIL": _l("the payee has not confirmed the real name with WeChat"),
    "NAME_NOT_CORRECT": _l("the payee's real name differs"),
    "OPENID_INVALID": _l("the payee's account does not fit this mini-program"),
    "TRANSFER_QUOTA_EXCEED": _l("over the limit of one transfer"),
    "DAY_RECEIVED_QUOTA_EXCEED": _l("the payee received the day's limit"),
    "MONTH_RECEIVED_QUOTA_EXCEED": _l("the payee received the month's limit"),
    "DAY_RECEIVED_COUNT_EXCEED": _l("the payee received the day's number of transfers"),
    "OVERDUE_CLOSE": _l("the payee did not confirm within 24 hours"),
    "TRANSFER_RISK": _l("WeChat sees a risk"),
    "PAYEE_ACCOUNT_ABNORMAL": _l("the payee's account cannot receive"),
    "PAYER_ACCOUNT_ABNORMAL": _l("our account cannot pay"),
    "MERCHANT_REJECT": _l("refused by our own account's approval"),
    "MERCHANT_NOT_CONFIRM": _l("not approved in our own account in time"),
}
HOUSE = {
    "no_upline": _l("nobody above"),
    "over_cap": _l("over the paid levels"),
    "not_upline": _l("seller not above the buyer"),
    "exited": _l("has exited"),
    "closed": _l("showcase closed"),
    "not_qualified": _l("not qualified"),
    "rounding": _l("rounding"),
    "fraud": _l("fraud confirmed"),
}
REASONS = HOUSE | {"debt_paid": _l("pays a debt"), "debt_made": _l("makes a debt")}
TEMPLATES = {
    Template.COMPENSATE: _l("Pay a member from margin"),
    Template.RECOVER: _l("Take back from a member"),
    Template.FORGIVE: _l("Forgive a debt"),
    Template.HOUSE: _l("House shares become margin"),
    Template.RESERVE: _l("The reserve covers a loss"),
}


def words(texts: dict[str, Any]) -> dict[str, Any]:
    """Choices of a filter from badges."""
    return {key: badge.label for key, badge in texts.items()}


def link(endpoint: str, text: str, **values: Any) -> Markup:
    """A link to a page of the console, or the text alone where the page does not exist."""
    if f"{endpoint}" not in current_app.view_functions:
        return Markup("{}").format(text)
    return Markup('<a href="{}">{}</a>').format(url_for(endpoint, **values), text)


def statement_link(code: str) -> Markup:
    """An account's code, leading to its statement."""
    return Markup("<code>{}</code>").format(link("statements.index_view", code, account=code))


def member_link(code: str, member_id: int | None) -> Markup:
    """A member's code, leading to its page."""
    return link("members.detail", code, row_id=member_id) if member_id is not None else Markup("{}").format(code)
