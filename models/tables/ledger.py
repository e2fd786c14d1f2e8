"""The ledger: accounts, postings and their legs. Append-only; migration 0006 holds the triggers that keep it so."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

AMOUNT_MAX_FEN = 10**12


class Account(Base):
    """One place money is owed to, or (custody) held at. Amounts owed are positive, in fen.

    A busy account of the house (``is_hot``) keeps no balance here: every order would wait for its row. Its balance is
    the last snapshot plus the legs since. All others carry ``balance_fen``, moved by the trigger that sees the legs.
    """

    __tablename__ = "account"
    __table_args__ = (
        sa.CheckConstraint("is_hot = (balance_fen IS NULL)", name="hot"),
        sa.CheckConstraint("CASE WHEN bucket = 'debt' THEN balance_fen <= 0 ELSE balance_fen >= 0 END", name="floor"),
        sa.CheckConstraint(
            "bucket IN ('custody', 'clearing', 'supplier', 'margin', 'house', 'reserve', 'withheld', 'deposit',"
            " 'pending', 'locked', 'frozen', 'held', 'available', 'payout', 'debt')",
            name="bucket",
        ),
        sa.UniqueConstraint("code"),
        sa.Index(None, "bucket", "id"),
        sa.Index("ix_account_debt", "id", postgresql_where=sa.text("bucket = 'debt'")),
        sa.Index("ix_account_hot", "id", postgresql_where=sa.text("is_hot")),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    code: Mapped[str] = mapped_column(sa.Text(collation="C"))
    bucket: Mapped[str]
    is_hot: Mapped[bool]
    balance_fen: Mapped[int | None]


class Posting(Base):
    """One transaction of the ledger, once for ever under its key; ``digest`` tells a repeat from a contradiction.

    ``facts`` holds what every leg's *why* needs as it stood then: order, policy version, ancestors, what is
    reversed. The ledger is its own trail: who wrote a posting stands in the row itself.
    """

    __tablename__ = "posting"
    __table_args__ = (
        sa.UniqueConstraint("key"),
        sa.Index(None, "at", "id"),
        sa.Index(None, "subject", "id"),
        sa.Index("ix_posting_rare", "kind", "id", postgresql_where=sa.text("kind NOT IN ('pay', 'settle', 'mature')")),
        sa.CheckConstraint("octet_length(digest) = 32", name="digest"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(sa.Text(collation="C"))
    digest: Mapped[bytes] = mapped_column(BYTEA)
    kind: Mapped[str]
    subject: Mapped[str] = mapped_column(sa.Text(collation="C"))
    at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]
    actor: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    request_id: Mapped[str] = mapped_column(server_default=sa.FetchedValue())


class Leg(Base):
    """One amount on one account, with the rule that gave it.

    ``cause`` names the row of the settlement (cost, level, region, seed_bonus, house, reserve, margin, …); ``level`` is
    1..3 and nothing else, for any income from a downline; ``rate_bps`` of ``base_fen`` gave the amount. The trigger
    that sums a posting up also sees that its account and posting are there: neither can ever go.
    """

    __tablename__ = "leg"
    __table_args__ = (
        sa.PrimaryKeyConstraint("account_id", "posting_id", "n"),
        sa.CheckConstraint(f"amount_fen <> 0 AND abs(amount_fen) <= {AMOUNT_MAX_FEN}", name="amount"),
        sa.CheckConstraint("level BETWEEN 1 AND 3", name="three_levels"),
        sa.Index(None, "posting_id", postgresql_using="brin", postgresql_with={"pages_per_range": 8}),
    )

    posting_id: Mapped[int]
    n: Mapped[int] = mapped_column(sa.SmallInteger)
    account_id: Mapped[int]
    amount_fen: Mapped[int]
    cause: Mapped[str]
    level: Mapped[int | None] = mapped_column(sa.SmallInteger)
    rate_bps: Mapped[int | None]
    base_fen: Mapped[int | None]
    reason: Mapped[str]


class Snapshot(Base):
    """What a hot account held after every posting up to ``posting_id``: reading it costs the tail alone."""

    __tablename__ = "snapshot"
    __table_args__ = (sa.PrimaryKeyConstraint("account_id", "posting_id"),)

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    posting_id: Mapped[int]
    balance_fen: Mapped[int]


class Block(Base):
    """A sealed run of postings: its hash covers every leg and the block before, so that one edited row shows."""

    __tablename__ = "block"
    __table_args__ = (
        sa.UniqueConstraint("last_posting_id"),
        sa.CheckConstraint("octet_length(hash) = 32", name="hash"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_posting_id: Mapped[int]
    postings: Mapped[int]
    hash: Mapped[bytes] = mapped_column(BYTEA)
    sealed_at: Mapped[datetime]
