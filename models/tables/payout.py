"""Money by the month and money that leaves: regional agents, dividend bills, withdrawals."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")


class RegionAgent(Base):
    """A member's agency for one region: applied, active with its deposit paid, ended. One active agent a region.

    ``contract`` is the number of the signed paper; ``agreed_fen`` what of the deposit two people agreed to keep at the
    end of the term, ``deducted_fen`` what was kept.
    """

    __tablename__ = "region_agent"
    __table_args__ = (
        sa.CheckConstraint("state IN ('applied', 'active', 'ended', 'refused')", name="state"),
        sa.CheckConstraint("region_code ~ '^[0-9]{6}$'", name="region"),
        sa.CheckConstraint("deposit_fen > 0 AND deducted_fen BETWEEN 0 AND deposit_fen", name="deposit"),
        sa.CheckConstraint("ends_at > begins_at", name="term"),
        sa.CheckConstraint("(contract IS NULL) = (signed_at IS NULL)", name="signed"),
        sa.CheckConstraint("agreed_fen BETWEEN 0 AND deposit_fen", name="agreed"),
        sa.CheckConstraint("state <> 'active' OR begins_at IS NOT NULL", name="begun"),
        sa.Index(
            "uq_region_agent_applied",
            "region_code",
            "member_id",
            unique=True,
            postgresql_where=sa.text("state = 'applied'"),
        ),
        sa.Index(None, "ends_at", postgresql_where=sa.text("state = 'active'")),
        sa.Index("uq_region_agent_active", "region_code", unique=True, postgresql_where=sa.text("state = 'active'")),
        sa.Index(None, "member_id", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    region_code: Mapped[str] = mapped_column(CODE)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    state: Mapped[str]
    begins_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    deposit_fen: Mapped[int]
    agreed_fen: Mapped[int] = mapped_column(default=0)
    deducted_fen: Mapped[int] = mapped_column(default=0)
    applied_at: Mapped[datetime | None]
    contract: Mapped[str | None]
    signed_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")


class DividendBill(Base):
    """The team dividends of a month: built once, confirmed by a second person, paid line by line.

    ``month`` is its first day (Asia/Shanghai).
    """

    __tablename__ = "dividend_bill"
    __table_args__ = (
        sa.UniqueConstraint("month"),
        sa.CheckConstraint("state IN ('built', 'confirmed', 'paid')", name="state"),
        sa.CheckConstraint("confirmed_by <> built_by", name="two_people"),
        sa.CheckConstraint("(state = 'built') = (confirmed_by IS NULL)", name="confirmed"),
        sa.CheckConstraint("extract(day FROM month) = 1", name="month"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    month: Mapped[date]
    state: Mapped[str]
    built_at: Mapped[datetime]
    built_by: Mapped[str]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None]
    paid_at: Mapped[datetime | None]


class DividendLine(Base):
    """One member's dividend in a bill, or the negative correction of an earlier month's (``of_month``)."""

    __tablename__ = "dividend_line"
    __table_args__ = (
        sa.UniqueConstraint("bill_id", "member_id", "of_month"),
        sa.CheckConstraint("state IN ('due', 'paid', 'failed')", name="state"),
        sa.CheckConstraint("(state = 'paid') = (posting_id IS NOT NULL)", name="posted"),
        sa.CheckConstraint("amount_fen <> 0", name="amount"),
        sa.Index(None, "member_id", "of_month"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    bill_id: Mapped[int] = mapped_column(sa.ForeignKey("dividend_bill.id"))
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    of_month: Mapped[date]
    rank: Mapped[str]
    bps: Mapped[int]
    base_fen: Mapped[int]
    amount_fen: Mapped[int]
    state: Mapped[str]
    failure: Mapped[str]
    posting_id: Mapped[int | None] = mapped_column(sa.ForeignKey("posting.id"))


class Withdrawal(Base):
    """Money on its way to a member's WeChat. ``number`` is the transfer's bill number, made once and never changed.

    ``state`` is ours until the transfer is asked for (requested, approved, rejected), then one of WeChat's eight.
    ``sent_at`` is when the transfer was last asked for; from then on only its bill ends the withdrawal.
    ``package`` opens the confirmation on the payee's phone, until ``confirm_by`` at the latest. ``tax_fen`` of
    ``amount_fen`` was withheld; ``month`` is the first day of the month of the withdrawal (Shanghai).
    """

    __tablename__ = "withdrawal"
    __table_args__ = (
        sa.UniqueConstraint("number"),
        sa.CheckConstraint("amount_fen > 0 AND tax_fen >= 0 AND tax_fen <= amount_fen", name="amounts"),
        sa.CheckConstraint(
            "state IN ('requested', 'approved', 'rejected', 'ACCEPTED', 'PROCESSING', 'WAIT_USER_CONFIRM',"
            " 'TRANSFERING', 'SUCCESS', 'FAIL', 'CANCELING', 'CANCELLED')",
            name="state",
        ),
        sa.CheckConstraint("second_by <> approved_by", name="two_people"),
        sa.Index(None, "member_id", "id"),
        sa.Index(None, "state", "id"),
        sa.Index(None, "month", "id"),
        sa.Index(None, "month", "state", postgresql_include=["amount_fen"]),
        sa.Index(None, "requested_at"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    number: Mapped[str] = mapped_column(CODE)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    amount_fen: Mapped[int]
    tax_fen: Mapped[int]
    month: Mapped[date]
    state: Mapped[str]
    requested_at: Mapped[datetime]
    approved_by: Mapped[str | None]
    second_by: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")
    sent_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    package: Mapped[str] = mapped_column(default="")
    confirm_by: Mapped[datetime | None]
