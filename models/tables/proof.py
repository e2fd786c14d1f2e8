"""Evidence of admission purchases: pictures of orders, what was read of them, and every step of their verdicts."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")


class Proof(Base):
    """One picture of an order for one task: the showcase of ``seller_id``.

    ``sha256`` is of the file as it was sent; ``band1`` to ``band4`` are the 64-bit hash of how it looks, ``outline``
    its finer form (`models.rules.likeness`). The fields are as they were read; the ``number`` of a passed proof as it
    was accepted: it serves this task and no other, ever. ``picture`` names the file in the store.
    """

    __tablename__ = "proof"
    __table_args__ = (
        sa.CheckConstraint("state IN ('waiting', 'manual', 'passed', 'rejected')", name="state"),
        sa.CheckConstraint("(state = 'waiting') = (code IS NULL)", name="code"),
        sa.CheckConstraint("state <> 'passed' OR number IS NOT NULL", name="passed"),
        sa.CheckConstraint("(state IN ('passed', 'rejected')) = (decided_at IS NOT NULL)", name="decided"),
        sa.CheckConstraint("octet_length(sha256) = 32 AND octet_length(outline) = 128", name="digests"),
        sa.CheckConstraint(
            "band1 BETWEEN 0 AND 65535 AND band2 BETWEEN 0 AND 65535 AND band3 BETWEEN 0 AND 65535"
            " AND band4 BETWEEN 0 AND 65535",
            name="bands",
        ),
        sa.CheckConstraint("width > 0 AND height > 0", name="size"),
        sa.CheckConstraint("sure BETWEEN 0 AND 100", name="sure"),
        sa.CheckConstraint("twin_id < id", name="twin"),
        sa.Index("uq_proof_number", "number", unique=True, postgresql_where=sa.text("state = 'passed'")),
        sa.Index(
            "uq_proof_task", "member_id", "seller_id", unique=True, postgresql_where=sa.text("state <> 'rejected'")
        ),
        sa.Index(None, "member_id", "seller_id", "id"),
        sa.Index("ix_proof_manual", "submitted_at", "id", postgresql_where=sa.text("state = 'manual'")),
        sa.Index(None, "state", "id"),
        sa.Index(None, "sha256"),
        sa.Index("ix_proof_read_number", "number"),
        sa.Index(None, "band1", "id"),
        sa.Index(None, "band2", "id"),
        sa.Index(None, "band3", "id"),
        sa.Index(None, "band4", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    seller_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    state: Mapped[str]
    code: Mapped[str | None]
    note: Mapped[str] = mapped_column(default="")
    picture: Mapped[str]
    sha256: Mapped[bytes] = mapped_column(BYTEA)
    outline: Mapped[bytes] = mapped_column(BYTEA)
    band1: Mapped[int]
    band2: Mapped[int]
    band3: Mapped[int]
    band4: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    number: Mapped[str | None] = mapped_column(CODE)
    shop: Mapped[str | None]
    paid_fen: Mapped[int | None]
    placed_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    sure: Mapped[int | None] = mapped_column(sa.SmallInteger)
    order_id: Mapped[int | None] = mapped_column(sa.ForeignKey("shop_order.id"))
    twin_id: Mapped[int | None] = mapped_column(sa.ForeignKey("proof.id"))
    submitted_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    judged_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    appealed_at: Mapped[datetime | None]
    appeal: Mapped[str | None]


class ProofStep(Base):
    """The n-th thing that happened to a proof: who, when, which state and why. Never changed."""

    __tablename__ = "proof_step"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('submitted', 'judged', 'appealed', 'decided')", name="kind"),
        sa.UniqueConstraint("proof_id", "n"),
        sa.Index(None, "at", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    proof_id: Mapped[int] = mapped_column(sa.ForeignKey("proof.id"))
    n: Mapped[int] = mapped_column(sa.SmallInteger)
    at: Mapped[datetime]
    by: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    code: Mapped[str | None]
    note: Mapped[str]
    evidence: Mapped[dict[str, Any]]
