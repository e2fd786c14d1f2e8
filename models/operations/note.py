"""Notes of staff about members, and the personal data behind a member."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.errors import Invalid
from models.tables.person import MemberNote, Person

NOTE_LENGTH = 1_000
_KEEP = sa.text(
    """
    INSERT INTO person AS p (member_id, nickname, phone, real_name)
    SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:nicknames AS text[]), CAST(:phones AS text[]),
                         CAST(:names AS text[])) AS q (member_id, nickname, phone, real_name)
    WHERE coalesce(nickname, phone, real_name) IS NOT NULL
    ON CONFLICT (member_id) DO UPDATE SET nickname = coalesce(excluded.nickname, p.nickname),
        phone = coalesce(excluded.phone, p.phone), real_name = coalesce(excluded.real_name, p.real_name)
    """
)


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
    _check_phone(facts.phone)
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


def keep_people(people: Sequence[tuple[int, Facts]]) -> None:
    """`keep_person` for many members, each once."""
    for _, facts in people:
        _check_phone(facts.phone)
    db.session.execute(_KEEP, {
        "ids": [id_ for id_, _ in people], "nicknames": [facts.nickname for _, facts in people],
        "phones": [facts.phone for _, facts in people], "names": [facts.real_name for _, facts in people],
    })  # fmt: skip


def _check_phone(phone: str | None) -> None:
    if phone is not None and not (phone.isascii() and phone.isdigit() and 6 <= len(phone) <= 20):
        raise NoPhone("手机号应为 6 到 20 位数字，请核对")
