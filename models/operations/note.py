"""Notes of staff about members, and the personal data behind a member."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.errors import Invalid
from models.tables.person import MemberNote, Person

NOTE_LENGTH = 1_000


class Empty(Invalid):
    """A note without words, or longer than anybody reads."""


class NoPhone(Invalid):
    """Not the digits of a phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Who a person is, as far as it is known."""

    nickname: str | None = None
    phone: str | None = None
    real_name: str | None = None


def add(*, member_id: int, text: str, at: datetime, by: str) -> MemberNote:
    """Write a note about a member; it is never changed."""
    text = text.strip()
    if not 0 < len(text) <= NOTE_LENGTH:
        raise Empty(f"请写下 1 到 {NOTE_LENGTH} 个字的备注")
    note = MemberNote(member_id=member_id, at=at, by=by, text=text)
    db.session.add(note)
    db.session.flush()
    return note


def keep_person(*, member_id: int, facts: Facts) -> None:
    """Keep who a member is; again replaces what is given and leaves the rest."""
    if facts.phone is not None and not (
        facts.phone.isascii() and facts.phone.isdigit() and 6 <= len(facts.phone) <= 20
    ):
        raise NoPhone("手机号应为 6 到 20 位数字，请核对")
    given = {
        name: value
        for name, value in (("nickname", facts.nickname), ("phone", facts.phone), ("real_name", facts.real_name))
        if value is not None
    }
    if not given:
        return
    db.session.execute(
        insert(Person).values(member_id=member_id, **given)
        .on_conflict_do_update(index_elements=["member_id"], set_=given)
    )  # fmt: skip
