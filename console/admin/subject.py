"""What a mention is about, in words that lead there: behind `order:K26112700` stands an order, and its page."""

from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from console.admin.base import peers
from console.admin.columns import Text


@dataclass(frozen=True)
class Kind:
    """A kind of subject: its word, the view that shows it, and the method that finds it by what the mention says.

    ``by`` names the argument of the method; a number stands for an id where it is ``row_id`` or ``seat_id``.
    """

    title: Text
    view: str = ""
    method: str = "index_view"
    by: str = "q"


KINDS: dict[str, Kind] = {
    "order": Kind(_l("Order"), "orders", "by_number", "number"),
    "member": Kind(_l("Member"), "members", "by_code", "code"),
    "complaint": Kind(_l("Complaint"), "complaints", "detail", "row_id"),
    "policy": Kind(_l("Policy version"), "policies", "detail", "row_id"),
    "after-sale": Kind(_l("After-sale"), "after_sales", "detail", "row_id"),
    "agency": Kind(_l("Regional agency"), "agencies", "detail", "row_id"),
    "agent": Kind(_l("Regional agency"), "agencies", "detail", "row_id"),
    "posting": Kind(_l("Posting"), "postings", "detail", "row_id"),
    "withdrawal": Kind(_l("Withdrawal"), "withdrawals"),
    "product": Kind(_l("Products"), "products"),
    "account": Kind(_l("Account of the ledger"), "statements", by="account"),
    "bill": Kind(_l("Dividend bill"), "bills", by=""),
    "dividend": Kind(_l("Dividend bill"), "bills", by=""),
    "difference": Kind(_l("Difference"), "differences", "detail", "row_id"),
    "approval": Kind(_l("Approved request"), "approvals", "detail", "row_id"),
    "export": Kind(_l("Export"), "exports", by=""),
    "content": Kind(_l("Toolkit text"), "toolkit", "detail", "row_id"),
    "story": Kind(_l("Promoter's story"), "stories", "detail", "row_id"),
    "challenge": Kind(_l("Challenge"), "challenges", "detail", "row_id"),
    "notice-wording": Kind(_l("Notice template"), "notice_templates", by=""),
    "agreement": Kind(_l("Agreement"), "agreements", by=""),
    "seat": Kind(_l("Seat"), "tree", "detail", "seat_id"),
    "pay": Kind(_l("Merchants paid through our own number")),
    "split": Kind(_l("Two accounts of one person")),
    "quarter": Kind(_l("Report of the quarter"), "handouts", by=""),
    "disclaimer": Kind(_l("Disclaimer")),
    "receipt": Kind(_l("Receipt of a complaint")),
    "ledger": Kind(_l("The whole ledger"), "trial_balance", by=""),
    "case": Kind(_l("Case no."), "cases", "detail", "row_id"),
    "finding": Kind(_l("Finding"), "findings", "detail", "row_id"),
    "job": Kind(_l("Job"), "jobs", "detail", "row_id"),
    "delisting": Kind(_l("Taken down everywhere"), "delistings", "detail", "row_id"),
    "alert_rule": Kind(_l("Alert rules"), "alert_rules", by=""),
    "timetable": Kind(_l("Timetable"), "timetable", by=""),
    "batch": Kind(_l("Batch"), "batches", "detail", "row_id"),
    "import": Kind(_l("Import"), "imports", "detail", "row_id"),
    "margin": Kind(_l("Margin of settled orders"), "board_money", by=""),
    "repurchase": Kind(_l("Repurchase rate"), "board_repurchase", by=""),
    "platform": Kind(_l("The platform")),
}


def url(subject: str) -> str:
    """The page of a subject, empty where it has none that this person may open."""
    word, _colon, ref = subject.partition(":")
    kind = KINDS.get(word)
    if kind is None or kind.view not in peers():
        return ""
    is_id = kind.by.endswith("_id")
    if kind.by and not ref or is_id and not (ref.isascii() and ref.isdigit()):
        return ""
    told: dict[str, Any] = {kind.by: int(ref) if is_id else ref} if kind.by else {}
    return url_for(f"{kind.view}.{kind.method}", **told)


def name(subject: str) -> str:
    """A subject as people say it."""
    word, _colon, ref = subject.partition(":")
    kind = KINDS.get(word)
    return f"{kind.title} {ref}".rstrip() if kind else subject


def link(subject: str) -> Markup:
    """A subject in words, leading to its page."""
    word, _colon, ref = subject.partition(":")
    kind = KINDS.get(word)
    words = Markup("{} <code>{}</code>").format(kind.title, ref) if kind and ref else Markup("{}").format(name(subject))
    there = url(subject)
    return Markup('<a href="{}">{}</a>').format(there, words) if there else Markup("<span>{}</span>").format(words)
