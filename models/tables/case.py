"""Review cases: what was hit, who works on it, what was decided, and how each queue is worked on."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")
OPEN = "closed_at IS NULL"
URGENCY = sa.text("case_urgency(closed_at, paused_at, due_at)")
QUEUES = "'first_review', 'appeal', 'payout', 'admission', 'after_sale', 'compliance', 'complaint'"


class Case(Base):
    """One open question about one subject and one group of rules; at most one of them is open at a time.

    ``member_ids``, ``merchant_ids`` and ``region_codes`` are whom it concerns: nobody related to them works on it.
    ``lease`` grows with each claim, so that an older page cannot decide. ``left_seconds`` of business time were left
    when the clock was paused. ``evidence`` covers rules, versions and values of all hits.
    """

    __tablename__ = "review_case"
    __table_args__ = (
        sa.CheckConstraint(f"queue IN ({QUEUES})", name="queue"),
        sa.CheckConstraint("subject ~ '^[a-z_]+:.+$' AND btrim(rule_group) <> ''", name="subject"),
        sa.CheckConstraint(
            "state IN ('open', 'assigned', 'in_review', 'confirmed', 'cleared', 'expired', 'settled')", name="state"
        ),
        sa.CheckConstraint("stake_fen >= 0 AND score >= 0 AND lease >= 0", name="figures"),
        sa.CheckConstraint("(state IN ('assigned', 'in_review')) = (assignee_id IS NOT NULL)", name="assignee"),
        sa.CheckConstraint("(state = 'in_review') = (lease_until IS NOT NULL)", name="lease"),
        sa.CheckConstraint(
            "(state IN ('confirmed', 'cleared', 'expired', 'settled')) = (closed_at IS NOT NULL)"
            " AND (closed_at IS NULL) = (closed_by IS NULL)",
            name="closed",
        ),
        sa.CheckConstraint("closed_at IS NULL OR btrim(reason) <> ''", name="reason"),
        sa.CheckConstraint("(paused_at IS NULL) = (left_seconds IS NULL)", name="paused"),
        sa.CheckConstraint("second IS NULL OR (second IN ('due', 'done') AND closed_at IS NOT NULL)", name="second"),
        sa.CheckConstraint("octet_length(evidence) = 32", name="evidence"),
        sa.Index("uq_review_case_open", "subject", "rule_group", unique=True, postgresql_where=sa.text(OPEN)),
        sa.Index(None, "subject", "id"),
        sa.Index(None, "queue", "id"),
        sa.Index("ix_review_case_live", "queue", "due_at", postgresql_where=sa.text(OPEN)),
        sa.Index("ix_review_case_urgency", URGENCY, "id"),
        sa.Index("ix_review_case_queue_urgency", "queue", URGENCY, "id"),
        sa.Index(None, "assignee_id", postgresql_where=sa.text("assignee_id IS NOT NULL")),
        sa.Index(None, "lease_until", postgresql_where=sa.text("lease_until IS NOT NULL")),
        sa.Index("ix_review_case_alike", "evidence", "id", postgresql_where=sa.text(OPEN)),
        sa.Index("ix_review_case_second", "id", postgresql_where=sa.text("second = 'due'")),
        sa.Index("ix_review_case_concerned", "member_ids", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    queue: Mapped[str]
    subject: Mapped[str] = mapped_column(CODE)
    rule_group: Mapped[str] = mapped_column(CODE)
    state: Mapped[str]
    stake_fen: Mapped[int]
    score: Mapped[int]
    evidence: Mapped[bytes] = mapped_column(BYTEA)
    boosts: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), default=list)
    member_ids: Mapped[list[int]] = mapped_column(ARRAY(sa.BigInteger), default=list)
    merchant_ids: Mapped[list[int]] = mapped_column(ARRAY(sa.BigInteger), default=list)
    region_codes: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), default=list)
    opened_at: Mapped[datetime]
    opened_by: Mapped[str]
    hit_at: Mapped[datetime]
    due_at: Mapped[datetime]
    warn_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    left_seconds: Mapped[int | None]
    snoozed_until: Mapped[datetime | None]
    assignee_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id"))
    assigned_at: Mapped[datetime | None]
    lease: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")
    second: Mapped[str | None]


class CaseHit(Base):
    """Why a case is there: one rule's finding with the values it saw. Never changed."""

    __tablename__ = "case_hit"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "digest"),
        sa.CheckConstraint("btrim(rule) <> '' AND btrim(words) <> '' AND version > 0", name="said"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("review_case.id"))
    at: Mapped[datetime]
    rule: Mapped[str]
    version: Mapped[int]
    weight: Mapped[int]
    words: Mapped[str]
    features: Mapped[dict[str, Any]]
    digest: Mapped[bytes] = mapped_column(BYTEA)


