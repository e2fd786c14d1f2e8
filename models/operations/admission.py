"""Matrices of ten, registration, lapse, qualification."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict
from models.operations import agreement, placement, standing, team
from models.operations.agreement import Acceptance
from models.queries import admission as candidates
from models.queries import member as members
from models.queries import policy as policies
from models.queries import tree
from models.rules import admission as tasks_of
from models.rules import placement as shapes
from models.rules import standing as rules
from models.rules.placement import Template
from models.rules.policy import Policy
from models.rules.standing import Showcase, Standing
from models.tables.member import Matrix, Member
from models.tables.merchant import Merchant
from models.tables.placement import Seat
from models.tables.standing import AdmissionTask

ABOVE_MAX = 2**31 - 1


class MatrixExists(Conflict):
    """A matrix, or a member coded like one of its presets, is there already."""


class NoNetwork(Conflict):
    """Nobody can register before the first matrix is made."""


def make_matrix(*, code: str, merchant: Merchant, template: Template, at: datetime, by: str) -> Matrix:
    """Preset a merchant's ten showcases, the root of a new network (rules §2.1)."""
    places = shapes.template(template)
    names = [f"{code}-{place.position}" for place in places]
    there = sa.select(sa.func.count()).select_from(Member).where(Member.code.in_(names))
    if db.session.scalar(sa.select(Matrix.id).where(Matrix.code == code)) or db.session.scalar(there):
        raise MatrixExists(f"规则 2.1：矩阵 {code} 已存在，请换一个代码。")
    matrix = Matrix(code=code, merchant_id=merchant.id, template=template, made_at=at)
    db.session.add(matrix)
    db.session.flush()
    seats: dict[int, Seat] = {}
    for name, place in zip(names, places, strict=True):
        preset = Member(
            code=name, matrix_id=matrix.id, position=place.position, standing=Standing.ACTIVE, showcase=Showcase.OPEN,
            registered_at=at, qualified_at=None, unlocked_at=at,
        )  # fmt: skip
        db.session.add(preset)
        db.session.flush()
        seats[place.position] = placement.preset(
            member=preset, parent=seats[place.parent] if place.parent else None, slot=place.slot,
            is_open=place.promotes, at=at, by=by,
        )  # fmt: skip
    return matrix


def register(*, code: str, inviter: str | None, acceptance: Acceptance, at: datetime, by: str) -> Member:
    """Take a newcomer, or a lapsed one again: consent, sponsor, seat, tasks, days to qualify (rules §2.3, §2.5, §3).

    Newcomers are seated strictly one after the other: the network's lock is held from here to the commit.
    """
    agreement.required(acceptance=acceptance, at=at)
    host = members.by_code(inviter) if inviter is not None else None
    known = _known(code)
    network = known.matrix_id if known else (host.matrix_id if host else _default_network())
    placement.lock(network)
    # The same newcomer may have been seated while this one waited.
    rules.check_registers(Standing(known.standing) if known else _standing(code))
    _, policy = policies.in_force(at)
    is_back = known is not None
    if known is None:
        known = _newcomer(code, inviter, network, at, by)
    else:
        _return(known, at, by)
    agreement.accept(member=known, acceptance=acceptance, at=at)
    known.standing, known.registered_at = Standing.CANDIDATE, at
    known.lapse_at = rules.lapses_at(at, policy)
    _fix_tasks(known, policy)
    team.changed(known, "registered", at=at, reason="registered", after=known.standing)
    db.session.flush()
    # Orders that completed after a lapse count for the tasks of the next registration.
    if is_back and tasks_of.is_complete(*candidates.passed(known.id)):
        qualify(member_id=known.id, at=at)
    return known


def _known(code: str) -> Member | None:
    """Who registers again, under its lock and its sponsor's: both may change if its tasks are passed already."""
    found = db.session.execute(sa.select(Member.id, Member.sponsor_id).where(Member.code == code)).one_or_none()
    return members.locked([one for one in found if one is not None])[found.id] if found else None


def _standing(code: str) -> Standing | None:
    found = db.session.scalar(sa.select(Member.standing).where(Member.code == code))
    return Standing(found) if found else None


def _default_network() -> int:
    first = db.session.scalar(sa.select(Matrix.id).order_by(Matrix.id).limit(1))
    if first is None:
        raise NoNetwork("规则 2.3：还没有任何网络，请先建立矩阵。")
    return first


