"""Challenges: counted by orders, never by heads; open for a time, final after the days for returns."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from models.errors import Conflict, Invalid

TITLE_LENGTH, WORDS_LENGTH, PRIZE_LENGTH = 40, 500, 200
LONGEST = timedelta(days=92)


class Metric(StrEnum):
    """What is counted of completed orders that somebody sold: orders, buyers, buyers who came back."""

    ORDERS = "orders"
    BUYERS = "buyers"
    RETURNING = "returning"


class State(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class BadChallenge(Invalid):
    """Words that are missing or a period that makes no sense."""


class NotOpen(Conflict):
    """The challenge takes nobody now."""


class NotThere(Conflict):
    """The challenge is not where this step begins."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What somebody thought up; ``metric`` is one of ours."""

    title: str
    words: str
    prize: str
    metric: str
    starts_at: datetime
    ends_at: datetime


def check(draft: Draft, *, at: datetime) -> None:
    """Refuse what is no challenge (rules §8.4; no reward for bringing people in)."""
    lengths = ((draft.title, TITLE_LENGTH), (draft.words, WORDS_LENGTH), (draft.prize, PRIZE_LENGTH))
    if any(not 0 < len(text.strip()) <= most for text, most in lengths):
        raise BadChallenge("请填写标题、规则和奖品，并控制在提示的字数内。")
    if draft.metric not in set(Metric):
        raise BadChallenge("规则 8.4：挑战只能按本人完成的订单统计，不能按发展人数统计，请从列表中选择指标。")
    if not at < draft.ends_at or not draft.starts_at < draft.ends_at <= draft.starts_at + LONGEST:
        raise BadChallenge(f"结束时间须晚于开始和现在，最长 {LONGEST.days} 天。")


def closes_at(ends_at: datetime, *, return_days: int) -> datetime:
    """When the standings are final: once the last order's days for return are over."""
    return ends_at + timedelta(days=return_days)


def check_open(state: str, *, ends_at: datetime, at: datetime) -> None:
    """Whoever enters does so before it ends; entering early counts the whole period."""
    if state != State.PUBLISHED or at >= ends_at:
        raise NotOpen("这个挑战现在不能报名：尚未公布或已经结束。")


def placed(scores: Mapping[int, tuple[int, datetime]]) -> list[tuple[int, int, int]]:
    """(place, member, score), the highest first; of equal scores the earlier entry. Nobody is placed with nothing."""
    ranked = sorted(
        ((score, entered, member) for member, (score, entered) in scores.items() if score > 0),
        key=lambda one: (-one[0], one[1], one[2]),
    )
    return [(place, member, score) for place, (score, _, member) in enumerate(ranked, 1)]