class CaseHold(Base):
    """A case that wants an order's money held. Of those open on an order the oldest is its keeper: each held fen
    belongs to exactly one open case."""

    __tablename__ = "case_hold"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "order_id"),
        sa.Index("uq_case_hold_keeper", "order_id", unique=True, postgresql_where=sa.text("is_keeper")),
        sa.CheckConstraint("NOT is_keeper OR ended_at IS NULL", name="keeper"),
        sa.Index(None, "order_id", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("review_case.id"))
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("shop_order.id"))
    since: Mapped[datetime]
    is_keeper: Mapped[bool]
    ended_at: Mapped[datetime | None]


class CaseStep(Base):
    """One line of a case's story. Never changed."""

    __tablename__ = "case_step"
    __table_args__ = (
        sa.CheckConstraint(
            "kind IN ('opened', 'hit', 'dealt', 'claimed', 'lapsed', 'returned', 'handed', 'escalated', 'snoozed',"
            " 'paused', 'resumed', 'warned', 'breached', 'asked', 'noted', 'decided', 'looked', 'moved')",
            name="kind",
        ),
        sa.Index(None, "case_id", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("review_case.id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    by: Mapped[str]
    note: Mapped[str]
    to_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id"))


class CaseSnooze(Base):
    """Who let a group of rules rest on a subject, until when and why; it ends by itself. Never changed."""

    __tablename__ = "case_snooze"
    __table_args__ = (
        sa.CheckConstraint("since < until AND btrim(reason) <> ''", name="said"),
        sa.Index(None, "case_id", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("review_case.id"))
    subject: Mapped[str] = mapped_column(CODE)
    rule_group: Mapped[str] = mapped_column(CODE)
    since: Mapped[datetime]
    until: Mapped[datetime]
    made_by: Mapped[str]
    reason: Mapped[str]


class CaseDraft(Base):
    """What a reviewer had written when they stopped: a lease that ends takes nothing away."""

    __tablename__ = "case_draft"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "staff_id"),
        sa.CheckConstraint("length(note) <= 2000", name="note"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("review_case.id"))
    staff_id: Mapped[int] = mapped_column(sa.ForeignKey("staff.id"))
    verdict: Mapped[str]
    note: Mapped[str]
    at: Mapped[datetime]


class CaseDecision(Base):
    """What was decided, on which evidence, with what effect on money. Never changed.

    ``first_by`` names the decider whom a second look checks. A confirmation with ``limit_fen`` or more at stake, or
    one that closes a showcase, has a second person.
    """

    __tablename__ = "case_decision"
    __table_args__ = (
        sa.Index("uq_case_decision_first", "case_id", unique=True, postgresql_where=sa.text("first_by IS NULL")),
        sa.Index("uq_case_decision_second", "case_id", unique=True, postgresql_where=sa.text("first_by IS NOT NULL")),
        sa.CheckConstraint("verdict IN ('confirmed', 'cleared', 'expired', 'settled')", name="verdict"),
        sa.CheckConstraint("btrim(reason) <> ''", name="reason"),
        sa.CheckConstraint("made_by <> second_by AND made_by <> first_by", name="two_people"),
        sa.CheckConstraint(
            "verdict <> 'confirmed' OR first_by IS NOT NULL OR second_by IS NOT NULL"
            " OR (stake_fen < limit_fen AND NOT closes)",
            name="second",
        ),
        sa.CheckConstraint("octet_length(evidence) = 32", name="evidence"),
        sa.Index(None, "at", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("review_case.id"))
    at: Mapped[datetime]
    verdict: Mapped[str]
    reason: Mapped[str]
    made_by: Mapped[str]
    second_by: Mapped[str | None]
    first_by: Mapped[str | None]
    stake_fen: Mapped[int]
    limit_fen: Mapped[int]
    closes: Mapped[bool]
    score: Mapped[int]
    evidence: Mapped[bytes] = mapped_column(BYTEA)
    hits: Mapped[list[Any]]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    seconds: Mapped[int]


class QueueSetting(Base):
    """How a queue is worked on, where that differs from what ships."""

    __tablename__ = "queue_setting"
    __table_args__ = (
        sa.CheckConstraint(f"queue IN ({QUEUES})", name="queue"),
        sa.CheckConstraint("sla_minutes BETWEEN 1 AND 14400", name="sla"),
        sa.CheckConstraint("0 <= opens AND opens < closes AND closes <= 1440", name="hours"),
        sa.CheckConstraint(
            "cap BETWEEN 1 AND 200 AND lease_minutes BETWEEN 2 AND 120 AND second_look_bps BETWEEN 0 AND 10000"
            " AND two_people_fen >= 0",
            name="limits",
        ),
        sa.CheckConstraint("expires_days BETWEEN 1 AND 365", name="expires"),
    )

    queue: Mapped[str] = mapped_column(primary_key=True)
    sla_minutes: Mapped[int]
    opens: Mapped[int]
    closes: Mapped[int]
    every_day: Mapped[bool]
    cap: Mapped[int]
    lease_minutes: Mapped[int]
    second_look_bps: Mapped[int]
    two_people_fen: Mapped[int]
    expires_days: Mapped[int | None]
    deals: Mapped[bool]
    set_at: Mapped[datetime]
    set_by: Mapped[str]


class BusinessDay(Base):
    """A day that is not what its weekday says: a holiday, or a weekend day that is worked on."""

    __tablename__ = "business_day"
    __table_args__ = (sa.UniqueConstraint("day"), sa.CheckConstraint("btrim(name) <> ''", name="name"))

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    day: Mapped[date]
    is_worked: Mapped[bool]
    name: Mapped[str]
    set_by: Mapped[str]


class Reviewer(Base):
    """What somebody works on and how many cases at once, where that differs from their roles and the queue's cap."""

    __tablename__ = "reviewer"
    __table_args__ = (
        sa.UniqueConstraint("staff_id"),
        sa.CheckConstraint("cap BETWEEN 0 AND 200", name="cap"),
        sa.CheckConstraint(f"queues <@ ARRAY[{QUEUES}]", name="queues"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    staff_id: Mapped[int] = mapped_column(sa.ForeignKey("staff.id"))
    cap: Mapped[int]
    queues: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    set_by: Mapped[str]


class ReviewerAway(Base):
    """A time in which somebody is given no case."""

    __tablename__ = "reviewer_away"
    __table_args__ = (sa.CheckConstraint("since < until", name="span"), sa.Index(None, "staff_id", "until"))

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    staff_id: Mapped[int] = mapped_column(sa.ForeignKey("staff.id"))
    since: Mapped[datetime]
    until: Mapped[datetime]
    note: Mapped[str]
    set_by: Mapped[str]


class StaffTie(Base):
    """Whom somebody is related to: a member, a merchant or a region. They see no case that concerns those."""

    __tablename__ = "staff_tie"
    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(member_id, merchant_id, region_code) = 1", name="one"),
        sa.CheckConstraint("region_code ~ '^[0-9]{6}$'", name="region"),
        sa.CheckConstraint("btrim(note) <> ''", name="note"),
        sa.Index(None, "staff_id", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    staff_id: Mapped[int] = mapped_column(sa.ForeignKey("staff.id"))
    member_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
    merchant_id: Mapped[int | None] = mapped_column(sa.ForeignKey("merchant.id"))
    region_code: Mapped[str | None] = mapped_column(CODE)
    note: Mapped[str]
    set_at: Mapped[datetime]
    set_by: Mapped[str]
