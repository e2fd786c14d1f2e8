"""Who comes through the mini-program: an openid, the member it became, and its sessions."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")


class MemberIdentity(Base):
    """An openid and, once it registered, its member; without an openid once it cancelled.

    ``agreement_id`` is what it accepted before it was a member; from registration on consents are the member's.
    """

    __tablename__ = "member_identity"
    __table_args__ = (
        sa.UniqueConstraint("openid"),
        sa.UniqueConstraint("member_id"),
        sa.CheckConstraint("openid ~ '^[0-9A-Za-z_-]{6,64}$'", name="openid"),
        sa.CheckConstraint("(openid IS NULL) = (ended_at IS NOT NULL)", name="ended"),
        sa.CheckConstraint(
            "num_nulls(agreement_id, accepted_at, accepted_ip, accepted_agent) IN (0, 4)", name="accepted"
        ),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    openid: Mapped[str | None] = mapped_column(CODE)
    member_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
    made_at: Mapped[datetime]
    agreement_id: Mapped[int | None] = mapped_column(sa.ForeignKey("agreement.id"))
    accepted_at: Mapped[datetime | None]
    accepted_ip: Mapped[str | None]
    accepted_agent: Mapped[str | None]
    ended_at: Mapped[datetime | None]


class MemberSession(Base):
    """One sign-in and what became of it. Of its refresh tokens only that of the newest ``generation`` is good.

    ``code_digest`` names the one-time code that opened it, so that no code opens two.
    """

    __tablename__ = "member_session"
    __table_args__ = (
        sa.UniqueConstraint("code_digest"),
        sa.CheckConstraint("generation > 0", name="generation"),
        sa.CheckConstraint("why IN ('signed_out', 'reused', 'cancelled', 'by_staff')", name="why"),
        sa.CheckConstraint("(ended_at IS NULL) = (why IS NULL)", name="ended"),
        sa.Index(None, "identity_id", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    identity_id: Mapped[int] = mapped_column(sa.ForeignKey("member_identity.id"))
    code_digest: Mapped[str]
    opened_at: Mapped[datetime]
    refreshed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    generation: Mapped[int]
    ip: Mapped[str]
    user_agent: Mapped[str]
    ended_at: Mapped[datetime | None]
    why: Mapped[str | None]
