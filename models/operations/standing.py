"""Unlock, assessment cycles, freeze, exit, revival, closure: each transition a row with its reason."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.operations import placement, share, team
from models.queries import member as members
from models.queries import outlook
from models.queries import policy as policies
from models.rules import standing as rules
from models.rules.policy import Policy
from models.rules.share import Bucket
from models.rules.standing import Cycle, Standing
from models.tables.member import Member
from models.tables.order import Order

BY = "rules"


def begin_cycle(*, member: Member, at: datetime, policy: Policy) -> None:
    """Start the cycle that runs from an instant (rules §4.2)."""
    cycle = rules.cycle_from(at, policy)
    member.cycle_start, member.cycle_end = cycle.start, cycle.end


def unlock(*, member: Member, policy: Policy, at: datetime) -> None:
    """Open levels 2 and 3 once there are enough directs, once and for all (rules §4.1)."""
    if member.unlocked_at is not None:
        return
    directs = members.directs(member.id)
    if rules.unlocks(directs, policy):
        member.unlocked_at = at
        team.changed(member, "unlocked", at=at, reason="directs", evidence={"directs": directs})
        db.session.flush()
        share.release_all(member=member, bucket=Bucket.LOCKED, at=at, key=f"unlock:{member.code}")


def end_cycle(*, member_id: int, at: datetime) -> None:
    """Assess the cycle that has ended: passed, failed, frozen or exited (rules §4.2). Nothing if none has."""
    member = members.locked([member_id])[member_id]
    if member.cycle_start is None or member.cycle_end is None or member.cycle_end > at:
        return
    cycle = Cycle(member.cycle_start, member.cycle_end)
    _, policy = policies.in_force(cycle.end)
    before = Standing(member.standing)
    reached = outlook.reached(member.id, cycle, policy)
    verdict = rules.assess(reached=reached, failures=member.failures, standing=before, policy=policy)
    member.failures, member.standing = verdict.failures, verdict.standing
    kind = "passed" if verdict.passed else "failed"
    if verdict.standing is not before:
        member.suspended_at, kind = cycle.end, str(verdict.standing)
    evidence = {"reached": reached, "target": policy.assess_target, "metric": str(policy.assess_metric)}
    team.changed(
        member, kind, at=cycle.end, reason="assessment", before=before, after=member.standing, evidence=evidence
    )
    if verdict.standing is Standing.EXITED:
        _leave(member, cycle.end)
    else:
        begin_cycle(member=member, at=cycle.end, policy=policy)
    db.session.flush()


def _leave(member: Member, at: datetime) -> None:
    member.cycle_start = member.cycle_end = None
    if member.rank is not None:
        team.changed(member, "unranked", at=at, reason="exited", before=member.rank)
        member.rank = None
    refresh_seat(member=member, at=at, reason="exited")


def refresh_seat(*, member: Member, at: datetime, reason: str) -> None:
    """Let the member's empty slots count as vacancies exactly while the rules say so."""
    seat = members.seat_of(member.id)
    if seat is not None:
        placement.set_open(seat=seat, is_open=members.is_vacant(member), at=at, by=BY, reason=reason)


def close_showcase(*, member: Member, at: datetime, reason: str) -> None:
    """Close a showcase: it sells no more, its slots take nobody, it counts for no team above."""
    if member.showcase == "closed":
        return
    if members.is_qualified(member):
        team.leave_teams(member=member)
    team.changed(member, "closed", at=at, reason=reason, before=member.showcase, after="closed")
    member.showcase = "closed"
    db.session.flush()
    team.tell_showcase(member)
    refresh_seat(member=member, at=at, reason=reason)


def revive(*, member: Member, at: datetime, policy: Policy) -> None:
    """Bring a frozen or exited member back once enough own orders were completed since (rules §4.4)."""
    since = member.suspended_at
    bought = db.session.scalars(
        sa.select(Order.completed_at).where(
            Order.buyer_id == member.id, Order.kind == "normal", Order.state == "completed", Order.completed_at >= since
        )
    )
    instants = [completed_at for completed_at in bought if completed_at is not None]
    before = Standing(member.standing)
    if not rules.revives(standing=before, since=since, bought=instants, policy=policy):
        return
    member.standing, member.failures, member.suspended_at = Standing.ACTIVE, 0, None
    team.changed(
        member, "revived", at=at, reason="own_orders", before=before, after=member.standing,
        evidence={"orders": len(instants)},
    )  # fmt: skip
    begin_cycle(member=member, at=at, policy=policy)
    db.session.flush()
    refresh_seat(member=member, at=at, reason="revived")
    share.release_all(member=member, bucket=Bucket.FROZEN, at=at, key=f"revive:{member.code}:{at.isoformat()}")
    team.evaluate(member_ids=[member.id], policy=policy, at=at)
