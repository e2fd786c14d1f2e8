"""What moved on the accounts of each kind, day by day."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Turnover(Base):
    """The sum of the legs of one kind in the postings ``since_id`` to ``upto_id`` (the first not, the last included).

    Counted from the ledger once and never changed; ``day`` is the postings' day in Shanghai, ``bucket`` the kind of
    account. Every posting lies in one span, so that all rows and the legs behind the last span make the ledger.
    """

    __tablename__ = "turnover"
    __table_args__ = (
        sa.CheckConstraint("upto_id > since_id", name="span"),
        sa.CheckConstraint("level BETWEEN 1 AND 3", name="three_levels"),
    )

    since_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    upto_id: Mapped[int] = mapped_column(sa.BigInteger)
    day: Mapped[date]
    bucket: Mapped[str]
    kind: Mapped[str]
    cause: Mapped[str]
    level: Mapped[int | None] = mapped_column(sa.SmallInteger)
    amount_fen: Mapped[int]
