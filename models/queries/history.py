"""What the list of history orders may be asked."""

import sqlalchemy as sa

from models.base import db
from models.queries import distinct
from models.tables.history import HistoryLine
from models.tables.region import Region


def categories() -> list[str]:
    """The categories that occur, in order."""
    return distinct.values(HistoryLine.category)


def provinces() -> dict[str, str]:
    """Every province by its code."""
    query = sa.select(Region.code, Region.name).where(Region.level == 1).order_by(Region.code)
    return dict(db.session.execute(query).all())
