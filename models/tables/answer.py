"""Answers kept for requests that are sent again."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")


class KeptAnswer(Base):
    """What a request under a key was answered, written with its effect; ``digest`` tells a repeat from another one."""

    __tablename__ = "kept_answer"
    __table_args__ = (
        sa.CheckConstraint("length(key) BETWEEN 8 AND 128", name="key"),
        sa.CheckConstraint("octet_length(digest) = 32", name="digest"),
        sa.Index(None, "at"),
    )

    identity_id: Mapped[int] = mapped_column(sa.ForeignKey("member_identity.id"), primary_key=True)
    key: Mapped[str] = mapped_column(CODE, primary_key=True)
    digest: Mapped[bytes] = mapped_column(BYTEA)
    status: Mapped[int] = mapped_column(sa.SmallInteger)
    body: Mapped[bytes] = mapped_column(BYTEA)
    at: Mapped[datetime]
