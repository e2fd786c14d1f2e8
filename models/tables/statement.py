"""Statements of payment channels, their lines, each day's reckoning against them, and the differences found."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")
ACCOUNTS = "account IN ('TRADE', 'BASIC', 'OPERATION', 'FEES', 'WALLET')"
BUSINESS = "business IN ('payment', 'refund', 'payout', 'payout_back', 'fee', 'other')"


class Statement(Base):
    """A statement of a channel: downloaded or brought by finance, read on trial first, then taken.

    ``first_on`` to ``last_on`` are the Shanghai days it covers; ``lines_claimed`` is what its own summary says.
    ``lines_new`` were not known from another file. ``findings`` are lines that could not be read, a hundred at most.
    """

    __tablename__ = "statement"
    __table_args__ = (
        sa.CheckConstraint("source IN ('download', 'upload')", name="source"),
        sa.CheckConstraint(ACCOUNTS, name="account"),
        sa.CheckConstraint(
            "state IN ('reading', 'read', 'taking', 'taken', 'failed', 'cancelled')", name="state"
        ),
        sa.CheckConstraint("(state = 'taken') = (taken_at IS NOT NULL)", name="taken"),
        sa.CheckConstraint("last_on >= first_on", name="days"),
        sa.CheckConstraint("lines_read >= 0 AND lines_refused >= 0 AND lines_new >= 0", name="counts"),
        sa.UniqueConstraint("stored_name"),
        sa.Index(
            "uq_statement_file", "account", "sha256", unique=True,
            postgresql_where=sa.text("state NOT IN ('failed', 'cancelled')"),
        ),
        sa.Index(None, "account", "first_on", "last_on"),
        sa.Index(None, "state", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    source: Mapped[str]
    layout: Mapped[str]
    account: Mapped[str]
    file_name: Mapped[str]
    stored_name: Mapped[str] = mapped_column(CODE)
    sha256: Mapped[str] = mapped_column(CODE)
    size_bytes: Mapped[int]
    state: Mapped[str]
    job_id: Mapped[int | None]
    first_on: Mapped[date | None]
    last_on: Mapped[date | None]
    lines_claimed: Mapped[int | None]
    lines_read: Mapped[int] = mapped_column(default=0)
    lines_refused: Mapped[int] = mapped_column(default=0)
    lines_new: Mapped[int] = mapped_column(default=0)
    in_fen: Mapped[int] = mapped_column(default=0)
    out_fen: Mapped[int] = mapped_column(default=0)
    findings: Mapped[list[Any]] = mapped_column(default=list)
    failure: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    read_at: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]


class EntryColumns:
    """What a line of a statement says; see ``models.rules.statement.Entry``."""

    at: Mapped[datetime]
    way: Mapped[str]
    business: Mapped[str]
    amount_fen: Mapped[int]
    fee_millifen: Mapped[int]
    balance_fen: Mapped[int | None]
    number: Mapped[str] = mapped_column(CODE)
    reference: Mapped[str] = mapped_column(CODE)
    words: Mapped[str]
    state: Mapped[str]
    digest: Mapped[bytes] = mapped_column(BYTEA)


class StatementDraft(EntryColumns, Base):
    """A line of a statement on trial, the n-th row of its file."""

    __tablename__ = "statement_draft"

    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)


class StatementLine(EntryColumns, Base):
    """A line that a channel reports, once whatever file brings it. Never changed.

    ``copy`` counts lines that read the same within one file: two of them are two, the file twice is one.
    """

    __tablename__ = "statement_line"
    __table_args__ = (
        sa.UniqueConstraint("account", "digest", "copy"),
        sa.CheckConstraint(ACCOUNTS, name="account"),
        sa.CheckConstraint("way IN ('in', 'out', 'none')", name="way"),
        sa.CheckConstraint(BUSINESS, name="business"),
        sa.CheckConstraint("amount_fen >= 0", name="amount"),
        sa.CheckConstraint("octet_length(digest) = 16", name="digest"),
        sa.Index(None, "at", "id"),
        sa.Index(None, "number", "business"),
        sa.Index(None, "reference"),
        sa.Index(None, "account", "at", "n"),
        sa.Index(None, "statement_id", "n"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    statement_id: Mapped[int] = mapped_column(sa.ForeignKey("statement.id"))
    n: Mapped[int]
    account: Mapped[str]
    copy: Mapped[int]


class Reckoning(Base):
    """A Shanghai day as both sides tell it. Counts and sums in fen; null where no statement of the day is here.

    ``custody_fen`` is what our ledger says lies at the channel at the end of the day, ``channel_fen`` what the channel
    says; their gap may be explained once, so that what matters is how it moved since the reckoned day before.
    """

    __tablename__ = "reckoning"
    __table_args__ = (sa.UniqueConstraint("day"), sa.CheckConstraint("runs > 0", name="runs"))

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    day: Mapped[date]
    at: Mapped[datetime]
    runs: Mapped[int]
    payouts: Mapped[int]
    payouts_fen: Mapped[int]
    channel_payouts: Mapped[int | None]
    channel_payouts_fen: Mapped[int | None]
    payments: Mapped[int]
    payments_fen: Mapped[int]
    channel_payments: Mapped[int | None]
    channel_payments_fen: Mapped[int | None]
    refunds: Mapped[int]
    refunds_fen: Mapped[int]
    channel_refunds: Mapped[int | None]
    channel_refunds_fen: Mapped[int | None]
    custody_fen: Mapped[int]
    channel_fen: Mapped[int | None]


class Difference(Base):
    """Something that the two sides tell differently, until it is gone by itself or somebody resolves it with a reason.

    ``number`` is ours where we have one, else the channel's; ``subject`` names what of ours it is about.
    """

    __tablename__ = "difference"
    __table_args__ = (
        sa.UniqueConstraint("day", "kind", "business", "number"),
        sa.CheckConstraint(
            "kind IN ('missing_here', 'missing_there', 'amount', 'state', 'duplicate', 'balance')", name="kind"
        ),
        sa.CheckConstraint("business IN ('payment', 'refund', 'payout', 'balance')", name="business"),
        sa.CheckConstraint("state IN ('open', 'gone', 'resolved')", name="state"),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
        sa.CheckConstraint(
            "(state = 'resolved') = (resolved_by IS NOT NULL) AND (state <> 'resolved' OR btrim(resolution) <> '')",
            name="resolved",
        ),
        sa.CheckConstraint("(owner IS NULL) = (owned_at IS NULL)", name="owned"),
        sa.Index(None, "state", "id"),
        sa.Index(None, "number"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    day: Mapped[date]
    kind: Mapped[str]
    business: Mapped[str]
    number: Mapped[str] = mapped_column(CODE)
    subject: Mapped[str] = mapped_column(CODE)
    line_id: Mapped[int | None] = mapped_column(sa.ForeignKey("statement_line.id"))
    ours_fen: Mapped[int | None]
    theirs_fen: Mapped[int | None]
    ours_state: Mapped[str] = mapped_column(default="")
    theirs_state: Mapped[str] = mapped_column(default="")
    state: Mapped[str]
    found_at: Mapped[datetime]
    owner: Mapped[str | None]
    owned_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")
    resolution: Mapped[str] = mapped_column(default="")
    resolved_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]
