"""Promoters as the boards tell them: who qualified on which day, who holds which rank, what they are called."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.rules.standing import Standing
from models.tables.member import Matrix, Member
from models.tables.placement import Seat

_QUALIFIED_ON = sa.cast(sa.func.timezone("Asia/Shanghai", Member.qualified_at), sa.Date)


@dataclass(frozen=True, kw_only=True)
class Among:
    """Which promoters are looked at; None lets all through, a rank of `-` means those without one."""

    merchant_id: int | None = None
    matrix_id: int | None = None
    level: int | None = None
    rank: str | None = None


def _of(query: sa.Select[*tuple[Any, ...]], among: Among) -> sa.Select[*tuple[Any, ...]]:
    """Narrowed to promoters: qualified, and no preset of a merchant's."""
    query = query.where(Member.position.is_(None), Member.qualified_at.is_not(None))
    if among.merchant_id is not None:
        query = query.where(
            Member.matrix_id.in_(sa.select(Matrix.id).where(Matrix.merchant_id == among.merchant_id))
        )  # fmt: skip
    if among.matrix_id is not None:
        query = query.where(Member.matrix_id == among.matrix_id)
    if among.level is not None:
        query = query.join(Seat, Seat.member_id == Member.id).where(Seat.depth == among.level)
    if among.rank is not None:
        query = query.where(Member.rank.is_(None) if among.rank == "-" else Member.rank == among.rank)
    return query


def qualified(among: Among, *, since: datetime, until: datetime) -> dict[date, int]:
    """How many qualified on each Shanghai day in [since, until); days without anybody are left out."""
    chosen = _of(sa.select(_QUALIFIED_ON.label("day"), sa.func.count()), among)
    chosen = chosen.where(Member.qualified_at >= since, Member.qualified_at < until)
    return {row[0]: row[1] for row in db.session.execute(chosen.group_by(sa.literal_column("day")))}


def ranks(among: Among) -> dict[str | None, int]:
    """How many active and frozen promoters hold each rank now; None are those without one."""
    chosen = _of(sa.select(Member.rank, sa.func.count()), among)
    chosen = chosen.where(Member.standing.in_([Standing.ACTIVE, Standing.FROZEN])).group_by(Member.rank)
    return {row[0]: row[1] for row in db.session.execute(chosen)}


def codes(ids: Collection[int]) -> dict[int, str]:
    """The codes of members by their id."""
    chosen = sa.select(Member.id, Member.code).where(Member.id.in_(ids))
    return {row[0]: row[1] for row in db.session.execute(chosen)}
