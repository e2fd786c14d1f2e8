"""When each article was last looked at: by the list as shipped, or by somebody since."""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from models.base import db
from models.rules import law as rules
from models.tables.finding import LawCheck


def checked() -> dict[str, date]:
    """The day of the newest look at each article, by its reference."""
    chosen = sa.select(LawCheck.law, sa.func.max(LawCheck.checked_on)).group_by(LawCheck.law)
    since = {row[0]: row[1] for row in db.session.execute(chosen)}
    return {one.ref: max(one.checked_on, since.get(one.ref, one.checked_on)) for one in rules.laws()}


def looks(ref: str) -> Sequence[LawCheck]:
    """Every look at an article since it was shipped, the newest first."""
    chosen = sa.select(LawCheck).where(LawCheck.law == ref).order_by(LawCheck.checked_on.desc(), LawCheck.id.desc())
    return db.session.scalars(chosen).all()
