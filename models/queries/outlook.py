"""What members have reached so far: of one member, and of everybody whose cycle or days end soon."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.queries import admission
from models.queries import member as members
from models.rules import admission as tasks_of
from models.rules.outlook import Outcome, Position, outcome
from models.rules.policy import Metric, Policy
from models.rules.shanghai import SHANGHAI
from models.rules.standing import Cycle, Standing
from models.tables.member import Member
from models.tables.order import Order


def reached(member_id: int, cycle: Cycle, policy: Policy) -> int:
    """What counts towards the target of a cycle (rules §4.2, §4.5): directs who qualified, or own completed sales."""
    if policy.assess_metric is Metric.RECRUITS:
        counted = sa.select(sa.func.count()).where(
            Member.sponsor_id == member_id, Member.qualified_at >= cycle.start, Member.qualified_at < cycle.end
        )
    else:
        counted = sa.select(sa.func.count()).where(
            Order.seller_id == member_id, Order.state == "completed",
            Order.completed_at >= cycle.start, Order.completed_at < cycle.end,
        )  # fmt: skip
    return db.session.scalar(counted) or 0


def bought(member_id: int, since: datetime | None) -> int:
    """Own normal orders completed since a freeze or an exit (rules §4.4)."""
    if since is None:
        return 0
    counted = sa.select(sa.func.count()).where(
        Order.buyer_id == member_id, Order.kind == "normal", Order.state == "completed", Order.completed_at >= since
    )
    return db.session.scalar(counted) or 0


def position(member: Member, policy: Policy) -> Position:
    """Where a member stands, with everything that what comes next depends on."""
    standing = Standing(member.standing)
    start, end = member.cycle_start, member.cycle_end
    tasks, purchases = admission.passed(member.id) if standing is Standing.CANDIDATE else ([], [])
    return Position(
        standing=standing,
        is_preset=member.position is not None,
        failures=member.failures,
        reached=reached(member.id, Cycle(start, end), policy) if start and end else 0,
        directs=0 if member.unlocked_at else members.directs(member.id),
        is_unlocked=member.unlocked_at is not None,
        cycle_end=member.cycle_end,
        lapse_at=member.lapse_at,
        tasks=len(tasks),
        tasks_passed=len(tasks_of.passed(tasks, purchases)),
        bought=bought(member.id, member.suspended_at),
    )


@dataclass(frozen=True, slots=True)
class Day:
    """How many cycles end on a day with which outcome, and how many candidates lapse, if nothing more happens."""

    on: date
    outcomes: dict[Outcome, int]
    lapsing: int

    @property
    def total(self) -> int:
        return sum(self.outcomes.values()) + self.lapsing


# Whose target is reached already is found from the newest directs (or sales), not from every member: the rest of a
# day's cycles is what remains of its count, and that is read from the index of cycle ends alone.
_REACHED = {
    Metric.RECRUITS: """
        SELECT m.cycle_end, m.standing, m.failures
        FROM (SELECT sponsor_id AS id, array_agg(qualified_at) AS instants, count(*) AS n,
              min(qualified_at) AS first_at, max(qualified_at) AS last_at FROM member
              WHERE qualified_at >= :since AND sponsor_id IS NOT NULL
              GROUP BY sponsor_id HAVING count(*) >= :target) f
        JOIN member m ON m.id = f.id
        WHERE m.cycle_end >= :from_ AND m.cycle_end < :to
          AND CASE WHEN f.first_at >= m.cycle_start AND f.last_at < m.cycle_end THEN f.n ELSE (
              SELECT count(*) FROM unnest(f.instants) AS i (at) WHERE i.at >= m.cycle_start AND i.at < m.cycle_end)
              END >= :target
    """,
    Metric.ORDERS: """
        SELECT m.cycle_end, m.standing, m.failures
        FROM (SELECT seller_id AS id, array_agg(completed_at) AS instants, count(*) AS n,
              min(completed_at) AS first_at, max(completed_at) AS last_at FROM shop_order
              WHERE completed_at >= :since AND state = 'completed'
              GROUP BY seller_id HAVING count(*) >= :target) f
        JOIN member m ON m.id = f.id
        WHERE m.cycle_end >= :from_ AND m.cycle_end < :to
          AND CASE WHEN f.first_at >= m.cycle_start AND f.last_at < m.cycle_end THEN f.n ELSE (
              SELECT count(*) FROM unnest(f.instants) AS i (at) WHERE i.at >= m.cycle_start AND i.at < m.cycle_end)
              END >= :target
    """,
}
# Days are cut from the first one on, which begins at midnight in Shanghai: no clock there ever turns.
_DAYS = """
    WITH reached AS MATERIALIZED ({reached})
    SELECT (day AT TIME ZONE '{zone}')::date AS "on", standing, failures, is_reached, n FROM (
        SELECT date_bin('1 day', cycle_end, :from_) AS day, standing, failures, false AS is_reached, count(*) AS n
        FROM member WHERE cycle_end IS NOT NULL AND cycle_end >= :from_ AND cycle_end < :to GROUP BY 1, 2, 3
        UNION ALL
        SELECT date_bin('1 day', cycle_end, :from_), standing, failures, true, count(*) FROM reached GROUP BY 1, 2, 3
        UNION ALL
        SELECT date_bin('1 day', lapse_at, :from_), 'candidate', 0, false, count(*) FROM member
        WHERE lapse_at IS NOT NULL AND lapse_at >= :from_ AND lapse_at < :to GROUP BY 1
    ) AS days
"""


def forecast(*, from_: datetime, to: datetime, since: datetime, policy: Policy) -> list[Day]:
    """Day by day what will happen in [from_, to) if nobody reaches more; ``since`` is no later than any cycle's start.

    ``from_`` begins a day in Shanghai.
    """
    query = sa.text(_DAYS.format(reached=_REACHED[policy.assess_metric], zone=SHANGHAI.key))
    asked = {"from_": from_, "to": to, "since": since, "target": policy.assess_target}
    return _days(db.session.execute(query, asked).all(), policy)


def _days(rows: Sequence[Any], policy: Policy) -> list[Day]:
    days: dict[date, Day] = {}
    for row in rows:
        day = days.setdefault(row.on, Day(row.on, {}, 0))
        if row.standing == Standing.CANDIDATE:
            days[row.on] = Day(row.on, day.outcomes, row.n)
            continue
        # Those who have reached the target were counted among all: they pass instead of whatever else was assumed.
        without = _outcome(row, 0, policy)
        if row.is_reached:
            passed = _outcome(row, policy.assess_target, policy)
            day.outcomes[without] = day.outcomes.get(without, 0) - row.n
            day.outcomes[passed] = day.outcomes.get(passed, 0) + row.n
        else:
            day.outcomes[without] = day.outcomes.get(without, 0) + row.n
    return [days[on] for on in sorted(days)]


def _outcome(row: Any, reached: int, policy: Policy) -> Outcome:
    return outcome(reached=reached, failures=row.failures, standing=Standing(row.standing), policy=policy)
