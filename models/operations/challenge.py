"""Challenges: thought up, let out, entered, closed by the timetable with standings that stay."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Missing
from models.operations import agreement, notice, outbox
from models.queries import challenge as queries
from models.queries import policy as policies
from models.rules import challenge as rules
from models.rules import scanning
from models.rules.challenge import Draft, State
from models.tables.challenge import Challenge, ChallengeEntry
from models.tables.member import Member


class NoChallenge(Missing):
    """There is no such challenge, or not for members."""


class NotAPromoter(Conflict):
    """Only an active promoter sells, so only one takes part."""


def write(*, challenge_id: int | None, draft: Draft, at: datetime, by: str) -> Challenge:
    """Write a challenge, or write a draft anew; its words are scanned at once (rules §8.4)."""
    rules.check(draft, at=at)
    _, policy = policies.in_force(at)
    challenge = (
        _draft(challenge_id) if challenge_id else Challenge(state=State.DRAFT, made_at=at, made_by=by, reason="")
    )
    challenge.title, challenge.words, challenge.prize = (
        text.replace("\r\n", "\n").strip() for text in (draft.title, draft.words, draft.prize)
    )
    challenge.metric, challenge.starts_at, challenge.ends_at = draft.metric, draft.starts_at, draft.ends_at
    challenge.closes_at = rules.closes_at(draft.ends_at, return_days=policy.return_days)
    _scan(challenge)
    db.session.add(challenge)
    db.session.flush()
    return challenge


def _scan(challenge: Challenge) -> scanning.Scanned:
    found = scanning.scanned(challenge.title, challenge.words, challenge.prize)
    challenge.findings, challenge.blocked, challenge.phrases = found.findings, found.blocked, found.phrases
    return found


def publish(*, challenge_id: int, is_reviewer: bool, at: datetime, by: str) -> Challenge:
    """Let members see and enter it; its terms stay from here."""
    challenge = _draft(challenge_id)
    scanning.check_clean(_scan(challenge))
    scanning.check_reviewed(challenge.findings, is_reviewer=is_reviewer)
    if challenge.ends_at <= at:
        raise rules.BadChallenge("结束时间已过，请先修改时间。")
    challenge.state, challenge.published_at, challenge.published_by = State.PUBLISHED, at, by
    db.session.flush()
    outbox.emit("challenge.published", subject=f"challenge:{challenge.id}", challenge_id=challenge.id)
    return challenge


def cancel(*, challenge_id: int, why: str, at: datetime) -> Challenge:
    """Call it off; nobody is placed."""
    challenge = _locked(challenge_id)
    if challenge.state not in (State.DRAFT, State.PUBLISHED):
        raise rules.NotThere("挑战已经结束或取消，请刷新后查看。")
    challenge.state, challenge.ended_at, challenge.reason = State.CANCELLED, at, why
    db.session.flush()
    return challenge


def enter(*, challenge_id: int, member_id: int, at: datetime) -> ChallengeEntry:
    """Take part; again changes nothing."""
    challenge = queries.open_one(challenge_id)
    if challenge is None:
        raise NoChallenge("没有这个挑战。")
    there = queries.entries(member_id, [challenge_id]).get(challenge_id)
    if there is not None:
        return there
    rules.check_open(challenge.state, ends_at=challenge.ends_at, at=at)
    member = db.session.get_one(Member, member_id)
    if member.standing != "active" or member.position is not None:
        raise NotAPromoter("只有资格有效的推广者可以报名，请先在“我的资格”查看。")
    agreement.check_consent(member=member, at=at)
    made = ChallengeEntry(challenge_id=challenge_id, member_id=member_id, entered_at=at)
    db.session.add(made)
    db.session.flush()
    return made


def close(*, challenge_id: int, at: datetime) -> int:
    """Write the standings down and tell those who are placed; how many those are. A second time does nothing."""
    challenge = _locked(challenge_id)
    if challenge.state != State.PUBLISHED or challenge.closes_at > at:
        return 0
    placed = rules.placed(queries.scores(challenge, until=at))
    mine = sa.update(ChallengeEntry).where(ChallengeEntry.challenge_id == challenge_id)
    db.session.execute(mine.values(score=0))
    for place, member_id, score in placed:
        db.session.execute(mine.where(ChallengeEntry.member_id == member_id).values(score=score, place=place))
        notice.tell(
            member_id=member_id, template="challenge.closed", about=f"challenge:{challenge_id}", at=at,
            values={"title": challenge.title, "place": str(place)},
        )  # fmt: skip
    challenge.state, challenge.ended_at = State.CLOSED, at
    db.session.flush()
    outbox.emit("challenge.closed", subject=f"challenge:{challenge_id}", challenge_id=challenge_id)
    return len(placed)


def rescan(*, at: datetime, limit: int) -> tuple[int, int]:
    """Hold what is out against a list that has changed since; what is no longer clean is called off."""
    stale = queries.stale(scanning.version(), limit=limit)
    pulled = 0
    for challenge_id in stale:
        challenge = _locked(challenge_id)
        if _scan(challenge).blocked:
            challenge.state, challenge.ended_at, challenge.reason = State.CANCELLED, at, "phrases"
            pulled += 1
    db.session.flush()
    return len(stale), pulled


def _draft(challenge_id: int) -> Challenge:
    challenge = _locked(challenge_id)
    if challenge.state != State.DRAFT:
        raise rules.NotThere("挑战已经公布，内容不能再改；需要时请取消后另建一个。")
    return challenge


def _locked(challenge_id: int) -> Challenge:
    found = db.session.get(Challenge, challenge_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoChallenge("没有这个挑战，请刷新列表。")
    return found