def _newcomer(code: str, inviter: str | None, network: int, at: datetime, by: str) -> Member:
    sponsor = shapes.sponsor_of(inviter, members.sponsor)
    above = members.by_code(sponsor) if sponsor else None
    member = Member(
        code=code, matrix_id=network, sponsor_id=above.id if above else None, standing=Standing.CANDIDATE,
        showcase=Showcase.NONE, registered_at=at,
    )  # fmt: skip
    db.session.add(member)
    db.session.flush()
    team.open_team(member)
    placement.take(member=member, under=members.seat_of(above.id) if above else None, at=at, by=by)
    return member


def _return(member: Member, at: datetime, by: str) -> None:
    """Back into the kept seat, else a new one below the recorded sponsor if that one still may sponsor."""
    seat = members.seat_of(member.id)
    if seat is not None:
        placement.set_open(seat=seat, is_open=True, at=at, by=by, reason="registered again")
        return
    above = db.session.get(Member, member.sponsor_id) if member.sponsor_id else None
    fit = above if above is not None and shapes.may_sponsor(members.sponsor(above.code)) else None
    placement.take(
        member=member, under=members.seat_of(fit.id) if fit else None, at=at, by=by, reason="registered again"
    )


def _fix_tasks(member: Member, policy: Policy) -> None:
    seat = members.seat_of(member.id)
    db.session.execute(sa.delete(AdmissionTask).where(AdmissionTask.member_id == member.id))
    if seat is None or not policy.admission_orders:
        return
    nodes = tree.above(seat.id, ABOVE_MAX)
    people = {
        one.id: one for one in db.session.scalars(sa.select(Member).where(Member.id.in_(n.member_id for n in nodes)))
    }
    presets = db.session.scalars(
        sa.select(Member)
        .where(Member.matrix_id == member.matrix_id, Member.position.is_not(None))
        .order_by(Member.position)
    ).all()
    ids = {one.code: one.id for one in (*people.values(), *presets)}
    nearest = [members.person(people[node.member_id]) for node in nodes]
    found = tasks_of.tasks(nearest, [preset.code for preset in presets], policy)
    for n, seller in enumerate(found, 1):
        db.session.add(AdmissionTask(member_id=member.id, n=n, seller_id=ids[seller]))


def lapse(*, member_id: int, at: datetime) -> None:
    """The end of a candidate's days (rules §2.5): the seat is freed, or kept and closed with somebody below."""
    member = members.locked([member_id])[member_id]
    if member.standing != Standing.CANDIDATE or member.lapse_at is None or member.lapse_at > at:
        return
    due = member.lapse_at
    member.standing, member.lapse_at = Standing.LAPSED, None
    db.session.execute(sa.delete(AdmissionTask).where(AdmissionTask.member_id == member.id))
    team.changed(member, "lapsed", at=due, reason="not qualified in time", before="candidate", after="lapsed")
    seat = members.seat_of(member.id)
    if seat is not None:
        placement.lock(member.matrix_id)
        if tree.has_children(seat.id):
            placement.set_open(seat=seat, is_open=False, at=due, by=standing.BY, reason="lapsed")
        else:
            placement.free(seat=seat, at=due, by=standing.BY, reason="lapsed")
    db.session.flush()


def qualify(*, member_id: int, at: datetime) -> Member:
    """All tasks passed, real name checked, showcase open: active, the first cycle starts (rules §3.4, §4.1)."""
    sponsor_id = db.session.scalar(sa.select(Member.sponsor_id).where(Member.id == member_id))
    people = members.locked([one for one in (member_id, sponsor_id) if one is not None])
    member = people[member_id]
    rules.check_qualifies(Standing(member.standing))
    _, policy = policies.in_force(at)
    member.standing, member.showcase, member.qualified_at = Standing.ACTIVE, Showcase.OPEN, at
    member.lapse_at, member.real_name_at = None, member.real_name_at or at
    standing.begin_cycle(member=member, at=at, policy=policy)
    team.changed(member, "qualified", at=at, reason="admission passed", before="candidate", after="active")
    db.session.flush()
    teams = team.add(member=member, people=1)
    for one in (member, people.get(sponsor_id or 0)):
        if one is not None:
            standing.unlock(member=one, policy=policy, at=at)
    team.evaluate(member_ids=teams, policy=policy, at=at)
    return member


def name_seed(*, member_id: int, at: datetime) -> None:
    """Name a seed promoter 种子达人 from an instant on (rules §7.2); again keeps the first."""
    member = members.locked([member_id])[member_id]
    if member.seed_at is not None:
        return
    member.seed_at = at
    team.changed(member, "seed", at=at, reason="named")
    db.session.flush()
