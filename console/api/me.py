"""Registration, one's own dossier and data, and the way out."""

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator
from sqlalchemy.exc import IntegrityError

from console.api.route import Call, Guard, route
from console.api.schema import Answer, Body, Count, Instant, Number, Words
from console.api.shown import masked, masked_name, masked_phone
from models import db
from models.errors import Conflict
from models.operations import identity, note
from models.queries import admission, portal

AT = "2026-11-24T08:00:00.000+08:00"
ME = {
    "code": "U23456789AB", "nickname": "阿青", "phone": "138****1234", "standing": "candidate", "showcase": "none",
    "rank": None, "sponsor": "林*", "registered_at": AT, "lapse_at": "2026-12-01T08:00:00.000+08:00",
    "qualified_at": None, "has_real_name": False, "has_accepted_current": True,
}  # fmt: skip


class PhoneTaken(Conflict):
    """Another member has the number."""


def _digits(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("not digits")
    return text


class Registering(Body):
    """Who invited, by code; nobody is fine."""

    inviter: Number | None = None


class Placed(Answer):
    """Where a newcomer sits and what it has to do."""

    code: str
    parent: str | None
    slot: int | None
    depth: Count
    lapse_at: Instant | None
    tasks: Count


class Me(Answer):
    """A member as it sees itself."""

    code: str
    nickname: str | None
    phone: str | None
    standing: str
    showcase: str
    rank: str | None
    sponsor: str | None
    registered_at: Instant
    lapse_at: Instant | None
    qualified_at: Instant | None
    has_real_name: bool
    has_accepted_current: bool


class Changing(Body):
    """What is given is changed, the rest stays."""

    nickname: Annotated[Words, Field(max_length=40)] | None = None
    phone: Annotated[str, Field(pattern=r"^[0-9]{6,20}$"), AfterValidator(_digits)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Changing":
        if self.nickname is None and self.phone is None:
            raise ValueError("empty")
        return self


@route(
    "POST", "/registration", "registration.register", "登记为候选人，自动排位", body=Registering, answer=Placed,
    status=201, guard=Guard.SIGNED_IN, keyed=True, example={"inviter": "M-10"},
    gives={"code": "U23456789AB", "parent": "***-10", "slot": 1, "depth": 10, "lapse_at": AT, "tasks": 10},
)  # fmt: skip
def register(call: Call) -> Placed:
    """Consent, sponsor, seat and tasks in one step (rules §2.3, §3)."""
    made = identity.register(identity_id=call.person.identity_id, inviter=call.body.inviter, at=call.at)
    db.session.flush()
    seat = portal.seat_with_parent(made.id)
    return Placed(
        code=made.code, parent=masked_name(seat.parent_member_id), slot=seat.slot, depth=seat.depth,
        lapse_at=made.lapse_at, tasks=len(admission.sheet(made.id)),
    )  # fmt: skip


@route("GET", "/me", "me.read", "我的资料", answer=Me, gives=ME)
def read(call: Call) -> Me:
    return _me(call)


@route(
    "PATCH", "/me", "me.change", "修改昵称或手机号", body=Changing, answer=Me, example={"nickname": "阿青"}, gives=ME
)
def change(call: Call) -> Me:
    """Two numbers are never one: whoever has it keeps it."""
    facts = note.Facts(nickname=call.body.nickname, phone=call.body.phone)
    try:
        with db.session.begin_nested():
            note.keep_person(member_id=call.member_id, facts=facts)
    except IntegrityError as error:
        raise PhoneTaken("这个手机号已被其他账号使用，请核对。") from error
    return _me(call)


@route("DELETE", "/me", "me.cancel", "注销账号：清除个人信息，账目以代号保留", status=204, guard=Guard.SIGNED_IN)
def cancel(call: Call) -> None:
    identity.cancel(identity_id=call.person.identity_id, at=call.at)


def _me(call: Call) -> Me:
    found = portal.dossier(call.member_id, at=call.at)
    return Me(
        code=found.code, nickname=found.nickname, phone=masked_phone(found.phone), standing=found.standing,
        showcase=found.showcase, rank=found.rank,
        sponsor=masked(found.sponsor, found.sponsor_name) if found.sponsor else None,
        registered_at=found.registered_at, lapse_at=found.lapse_at, qualified_at=found.qualified_at,
        has_real_name=found.real_name_at is not None,
        has_accepted_current=not found.owes_consent,
    )  # fmt: skip
