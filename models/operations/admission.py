"""Matrices of ten, registration, lapse, qualification."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict
from models.operations import agreement, outbox, placement, standing, team
from models.operations.agreement import Acceptance
from models.queries import admission as candidates
from models.queries import member as members
from models.queries import policy as policies
from models.queries import tree
from models.rules import admission as tasks_of
from models.rules import placement as shapes
from models.rules import standing as rules
from models.rules.placement import Template
from models.rules.standing import Showcase, Standing
from models.tables.member import Matrix, Member
from models.tables.merchant import Merchant
from models.tables.standing import AdmissionTask

# What a registration is decided on, a newcomer's under the network's lock; what a newcomer leaves behind.
_OPENS = sa.text("SELECT * FROM registration_opens(:code, :inviter, :at)")
_JOIN = sa.select(Member).from_statement(
    sa.text(
        "SELECT * FROM member_join(:code, :network, :sponsor, :under, :at, :lapses, :wanted, :by, :agreement, :sha256,"
        " :ip, :agent)"
    ).columns(*Member.__table__.columns)
)
_FIX_TASKS = sa.text(
    "INSERT INTO admission_task (member_id, seller_ids)"
    " SELECT s.member_id, admission_tasks(s.matrix_id, s.parent_id, :wanted) FROM seat s WHERE s.member_id = :member"
)


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
    presets = {
        place.position: Member(
            code=name, matrix_id=matrix.id, position=place.position, standing=Standing.ACTIVE, showcase=Showcase.OPEN,
            registered_at=at, qualified_at=None, unlocked_at=at,
        )
        for name, place in zip(names, places, strict=True)
    }  # fmt: skip
    db.session.add_all(presets.values())
    db.session.flush()
    placement.preset(places=places, members=presets, at=at, by=by)
    return matrix


def register(*, code: str, inviter: str | None, acceptance: Acceptance, at: datetime, by: str) -> Member:
    """Take a newcomer, or a lapsed one again: consent, sponsor, seat, tasks, days to qualify (rules §2.3, §2.5, §3).

    Newcomers are seated strictly one after the other: the network's lock is held from here to the commit.
    """
    asked = db.session.execute(_OPENS, {"code": code, "inviter": inviter, "at": at}).one()
    agreement.check_accepted(acceptance, version=asked.version, sha256=asked.sha256)
    if inviter is not None and asked.host_id is None:
        raise members.NoMember(f"没有代码为 {inviter} 的会员")
    if not asked.is_new:
        return _again(member_id=asked.known_id, acceptance=acceptance, at=at, by=by)
    if asked.network is None:
        raise NoNetwork("规则 2.3：还没有任何网络，请先建立矩阵。")
    # The same newcomer may have been seated while this one waited.
    rules.check_registers(Standing(asked.known_standing) if asked.known_standing else None)
    policy = policies.named(asked.policy_id, bytes(asked.policy_digest))
    sponsor_id, seat_id = _sponsor(inviter, asked)
    told = {
        "code": code, "network": asked.network, "sponsor": sponsor_id, "under": seat_id, "at": at,
        "lapses": rules.lapses_at(at, policy), "wanted": policy.admission_orders, "by": by,
        "agreement": asked.agreement_id, "sha256": asked.sha256, "ip": acceptance.ip, "agent": acceptance.user_agent,
    }  # fmt: skip
    made: Member | None = db.session.scalars(_JOIN, told).one_or_none()
    if made is None:
        raise placement.NoVacancy(placement.FULL)
    return made


def _sponsor(inviter: str | None, asked: sa.Row[Any]) -> tuple[int | None, int | None]:
    """The sponsor's id and its seat's: most often the inviter's, which are read already."""
    if inviter is None:
        return None, None
    host = shapes.Sponsor(
        inviter, None, Standing(asked.host_standing) in rules.QUALIFIED,
        shapes.is_open(
            preset=asked.host_position is not None,
            promotes=shapes.promotes(asked.host_template, asked.host_position),
            standing=Standing(asked.host_standing), showcase=Showcase(asked.host_showcase),
        ),
    )  # fmt: skip
    if shapes.may_sponsor(host):
        return asked.host_id, asked.host_seat_id
    code = shapes.sponsor_of(inviter, members.sponsor)
    if code is None:
        return None, None
    above = members.by_code(code)
    seat = members.seat_of(above.id)
    return above.id, seat.id if seat else None


def _again(*, member_id: int, acceptance: Acceptance, at: datetime, by: str) -> Member:
    """Somebody lapsed, under its lock and its sponsor's: both may change if its tasks are passed already."""
    sponsor_id = db.session.scalar(sa.select(Member.sponsor_id).where(Member.id == member_id))
    member = members.locked([one for one in (member_id, sponsor_id) if one is not None])[member_id]
    placement.lock(member.matrix_id)
    rules.check_registers(Standing(member.standing))
    _, policy = policies.in_force(at)
    _return(member, at, by)
    agreement.accept(member=member, acceptance=acceptance, at=at)
    member.standing, member.registered_at = Standing.CANDIDATE, at
    member.lapse_at = rules.lapses_at(at, policy)
    team.changed(member, "registered", at=at, reason="registered", after=member.standing)
    outbox.emit("member.registered", subject=f"member:{member.code}", member_id=member.id)
    if policy.admission_orders:
        db.session.execute(_FIX_TASKS, {"member": member.id, "wanted": policy.admission_orders})
    # Orders that completed after a lapse count for the tasks of the next registration.
    if tasks_of.is_complete(*candidates.passed(member.id)):
        qualify(member_id=member.id, at=at)
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
    team.tell_showcase(member)
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
    agreement.check_consent(member=member, at=at)
    member.seed_at = at
    team.changed(member, "seed", at=at, reason="named")
    db.session.flush()
