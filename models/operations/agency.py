"""How an agency comes about and ends: applied for, signed, admitted with its deposit, ended at its term (rules §6)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Invalid, Missing
from models.operations import agreement, approval, outbox, region_agent
from models.operations import order as orders
from models.operations.approval import Effect
from models.queries import member as members
from models.queries import region_agent as agents
from models.rules import region, region_share
from models.rules import region_share as rules
from models.rules.approval import Line
from models.rules.order import BEFORE, SETTLABLE
from models.rules.standing import Standing
from models.tables.approval import Approval
from models.tables.member import Member
from models.tables.order import Order
from models.tables.payout import RegionAgent

LONGEST_CONTRACT = 60


class NoAgency(Missing):
    """No agency has this id."""


class NotApplied(Conflict):
    """The application was decided already."""


class NotSigned(Conflict):
    """A deposit is taken for a signed contract only."""


class AlreadySettled(Conflict):
    """The order is over: its region shares stay as they are."""


class AlreadyApplied(Conflict):
    """The member asked for this region already."""


class BadContract(Invalid):
    """A contract has a number."""


def apply(*, code: str, region_code: str, at: datetime, note: str = "") -> RegionAgent:
    """A member asks for a region; exclusivity is checked now and again when the deposit comes."""
    member = members.by_code(code)
    _check(region_code, member)
    agreement.check_consent(member=member, at=at)
    there = sa.select(RegionAgent.id).where(
        RegionAgent.region_code == region_code, RegionAgent.member_id == member.id, RegionAgent.state == "applied"
    )
    if db.session.scalar(there):
        raise AlreadyApplied(f"规则 6：{code} 已申请过 {region_code}，请等待处理。")
    agency = RegionAgent(
        region_code=region_code, member_id=member.id, state="applied", applied_at=at, note=note,
        deposit_fen=rules.deposit_fen(region_code),
    )  # fmt: skip
    db.session.add(agency)
    db.session.flush()
    outbox.emit("agency.applied", subject=f"agent:{agency.id}", agent_id=agency.id)
    return agency


def sign(*, agent_id: int, contract: str, at: datetime) -> RegionAgent:
    """The contract is signed; its number stays with the agency."""
    agency, contract = _applied(agent_id), contract.strip()
    if not contract or len(contract) > LONGEST_CONTRACT:
        raise BadContract(f"规则 6：请填写合同编号（{LONGEST_CONTRACT} 字以内）。")
    agency.contract, agency.signed_at = contract, at
    db.session.flush()
    return agency


def admit(*, agent_id: int, ends_at: datetime, at: datetime) -> RegionAgent:
    """The deposit is in: the term begins, the region is this member's alone."""
    agency = _applied(agent_id)
    if agency.signed_at is None:
        raise NotSigned("规则 6：合同尚未签署，请先登记合同编号，再登记押金到账。")
    _check(agency.region_code, db.session.get_one(Member, agency.member_id))
    rules.check_term(at, ends_at)
    agency.state, agency.begins_at, agency.ends_at = "active", at, ends_at
    db.session.flush()
    region_agent.take_deposit(agency, at=at)
    outbox.emit("agency.begun", subject=f"agent:{agency.id}", agent_id=agency.id)
    return agency


def refuse(*, agent_id: int, answer: str, at: datetime) -> RegionAgent:
    """Say no to an application."""
    agency = _applied(agent_id)
    agency.state, agency.note = "refused", answer
    db.session.flush()
    outbox.emit("agency.refused", subject=f"agent:{agency.id}", agent_id=agency.id)
    return agency


def extend(*, agent_id: int, ends_at: datetime, at: datetime) -> RegionAgent:
    """A new end of a running term, later than now."""
    agency = _running(agent_id)
    rules.check_term(at, ends_at)
    agency.ends_at = ends_at
    db.session.flush()
    return agency


