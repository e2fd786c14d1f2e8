"""Policy versions and agreements: what was in force when, and who put it there."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class PolicyVersion(Base):
    """One version of the policy: made by one person, approved by another, in force from an instant until the next.

    ``terms`` are the keys of rules §10 with their values; ``digest`` is what the approver saw. No version pays a fourth
    level: the database refuses it as the code does.
    """

    __tablename__ = "policy_version"
    __table_args__ = (
        sa.CheckConstraint("preset IN ('plan', 'steady')", name="preset"),
        sa.CheckConstraint("state IN ('draft', 'approved', 'withdrawn')", name="state"),
        sa.CheckConstraint("coalesce((terms ->> 'levels')::int, 0) BETWEEN 1 AND 3", name="three_levels"),
        sa.CheckConstraint("approved_by <> made_by", name="two_people"),
        sa.CheckConstraint("(state = 'approved') = (approved_by IS NOT NULL)", name="approved"),
        sa.Index(None, "effective_at", "id", postgresql_where=sa.text("state = 'approved'")),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    preset: Mapped[str]
    terms: Mapped[dict[str, Any]]
    digest: Mapped[bytes] = mapped_column(BYTEA)
    state: Mapped[str]
    effective_at: Mapped[datetime]
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    opinion_until: Mapped[datetime | None]
    acknowledged: Mapped[list[Any]]
    note: Mapped[str]


class Agreement(Base):
    """A version of the distribution agreement: its text, its SHA-256, since when it is asked for. Never changed."""

    __tablename__ = "agreement"
    __table_args__ = (
        sa.UniqueConstraint("version"),
        sa.CheckConstraint("sha256 = encode(sha256(convert_to(text, 'UTF8')), 'hex')", name="digest"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    version: Mapped[str]
    text: Mapped[str]
    sha256: Mapped[str]
    effective_at: Mapped[datetime]


class Consent(Base):
    """A member's acceptance of an agreement: when, from which address, with which browser. Never changed."""

    __tablename__ = "consent"
    __table_args__ = (sa.UniqueConstraint("member_id", "agreement_id"), sa.Index(None, "accepted_at"))

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    agreement_id: Mapped[int] = mapped_column(sa.ForeignKey("agreement.id"))
    sha256: Mapped[str]
    accepted_at: Mapped[datetime]
    ip: Mapped[str]
    user_agent: Mapped[str]
