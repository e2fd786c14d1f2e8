"""Appeals by the mini-program: against what was decided about oneself, and what came of them."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from console.api import cursor
from console.api.route import Call, route
from console.api.schema import Answer, Body, Instant, Paged
from models import Appeal
from models.operations import appeal
from models.queries import appeal as queries

AT = "2026-11-24T08:00:00.000+08:00"
ONE = {
    "id": 1, "against": "strike", "subject": "strike:7", "words": "订单都是真实顾客，附物流签收记录", "state": "open",
    "filed_at": AT, "decided_at": None, "answer": "",
}  # fmt: skip
# What the coded reasons of reviewers say to the member.
ANSWERS = {
    "new_evidence": "您补充的证据支持申诉，原决定已撤销。",
    "our_mistake": "经复核原决定有误，已撤销，给您带来不便请谅解。",
    "nothing_new": "未发现新的证据，原决定维持。",
    "still_holds": "经另一位审核员复核，原决定成立。",
    "other": "处理说明：",
}


def _whole(text: str) -> str:
    if not text.strip():
        raise ValueError("blank")
    return text


class Appealing(Body):
    """``subject`` names the decision.

    One of ``strike:ID``, ``showcase``, ``order:NUMBER`` (on hold), ``after_sale:ID``, ``proof:TASK`` (its picture).
    """

    subject: Annotated[str, Field(min_length=1, max_length=80)]
    words: Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_whole)]


class Appealed(Answer):
    """An appeal as its author sees it; ``answer`` is in plain words."""

    id: int
    against: Literal["strike", "showcase", "order", "proof", "after_sale"]
    subject: str
    words: str
    state: Literal["open", "won", "lost"]
    filed_at: Instant
    decided_at: Instant | None
    answer: str


class Appeals(Answer):
    items: list[Appealed]
    next: str | None


@route(
    "POST", "/appeals", "appeal.file", "申诉：由未参与原决定的人复核", body=Appealing, answer=Appealed, status=201,
    keyed=True, example={"subject": "strike:7", "words": "订单都是真实顾客，附物流签收记录"}, gives=ONE,
)  # fmt: skip
def file(call: Call) -> Appealed:
    """Within 30 days of the decision, once (rules §8.2)."""
    return _told(
        appeal.file(member_id=call.member_id, subject=call.body.subject, words=call.body.words, at=call.at)
    )  # fmt: skip


@route(
    "GET", "/me/appeals", "appeal.list", "我的申诉与结果", query=Paged, answer=Appeals,
    gives={"items": [ONE], "next": None},
)  # fmt: skip
def mine(call: Call) -> Appeals:
    """The newest first."""
    scope = ("appeals", call.member_id)
    place = cursor.after(call.query.cursor, scope=scope)
    rows, following = cursor.page(
        queries.of_member(call.member_id, before=place, limit=call.query.limit), call.query.limit,
        place=lambda row: row.id, scope=scope,
    )  # fmt: skip
    return Appeals(items=[_told(row) for row in rows], next=following)


def _told(row: Appeal) -> Appealed:
    code, _sep, note = row.answer.partition(": ")
    return Appealed.model_validate(
        {
            "id": row.id, "against": row.subject.partition(":")[0], "subject": row.subject, "words": row.words,
            "state": row.state, "filed_at": row.filed_at, "decided_at": row.decided_at,
            "answer": f"{ANSWERS.get(code, code)}{note}" if row.answer else "",
        }
    )  # fmt: skip
