"""Complaints by the mini-program: handed in, and what was answered."""

from typing import Annotated, Literal

from pydantic import Field

from console.api import cursor
from console.api.route import Call, route
from console.api.schema import Answer, Body, Disclaimer, Instant, Paged, Words, disclaimer
from models import Complaint, ComplaintMessage
from models.operations import complaint
from models.queries import complaint as queries
from models.rules.complaint import Category
from models.rules.compliance import DISCLAIMERS

AT = "2026-11-24T08:00:00.000+08:00"
ONE = {
    "id": 1, "category": "income_claim", "subject": "M-10", "state": "open", "opened_at": AT,
    "answer_by": "2026-11-25T08:00:00.000+08:00", "answered_at": None, "outcome": "",
    "messages": [{"at": AT, "speaker": "me", "words": "有人说交钱就有收入"}],
    "notice": {"id": "D-11", "text": DISCLAIMERS["D-11"]},
}  # fmt: skip


class Complaining(Body):
    """What it is about, in one's own words; ``subject`` an order's number or a showcase's code."""

    category: Literal["platform", "merchant", "income_claim", "entry_fee", "refund", "account", "privacy", "other"]
    subject: Annotated[str, Field(max_length=64)] = ""
    words: Words


class Said(Answer):
    """A sentence and whose it is; an automatic receipt is no answer."""

    at: Instant
    speaker: Literal["me", "receipt", "staff"]
    words: str


class Told(Answer):
    """A complaint as its author sees it."""

    id: int
    category: str
    subject: str
    state: str
    opened_at: Instant
    answer_by: Instant
    answered_at: Instant | None
    outcome: str
    messages: list[Said]
    notice: Disclaimer


class Complaints(Answer):
    items: list[Told]
    next: str | None


SPEAKERS: dict[str, Literal["me", "receipt", "staff"]] = {"member": "me", "auto": "receipt", "answer": "staff"}


@route(
    "POST", "/complaints", "complaint.open", "提交投诉：24 小时内由专人答复", body=Complaining, answer=Told, status=201,
    keyed=True, example={"category": "income_claim", "subject": "M-10", "words": "有人说交钱就有收入"}, gives=ONE,
)  # fmt: skip
def open_(call: Call) -> Told:
    """The clock runs from here; only a person's answer stops it (rules §8.4)."""
    made = complaint.open_(
        member_id=call.member_id, category=Category(call.body.category), subject=call.body.subject,
        words=call.body.words, at=call.at, by=f"member:{call.code}",
    )  # fmt: skip
    return _told(made, queries.told([made.id])[made.id])


@route(
    "GET", "/me/complaints", "complaint.list", "我的投诉与答复", query=Paged, answer=Complaints,
    gives={"items": [ONE], "next": None},
)  # fmt: skip
def mine(call: Call) -> Complaints:
    """The newest first."""
    scope = ("complaints", call.member_id)
    place = cursor.after(call.query.cursor, scope=scope)
    rows, following = cursor.page(
        queries.of_member(call.member_id, before=place, limit=call.query.limit + 1), call.query.limit,
        place=lambda row: row.id, scope=scope,
    )  # fmt: skip
    said = queries.told([row.id for row in rows])
    return Complaints(items=[_told(row, said[row.id]) for row in rows], next=following)


def _told(row: Complaint, said: list[ComplaintMessage]) -> Told:
    return Told(
        id=row.id, category=row.category, subject=row.subject, state=row.state, opened_at=row.opened_at,
        answer_by=row.due_at, answered_at=row.answered_at, outcome=row.outcome,
        messages=[Said(at=one.at, speaker=SPEAKERS[one.kind], words=one.words) for one in said],
        notice=disclaimer("D-11"),
    )  # fmt: skip
