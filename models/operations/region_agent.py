"""Regional agents: appointed with a deposit, ended with what is left of it (rules §6)."""

from datetime import datetime

from models.base import db
from models.errors import Conflict
from models.operations import agreement, share
from models.queries import member as members
from models.queries import region_agent as agents
from models.rules import region_share as rules
from models.rules.standing import Standing
from models.tables.payout import RegionAgent


class NotInOffice(Conflict):
    """The agency does not run."""


def appoint(*, code: str, region: str, at: datetime, ends_at: datetime | None = None) -> RegionAgent:
    """Begin a term: the deposit is paid in, the region is this member's alone."""
    member = members.by_code(code)
    incumbent = agents.active([region]).get(region)
    rules.check_appointment(
        code=region, standing=Standing(member.standing), incumbent=str(incumbent) if incumbent else None
    )
    agreement.check_consent(member=member, at=at)
    if ends_at is not None:
        rules.check_term(at, ends_at)
    agent = RegionAgent(
        region_code=region, member_id=member.id, state="active", begins_at=at, ends_at=ends_at,
        deposit_fen=rules.deposit_fen(region),
    )  # fmt: skip
    db.session.add(agent)
    db.session.flush()
    take_deposit(agent, at=at)
    return agent


def take_deposit(agent: RegionAgent, *, at: datetime) -> None:
    """Book the deposit that came in."""
    region = agent.region_code
    draft = share.Draft()
    draft.add("custody", -agent.deposit_fen, "deposit")
    draft.add(f"deposit:{region}", agent.deposit_fen, "deposit")
    draft.book(key=f"deposit:{region}:{agent.id}", kind="deposit", subject=f"agent:{agent.id}", at=at)


def end(*, agent_id: int, deducted_fen: int, at: datetime, reason: str) -> RegionAgent:
    """End a term: the deposit goes back, less agreed deductions, which the platform keeps."""
    agent = db.session.get_one(RegionAgent, agent_id, with_for_update=True)
    if agent.state != "active":
        raise NotInOffice("规则 6：该代理不在任期内，无需终止。")
    back = rules.deposit_back_fen(agent.deposit_fen, deducted_fen)
    agent.state, agent.deducted_fen, agent.ends_at, agent.note = "ended", deducted_fen, at, reason
    draft = share.Draft()
    draft.add(f"deposit:{agent.region_code}", -agent.deposit_fen, "deposit_back")
    draft.add("custody", back, "deposit_back")
    draft.add("platform:margin", deducted_fen, "deposit_deducted", reason=reason)
    draft.book(key=f"deposit-back:{agent.id}", kind="deposit", subject=f"agent:{agent.id}", at=at)
    return agent
