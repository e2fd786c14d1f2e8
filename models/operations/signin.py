"""Signing in: both factors at once, the same answer to every failure."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.operations import attempt, audit, session
from models.rules import attempt as limits
from models.rules import password, totp
from models.rules.session import Ended
from models.tables.staff import Staff, StaffState


@dataclass(frozen=True)
class Proof:
    """What a person types to prove who they are."""

    login: str
    password: str
    code: str

    @property
    def name(self) -> str:
        """The login name as it is kept."""
        return self.login.strip().lower()


@dataclass(frozen=True)
class Origin:
    """The browser that a sign-in comes from, and the session it holds already."""

    ip: str
    user_agent: str = ""
    session_id: int | None = None


def admit(*, proof: Proof, origin: Origin, at: datetime) -> None:
    """Count the try; to be committed before the proof is looked at, so that no crash forgets it."""
    attempt.take(limits.of_sign_in(login=proof.name, ip=origin.ip), at=at)


def sign_in(*, proof: Proof, origin: Origin, at: datetime) -> str | None:
    """Open a session for a person who proves both factors and return its token; otherwise note the refusal."""
    staff = _proven(proof=proof, at=at)
    if staff is None:
        return None
    attempt.give_back(limits.of_sign_in(login=proof.name, ip=origin.ip), at=at)
    if origin.session_id is not None:
        session.end(session_id=origin.session_id, why=Ended.REPLACED, at=at)
    return session.open_(staff_id=staff.id, ip=origin.ip, user_agent=origin.user_agent, at=at)


def step_up(*, proof: Proof, origin: Origin, at: datetime) -> str | None:
    """Renew the running session of a person who proves both factors once more; its new token, or None."""
    staff = _proven(proof=proof, at=at)
    if staff is None or origin.session_id is None:
        return None
    attempt.give_back(limits.of_sign_in(login=proof.name, ip=origin.ip), at=at)
    return session.renew(session_id=origin.session_id, at=at)


def prove(*, proof: Proof, origin: Origin, at: datetime) -> bool:
    """Whether the person proves both factors, for a change of their own credentials."""
    staff = _proven(proof=proof, at=at)
    if staff is None:
        return False
    attempt.give_back(limits.of_sign_in(login=proof.name, ip=origin.ip), at=at)
    return True


def _proven(*, proof: Proof, at: datetime) -> Staff | None:
    """The person who proves both factors; a failure is noted in the trail and told to nobody."""
    staff = db.session.scalar(sa.select(Staff).where(Staff.code == proof.name))
    matches = password.matches(staff.password_hash if staff else None, proof.password)
    if staff is None:
        why: str | None = "unknown"
    else:
        why = _second_failure(staff, proof.code, at) if matches else "password"
    if why is None:
        return staff
    # The name typed may be a password in the wrong box: only the name of a known person is written down.
    audit.note(what="sign_in.refused", about=staff.code if staff else "", why=why)
    return None


def _second_failure(staff: Staff, code: str, at: datetime) -> str | None:
    """Why the person behind a right password may still not enter, or None; uses up the code."""
    proven = staff.password_hash
    db.session.refresh(staff, with_for_update=True)
    if staff.state != StaffState.ACTIVE or staff.totp_secret is None or staff.password_hash != proven:
        return "disabled"
    mine = limits.of_code(staff_id=staff.id)
    try:
        attempt.take(mine, at=at)
    except attempt.TooManyAttempts:
        return "locked"
    step = totp.step_of(staff.totp_secret, code, at=at, after=staff.totp_last_step)
    if step is None:
        return "code"
    attempt.give_back(mine, at=at)
    staff.totp_last_step = step
    db.session.flush()
    return None
