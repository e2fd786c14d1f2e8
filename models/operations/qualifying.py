"""Qualifying a candidate by hand (migration, steady's exam): one person asks with a reason, another allows it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.errors import Invalid
from models.operations import admission, approval
from models.operations.approval import Effect
from models.queries import admission as candidates
from models.queries import member as members
from models.rules import admission as tasks_of
from models.rules import standing as rules
from models.rules.approval import Line
from models.rules.standing import Standing
from models.tables.approval import Approval

KIND = "member.qualify"


class NobodyNamed(Invalid):
    """A request that names no member."""


def ask(*, member: str, why: str, at: datetime, by: str) -> Approval:
    """Ask a second person to qualify a candidate whose tasks the shop does not show as passed."""
    return approval.ask(kind=KIND, payload={"member": member}, reason=why, at=at, by=by)


def _canonical(payload: Mapping[str, Any]) -> dict[str, Any]:
    code = payload.get("member")
    if not isinstance(code, str) or not code:
        raise NobodyNamed("规则 3.4：请选择要通过准入的候选人。")
    rules.check_qualifies(Standing(members.by_code(code).standing))
    return {"member": code}


def _approved(request: Approval, at: datetime, by: str) -> None:
    admission.qualify(member_id=members.by_code(request.payload["member"]).id, at=at)


def _told(payload: Mapping[str, Any]) -> list[Line]:
    member = members.by_code(payload["member"])
    rules.check_qualifies(Standing(member.standing))
    tasks, purchases = candidates.passed(member.id)
    return [
        Line("Member", member.code, "code"),
        Line("Registered", member.registered_at, "moment"),
        Line("Lapses", member.lapse_at, "moment"),
        Line("Admission tasks", len(tasks), "count"),
        Line("Tasks passed", len(tasks_of.passed(tasks, purchases)), "count"),
    ]


approval.register(
    KIND,
    Effect("Qualify by hand", "3.4", "qualify.approve", check=_canonical, run=_approved, tells=_told),
)
