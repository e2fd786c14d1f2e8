"""Stopping a money job by one person, and letting it go on by two (rules §8.3)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.base import db
from models.operations import approval, outbox
from models.operations.approval import Effect
from models.rules import switch as rules
from models.rules.approval import Line
from models.rules.switch import MoneyJob
from models.tables.approval import Approval
from models.tables.switch import MoneySwitch


def off(*, job: str, why: str, at: datetime, by: str) -> MoneySwitch:
    """Stop a money job at its next step."""
    found = _locked(rules.parsed(job))
    if found.is_off:
        raise rules.AlreadyThere("规则 8.3：该任务已经关停，请刷新后查看。")
    found.is_off, found.reason, found.off_at, found.off_by = True, why, at, by
    found.asked_by = found.on_by = found.on_at = None
    db.session.flush()
    outbox.emit("switch.off", subject=f"switch:{job}", job=job)
    return found


def resume(*, job: MoneyJob, asked_by: str, at: datetime, by: str) -> None:
    """Let a stopped job go on; ``asked_by`` and ``by`` are two people."""
    found = _locked(job)
    if not found.is_off:
        raise rules.AlreadyThere("规则 8.3：该任务没有关停，无需恢复。")
    found.is_off, found.asked_by, found.on_by, found.on_at = False, asked_by, by, at
    db.session.flush()
    outbox.emit("switch.on", subject=f"switch:{job}", job=str(job))


def _locked(job: MoneyJob) -> MoneySwitch:
    return db.session.get_one(MoneySwitch, job, with_for_update=True, populate_existing=True)


def _canonical(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"job": str(rules.parsed(payload["job"]))}


def _approved(request: Approval, at: datetime, by: str) -> None:
    resume(job=rules.parsed(request.payload["job"]), asked_by=request.made_by, at=at, by=by)


def _told(payload: Mapping[str, Any]) -> list[Line]:
    job = rules.parsed(payload["job"])
    found = db.session.get_one(MoneySwitch, job)
    if not found.is_off:
        raise rules.AlreadyThere("规则 8.3：该任务没有关停，无需恢复。")
    return [
        Line("Money job", rules.WORDS[job]),
        Line("Stopped since", found.off_at, "moment"),
        Line("Stopped by", found.off_by, "code"),
        Line("Why it was stopped", found.reason),
    ]


approval.register(
    "switch.resume",
    Effect("Let a money job go on", "8.3", "switch.resume", check=_canonical, run=_approved, tells=_told),
)
