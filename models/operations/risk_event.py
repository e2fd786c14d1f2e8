"""Taking down what happened for the risk rules: who, when, with which signals; the signals as blind indexes only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.operations import ring
from models.rules import blind
from models.rules.ring import WEIGHTS, Tie
from models.rules.risk_feature import Kind
from models.tables.risk import RiskActor, RiskEvent, RiskTie

SIGNALS = ("ip", "device", "payer", "phone", "address", "payee", "picture")
# The rows go beside the statement: one that holds its rows is compiled anew each time.
_MAKE_ACTORS = insert(RiskActor).on_conflict_do_nothing()
_MAKE_EVENTS = (
    insert(RiskEvent)
    .on_conflict_do_nothing(index_elements=["kind", "ref"])
    .returning(RiskEvent.id, RiskEvent.kind, RiskEvent.ref)
)
_MAKE_TIES = insert(RiskTie).on_conflict_do_nothing().returning(RiskTie.actor_id, RiskTie.kind, RiskTie.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What a request or an order carried, as it came; only digests of it are kept.

    ``payer`` and ``payee`` are WeChat openids; ``device`` what the client calls its device.
    """

    ip: str = ""
    device: str = ""
    payer: str = ""
    phone: str = ""
    address: Mapping[str, Any] = field(default_factory=dict)
    payee: str = ""
    picture: str = ""

    def digests(self) -> dict[str, bytes | None]:
        """Each signal's blind index, None where there is none; a payer is the payee of the same openid."""
        clear = {
            "ip": blind.ip_of(self.ip), "device": self.device.strip(), "payer": self.payer,
            "phone": self.phone or blind.phone_of(self.address), "address": blind.normalised(self.address),
            "payee": self.payee, "picture": self.picture,
        }  # fmt: skip
        return {kind: blind.digest(kind, value) if value else None for kind, value in clear.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A member by its id, or a buyer who is none by its name at the shop."""

    member_id: int | None = None
    buyer: str = ""

    @property
    def key(self) -> str:
        return f"member:{self.member_id}" if self.member_id else f"buyer:{blind.digest('buyer', self.buyer).hex()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened; the same kind and ``ref`` again is the same thing."""

    kind: Kind
    ref: str
    at: datetime
    actor: Who | None = None
    other: Who | None = None
    sponsor: Who | None = None
    order_id: int | None = None
    amount_fen: int = 0
    region: str | None = None
    signals: Signals = field(default_factory=Signals)
    facts: Mapping[str, Any] = field(default_factory=dict)


def record(*, facts: Sequence[Fact], at: datetime) -> list[int]:
    """Take down what is new of these facts, in their order; the numbers of the new events.

    Rings grow in the same transaction.
    """
    if not facts:
        return []
    actors = _actors(facts)
    rows = [_row(fact, actors) for fact in facts]
    found = db.session.connection().execute(_MAKE_EVENTS, rows).all()
    new = {(row.kind, row.ref): row.id for row in found}
    ties = _tied(rows, new)
    if ties:
        ring.join(new=ties, at=at)
    return sorted(new.values())


def _actors(facts: Iterable[Fact]) -> dict[str, int]:
    """The numbers of everybody named, made where they are new."""
    people = {one.key: one.member_id for fact in facts for one in (fact.actor, fact.other, fact.sponsor) if one}
    if not people:
        return {}
    values = [{"key": key, "member_id": member_id} for key, member_id in sorted(people.items())]
    db.session.connection().execute(_MAKE_ACTORS, values)
    chosen = sa.select(RiskActor.key, RiskActor.id).where(RiskActor.key.in_(people))
    return {row.key: row.id for row in db.session.execute(chosen)}


def _row(fact: Fact, actors: Mapping[str, int]) -> dict[str, Any]:
    def number(who: Who | None) -> int | None:
        return actors[who.key] if who else None

    return {
        "kind": fact.kind.value, "ref": fact.ref, "at": fact.at, "actor_id": number(fact.actor),
        "other_id": number(fact.other), "sponsor_id": number(fact.sponsor), "order_id": fact.order_id,
        "amount_fen": fact.amount_fen, "region_code": fact.region, "ip_shown": blind.network_of(fact.signals.ip),
        "facts": dict(fact.facts), **fact.signals.digests(),
    }  # fmt: skip


def _tied(rows: Iterable[Mapping[str, Any]], new: Mapping[tuple[str, str], int]) -> list[Tie]:
    """What each actor was seen with for the first time."""
    values = [
        {"actor_id": row["actor_id"], "kind": kind, "digest": row[kind], "at": row["at"],
         "event_id": new[row["kind"], row["ref"]]}
        for row in rows if row["actor_id"] and (row["kind"], row["ref"]) in new
        for kind in WEIGHTS if row[kind] is not None
    ]  # fmt: skip
    if not values:
        return []
    values.sort(key=lambda one: one["event_id"])
    found = db.session.connection().execute(_MAKE_TIES, values)
    return [Tie(row.actor_id, row.kind, bytes(row.digest)) for row in found]
