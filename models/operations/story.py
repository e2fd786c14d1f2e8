"""Stories of members: consent given and taken back, words written, figures counted as they go out."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Missing
from models.operations import notice, outbox
from models.queries import member as members
from models.queries import sold
from models.queries import story as queries
from models.rules import scanning
from models.rules import story as rules
from models.rules.story import Purpose, State
from models.tables.member import Member
from models.tables.story import Publicity, Story

SHOWN_AGAIN = "withdrawn"


class NoStory(Missing):
    """There is no such story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a member says about being shown, and from where; ``sha256`` names the text it read."""

    purpose: Purpose
    sha256: str
    ip: str
    user_agent: str


def digest(purpose: Purpose) -> str:
    """SHA-256 (hex) of the text that a member reads for a purpose."""
    return hashlib.sha256(_text(purpose).encode()).hexdigest()


def _text(purpose: Purpose) -> str:
    return rules.CONSENT if purpose is Purpose.STORY else rules.UNLISTED


def say(*, member_id: int, said: Said, at: datetime) -> Publicity:
    """Keep what a member says; the same again changes nothing."""
    if said.sha256 != digest(said.purpose):
        raise rules.OutdatedConsent("展示说明已更新，请重新阅读后再同意。")
    there = queries.said(member_id=member_id, purpose=said.purpose)
    if there is not None:
        return there
    made = Publicity(
        member_id=member_id, purpose=said.purpose, text=_text(said.purpose), sha256=said.sha256, given_at=at,
        ip=said.ip, user_agent=said.user_agent,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


def unsay(*, member_id: int, purpose: Purpose, at: datetime) -> None:
    """Take back what a member said; a story goes down at once."""
    there = queries.said(member_id=member_id, purpose=purpose)
    if there is None:
        return
    there.ended_at = at
    story = queries.of_member(member_id) if purpose is Purpose.STORY else None
    if story is not None:
        _end(story, State.WITHDRAWN, "withdrawn", at)
    db.session.flush()


def forget(*, member_id: int, at: datetime) -> None:
    """A member leaves: what it said ends, its story goes down, nothing is kept of where it said so."""
    unsay(member_id=member_id, purpose=Purpose.STORY, at=at)
    unsay(member_id=member_id, purpose=Purpose.UNLISTED, at=at)
    mine = sa.update(Publicity).where(Publicity.member_id == member_id)
    db.session.execute(mine.values(ip="", user_agent=""))


def write(*, code: str, title: str, words: str, at: datetime, by: str) -> Story:
    """Begin a member's story: it takes the member's consent, and no figure is typed."""
    member = members.by_code(code.strip())
    _consent(member.id)
    story = Story(
        member_id=member.id, state=State.DRAFT, made_at=at, made_by=by, blocked=0, reason="",
    )  # fmt: skip
    _word(story, title, words)
    db.session.add(story)
    db.session.flush()
    return story


def rewrite(*, story_id: int, title: str, words: str) -> Story:
    """Other words for a story that is not out."""
    story = _draft(story_id)
    _word(story, title, words)
    db.session.flush()
    return story


def _word(story: Story, title: str, words: str) -> None:
    story.title, story.words = rules.check_words(title, words)
    found = scanning.scanned(story.title, story.words)
    story.findings, story.blocked, story.phrases = found.findings, found.blocked, found.phrases


def publish(*, story_id: int, is_reviewer: bool, at: datetime, by: str) -> Story:
    """Let it out, with its figures counted now: of the member from its orders, of everybody from the ledger (D-04)."""
    story = _draft(story_id)
    consent = _consent(story.member_id)
    _word(story, story.title, story.words)
    scanning.check_clean(scanning.scanned(story.title, story.words))
    scanning.check_reviewed(story.findings, is_reviewer=is_reviewer)
    figures = _figures(db.session.get_one(Member, story.member_id), at)
    before = queries.of_member(story.member_id)
    if before is not None:
        _end(before, State.RETIRED, "replaced", at)
        db.session.flush()
    story.figures, story.publicity_id = figures, consent.id
    story.state, story.published_at, story.published_by = State.PUBLISHED, at, by
    db.session.flush()
    outbox.emit("story.published", subject=f"story:{story.id}", story_id=story.id)
    return story


def _figures(member: Member, at: datetime) -> dict[str, object]:
    since = member.qualified_at or at
    rows = sold.counted(since=since, until=at, sellers=[member.id])
    if not rows:
        raise rules.NothingToTell("这位会员还没有可以展示的完成订单，故事须以真实成交为依据。")
    (row,) = rows
    return {
        "orders": row.orders, "buyers": row.buyers, "returning": row.returning, "since": since.isoformat(),
        "until": at.isoformat(),
    }  # fmt: skip


def retire(*, story_id: int, why: str, at: datetime) -> Story:
    """Tell it no longer."""
    story = _locked(story_id)
    if story.state not in (State.DRAFT, State.PUBLISHED):
        raise rules.NoConsent("这个故事已经下架，请刷新后查看。")
    _end(story, State.RETIRED, why, at)
    db.session.flush()
    return story


def rescan(*, at: datetime, limit: int) -> tuple[int, int]:
    """Hold what is out against a list that has changed since; how many were held and how many are taken back."""
    stale = queries.stale(scanning.version(), limit=limit)
    pulled = 0
    for story_id in stale:
        story = _locked(story_id)
        _word(story, story.title, story.words)
        if story.blocked:
            _end(story, State.PULLED, "phrases", at)
            pulled += 1
    db.session.flush()
    return len(stale), pulled


def _end(story: Story, state: State, why: str, at: datetime) -> None:
    was_out = story.state == State.PUBLISHED
    story.state, story.ended_at, story.reason = state, at, why
    if was_out and why != "replaced":
        notice.tell(
            member_id=story.member_id, template="story.ended", values={"title": story.title},
            about=f"story:{story.id}", at=at,
        )  # fmt: skip


def _consent(member_id: int) -> Publicity:
    found = queries.said(member_id=member_id, purpose=Purpose.STORY)
    if found is None:
        raise rules.NoConsent("规则 8.4：这位会员没有同意展示故事，请先请本人在小程序“展示设置”里同意。")
    return found


def _draft(story_id: int) -> Story:
    story = _locked(story_id)
    if story.state != State.DRAFT:
        raise rules.NoConsent("只有草稿可以修改和发布；已发布的故事请先下架再另写一篇。")
    return story


def _locked(story_id: int) -> Story:
    found = db.session.get(Story, story_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoStory("没有这个故事，请刷新列表。")
    return found
