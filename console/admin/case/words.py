"""The words of review cases: queues, states, boosts, steps, verdicts, and how a subject is shown and reached."""

from datetime import datetime
from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row

from console import formatting
from console.admin.base import peers
from console.admin.columns import Badge, Text, Tone
from models.queries import case as cases
from models.rules import case as rules
from models.rules.case import Boost, Queue, State
from models.rules.hours import Hours

QUEUES: dict[str, Text] = {
    Queue.FIRST_REVIEW: _l("First review"),
    Queue.APPEAL: _l("Appeals to decide"),
    Queue.PAYOUT: _l("Payouts"),
    Queue.ADMISSION: _l("Admission pictures"),
    Queue.AFTER_SALE: _l("After-sales to answer"),
    Queue.COMPLIANCE: _l("Compliance matters"),
    Queue.COMPLAINT: _l("Complaints to answer"),
}
STATES: dict[str, Badge] = {
    State.OPEN: Badge(_l("free"), Tone.WARN),
    State.ASSIGNED: Badge(_l("dealt"), Tone.BUSY),
    State.IN_REVIEW: Badge(_l("being reviewed"), Tone.BUSY),
    State.CONFIRMED: Badge(_l("upheld"), Tone.BAD),
    State.CLEARED: Badge(_l("let go"), Tone.GOOD),
    State.EXPIRED: Badge(_l("expired quietly")),
    State.SETTLED: Badge(_l("settled by its desk"), Tone.GOOD),
}
VERDICTS: dict[str, Badge] = {
    State.CONFIRMED.value: Badge(_l("upheld"), Tone.BAD),
    State.CLEARED.value: Badge(_l("let go"), Tone.GOOD),
}
BOOSTS: dict[str, Text] = {
    Boost.NEW_HIT: _l("new hits"),
    Boost.UNSNOOZED: _l("woke up"),
    Boost.HANDED: _l("handed over"),
    Boost.ESCALATED: _l("escalated"),
    Boost.WARNED: _l("80% of the time gone"),
    Boost.BREACHED: _l("overdue"),
}
STEPS: dict[str, Text] = {
    "opened": _l("opened"),
    "hit": _l("new hit"),
    "dealt": _l("dealt to a reviewer"),
    "claimed": _l("picked up"),
    "lapsed": _l("lease ended, back in the queue"),
    "returned": _l("given back"),
    "handed": _l("handed over"),
    "escalated": _l("escalated"),
    "snoozed": _l("put to rest"),
    "paused": _l("waits for somebody outside"),
    "resumed": _l("goes on"),
    "warned": _l("80% of the time gone"),
    "breached": _l("overdue"),
    "asked": _l("second person asked"),
    "noted": _l("note"),
    "decided": _l("decided"),
    "looked": _l("looked at again"),
    "moved": _l("moved to another queue"),
}
SECONDS: dict[str, Badge] = {
    "due": Badge(_l("second look waits"), Tone.WARN),
    "done": Badge(_l("second look done"), Tone.GOOD),
}
KINDS: dict[str, Text] = {
    "order": _l("Order"),
    "member": _l("Member"),
    "ring": _l("Ring"),
    "proof": _l("Admission picture"),
    "withdrawal": _l("Withdrawal"),
    "after_sale": _l("After-sale of order"),
    "complaint": _l("Complaint"),
    "strike": _l("Strike for order"),
    "appeal": _l("Appeal of member"),
    "showcase": _l("Showcase"),
    "punish": _l("Punishment by WeChat"),
}
# The page of each kind of subject: the endpoint and what it is found by; shown to whoever may open it.
PAGES: dict[str, tuple[str, str]] = {
    "order": ("orders", "id"),
    "member": ("members", "id"),
    "showcase": ("members", "id"),
    "ring": ("risk_rings", "id"),
    "proof": ("proofs", "id"),
    "after_sale": ("after_sales", "id"),
    "withdrawal": ("withdrawals", "id"),
    "complaint": ("complaints", "id"),
    "appeal": ("appeals", "id"),
    "punish": ("callbacks", "id"),
}


def subject_url(subject: str) -> str:
    """The page of what a case is about, where this person may open one."""
    kind, _sep, ref = subject.partition(":")
    endpoint = PAGES.get(kind, ("", ""))[0]
    if endpoint not in peers() or not ref.isascii() or not ref.isdigit():
        return ""
    return url_for(f"{endpoint}.detail", row_id=int(ref))


def subject_name(subject: str, ref: str) -> str:
    """A subject as people name it."""
    kind = subject.partition(":")[0]
    return f"{KINDS.get(kind, kind)} {ref}"


def subject_cell(row: Row[Any]) -> Markup:
    """The subject in a list."""
    kind = row.subject.partition(":")[0]
    return Markup("{} <code>{}</code>").format(KINDS.get(kind, kind), row.ref)


def queue_cell(row: Row[Any]) -> str:
    return str(QUEUES.get(row.queue, row.queue))


def boosts_of(boosts: list[str], snoozed_until: datetime | None, at: datetime) -> list[Text]:
    """Why a case stands further up, in words."""
    woke = [Boost.UNSNOOZED.value] if snoozed_until is not None and snoozed_until <= at else []
    return [BOOSTS[one] for one in [*boosts, *woke]]


def hours_of(queue: str) -> Hours:
    """When a queue is worked on, read once a page."""
    known: dict[str, Hours] = g.setdefault("queue_hours", {})
    if queue not in known:
        known[queue] = cases.hours(queue)
    return known[queue]


def clock(due_at: datetime, *, queue: str, is_open: bool, is_paused: bool, is_warned: bool) -> Badge:
    """How much working time a case has left, as a badge; how long it is late by the clock on the wall."""
    if not is_open:
        return Badge(_("over"))
    if is_paused:
        return Badge(_("clock stands still"), Tone.BUSY)
    at = formatting.now()
    if due_at < at:
        return Badge(_("%(time)s late", time=formatting.duration((at - due_at).total_seconds())), Tone.BAD)
    left = formatting.duration(hours_of(queue).between(at, due_at))
    return Badge(_("%(time)s of work left", time=left), Tone.WARN if is_warned else Tone.PLAIN)


def clock_cell(row: Row[Any]) -> Markup:
    """The clock in a list."""
    live = row.state in rules.LIVE
    badge = clock(
        row.due_at, queue=row.queue, is_open=live, is_paused=row.paused_at is not None, is_warned="warned" in row.boosts
    )
    return Markup('<span class="badge {}">{}</span>').format(badge.tone, badge.label)


def reason_words(reason: str, titles: dict[str, str]) -> str:
    """A coded reason with its note, in words."""
    code, _sep, note = reason.partition(": ")
    return f"{titles.get(code, code)}{'：' if note else ''}{note}"
