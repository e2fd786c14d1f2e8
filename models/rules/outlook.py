"""What comes next for a member, when, and what is missing: read from the rules of standing, admission and ranks."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.rules import standing as rules
from models.rules.policy import Effect, Metric, Policy, RankBy
from models.rules.standing import RANKS, Rank, Standing


class Outcome(StrEnum):
    """What the end of a cycle makes of a member."""

    PASSED = "passed"
    FAILED = "failed"
    FROZEN = "frozen"
    EXITED = "exited"
    REMINDED = "reminded"


class Step(StrEnum):
    """What may come next."""

    LAPSE = "lapse"
    CYCLE = "cycle"
    UNLOCK = "unlock"
    REVIVE = "revive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a member stands, as far as what comes next depends on it."""

    standing: Standing
    is_preset: bool = False
    failures: int = 0
    reached: int = 0
    """Towards the target of the cycle that runs."""
    directs: int = 0
    is_unlocked: bool = False
    cycle_end: datetime | None = None
    lapse_at: datetime | None = None
    tasks: int = 0
    tasks_passed: int = 0
    bought: int = 0
    """Own normal orders completed since the freeze or the exit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """One thing to come: ``at`` its instant if it has one, ``have`` of ``need`` towards it or against it."""

    step: Step
    rule: str
    have: int
    need: int
    at: datetime | None = None
    outcome: Outcome | None = None
    counts_orders: bool = False

    @property
    def missing(self) -> int:
        return max(0, self.need - self.have)


def outcome(*, reached: int, failures: int, standing: Standing, policy: Policy) -> Outcome:
    """What the end of a cycle would make of a member who reaches no more than this (rules 4.2, 4.5)."""
    verdict = rules.assess(reached=reached, failures=failures, standing=standing, policy=policy)
    if verdict.passed:
        return Outcome.PASSED
    if verdict.standing is not standing:
        return Outcome(verdict.standing)
    return Outcome.REMINDED if policy.assess_effect is Effect.REMIND else Outcome.FAILED


def next_steps(position: Position, policy: Policy) -> list[Next]:
    """What comes next, the soonest first; a preset is never assessed and is unlocked for good (rules 2.1)."""
    if position.is_preset:
        return []
    found = [*_lapse(position), *_cycle(position, policy), *_revival(position, policy), *_unlock(position, policy)]
    return sorted(found, key=lambda one: (one.at is None, one.at.timestamp() if one.at else 0))


def _lapse(position: Position) -> list[Next]:
    if position.standing is not Standing.CANDIDATE:
        return []
    return [
        Next(
            step=Step.LAPSE, rule="2.5", have=position.tasks_passed, need=position.tasks, at=position.lapse_at,
            counts_orders=True,
        )
    ]  # fmt: skip


def _cycle(position: Position, policy: Policy) -> list[Next]:
    if position.cycle_end is None:
        return []
    end = outcome(
        reached=position.reached, failures=position.failures, standing=position.standing, policy=policy
    )  # fmt: skip
    return [
        Next(
            step=Step.CYCLE, rule="4.2", have=position.reached, need=policy.assess_target, at=position.cycle_end,
            outcome=end, counts_orders=policy.assess_metric is Metric.ORDERS,
        )
    ]  # fmt: skip


def _revival(position: Position, policy: Policy) -> list[Next]:
    if position.standing not in (Standing.FROZEN, Standing.EXITED):
        return []
    return [
        Next(step=Step.REVIVE, rule="4.4", have=position.bought, need=policy.revive_orders, counts_orders=True)
    ]  # fmt: skip


def _unlock(position: Position, policy: Policy) -> list[Next]:
    if position.is_unlocked or position.standing not in rules.QUALIFIED:
        return []
    return [Next(step=Step.UNLOCK, rule="4.1", have=position.directs, need=policy.unlock_directs)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far it is to the next rank: both conditions, with what there is; no heads needed where only sales count."""

    rank: Rank
    people: int
    people_needed: int
    sales_fen: int
    sales_needed_fen: int

    @property
    def people_missing(self) -> int:
        return max(0, self.people_needed - self.people)

    @property
    def sales_missing_fen(self) -> int:
        return max(0, self.sales_needed_fen - self.sales_fen)

    @property
    def share(self) -> float:
        """How much of the way is done: of both conditions the one further off."""
        parts = [(self.people, self.people_needed), (self.sales_fen, self.sales_needed_fen)]
        return min(min(1.0, have / need) for have, need in parts if need)


def next_rank(
    *, kept: Rank | None, team_size: int, team_sales_fen: int, own_sales_fen: int, policy: Policy
) -> Progress | None:
    """The rank above the one that is held, and how far it is (rules 4.6); None at the top."""
    following = RANKS.index(kept) + 1 if kept else 0
    if following == len(RANKS):
        return None
    own = policy.rank_by is RankBy.OWN
    return Progress(
        rank=RANKS[following],
        people=team_size,
        people_needed=0 if own else policy.rank_team_size[following],
        sales_fen=own_sales_fen if own else team_sales_fen,
        sales_needed_fen=policy.rank_sales_fen[following],
    )
