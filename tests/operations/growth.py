"""What the tests of growth write: scripts, posters, challenges, consents."""

from datetime import datetime, timedelta

from models.operations import content, story
from models.rules.challenge import Draft as Contest
from models.rules.content import Draft, Kind
from models.rules.story import Purpose

CLEAN = "最近用到一款补水面膜，分享给您试试。"
RED = "加入我们，躺赚不是梦。"


def script(body=CLEAN, code="greeting", *, at, kind=Kind.SCRIPT):
    """A version, scanned as it was written."""
    return content.write(draft=Draft(kind=kind, code=code, title="打招呼", body=body), at=at, by="staff:1")


def published(body=CLEAN, code="greeting", *, at, kind=Kind.SCRIPT):
    """A version that is out."""
    return content.publish(
        content_id=script(body, code, at=at, kind=kind).id, is_reviewer=False, at=at, by="staff:1"
    )  # fmt: skip


def contest(at: datetime, *, days: int = 7, metric: str = "orders") -> Contest:
    """A challenge that begins now."""
    return Contest(
        title="好物挑战", words="统计活动期内本人完成的订单，不含准入订单。", prize="品牌礼盒一份", metric=metric,
        starts_at=at, ends_at=at + timedelta(days=days),
    )  # fmt: skip


def consents(member_id: int, *, at: datetime, purpose: Purpose = Purpose.STORY):
    """A member says so from its phone."""
    said = story.Said(purpose=purpose, sha256=story.digest(purpose), ip="10.1.2.3", user_agent="tests")
    return story.say(member_id=member_id, said=said, at=at)
