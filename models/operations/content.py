"""Scripts and posters: written, scanned as they are written, published, retired, taken back by a newer list."""

from datetime import datetime

from models.base import db
from models.errors import Missing
from models.operations import outbox
from models.queries import toolkit
from models.rules import content as rules
from models.rules import scanning
from models.rules.content import Draft, State
from models.tables.content import Content

PULLED = "phrases"


class NoContent(Missing):
    """There is no such version."""


class AnotherKind(rules.BadWords):
    """A code names a script or a poster, once and for all."""


def write(*, draft: Draft, at: datetime, by: str) -> Content:
    """Write a version: over the newest one while nobody has it, as the next one after that; scanned at once."""
    draft = rules.check(draft)
    newest = toolkit.newest(draft.code)
    if newest is not None and newest.kind != draft.kind:
        raise AnotherKind(f"编号 {draft.code} 已用于{'话术' if newest.kind == 'script' else '海报'}，请换一个编号。")
    if newest is None or newest.state not in (State.DRAFT, State.SCANNED):
        newest = Content(
            kind=draft.kind, code=draft.code, version=newest.version + 1 if newest else 1, state=State.DRAFT,
            made_at=at, made_by=by, blocked=0, reason="",
        )  # fmt: skip
        db.session.add(newest)
    newest.title, newest.body, newest.design = draft.title, draft.body, dict(rules.design(draft))
    _scan(newest, at)
    db.session.flush()
    return newest


def _scan(content: Content, at: datetime) -> None:
    found = scanning.scanned(content.title, content.body)
    content.findings, content.blocked, content.phrases, content.scanned_at = (
        found.findings, found.blocked, found.phrases, at,
    )  # fmt: skip
    if content.state in (State.DRAFT, State.SCANNED):
        content.state = State.DRAFT if found.blocked else State.SCANNED


def scan(*, content_id: int, at: datetime) -> Content:
    """Hold a version against the list in force once more; what is out and no longer clean is taken back."""
    content = _locked(content_id)
    _scan(content, at)
    _pull_back(content, at)
    db.session.flush()
    return content


def publish(*, content_id: int, is_reviewer: bool, at: datetime, by: str) -> Content:
    """Let a clean version out; the one before it retires (rules §8.4)."""
    content = _locked(content_id)
    if content.state not in (State.DRAFT, State.SCANNED):
        raise rules.NotThere("规则 8.4：只有扫描通过、尚未发布的版本可以发布。")
    _scan(content, at)
    rules.check_publishable(State(content.state), blocked=content.blocked)
    scanning.check_reviewed(content.findings, is_reviewer=is_reviewer)
    before = toolkit.published(content.code)
    if before is not None:
        before.state, before.ended_at, before.reason = State.RETIRED, at, "replaced"
        db.session.flush()
    content.state, content.published_at, content.published_by = State.PUBLISHED, at, by
    db.session.flush()
    outbox.emit("content.published", subject=f"content:{content.id}", content_id=content.id)
    return content


def retire(*, content_id: int, why: str, at: datetime) -> Content:
    """Hand it out no longer."""
    content = _locked(content_id)
    if content.state != State.PUBLISHED:
        raise rules.NotThere("只有已发布的版本可以下架，请刷新后查看。")
    content.state, content.ended_at, content.reason = State.RETIRED, at, why
    db.session.flush()
    return content


def rescan(*, at: datetime, limit: int) -> tuple[int, int]:
    """Hold what is out against a list that has changed since; how many were held and how many are taken back."""
    stale = toolkit.stale(scanning.version(), limit=limit)
    pulled = 0
    for content_id in stale:
        content = _locked(content_id)
        _scan(content, at)
        pulled += _pull_back(content, at)
    db.session.flush()
    return len(stale), pulled


def _pull_back(content: Content, at: datetime) -> bool:
    if content.state != State.PUBLISHED or not content.blocked:
        return False
    content.state, content.ended_at, content.reason = State.PULLED, at, PULLED
    outbox.emit("content.pulled", subject=f"content:{content.id}", content_id=content.id)
    return True


def _locked(content_id: int) -> Content:
    found = db.session.get(Content, content_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoContent("没有这个版本，请刷新列表。")
    return found
