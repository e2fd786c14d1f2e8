"""People of the mini-program: signed in by WeChat's code, refreshed, signed out, registered, cancelled."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.errors import Conflict, Forbidden
from models.operations import admission, agreement, binding, earning_export, outbox, standing, story
from models.operations.agreement import Acceptance
from models.queries import agreement as agreements
from models.queries import ledger as books
from models.queries import member as members
from models.queries import region_agent as agents
from models.rules import token
from models.rules.share import Bucket
from models.rules.standing import Showcase, Standing
from models.tables.identity import MemberIdentity, MemberSession
from models.tables.member import Member
from models.tables.person import Person
from models.tables.policy import Agreement

REFRESH_DAYS = 30
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 10
BEFORE_LEAVING = (Bucket.AVAILABLE, Bucket.PENDING, Bucket.HELD, Bucket.PAYOUT)


class NotSignedIn(Forbidden):
    """The session is not there, has ended or has run out."""


class AlreadyOver(Conflict):
    """Only a session that runs can be ended."""


class CodeUsed(Forbidden):
    """A sign-in code opens one session."""


class Registered(Conflict):
    """The person is a member already."""


class NotAccepted(Conflict):
    """Nobody registers before accepting the agreement."""


class MoneyLeft(Conflict):
    """Money on its way belongs to somebody who can be paid."""


class InOffice(Conflict):
    """An agent's deposit goes back before the agent leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Where a request came from."""

    ip: str
    user_agent: str


def sign_in(*, openid: str, code: str, device: Device, at: datetime) -> MemberSession:
    """Open a session for an openid, new or known, by a code that opened none before."""
    made = insert(MemberIdentity).values(openid=openid, made_at=at)
    db.session.execute(made.on_conflict_do_nothing(index_elements=["openid"]))
    person = db.session.scalars(sa.select(MemberIdentity).where(MemberIdentity.openid == openid)).one()
    opened = (
        insert(MemberSession)
        .values(
            identity_id=person.id, code_digest=token.digest(code), opened_at=at, refreshed_at=at,
            expires_at=at + timedelta(days=REFRESH_DAYS), generation=1, ip=device.ip, user_agent=device.user_agent,
        )
        .on_conflict_do_nothing(index_elements=["code_digest"])
        .returning(MemberSession)
    )  # fmt: skip
    session = db.session.scalars(opened).one_or_none()
    if session is None:
        raise CodeUsed("登录凭证已使用过，请重新打开小程序登录。")
    if person.member_id is not None:
        outbox.emit("member.signed_in", subject=f"session:{session.id}", session_id=session.id)
    return session


def recognise(*, people: Sequence[tuple[int, str]], at: datetime) -> None:
    """Write down openids of members who are known from elsewhere; who has one already keeps it."""
    rows = [{"member_id": member_id, "openid": openid, "made_at": at} for member_id, openid in people]
    if rows:
        db.session.execute(insert(MemberIdentity).on_conflict_do_nothing(), rows)


def refresh(*, session_id: int, generation: int, at: datetime) -> MemberSession | None:
    """The session's next generation; a refresh token that was used before ends the session and gives none."""
    session = db.session.get(MemberSession, session_id, with_for_update=True, populate_existing=True)
    if session is None or session.ended_at is not None or session.expires_at <= at:
        raise NotSignedIn("登录已失效，请重新登录。")
    if generation != session.generation:
        end(session_id=session_id, why="reused", at=at)
        return None
    session.generation += 1
    session.refreshed_at, session.expires_at = at, at + timedelta(days=REFRESH_DAYS)
    db.session.flush()
    return session


def end(*, session_id: int, why: str, at: datetime) -> None:
    """End a session: its tokens open nothing from here."""
    running = sa.update(MemberSession).where(MemberSession.id == session_id, MemberSession.ended_at.is_(None))
    db.session.execute(running.values(ended_at=at, why=why))


def end_for(*, session_id: int, at: datetime) -> None:
    """End somebody's session for them: a phone was lost, or a stranger's hands are on it."""
    session = db.session.get(MemberSession, session_id, with_for_update=True, populate_existing=True)
    if session is None or session.ended_at is not None or session.expires_at <= at:
        raise AlreadyOver("这次登录已经结束或过期，无需再结束。")
    session.ended_at, session.why = at, "by_staff"
    db.session.flush()


