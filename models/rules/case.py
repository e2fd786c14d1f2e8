"""Review queues: what a case is, how urgent it is, who may decide it, and which decisions are looked at twice."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from models.errors import Conflict, Forbidden, Invalid
from models.rules.hours import Hours
from models.rules.permission import Role

RULE = "8.2"


class Queue(StrEnum):
    """The queues, each with its own clock and its own people."""

    FIRST_REVIEW = "first_review"
    APPEAL = "appeal"
    PAYOUT = "payout"
    ADMISSION = "admission"
    AFTER_SALE = "after_sale"
    COMPLIANCE = "compliance"
    COMPLAINT = "complaint"


class State(StrEnum):
    """Where a case is. Only the first three are open."""

    OPEN = "open"
    ASSIGNED = "assigned"
    IN_REVIEW = "in_review"
    CONFIRMED = "confirmed"
    CLEARED = "cleared"
    EXPIRED = "expired"
    SETTLED = "settled"


LIVE = frozenset({State.OPEN, State.ASSIGNED, State.IN_REVIEW})
VERDICTS = frozenset({State.CONFIRMED, State.CLEARED})
"""What a person decides; ``expired`` comes by itself, ``settled`` from the desk that the subject belongs to."""


class Boost(StrEnum):
    """Why a case stands further up than its figures say."""

    NEW_HIT = "new_hit"
    UNSNOOZED = "unsnoozed"
    HANDED = "handed"
    ESCALATED = "escalated"
    WARNED = "warned"
    BREACHED = "breached"


class Second(StrEnum):
    """Whether a decided case is looked at by a second reviewer."""

    DUE = "due"
    DONE = "done"


SUBJECTS = frozenset((
    "order", "member", "ring", "proof", "withdrawal", "after_sale", "complaint", "strike", "appeal", "showcase",
    "punish",
))  # fmt: skip

ELSEWHERE = frozenset({"after_sale", "proof", "complaint"})
"""Subjects that are decided on a desk of their own; their cases close with that decision."""


class NoSubject(Invalid):
    """What a case is about is not named as ``kind:id``."""


class NoReason(Invalid):
    """A case without a reason, or a decision without one."""


class NotOpen(Conflict):
    """A case that is closed already."""


class TooEarly(Conflict):
    """A snooze that ends before it begins, or that lasts too long."""


class Concerned(Forbidden):
    """Somebody who is related to the subject of a case."""


@dataclass(frozen=True)
class Terms:
    """How a queue is worked on.

    ``sla_minutes`` of business time until a case is due; ``cap`` open cases a reviewer at most; ``lease_minutes`` until
    a case that nobody works on any more goes back; ``second_look_bps`` of the decisions are looked at again;
    a confirmation with ``two_people_fen`` or more at stake takes two; without a new hit for ``expires_days`` a case
    expires (None: never); ``deals``: new cases are dealt to whoever has the fewest.
    """

    sla_minutes: int
    opens: int = 9 * 60
    closes: int = 21 * 60
    every_day: bool = False
    cap: int = 10
    lease_minutes: int = 10
    second_look_bps: int = 500
    two_people_fen: int = 1_000_000
    expires_days: int | None = None
    deals: bool = False

    def hours(self, exceptions: Mapping[Any, bool]) -> Hours:
        """The queue's hours under the calendar's exceptions."""
        return Hours(self.opens, self.closes, self.every_day, exceptions)


PRESETS: Mapping[Queue, Terms] = {
    Queue.FIRST_REVIEW: Terms(sla_minutes=120, expires_days=30),
    Queue.APPEAL: Terms(sla_minutes=720),
    Queue.PAYOUT: Terms(sla_minutes=60, deals=True),
    Queue.ADMISSION: Terms(sla_minutes=30, every_day=True, second_look_bps=500),
    Queue.AFTER_SALE: Terms(sla_minutes=240),
    Queue.COMPLIANCE: Terms(sla_minutes=240),
    # Rules 8.4: twenty-four hours by the clock on the wall, which only a human answer stops.
    Queue.COMPLAINT: Terms(sla_minutes=24 * 60, opens=0, closes=24 * 60, every_day=True, second_look_bps=0),
}
WARNING_PERCENT = 80
"""A case is warned of once this part of its time is gone."""

LONGEST_SNOOZE = timedelta(days=14)
LONGEST_CAP = 200
"""Open cases that anybody may have at once, whatever is set."""

MOST_TOGETHER = 20
"""Cases that may be decided together, and only on the same evidence."""

SKILLS: Mapping[Role, frozenset[Queue]] = {
    Role.ADMIN: frozenset(Queue),
    Role.REVIEWER: frozenset(Queue) - {Queue.COMPLAINT},
    Role.COMPLIANCE: frozenset({Queue.COMPLIANCE, Queue.COMPLAINT, Queue.APPEAL, Queue.FIRST_REVIEW}),
    Role.SUPPORT: frozenset({Queue.AFTER_SALE, Queue.COMPLAINT}),
    Role.OPERATOR: frozenset({Queue.ADMISSION, Queue.AFTER_SALE}),
    Role.AUDITOR: frozenset(Queue),
}
"""The queues that a role sees, and works on where it may decide at all."""


@dataclass(frozen=True)
class Hit:
    """Why a case was opened: a rule at a version, what it found in plain words, and the values it saw."""

    rule: str
    words: str
    version: int = 1
    weight: int = 0
    features: Mapping[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> bytes:
        """SHA-256 of everything that the hit says: the same hit twice is one."""
        said = [self.rule, self.version, self.weight, self.words, self.features]
        return _sha256(json.dumps(said, sort_keys=True, ensure_ascii=False, default=str))


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is put before the reviewers, in the words of ``operations.case.open_case``."""

    queue: Queue
    subject: str
    group: str
    stake_fen: int
    score: int
    hits: tuple[Hit, ...]
    member_ids: tuple[int, ...] = ()
    order_ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.hits or not all(hit.words.strip() for hit in self.hits):
            raise NoReason("规则 8.2：开立个案须写明命中的原因。")

    @property
    def key(self) -> tuple[str, str]:
        """One case is open on it."""
        return self.subject, self.group


