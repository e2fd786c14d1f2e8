"""Steps that take two people: one asks, another decides within a day about exactly what was asked."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.errors import Forbidden, Invalid, Missing
from models.operations import adjustment, outbox, placement
from models.rules import adjustment as adjustments
from models.rules import approval as rules
from models.tables.approval import Approval

RULES = {"seat.move": "2.8", "ledger.adjust": "5.10"}


class NoRequest(Missing):
    """No request has this id."""


class BadRequest(Invalid):
    """The request lacks a reason, or something it cannot go without."""


class NotTheMaker(Forbidden):
    """A request is its maker's to withdraw."""


def _move(request: Approval, at: datetime, by: str) -> None:
    placement.move(**request.payload, at=at, by=f"{request.made_by} {by}", reason=request.reason)


def _adjust(request: Approval, at: datetime, by: str) -> None:
    adjustment.adjust(
        adjustment=adjustments.parsed(**request.payload), key=f"adjust:{request.id}", subject=f"approval:{request.id}",
        reason=request.reason, at=at,
    )  # fmt: skip


EFFECTS: Mapping[str, Callable[[Approval, datetime, str], None]] = {"seat.move": _move, "ledger.adjust": _adjust}


def digest(kind: str, payload: Mapping[str, Any]) -> bytes:
    """SHA-256 over what is asked for: what the second person saw is what happens."""
    return hashlib.sha256(json.dumps([kind, payload], sort_keys=True, ensure_ascii=False).encode()).digest()


def ask_to_move(
    *, seat_id: int, to_parent_id: int, to_slot: int, reason: str, at: datetime, by: str
) -> Approval:  # fmt: skip
    """Ask for a re-placement (rules §2.8)."""
    return _ask(
        "seat.move", {"seat_id": seat_id, "to_parent_id": to_parent_id, "to_slot": to_slot}, reason=reason, at=at, by=by
    )


def ask_to_adjust(
    *, template: str, amount_fen: int, reason: str, at: datetime, by: str, member: str | None = None
) -> Approval:
    """Ask for a correction of the ledger from a template (rules §5.10)."""
    found = adjustments.parsed(template=template, amount_fen=amount_fen, member=member)
    payload = {"template": str(found.template), "amount_fen": found.amount_fen, "member": found.member}
    return _ask("ledger.adjust", payload, reason=reason, at=at, by=by)


def _ask(kind: str, payload: dict[str, Any], *, reason: str, at: datetime, by: str) -> Approval:
    if not reason.strip():
        raise BadRequest(f"规则 {RULES[kind]}：请写明理由。")
    covered = digest(kind, payload)
    there = db.session.scalars(
        sa.select(Approval).where(Approval.kind == kind, Approval.digest == covered, Approval.state == "open")
        .with_for_update().execution_options(populate_existing=True)
    ).one_or_none()  # fmt: skip
    if there is not None:
        if at < there.expires_at:
            return there
        there.state, there.ended_at = "expired", at
        db.session.flush()
    request = Approval(
        kind=kind, payload=payload, digest=covered, reason=reason, state="open", made_at=at, made_by=by,
        expires_at=rules.expires_at(at),
    )  # fmt: skip
    db.session.add(request)
    db.session.flush()
    outbox.emit("approval.asked", subject=f"approval:{request.id}", kind=kind)
    return request


def approve(*, approval_id: int, digest: bytes, at: datetime, by: str) -> Approval:
    """A second person says yes to what was shown: it happens, in the same transaction."""
    request = _open(approval_id)
    rule = RULES[request.kind]
    if request.made_by == by:
        raise rules.SameHands(f"规则 {rule}：须由另一人审批，申请人不能审批自己的申请。")
    rules.check_open(made_at=request.made_at, at=at, rule=rule)
    if request.digest != digest:
        raise rules.PayloadChanged(f"规则 {rule}：内容与您查看的不一致，请重新核对后再审批。")
    EFFECTS[request.kind](request, at, by)
    return _end(request, "approved", at, by=by)


def refuse(*, approval_id: int, note: str, at: datetime, by: str) -> Approval:
    """A second person says no: nothing happens."""
    request = _open(approval_id)
    if request.made_by == by:
        raise rules.SameHands(f"规则 {RULES[request.kind]}：申请人不能驳回自己的申请，请改为撤回。")
    request.note = note
    return _end(request, "refused", at, by=by)


def withdraw(*, approval_id: int, at: datetime, by: str) -> Approval:
    """The maker takes the request back."""
    request = _open(approval_id)
    if request.made_by != by:
        raise NotTheMaker(f"规则 {RULES[request.kind]}：只有申请人可以撤回申请。")
    return _end(request, "withdrawn", at)


def _end(request: Approval, state: str, at: datetime, *, by: str | None = None) -> Approval:
    request.state, request.ended_at, request.decided_by = state, at, by
    db.session.flush()
    outbox.emit("approval.ended", subject=f"approval:{request.id}", kind=request.kind, state=state)
    return request


def _open(approval_id: int) -> Approval:
    request = db.session.get(Approval, approval_id, with_for_update=True, populate_existing=True)
    if request is None:
        raise NoRequest("没有这个审批申请，请刷新列表。")
    if request.state != "open":
        raise rules.AlreadyDecided(f"规则 {RULES[request.kind]}：该申请已经处理过，请刷新后查看。")
    return request
