"""The clocks of cases: leases that lapse, warnings, breaches, expiry, and dealing new cases out."""

from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from models.base import db
from models.operations import case as cases
from models.operations import case_decision, caseload, casework, docket, outbox
from models.queries import case as queries
from models.queries import reviewer
from models.queries.reviewer import Worker
from models.rules.case import Boost, Queue, State
from models.tables.case import Case

BY = "system:clock"
AT_ONCE = 500


def lapse(*, at: datetime) -> int:
    """Leases that ended put their cases back into the queues; drafts stay. How many."""
    found = db.session.scalars(
        sa.select(Case).where(Case.lease_until <= at).order_by(Case.id).limit(AT_ONCE)
        .with_for_update(skip_locked=True).execution_options(populate_existing=True)
    ).all()  # fmt: skip
    for case in found:
        staff_id = case.assignee_id
        casework.free(case)
        cases.step(case, "lapsed", at=at, by=BY, to_id=staff_id)
    return len(found)


def tell(*, at: datetime) -> tuple[int, int]:
    """Warn of what is nearly due and escalate what is overdue, each once (R7); how many of each."""
    running = sa.and_(queries.LIVE, Case.paused_at.is_(None), ~Case.boosts.contains([Boost.BREACHED.value]))
    found = db.session.scalars(
        sa.select(Case).where(running, Case.warn_at <= at).order_by(Case.due_at, Case.id).limit(AT_ONCE)
        .with_for_update(skip_locked=True).execution_options(populate_existing=True)
    ).all()  # fmt: skip
    warned = breached = 0
    for case in found:
        if case.due_at <= at:
            _breach(case, at)
            breached += 1
        elif Boost.WARNED not in case.boosts:
            docket.boost(case, Boost.WARNED)
            cases.step(case, "warned", at=at, by=BY)
            outbox.emit("case.due_soon", subject=f"case:{case.id}", case_id=case.id, queue=case.queue)
            warned += 1
    return warned, breached


def _breach(case: Case, at: datetime) -> None:
    docket.boost(case, Boost.BREACHED)
    cases.step(case, "breached", at=at, by=BY)
    outbox.emit("case.breached", subject=f"case:{case.id}", case_id=case.id, queue=case.queue)
    casework.lift(case, at=at, by=BY, note="超过处理时限")


def expire(*, at: datetime) -> int:
    """Cases of queues that let them expire, without a new hit for that long and in nobody's hands; how many."""
    ended = 0
    for queue in Queue:
        days = queries.terms(queue).expires_days
        if days is None:
            continue
        stale = sa.select(Case.id).where(
            queries.LIVE, Case.queue == queue, Case.state == State.OPEN, Case.hit_at <= at - timedelta(days=days)
        )
        for case_id in db.session.scalars(stale.order_by(Case.id).limit(AT_ONCE)).all():
            case_decision.expire(case_id=case_id, at=at)
            ended += 1
    return ended


def deal(*, at: datetime) -> int:
    """Deal the free cases of queues that are dealt, the most urgent first, each to whoever has the fewest; how many.

    One after the other in the order of urgency, so that everybody gets of the urgent and of the rest.
    """
    dealing = [one for one in Queue if queries.terms(one).deals]
    if not dealing:
        return 0
    free = db.session.scalars(
        sa.select(Case)
        .where(queries.LIVE, Case.state == State.OPEN, Case.queue.in_(dealing), queries.is_awake(at))
        .order_by(queries.priority(at).desc(), Case.id).limit(AT_ONCE)
        .with_for_update(skip_locked=True).execution_options(populate_existing=True)
    ).all()  # fmt: skip
    hands, dealt = reviewer.workers(at), 0
    loads: dict[int, int] = {}
    for case in free:
        able = [one for one in hands if caseload.fits(_loaded(one, loads), case)]
        if not able:
            continue
        to = min(able, key=lambda one: (loads.get(one.staff_id, one.load), one.staff_id))
        casework.deal(case=case, to_id=to.staff_id, at=at, by=BY)
        loads[to.staff_id] = loads.get(to.staff_id, to.load) + 1
        dealt += 1
    return dealt


def _loaded(worker: Worker, loads: dict[int, int]) -> Worker:
    return replace(worker, load=loads.get(worker.staff_id, worker.load))