def expire(*, agent_id: int) -> RegionAgent:
    """A term that is over: the deposit goes back, less what two people agreed to keep."""
    agency = _running(agent_id)
    at = agency.ends_at
    if at is None:
        raise region_agent.NotInOffice("规则 6：该代理没有约定任期，请由经办人终止。")
    ended = region_agent.end(agent_id=agent_id, deducted_fen=agency.agreed_fen, at=at, reason=agency.note or "term")
    outbox.emit("agency.ended", subject=f"agent:{agency.id}", agent_id=agency.id)
    return ended


def ask_to_end(
    *, agent_id: int, deducted_fen: int, is_now: bool, why: str, at: datetime, by: str
) -> Approval:  # fmt: skip
    """Ask a second person to end an agency now, or to agree what is kept of its deposit at the end of the term."""
    payload = {"agent_id": agent_id, "deducted_fen": deducted_fen}
    return approval.ask(kind="agency.end" if is_now else "agency.deduct", payload=payload, reason=why, at=at, by=by)


def match_region(*, number: str, region_code: str) -> Order:
    """Name the region of an address that led nowhere, while the order can still pay its agents (rules §6)."""
    order = orders.by_number(number)
    if order.state not in BEFORE | SETTLABLE:
        raise AlreadySettled(f"规则 6：订单 {number} 已结束，不能再补地区；已结算的区域分润不变。")
    order.region_code = rules.check_known(region_code)
    db.session.flush()
    return order


def _check(region_code: str, member: Member) -> None:
    incumbent = agents.active([region_code]).get(region_code)
    region_share.check_appointment(
        code=region_code, standing=Standing(member.standing), incumbent=str(incumbent) if incumbent else None
    )


def _locked(agent_id: int) -> RegionAgent:
    found = db.session.get(RegionAgent, agent_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoAgency("规则 6：没有这个代理，请刷新列表。")
    return found


def _applied(agent_id: int) -> RegionAgent:
    agency = _locked(agent_id)
    if agency.state != "applied":
        raise NotApplied("规则 6：该申请已经处理过，请刷新后查看。")
    return agency


def _running(agent_id: int) -> RegionAgent:
    agency = _locked(agent_id)
    if agency.state != "active":
        raise region_agent.NotInOffice("规则 6：该代理不在任期内，请刷新后查看。")
    return agency


def _checked(payload: Mapping[str, Any]) -> dict[str, Any]:
    """An end or a deduction as asked for: which agency, how much of its deposit is kept."""
    agency = _running(int(payload["agent_id"]))
    kept = int(payload["deducted_fen"])
    rules.deposit_back_fen(agency.deposit_fen, kept)
    return {"agent_id": agency.id, "deducted_fen": kept}


def _told(payload: Mapping[str, Any]) -> Sequence[Line]:
    agency = _running(payload["agent_id"])
    kept = payload["deducted_fen"]
    return (
        Line("Region", f"{region.full_name(agency.region_code)} {agency.region_code}"),
        Line("Agent", db.session.get_one(Member, agency.member_id).code, "code"),
        Line("Contract", agency.contract, "code"),
        Line("Deposit", agency.deposit_fen, "money"),
        Line("Kept of the deposit", kept, "money"),
        Line("Goes back", rules.deposit_back_fen(agency.deposit_fen, kept), "money"),
        Line("Term ends", agency.ends_at, "moment"),
    )


def _end(request: Approval, at: datetime, by: str) -> None:
    agent_id, kept = request.payload["agent_id"], request.payload["deducted_fen"]
    region_agent.end(agent_id=agent_id, deducted_fen=kept, at=at, reason=request.reason)
    outbox.emit("agency.ended", subject=f"agent:{agent_id}", agent_id=agent_id)


def _agree(request: Approval, at: datetime, by: str) -> None:
    agency = _running(request.payload["agent_id"])
    agency.agreed_fen, agency.note = request.payload["deducted_fen"], request.reason
    db.session.flush()


approval.register("agency.end", Effect("End an agency now", "6", "agency.approve", _checked, _end, _told))
approval.register(
    "agency.deduct",
    Effect("Keep part of a deposit at the end of the term", "6", "agency.approve", _checked, _agree, _told),
)
