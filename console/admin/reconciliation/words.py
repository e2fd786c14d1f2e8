"""The words of reconciliation as staff read them."""

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row

from console.admin import subject
from console.admin.columns import Badge, Tone
from console.admin.money.words import link
from console.auth import allowed
from models.rules.statement import Account, Business, Layout, Way

KINDS: dict[str, Badge] = {
    "missing_here": Badge(_l("missing in our books"), Tone.BAD),
    "missing_there": Badge(_l("missing at the channel"), Tone.BAD),
    "amount": Badge(_l("amount differs"), Tone.BAD),
    "state": Badge(_l("state differs"), Tone.WARN),
    "duplicate": Badge(_l("told twice"), Tone.BAD),
    "balance": Badge(_l("balance moved apart"), Tone.WARN),
}
BUSINESS: dict[str, Badge] = {
    Business.PAYMENT: Badge(_l("payment received")),
    Business.REFUND: Badge(_l("money back to a buyer")),
    Business.PAYOUT: Badge(_l("transfer to a member")),
    Business.PAYOUT_BACK: Badge(_l("transfer that came back"), Tone.WARN),
    Business.FEE: Badge(_l("channel's fee")),
    Business.OTHER: Badge(_l("other movement")),
    "balance": Badge(_l("balance of the day")),
}
STATES: dict[str, Badge] = {
    "open": Badge(_l("to be cleared"), Tone.BAD),
    "gone": Badge(_l("gone by itself"), Tone.GOOD),
    "resolved": Badge(_l("cleared"), Tone.GOOD),
}
ACCOUNTS: dict[str, Badge] = {
    Account.TRADE: Badge(_l("trade bill")),
    Account.BASIC: Badge(_l("basic account")),
    Account.OPERATION: Badge(_l("operating account")),
    Account.FEES: Badge(_l("fee account")),
    Account.WALLET: Badge(_l("another wallet")),
}
LAYOUTS: dict[str, Badge] = {
    Layout.TRADE: Badge(_l("WeChat Pay, trade")),
    Layout.FUNDFLOW: Badge(_l("WeChat Pay, fund flow")),
    Layout.WECHAT: Badge(_l("WeChat wallet")),
    Layout.ALIPAY: Badge("支付宝"),
    Layout.JD: Badge("京东"),
    Layout.MEITUAN: Badge("美团"),
}
SOURCES: dict[str, Badge] = {"download": Badge(_l("fetched"), Tone.GOOD), "upload": Badge(_l("uploaded"))}
BILL_STATES: dict[str, Badge] = {
    "reading": Badge(_l("being read"), Tone.BUSY),
    "read": Badge(_l("read on trial"), Tone.WARN),
    "taking": Badge(_l("being taken"), Tone.BUSY),
    "taken": Badge(_l("counts"), Tone.GOOD),
    "failed": Badge(_l("unreadable"), Tone.BAD),
    "cancelled": Badge(_l("given up"), Tone.PLAIN),
}
WAYS: dict[str, Badge] = {
    Way.IN: Badge(_l("money in"), Tone.GOOD),
    Way.OUT: Badge(_l("money out"), Tone.WARN),
    Way.NONE: Badge(_l("neither")),
}
SUBJECTS: dict[str, str] = {Business.PAYOUT: "transfers", Business.PAYOUT_BACK: "transfers", Business.PAYMENT: "orders"}


def about(row: Row[Any]) -> Markup:
    """What of ours a difference is about, leading there; the day's page for a balance."""
    if row.subject.startswith("reckoning:"):
        return link("reconciliation.by_day", row.subject.partition(":")[2], day=row.subject.partition(":")[2])
    return subject.link(row.subject) if row.subject else Markup('<span class="muted">–</span>')


def ours(row: Row[Any]) -> Markup:
    """The number of a line, leading to our transfer or order of that number."""
    if not row.number:
        return Markup('<span class="muted">–</span>')
    page = SUBJECTS.get(row.business)
    if page is None or not allowed("withdrawal.view" if page == "transfers" else "order.view"):
        return Markup("<code>{}</code>").format(row.number)
    return Markup('<a href="{}"><code>{}</code></a>').format(url_for(f"{page}.index_view", q=row.number), row.number)
