"""Who a member is: personal data, masked wherever it is listed, and what staff wrote down about them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")


class Person(Base):
    """The person behind a member, as far as it is known; the trail says that these columns changed, never to what."""

    __tablename__ = "person"
    __table_args__ = (
        sa.UniqueConstraint("member_id"),
        sa.UniqueConstraint("phone"),
        sa.CheckConstraint("phone ~ '^[0-9]{6,20}$'", name="phone"),
        sa.Index(None, "phone_tail", "member_id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    nickname: Mapped[str | None]
    phone: Mapped[str | None] = mapped_column(CODE)
    phone_tail: Mapped[str | None] = mapped_column(CODE, sa.Computed('"right"(phone, 4)', persisted=True))
    real_name: Mapped[str | None]


class MemberNote(Base):
    """What a staff member wrote about a member. Never changed: a correction is another note."""

    __tablename__ = "member_note"
    __table_args__ = (sa.CheckConstraint("btrim(text) <> ''", name="text"), sa.Index(None, "member_id", "id"))

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    at: Mapped[datetime]
    by: Mapped[str]
    text: Mapped[str]
