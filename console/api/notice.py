"""What one was told, what one has seen of it, and whether one lets oneself be shown to others."""

from typing import Annotated

from pydantic import Field, model_validator

from console.api import cursor
from console.api.route import Call, route
from console.api.schema import Answer, Body, Count, Earned, Instant, Paged
from models import Notice as Row
from models.operations import notice as operations
from models.operations import story
from models.operations.story import Said
from models.queries import notice as queries
from models.queries import story as stories
from models.rules.compliance import DISCLAIMERS
from models.rules.story import CONSENT, Purpose

AT = "2026-11-24T08:00:00.000+08:00"
FROM_THE_END = 2**63 - 1
ONE = {
    "id": 1, "kind": "order.shipped", "title": "商品已发货", "body": "订单 A1 已由顺丰发出，运单号 SF12345。",
    "made_at": AT, "read_at": None,
}  # fmt: skip


class Notice(Answer):
    id: int
    kind: str
    title: str
    body: str
    made_at: Instant
    read_at: Instant | None


class Notices(Earned):
    """One's notices; some of them name amounts of one's own."""

    items: list[Notice]
    unread: Count
    next: str | None


class Seen(Body):
    """The newest notice that was seen; those before it were too."""

    until: Annotated[int, Field(ge=1, le=FROM_THE_END)]


class SeenAnswer(Answer):
    seen: Count
    unread: Count


@route(
    "GET", "/me/notices", "notices.list", "我的通知", query=Paged, answer=Notices,
    gives={"items": [ONE], "unread": 1, "next": None, "disclaimer": {"id": "D-03", "text": DISCLAIMERS["D-03"]}},
)  # fmt: skip
def list_(call: Call) -> Notices:
    """The newest first."""
    asked: Paged = call.query
    scope = ("notices", call.member_id)
    before = cursor.after(asked.cursor, scope=scope) or FROM_THE_END
    found = queries.page(member_id=call.member_id, before=before, limit=asked.limit + 1)
    rows, following = cursor.page(found, asked.limit, place=lambda row: row.id, scope=scope)
    return Notices(items=[_notice(row) for row in rows], unread=queries.unread(call.member_id), next=following)


def _notice(row: Row) -> Notice:
    return Notice(
        id=row.id, kind=row.kind, title=row.title, body=row.body, made_at=row.made_at, read_at=row.read_at
    )  # fmt: skip


@route(
    "POST", "/me/notices/read", "notices.read", "标记通知已读", body=Seen, answer=SeenAnswer, keyed=True,
    example={"until": 1}, gives={"seen": 1, "unread": 0},
)  # fmt: skip
def read(call: Call) -> SeenAnswer:
    seen, unread = operations.read(member_id=call.member_id, until=call.body.until, at=call.at)
    return SeenAnswer(seen=seen, unread=unread)


class StoryConsent(Answer):
    """The text that is asked to agree to, its SHA-256, and since when one does."""

    text: str
    sha256: str
    given_at: Instant | None


class PublicityAnswer(Answer):
    """Whether one stands on no board, and whether one lets a story be told."""

    is_unlisted: bool
    story: StoryConsent


class StorySaid(Body):
    """Yes or no to the text with this SHA-256."""

    accepts: bool
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Saying(Body):
    """What is given is changed, the rest stays."""

    is_unlisted: bool | None = None
    story: StorySaid | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Saying":
        if self.is_unlisted is None and self.story is None:
            raise ValueError("empty")
        return self


SHOWN = {"is_unlisted": False, "story": {"text": CONSENT, "sha256": story.digest(Purpose.STORY), "given_at": None}}


@route("GET", "/me/publicity", "publicity.read", "展示设置", answer=PublicityAnswer, gives=SHOWN)
def publicity(call: Call) -> PublicityAnswer:
    return _publicity(call)


@route(
    "PATCH", "/me/publicity", "publicity.change", "修改展示设置：不上榜，同意或撤回会员故事", body=Saying,
    answer=PublicityAnswer, example={"is_unlisted": True}, gives={**SHOWN, "is_unlisted": True},
)  # fmt: skip
def say(call: Call) -> PublicityAnswer:
    """A story whose consent is taken back goes down at once."""
    asked: Saying = call.body
    if asked.is_unlisted is not None:
        _say(call, Purpose.UNLISTED, asked.is_unlisted, story.digest(Purpose.UNLISTED))
    if asked.story is not None:
        _say(call, Purpose.STORY, asked.story.accepts, asked.story.sha256)
    return _publicity(call)


def _say(call: Call, purpose: Purpose, is_yes: bool, sha256: str) -> None:
    if not is_yes:
        story.unsay(member_id=call.member_id, purpose=purpose, at=call.at)
        return
    said = Said(purpose=purpose, sha256=sha256, ip=call.device.ip, user_agent=call.device.user_agent)
    story.say(member_id=call.member_id, said=said, at=call.at)


def _publicity(call: Call) -> PublicityAnswer:
    told = stories.said(member_id=call.member_id, purpose=Purpose.STORY)
    return PublicityAnswer(
        is_unlisted=stories.said(member_id=call.member_id, purpose=Purpose.UNLISTED) is not None,
        story=StoryConsent(
            text=CONSENT, sha256=story.digest(Purpose.STORY), given_at=told.given_at if told else None
        ),
    )  # fmt: skip