def accept(*, identity_id: int, acceptance: Acceptance, at: datetime) -> Agreement:
    """Keep an acceptance of the current agreement: the member's, or for the registration to come (rules §3.1)."""
    person = _locked(identity_id)
    found = agreement.required(acceptance=acceptance, at=at)
    if person.member_id is not None:
        agreement.accept(member=db.session.get_one(Member, person.member_id), acceptance=acceptance, at=at)
    elif person.agreement_id != found.id:
        person.agreement_id, person.accepted_at = found.id, at
        person.accepted_ip, person.accepted_agent = acceptance.ip, acceptance.user_agent
    db.session.flush()
    return found


def register(*, identity_id: int, inviter: str | None, at: datetime) -> Member:
    """Make a member of somebody who accepted the agreement, or of one who lapsed (rules §2.3, §2.5)."""
    person = _locked(identity_id)
    known = db.session.get(Member, person.member_id) if person.member_id else None
    if known is not None and known.standing != Standing.LAPSED:
        raise Registered("规则 2.5：您已经登记过，无需再次登记。")
    code = known.code if known else _new_code()
    made = admission.register(
        code=code, inviter=inviter, acceptance=_accepted(person, at), at=at, by=f"member:{code}"
    )  # fmt: skip
    person.member_id = made.id
    person.agreement_id = person.accepted_at = person.accepted_ip = person.accepted_agent = None
    db.session.flush()
    return made


def _accepted(person: MemberIdentity, at: datetime) -> Acceptance:
    """What the person accepted of what is asked for now."""
    current = agreements.current(at)
    if current is None:
        raise agreement.NoAgreement(agreement.NONE_YET)
    accepted = Acceptance(
        version=current.version, sha256=current.sha256, ip=person.accepted_ip or "",
        user_agent=person.accepted_agent or "",
    )  # fmt: skip
    is_on_file = person.member_id is not None and agreements.has_accepted(
        member_id=person.member_id, agreement_id=current.id
    )
    if person.agreement_id != current.id and not is_on_file:
        raise NotAccepted(f"规则 3.1：请先阅读并同意推广协议 {current.version}，再登记。")
    return accepted


def _new_code() -> str:
    return "U" + "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


def cancel(*, identity_id: int, at: datetime) -> None:
    """Leave: the person is forgotten, the ledger stays under the member's code (PIPL art. 47).

    A candidate's seat lapses; a promoter's showcase closes, so that nothing is earned that nobody could be paid. What
    is locked or frozen stays owed.
    """
    person = _locked(identity_id)
    if person.member_id is not None:
        member = members.locked([person.member_id])[person.member_id]
        _check_leaves(member)
        _leave_tree(member, at)
        story.forget(member_id=member.id, at=at)
        binding.forget(member_id=member.id)
        earning_export.forget(member_id=member.id, at=at)
        db.session.execute(
            sa.update(Person).where(Person.member_id == member.id).values(nickname=None, phone=None, real_name=None)
        )
    person.openid, person.ended_at = None, at
    person.agreement_id = person.accepted_at = person.accepted_ip = person.accepted_agent = None
    mine = sa.update(MemberSession).where(MemberSession.identity_id == identity_id)
    db.session.execute(mine.where(MemberSession.ended_at.is_(None)).values(ended_at=at, why="cancelled"))
    db.session.execute(mine.values(ip="", user_agent=""))
    db.session.flush()


def _check_leaves(member: Member) -> None:
    held = books.cold_balances([f"member:{member.code}:{bucket}" for bucket in BEFORE_LEAVING])
    if any(held.values()):
        raise MoneyLeft("注销前请先提取余额：还有可提现、待结算、核查中或提现途中的款项。")
    if agents.in_office(member.id):
        raise InOffice("规则 6：区域代理在任期内不能注销，请先终止代理并收回押金。")


def _leave_tree(member: Member, at: datetime) -> None:
    if member.standing == Standing.CANDIDATE:
        member.lapse_at = at
        db.session.flush()
        admission.lapse(member_id=member.id, at=at)
    elif member.showcase in (Showcase.OPEN, Showcase.PENDING):
        standing.close_showcase(member=member, at=at, reason="cancelled")


def _locked(identity_id: int) -> MemberIdentity:
    person = db.session.get(MemberIdentity, identity_id, with_for_update=True, populate_existing=True)
    if person is None or person.ended_at is not None:
        raise NotSignedIn("登录已失效，请重新登录。")
    return person