def evidence(hits: Sequence[tuple[str, int, Mapping[str, Any]]]) -> bytes:
    """SHA-256 over (rule, version, values) of all hits of a case: two cases with the same one rest on the same."""
    return _sha256(json.dumps(sorted(map(list, hits), key=str), sort_keys=True, ensure_ascii=False, default=str))


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def skills(roles: Collection[str]) -> frozenset[Queue]:
    """The queues that the roles bring together."""
    return frozenset().union(*(SKILLS.get(Role(role), frozenset()) for role in roles))


def parsed(subject: str) -> tuple[str, str]:
    """The kind and the id of a subject, or a refusal."""
    kind, _, ref = subject.partition(":")
    if kind not in SUBJECTS or not ref or ref != ref.strip():
        raise NoSubject(f"个案对象“{subject}”无法识别，请写成“类型:编号”，例如 order:12。")
    return kind, ref


def priority(*, score: int, stake_fen: int, waited: timedelta, boosts: int) -> int:
    """How urgent a case is: score × yuan at stake × hours waited, doubled for each boost.

    Score and yuan count as one at least, and the hour that has begun counts whole, so that a case without money is
    still in line and a new one is not nothing. Whole numbers, as the database orders by the same formula.
    """
    hours = int(waited.total_seconds()) // 3600 + 1
    return max(score, 1) * max(stake_fen // 100, 1) * hours * (1 << boosts)


def is_sampled(case_id: int, bps: int) -> bool:
    """Whether a decision is looked at a second time: by a hash of the case that nobody can steer and all can check."""
    drawn = int.from_bytes(_sha256(f"second look:{case_id}")[:8], "big")
    return drawn % 10_000 < bps


def agreement(pairs: Collection[tuple[str, str]]) -> tuple[float | None, float | None]:
    """The part of second looks that agree, and Cohen's kappa: agreement beyond what chance alone would bring.

    kappa = (po − pe) / (1 − pe), pe the sum over verdicts of both reviewers' frequencies (Cohen 1960). None where
    there is nothing to compare, or both always said the same one thing.
    """
    if not pairs:
        return None, None
    total = len(pairs)
    observed = sum(first == second for first, second in pairs) / total
    words = {word for pair in pairs for word in pair}
    chance = sum(
        sum(first == word for first, _ in pairs) * sum(second == word for _, second in pairs) for word in words
    ) / total**2  # fmt: skip
    return observed, None if chance == 1 else (observed - chance) / (1 - chance)
