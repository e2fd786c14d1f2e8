"""Where a member stands: unlocking, thirty-day cycles, freeze, exit, revival, and ranks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from models.errors import Conflict
from models.rules.policy import Effect, Policy, RankBy

FAILURES_EXIT = 2


class Standing(StrEnum):
    CANDIDATE = "candidate"
    ACTIVE = "active"
    FROZEN = "frozen"
    EXITED = "exited"
    LAPSED = "lapsed"


class Showcase(StrEnum):
    NONE = "none"
    PENDING = "pending"
    OPEN = "open"
    CLOSED = "closed"


class Rank(StrEnum):
    """达人, 团长, 联创, 运营中心: lowest first."""

    EXPERT = "expert"
    LEADER = "leader"
    FOUNDER = "founder"
    CENTER = "center"


RANKS = tuple(Rank)
QUALIFIED = frozenset({Standing.ACTIVE, Standing.FROZEN, Standing.EXITED})


class NotACandidate(Conflict):
    """Only a candidate qualifies."""


class NotLapsed(Conflict):
    """Only somebody new or lapsed registers."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """A span of assessment, [start, end)."""

    start: datetime
    end: datetime

    def covers(self, at: datetime) -> bool:
        return self.start <= at < self.end

    def count(self, instants: Iterable[datetime]) -> int:
        return sum(1 for at in instants if self.covers(at))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the end of a cycle makes of a member."""

    passed: bool
    failures: int
    standing: Standing


def lapses_at(registered_at: datetime, policy: Policy) -> datetime:
    """The instant at which a candidate who has not qualified lapses (rules 2.5)."""
    return registered_at + timedelta(days=policy.candidate_days)


def check_registers(standing: Standing | None) -> None:
    """Only a new or a lapsed person may register (rules 2.5)."""
    if standing is not None and standing is not Standing.LAPSED:
        raise NotLapsed("规则 2.5：此人已经登记，只有失效的候选人可以重新登记。")


def check_qualifies(standing: Standing) -> None:
    """Only a candidate may be qualified (rules 3.4)."""
    if standing is not Standing.CANDIDATE:
        raise NotACandidate("规则 3.4：此人不是候选人，不能通过准入；失效的候选人请先重新登记。")


def unlocks(directs: int, policy: Policy) -> bool:
    """Whether so many qualified directs open levels 2 and 3, once and for all (rules 4.1)."""
    return directs >= policy.unlock_directs


def cycle_from(start: datetime, policy: Policy) -> Cycle:
    """The cycle that begins at an instant (rules 4.2)."""
    return Cycle(start, start + timedelta(days=policy.cycle_days))


def assess(*, reached: int, failures: int, standing: Standing, policy: Policy) -> Verdict:
    """The end of a cycle (rules 4.2, 4.4, 4.5): a pass clears the failures but lifts no freeze."""
    if reached >= policy.assess_target:
        return Verdict(True, 0, standing)
    failures += 1
    if policy.assess_effect is Effect.REMIND:
        return Verdict(False, failures, standing)
    if failures >= FAILURES_EXIT:
        return Verdict(False, failures, Standing.EXITED)
    return Verdict(False, failures, Standing.FROZEN if standing is Standing.ACTIVE else standing)


def revives(*, standing: Standing, since: datetime | None, bought: Iterable[datetime], policy: Policy) -> bool:
    """Whether own normal orders, by instant of completion, bring a frozen or exited member back (rules 4.4)."""
    if standing not in (Standing.FROZEN, Standing.EXITED) or since is None:
        return False
    return sum(1 for at in bought if at >= since) >= policy.revive_orders


def rank_for(*, team_size: int, team_sales_fen: int, own_sales_fen: int, policy: Policy) -> Rank | None:
    """The highest rank whose conditions all hold (rules 4.6)."""
    own = policy.rank_by is RankBy.OWN
    sales = own_sales_fen if own else team_sales_fen
    reached = [
        rank
        for rank, people, money in zip(RANKS, policy.rank_team_size, policy.rank_sales_fen, strict=True)
        if sales >= money and (own or team_size >= people)
    ]
    return reached[-1] if reached else None


def higher(kept: Rank | None, reached: Rank | None) -> Rank | None:
    """A rank is kept once reached."""
    ranks = [rank for rank in (kept, reached) if rank is not None]
    return max(ranks, key=RANKS.index) if ranks else None


def is_ranked(standing: Standing) -> bool:
    """Ranks are evaluated for active and frozen members; an exit takes them away (rules 4.6)."""
    return standing in (Standing.ACTIVE, Standing.FROZEN)
