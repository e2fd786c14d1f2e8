"""Reading members: by code, as the rules see them, with who stands above."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from models.base import db
from models.errors import Missing
from models.rules import placement
from models.rules.placement import Sponsor, is_open
from models.rules.share import Person
from models.rules.standing import QUALIFIED, Showcase, Standing
from models.tables.member import Matrix, Member
from models.tables.placement import Seat

IDS = ARRAY(sa.BigInteger)
TEXTS = ARRAY(sa.Text)


class NoMember(Missing):
    """No member has this code."""


def by_code(code: str) -> Member:
    """The member with a code as it stands now, or a refusal."""
    chosen = sa.select(Member).where(Member.code == code).execution_options(populate_existing=True)
    member = db.session.scalars(chosen).one_or_none()
    if member is None:
        raise NoMember(f"没有代码为 {code} 的会员")
    return member


def locked(ids: Collection[int] | sa.Select[int | None]) -> dict[int, Member]:
    """Members, named by their ids or a query of ids, under their row locks taken in id order, as they stand now."""
    # An array always: with IN, the order may be that of a walk through all members.
    named = sa.func.array(ids.scalar_subquery()) if isinstance(ids, sa.Select) else sa.literal(list(ids), IDS)
    chosen = Member.id == sa.any_(named)
    found = db.session.scalars(
        sa.select(Member).where(chosen).order_by(Member.id)
        .with_for_update(key_share=True).execution_options(populate_existing=True)
    )  # fmt: skip
    return {member.id: member for member in found}


def person(member: Member) -> Person:
    """A member as the money sees one."""
    return Person(
        code=member.code,
        standing=Standing(member.standing),
        showcase=Showcase(member.showcase),
        unlocked=member.unlocked_at is not None,
        preset=member.position is not None,
        seed_at=member.seed_at,
    )


def is_qualified(member: Member) -> bool:
    return Standing(member.standing) in QUALIFIED


def is_vacant(member: Member) -> bool:
    """Whether a member's empty slots are vacancies (rules §2.3)."""
    return is_open(
        preset=member.position is not None,
        promotes=promotes(member),
        standing=Standing(member.standing),
        showcase=Showcase(member.showcase),
    )


def promotes(member: Member) -> bool:
    """Whether a preset showcase may promote, as its matrix's template says (rules §2.1)."""
    if member.position is None:
        return False
    matrix = db.session.get_one(Matrix, member.matrix_id)
    return placement.promotes(matrix.template, member.position)


def seat_of(member_id: int) -> Seat | None:
    """Where a member sits, if it has a seat."""
    return db.session.scalars(sa.select(Seat).where(Seat.member_id == member_id)).one_or_none()


_DISTANCE = sa.text(
    """
    WITH RECURSIVE above AS (
        SELECT member_id, parent_id, 0 AS distance FROM seat WHERE member_id = :below
        UNION ALL
        SELECT s.member_id, s.parent_id, a.distance + 1 FROM above a JOIN seat s ON s.id = a.parent_id
        WHERE a.member_id <> :above)
    SELECT distance FROM above WHERE member_id = :above AND distance > 0
    """
)


def distance(*, below: int, above: int) -> int | None:
    """How far above one member another is placed; None if it is not above."""
    found: int | None = db.session.scalar(_DISTANCE, {"below": below, "above": above})
    return found


def directs(member_id: int) -> int:
    """How many members it sponsored have qualified (rules §4.1)."""
    chosen = sa.select(sa.func.count()).where(Member.sponsor_id == member_id, Member.qualified_at.is_not(None))
    return db.session.scalar(chosen) or 0


def sponsor(code: str) -> Sponsor:
    """A member as the search for a sponsor sees one (rules §2.3)."""
    member = by_code(code)
    above = db.session.get(Member, member.sponsor_id) if member.sponsor_id else None
    return Sponsor(code, above.code if above else None, is_qualified(member), is_vacant(member))
