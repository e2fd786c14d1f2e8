"""The people of the console, their sessions, their one-time links and the counters against guessing."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class StaffState(StrEnum):
    """Whether the person may sign in at all."""

    ACTIVE = "active"
    DISABLED = "disabled"


class LinkKind(StrEnum):
    """What a one-time link opens: a first administrator, fresh credentials, a new authenticator, a demo's session."""

    BOOTSTRAP = "bootstrap"
    WELCOME = "welcome"
    AUTHENTICATOR = "authenticator"
    DEMO = "demo"


class Staff(Base):
    """A person (or a merchant's account) that signs in. ``code`` is the login name, always lower case.

    Without ``password_hash`` nobody can sign in: the person has yet to open the welcome link.
    ``totp_last_step`` is the newest thirty-second step whose code was used; no older one works again.
    """

    __tablename__ = "staff"
    __table_args__ = (
        sa.UniqueConstraint("code"),
        sa.CheckConstraint("code ~ '^[a-z0-9][a-z0-9._-]{1,31}$'", name="code"),
        sa.CheckConstraint("state IN ('active', 'disabled')", name="state"),
        sa.CheckConstraint(
            "cardinality(roles) > 0 AND roles <@ ARRAY['admin', 'operator', 'finance', 'reviewer', 'compliance',"
            " 'support', 'auditor', 'merchant']",
            name="roles",
        ),
        sa.CheckConstraint("(roles = ARRAY['merchant']) = (merchant_id IS NOT NULL)", name="merchant"),
        sa.CheckConstraint("(password_hash IS NULL) = (totp_secret IS NULL)", name="both_factors"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    code: Mapped[str]
    name: Mapped[str]
    roles: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    merchant_id: Mapped[int | None] = mapped_column(sa.ForeignKey("merchant.id"))
    state: Mapped[str] = mapped_column(server_default=StaffState.ACTIVE)
    password_hash: Mapped[str | None]
    totp_secret: Mapped[str | None]
    totp_last_step: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class StaffSession(Base):
    """One signed-in browser. The cookie holds the token, this row only its SHA-256."""

    __tablename__ = "staff_session"
    __table_args__ = (sa.UniqueConstraint("token_hash"), sa.Index(None, "staff_id", "id"))

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    staff_id: Mapped[int] = mapped_column(sa.ForeignKey("staff.id"))
    token_hash: Mapped[str]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    authenticated_at: Mapped[datetime]
    ip: Mapped[str]
    user_agent: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None]


class StaffLink(Base):
    """A one-time link. It carries the authenticator's secret that its page shows as a QR code."""

    __tablename__ = "staff_link"
    __table_args__ = (
        sa.UniqueConstraint("token_hash"),
        sa.Index(None, "staff_id"),
        sa.CheckConstraint("kind IN ('bootstrap', 'welcome', 'authenticator', 'demo')", name="kind"),
        sa.CheckConstraint("(kind = 'bootstrap') = (staff_id IS NULL)", name="staff"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    kind: Mapped[str]
    staff_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id"))
    token_hash: Mapped[str]
    totp_secret: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Attempt(Base):
    """The recent hits of one counter (`sign_in:ip:10.0.0.1`), oldest first: a sliding window in one row."""

    __tablename__ = "attempt"
    __table_args__ = (sa.Index(None, "last_at"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    hits: Mapped[list[datetime]] = mapped_column(ARRAY(sa.DateTime(timezone=True)))
    last_at: Mapped[datetime]
