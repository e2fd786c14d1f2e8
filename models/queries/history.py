"""What the list of history orders may be asked."""

import sqlalchemy as sa

from models.base import db
from models.tables.history import HistoryLine
from models.tables.region import Region


def categories() -> list[str]:
    """The categories that occur, in order: one look into the index for each, not a walk over the rows."""
    column = HistoryLine.category
    first = sa.select(sa.func.min(column).label("category"))
    steps = first.cte("steps", recursive=True)
    following = sa.select(sa.func.min(column)).where(column > steps.c.category).scalar_subquery()
    steps = steps.union_all(sa.select(following).where(steps.c.category.is_not(None)))
    found = db.session.scalars(sa.select(steps.c.category).where(steps.c.category.is_not(None)))
    return list(found)


def provinces() -> dict[str, str]:
    """Every province by its code."""
    query = sa.select(Region.code, Region.name).where(Region.level == 1).order_by(Region.code)
    return dict(db.session.execute(query).all())
