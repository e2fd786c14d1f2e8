"""Scoring what happened soon after it did, and what could not be later; drafts tried on history; rings kept true."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from jobs import queue
from jobs.queue import Run, job
from models import Event, db
from models.operations import backtest, ring, risk, risk_intake, risk_rule
from models.queries import risk as queries
from models.tables.job import Queue

AT_ONCE = 100
T = TypeVar("T")
Intake = Callable[[Sequence[dict[str, Any]], datetime], list[int]]


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    return (values[n : n + AT_ONCE] for n in range(0, len(values), AT_ONCE))


def _orders(told: Sequence[dict[str, Any]], at: datetime) -> list[int]:
    ids = sorted({one["order_id"] for one in told})
    risk_intake.orders(ids=ids, at=at)
    return queries.events_of_orders(ids)


def _refunds(told: Sequence[dict[str, Any]], at: datetime) -> list[int]:
    return risk_intake.refunds(of=[(one["order_id"], one["n"]) for one in told], at=at)


def _joins(told: Sequence[dict[str, Any]], at: datetime) -> list[int]:
    return risk_intake.joins(ids=[one["member_id"] for one in told], at=at)


def _payouts(told: Sequence[dict[str, Any]], at: datetime) -> list[int]:
    return risk_intake.payouts(numbers=[one["number"] for one in told], at=at)


def _sign_ins(told: Sequence[dict[str, Any]], at: datetime) -> list[int]:
    return risk_intake.sign_ins(ids=[one["session_id"] for one in told], at=at)


def _showcases(told: Sequence[dict[str, Any]], at: datetime) -> list[int]:
    return risk_intake.showcases(member_ids=sorted({one["member_id"] for one in told}), at=at)


def _proofs(told: Sequence[dict[str, Any]], at: datetime) -> list[int]:
    return risk_intake.proofs(ids=sorted({one["proof_id"] for one in told}), at=at)


INTAKES: dict[str, Intake] = {
    "order.placed": _orders,
    "order.paid": _orders,
    "order.refunded": _refunds,
    "member.registered": _joins,
    "withdrawal.requested": _payouts,
    "member.signed_in": _sign_ins,
    "showcase.changed": _showcases,
    "proof.manual": _proofs,
    "proof.decided": _proofs,
}


@job(queue=Queue.RISK, title="风控评分", is_batched=True)
def score_events(run: Run, *, event_ids: list[int]) -> dict[str, Any]:
    """Take down what these events tell and decide about it; twice is once. What fails waits for the engine."""
    chosen = sa.select(Event.name, Event.payload).where(Event.id.in_(event_ids)).order_by(Event.id)
    told = db.session.execute(chosen).all()
    db.session.rollback()
    found: list[int] = []
    for name, take in INTAKES.items():
        payloads = [row.payload for row in told if row.name == name]
        for part in _parts(payloads):
            run.check()
            with run.transaction():
                found += take(part, run.at)
    suspicious, failed = _score(run, sorted(set(found)))
    return {"events": len(found), "suspicious": suspicious, "set_aside": failed}


@job(queue=Queue.RISK, title="风控补评", max_attempts=3)
def score_waiting(run: Run, *, at: str) -> dict[str, Any]:
    """Decide about what waits for the engine, the oldest first; what fails again goes on waiting."""
    with run.transaction():
        # The shipped rules stand in the lab before the first event comes.
        risk_rule.counting(at=run.at)
        waiting = queries.waiting(limit=10 * AT_ONCE)
    suspicious, failed = _score(run, waiting)
    return {"events": len(waiting), "suspicious": suspicious, "set_aside": failed}


def _score(run: Run, event_ids: Sequence[int]) -> tuple[int, int]:
    """Score in parts, each a transaction of its own; (suspicious, set aside)."""
    suspicious = failed = 0
    for done, part in enumerate(_parts(event_ids)):
        run.check()
        with queue.blamed() as broke, run.transaction():
            suspicious += len(risk.score(event_ids=part, at=run.at))
        if broke:
            with run.transaction():
                risk.set_aside(event_ids=part, why=broke[0], at=run.at)
            failed += len(part)
        run.progress(min(len(event_ids), (done + 1) * AT_ONCE), len(event_ids), "")
    return suspicious, failed


@job(queue=Queue.RISK, title="落实个案结论")
def follow_verdict(run: Run, *, case_id: int, **_: Any) -> dict[str, Any]:
    """A cleared withdrawal is no longer blocked; other verdicts reach their money by themselves."""
    with run.transaction():
        return {"lifted": risk.lift_cleared(case_id=case_id, at=run.at)}


@job(queue=Queue.RISK, title="重建关联环")
def rebuild_rings(run: Run, *, at: str) -> dict[str, Any]:
    """Work every ring out from all ties: the figure is nobody when growing them kept them true."""
    with run.transaction():
        return {"moved": ring.rebuild(at=run.at)}


@job(queue=Queue.EXPORT, title="规则回测", max_attempts=3)
def backtest_rule(run: Run, *, backtest_id: int) -> dict[str, Any]:
    """Try a rule on history; read in parts, written once."""
    result = backtest.measure(backtest_id=backtest_id, told=lambda done, total: run.progress(done, total, ""))
    db.session.rollback()
    with run.transaction():
        kept = backtest.keep(backtest_id=backtest_id, result=result, at=run.at)
        return {"digest": bytes(kept.digest or b"").hex()}


@job(queue=Queue.RISK, title="规则上线对比")
def compare_rules(run: Run, *, at: str) -> dict[str, Any]:
    """Beside each rule that has been live for a week: how often it hit, and how often its back-test said it would."""
    with run.transaction():
        return {"compared": backtest.compare_ripe(at=run.at)}
