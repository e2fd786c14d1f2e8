"""Steps that take two people: one asks, another decides within a day about exactly what was asked."""

import hashlib
import importlib
import json
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models import operations
from models.base import db
from models.errors import Forbidden, Invalid, Missing
from models.operations import outbox
from models.rules import approval as rules
from models.rules.approval import Line
from models.tables.approval import Approval


class NoRequest(Missing):
    """No request has this id."""


class NoEffect(Missing):
    """Nothing that takes two people has this name."""


class BadRequest(Invalid):
    """The request lacks a reason, or something it cannot go without."""


class NotTheMaker(Forbidden):
    """A request is its maker's to withdraw."""


@dataclass(frozen=True)
class Effect:
    """What a kind of request does once a second person allows it.

    ``title`` is translated in the catalogue; ``rule`` the rule's number; ``permission`` what the second person must
    hold. ``check`` reads and refuses a payload and answers it in its one canonical form; ``run`` does it in the
    deciding transaction; ``tells`` says, line by line, exactly what will happen, or refuses as ``run`` would.
    """

    title: str
    rule: str
    permission: str
    check: Callable[[Mapping[str, Any]], dict[str, Any]]
    run: Callable[[Approval, datetime, str], Any]
    tells: Callable[[Mapping[str, Any]], Sequence[Line]]


EFFECTS: dict[str, Effect] = {}


def register(kind: str, effect: Effect) -> Effect:
    """Make a kind of request known; the operation that it runs registers it, below itself."""
    EFFECTS[kind] = effect
    return effect


def load() -> None:
    """Import every module of operations, so that each effect is known."""
    for module in pkgutil.iter_modules(operations.__path__):
        importlib.import_module(f"{operations.__name__}.{module.name}")


def effect_of(kind: str) -> Effect:
    """The effect of a kind, whoever registered it."""
    if kind not in EFFECTS:
        load()
    found = EFFECTS.get(kind)
    if found is None:
        raise NoEffect(f"没有名为 {kind} 的双人审批事项，请升级后再试")
    return found


def digest(kind: str, payload: Mapping[str, Any]) -> bytes:
    """SHA-256 over what is asked for: what the second person saw is what happens."""
    return hashlib.sha256(json.dumps([kind, payload], sort_keys=True, ensure_ascii=False).encode()).digest()


def ask(*, kind: str, payload: Mapping[str, Any], reason: str, at: datetime, by: str) -> Approval:
    """Ask a second person for a step; the same open request is answered again, never made twice."""
    effect = effect_of(kind)
    if not reason.strip():
        raise BadRequest(f"规则 {effect.rule}：请写明理由。")
    canonical = effect.check(payload)
    covered = digest(kind, canonical)
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
        kind=kind, payload=canonical, digest=covered, reason=reason, state="open", made_at=at, made_by=by,
        expires_at=rules.expires_at(at),
    )  # fmt: skip
    db.session.add(request)
    db.session.flush()
    outbox.emit("approval.asked", subject=f"approval:{request.id}", kind=kind)
    return request


def approve(*, approval_id: int, digest: bytes, at: datetime, by: str) -> Approval:
    """A second person says yes to what was shown: it happens, in the same transaction."""
    request, effect = _open(approval_id)
    if request.made_by == by:
        raise rules.SameHands(f"规则 {effect.rule}：须由另一人审批，申请人不能审批自己的申请。")
    rules.check_open(made_at=request.made_at, at=at, rule=effect.rule)
    if request.digest != digest or not is_intact(request):
        raise rules.PayloadChanged(f"规则 {effect.rule}：内容与您查看的不一致，请重新核对后再审批。")
    effect.run(request, at, by)
    return _end(request, "approved", at, by=by)


def refuse(*, approval_id: int, note: str, at: datetime, by: str) -> Approval:
    """A second person says no: nothing happens."""
    request, effect = _open(approval_id)
    if request.made_by == by:
        raise rules.SameHands(f"规则 {effect.rule}：申请人不能驳回自己的申请，请改为撤回。")
    request.note = note
    return _end(request, "refused", at, by=by)


def withdraw(*, approval_id: int, at: datetime, by: str) -> Approval:
    """The maker takes the request back."""
    request, effect = _open(approval_id)
    if request.made_by != by:
        raise NotTheMaker(f"规则 {effect.rule}：只有申请人可以撤回申请。")
    return _end(request, "withdrawn", at)


def is_intact(request: Approval) -> bool:
    """Whether the payload is still what its digest covers."""
    return digest(request.kind, request.payload) == request.digest


def _end(request: Approval, state: str, at: datetime, *, by: str | None = None) -> Approval:
    request.state, request.ended_at, request.decided_by = state, at, by
    db.session.flush()
    outbox.emit("approval.ended", subject=f"approval:{request.id}", kind=request.kind, state=state)
    return request


def _open(approval_id: int) -> tuple[Approval, Effect]:
    request = db.session.get(Approval, approval_id, with_for_update=True, populate_existing=True)
    if request is None:
        raise NoRequest("没有这个审批申请，请刷新列表。")
    effect = effect_of(request.kind)
    if request.state != "open":
        raise rules.AlreadyDecided(f"规则 {effect.rule}：该申请已经处理过，请刷新后查看。")
    return request, effect
