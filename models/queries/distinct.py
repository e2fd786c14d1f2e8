"""The values that occur in an indexed column: one look into the index for each, not a walk over the rows."""

from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from models.base import db

T = TypeVar("T")


def values(
    column: InstrumentedAttribute[T] | InstrumentedAttribute[T | None], *where: sa.ColumnElement[bool]
) -> list[T]:
    """Every value of a column, in order, among the rows that answer the conditions. An index begins with the column."""
    first: sa.Select[Any] = sa.select(sa.func.min(column).label("value")).where(*where)
    steps = first.cte("steps", recursive=True)
    following = sa.select(sa.func.min(column)).where(column > steps.c.value, *where).scalar_subquery()
    steps = steps.union_all(sa.select(following).where(steps.c.value.is_not(None)))
    return list(db.session.scalars(sa.select(steps.c.value).where(steps.c.value.is_not(None))))
