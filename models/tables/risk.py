"""What happened with the signals it carried, the rules it was held against, and what they decided."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")


class RiskActor(Base):
    """Somebody who acts: a member, or a buyer who is none, known by a blind index alone. Never changed."""

    __tablename__ = "risk_actor"
    __table_args__ = (sa.UniqueConstraint("key"), sa.UniqueConstraint("member_id"))

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(CODE)
    member_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))


class RiskEvent(Base):
    """One thing that happened, once a kind and reference. Signals are blind indexes (keyed BLAKE2b). Never changed.

    ``actor_id`` bought, registered or is paid; ``other_id`` is the seller, ``sponsor_id`` the seller's or the
    newcomer's sponsor. The order of ``id`` is the order in which events were observed. ``ip_shown`` is the network
    (/24) as it may be shown.
    """

    __tablename__ = "risk_event"
    __table_args__ = (
        sa.UniqueConstraint("kind", "ref"),
        sa.CheckConstraint(
            "kind IN ('register', 'place', 'refund', 'payout', 'sign_in', 'showcase', 'proof')", name="kind"
        ),
        sa.CheckConstraint("amount_fen >= 0", name="amount"),
        sa.CheckConstraint("(kind IN ('place', 'refund')) <= (order_id IS NOT NULL)", name="order"),
        sa.Index(
            "ix_risk_event_ip", "ip", "at", postgresql_include=["kind", "actor_id"],
            postgresql_where=sa.text("ip IS NOT NULL"),
        ),
        sa.Index(
            "ix_risk_event_device", "device", "at", postgresql_include=["kind", "actor_id"],
            postgresql_where=sa.text("device IS NOT NULL"),
        ),
        sa.Index(
            "ix_risk_event_payer", "payer", "at", postgresql_include=["actor_id"],
            postgresql_where=sa.text("payer IS NOT NULL"),
        ),
        sa.Index(
            "ix_risk_event_phone", "phone", "at", postgresql_include=["actor_id"],
            postgresql_where=sa.text("phone IS NOT NULL"),
        ),
        sa.Index(
            "ix_risk_event_address", "address", "at", postgresql_include=["kind", "actor_id"],
            postgresql_where=sa.text("address IS NOT NULL"),
        ),
        sa.Index("ix_risk_event_payee", "payee", "at", postgresql_where=sa.text("payee IS NOT NULL")),
        sa.Index("ix_risk_event_picture", "picture", "at", postgresql_where=sa.text("picture IS NOT NULL")),
        sa.Index(None, "actor_id", "kind", "at"),
        sa.Index(None, "other_id", "kind", "at"),
        sa.Index("ix_risk_event_joins", "sponsor_id", "at", postgresql_where=sa.text("kind = 'register'")),
        sa.Index("ix_risk_event_refunded", "order_id", "at", postgresql_where=sa.text("kind = 'refund'")),
        sa.Index("ix_risk_event_placed", "order_id", postgresql_where=sa.text("kind = 'place'")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    kind: Mapped[str]
    ref: Mapped[str] = mapped_column(CODE)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("risk_actor.id"))
    other_id: Mapped[int | None] = mapped_column(sa.ForeignKey("risk_actor.id"))
    sponsor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("risk_actor.id"))
    order_id: Mapped[int | None] = mapped_column(sa.ForeignKey("shop_order.id"))
    amount_fen: Mapped[int]
    region_code: Mapped[str | None] = mapped_column(CODE)
    ip: Mapped[bytes | None] = mapped_column(BYTEA)
    ip_shown: Mapped[str]
    device: Mapped[bytes | None] = mapped_column(BYTEA)
    payer: Mapped[bytes | None] = mapped_column(BYTEA)
    phone: Mapped[bytes | None] = mapped_column(BYTEA)
    address: Mapped[bytes | None] = mapped_column(BYTEA)
    payee: Mapped[bytes | None] = mapped_column(BYTEA)
    picture: Mapped[bytes | None] = mapped_column(BYTEA)
    facts: Mapped[dict[str, Any]]


class RiskTie(Base):
    """Somebody and one thing they were seen with, since the event that showed it first. Never changed."""

    __tablename__ = "risk_tie"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('payer', 'phone', 'device', 'payee', 'ip', 'address')", name="kind"),
        sa.Index(None, "kind", "digest", "actor_id"),
    )

    actor_id: Mapped[int] = mapped_column(sa.ForeignKey("risk_actor.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(BYTEA, primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("risk_event.id"))
    at: Mapped[datetime]


class RiskRule(Base):
    """One version of a rule: what it says, and where it stands.

    ``version`` counts up within ``code``; ``digest`` is SHA-256 over ``terms``. ``state``: draft, shadow (evaluated,
    not acted on), live, retired (was live), dropped (never was).
    """

    __tablename__ = "risk_rule"
    __table_args__ = (
        sa.UniqueConstraint("code", "version"),
        sa.CheckConstraint("state IN ('draft', 'shadow', 'live', 'retired', 'dropped')", name="state"),
        sa.CheckConstraint("version > 0", name="version"),
        sa.CheckConstraint("octet_length(digest) = 32", name="digest"),
        sa.CheckConstraint("(state = 'live') <= (live_at IS NOT NULL)", name="live"),
        sa.CheckConstraint("approved_by <> made_by", name="two_people"),
        sa.Index("uq_risk_rule_live", "code", unique=True, postgresql_where=sa.text("state = 'live'")),
        sa.Index("uq_risk_rule_open", "code", unique=True, postgresql_where=sa.text("state IN ('draft', 'shadow')")),
        sa.Index(None, "state", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    code: Mapped[str] = mapped_column(CODE)
    version: Mapped[int]
    state: Mapped[str]
    terms: Mapped[dict[str, Any]]
    digest: Mapped[bytes] = mapped_column(BYTEA)
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    note: Mapped[str]
    shadow_at: Mapped[datetime | None]
    live_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    comparison: Mapped[dict[str, Any] | None]


class RiskRuleset(Base):
    """The rules that counted from an instant on: versions live and in shadow. Never changed: the newest one counts."""

    __tablename__ = "risk_ruleset"
    __table_args__ = (sa.CheckConstraint("btrim(why) <> ''", name="why"),)

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    live: Mapped[list[int]] = mapped_column(ARRAY(sa.BigInteger))
    shadow: Mapped[list[int]] = mapped_column(ARRAY(sa.BigInteger))
    at: Mapped[datetime]
    by: Mapped[str]
    why: Mapped[str]


class RiskDecision(Base):
    """What the rules of a set said of one event, with the values they saw: recomputable for ever. Never changed."""

    __tablename__ = "risk_decision"
    __table_args__ = (
        sa.UniqueConstraint("event_id"),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name="score"),
        sa.CheckConstraint("action IN ('allow', 'hold', 'review', 'block_payout')", name="action"),
        sa.CheckConstraint("(score >= 60) = (action <> 'allow')", name="threshold"),
        sa.Index(None, "at", "id"),
        sa.Index("ix_risk_decision_suspicious", "id", postgresql_where=sa.text("action <> 'allow'")),
        sa.Index("ix_risk_decision_shadow", "id", postgresql_where=sa.text("shadow <> '{}'")),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("risk_event.id"))
    ruleset_id: Mapped[int] = mapped_column(sa.ForeignKey("risk_ruleset.id"))
    at: Mapped[datetime]
    score: Mapped[int] = mapped_column(sa.SmallInteger)
    action: Mapped[str]
    hits: Mapped[list[Any]]
    shadow: Mapped[list[int]] = mapped_column(ARRAY(sa.BigInteger))
    features: Mapped[dict[str, Any]]


class RiskWait(Base):
    """An event that could not be scored when it happened: the engine was down, or scoring failed; done later."""

    __tablename__ = "risk_wait"
    __table_args__ = (
        sa.CheckConstraint("tries >= 0", name="tries"),
        sa.CheckConstraint("btrim(why) <> ''", name="why"),
    )

    event_id: Mapped[int] = mapped_column(sa.ForeignKey("risk_event.id"), primary_key=True)
    since: Mapped[datetime]
    why: Mapped[str]
    tries: Mapped[int] = mapped_column(default=0)


class RiskAllow(Base):
    """A network address, a postal address or a device that many people share for a good reason, until a day.

    What is shared there counts for nothing. ``label`` says what it is in words that name nobody.
    """

    __tablename__ = "risk_allow"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('ip', 'address', 'device')", name="kind"),
        sa.CheckConstraint("since < until", name="term"),
        sa.CheckConstraint("btrim(label) <> '' AND btrim(reason) <> ''", name="words"),
        sa.CheckConstraint("num_nulls(ended_at, ended_by) IN (0, 2)", name="ended"),
        sa.Index("uq_risk_allow_open", "kind", "digest", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
        sa.Index(None, "kind", "digest", "since"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    kind: Mapped[str]
    digest: Mapped[bytes] = mapped_column(BYTEA)
    label: Mapped[str]
    reason: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime]
    made_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]


class RiskBlock(Base):
    """A withdrawal that the rules stopped, until a person lifts it."""

    __tablename__ = "risk_block"
    __table_args__ = (
        sa.CheckConstraint("num_nulls(lifted_at, lifted_by, reason) IN (0, 3)", name="lifted"),
        sa.Index("ix_risk_block_open", "withdrawal_id", postgresql_where=sa.text("lifted_at IS NULL")),
    )

    withdrawal_id: Mapped[int] = mapped_column(sa.ForeignKey("withdrawal.id"), primary_key=True)
    decision_id: Mapped[int] = mapped_column(sa.ForeignKey("risk_decision.id"))
    at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None]
    reason: Mapped[str | None]


class RiskBacktest(Base):
    """What a rule's version would have done over [since, until), worked out by a job. ``digest`` covers ``result``."""

    __tablename__ = "risk_backtest"
    __table_args__ = (
        sa.CheckConstraint("since < until", name="span"),
        sa.CheckConstraint("num_nulls(result, digest, ended_at) IN (0, 3)", name="ended"),
        sa.Index(None, "rule_id", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    rule_id: Mapped[int] = mapped_column(sa.ForeignKey("risk_rule.id"))
    since: Mapped[datetime]
    until: Mapped[datetime]
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    result: Mapped[dict[str, Any] | None]
    digest: Mapped[bytes | None] = mapped_column(BYTEA)
    ended_at: Mapped[datetime | None]


class RiskRing(Base):
    """People held together by what they share. A ring that another took in, or that came apart, has no size left."""

    __tablename__ = "risk_ring"
    __table_args__ = (sa.CheckConstraint("size >= 0", name="size"), sa.Index(None, "size", "id"))

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    size: Mapped[int]


class RiskRingMember(Base):
    """Who is in which ring."""

    __tablename__ = "risk_ring_member"
    __table_args__ = (sa.Index(None, "ring_id", "actor_id"),)

    actor_id: Mapped[int] = mapped_column(sa.ForeignKey("risk_actor.id"), primary_key=True)
    ring_id: Mapped[int] = mapped_column(sa.ForeignKey("risk_ring.id"))
