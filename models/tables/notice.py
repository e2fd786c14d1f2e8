"""What members are told: the words of each kind, the notices, and what became of each message beside them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class NoticeWording(Base):
    """The words of one kind of notice, as somebody set them; the newest of a kind counts. Never changed.

    With a ``template_id`` of WeChat's a subscription message goes along, its ``fields`` filled from the same values.
    """

    __tablename__ = "notice_wording"
    __table_args__ = (
        sa.CheckConstraint("btrim(title) <> '' AND btrim(body) <> ''", name="words"),
        sa.Index(None, "kind", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    kind: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    template_id: Mapped[str | None]
    fields: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    made_by: Mapped[str]


class Notice(Base):
    """One thing a member was told, once: the same kind ``about`` the same thing is the same notice."""

    __tablename__ = "notice"
    __table_args__ = (
        sa.UniqueConstraint("member_id", "kind", "about"),
        sa.CheckConstraint("btrim(title) <> '' AND btrim(body) <> ''", name="words"),
        sa.CheckConstraint("read_at >= made_at", name="read"),
        sa.Index(None, "member_id", "id"),
        sa.Index(None, "kind", "id"),
        sa.Index(None, "made_at", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    kind: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    about: Mapped[str]
    made_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class NoticeDelivery(Base):
    """The subscription message of a notice: waiting until ``next_at``, sent, refused by WeChat, or given up."""

    __tablename__ = "notice_delivery"
    __table_args__ = (
        sa.UniqueConstraint("notice_id"),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'refused', 'dropped')", name="state"),
        sa.CheckConstraint("(state = 'waiting') = (next_at IS NOT NULL)", name="next"),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent"),
        sa.CheckConstraint("tries >= 0", name="tries"),
        sa.Index(
            "ix_notice_delivery_due", "next_at", "notice_id", postgresql_where=sa.text("state = 'waiting'")
        ),
        sa.Index(None, "state", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    notice_id: Mapped[int] = mapped_column(sa.ForeignKey("notice.id"))
    template_id: Mapped[str]
    message: Mapped[dict[str, Any]]
    state: Mapped[str]
    tries: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    next_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")
