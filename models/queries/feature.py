"""The features of events, exact as of each event's own instant: nothing observed later is seen (reliability 7, 1-2).

Windows are (t - w, t]. What happened at or before t but was observed later (a higher id) did not exist yet.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.rules.risk_feature import FEATURES

_SEEN = "x.at > e.at - interval '{window}' AND x.at <= e.at AND x.id <= e.id"


def _count(where: str, window: str, what: str = "count(*)", *, unless: str = "") -> str:
    seen = _SEEN.format(window=window)
    counted = f"(SELECT {what} FROM risk_event x WHERE {where} AND {seen})"
    return f"CASE WHEN {unless} THEN 0 ELSE {counted} END" if unless else counted


_PEOPLE = "count(DISTINCT x.actor_id)"
_REFUNDED = (
    "EXISTS (SELECT 1 FROM risk_event r WHERE r.kind = 'refund' AND r.order_id = x.order_id AND r.at <= e.at"
    " AND r.id <= e.id{more})"
)
_RETURNED = f"count(*) FILTER (WHERE {_REFUNDED.format(more='')})"
_FAST = f"count(*) FILTER (WHERE {_REFUNDED.format(more=chr(32) + 'AND r.at <= x.at + interval ' + repr('1 day'))})"
# Basis points, rounded down; nobody bought, nothing came back.
_SHARE = f"coalesce({_RETURNED} * 10000 / nullif(count(*), 0), 0)"
_BOUGHT = "x.actor_id = e.actor_id AND x.kind = 'place'"
_SOLD = "x.other_id = e.other_id AND x.kind = 'place'"
_HARD = "('payer', 'phone', 'device')"
_TIED = """(SELECT count(DISTINCT a.kind) FROM risk_tie a JOIN risk_tie b ON b.kind = a.kind AND b.digest = a.digest
    WHERE a.actor_id = e.actor_id AND b.actor_id <> e.actor_id AND a.kind IN {kinds} AND b.actor_id IN ({others})
    AND a.at <= e.at AND a.event_id <= e.id AND b.at <= e.at AND b.event_id <= e.id{more})"""
# Agents of the order's province, city and district, whose office ran at the event.
_AGENTS = """SELECT p.id FROM region_agent g JOIN risk_actor p ON p.member_id = g.member_id
    WHERE g.region_code IN ({region}, left({region}, 4) || '00', left({region}, 2) || '0000')
    AND g.begins_at <= e.at AND (g.state = 'active' OR g.state = 'ended' AND e.at < g.ends_at)"""
# Whoever shares a payer, a phone or a device with the buyer and bought in the same showcase.
_KIN = f"""(SELECT count(DISTINCT b.actor_id) FROM risk_tie a
    JOIN risk_tie b ON b.kind = a.kind AND b.digest = a.digest AND b.actor_id <> a.actor_id
    WHERE a.actor_id = e.actor_id AND a.kind IN {_HARD} AND NOT (a.kind = 'device' AND l.device AND a.digest = e.device)
    AND a.at <= e.at AND a.event_id <= e.id AND b.at <= e.at AND b.event_id <= e.id
    AND EXISTS (SELECT 1 FROM risk_event x WHERE x.actor_id = b.actor_id AND x.kind = 'place'
        AND x.other_id = e.other_id AND {_SEEN.format(window="30 days")}))"""
_IS_AGENT = "(e.actor_id IN ({agents}))::int"
_AGED = (
    "(SELECT extract(epoch FROM e.at - {since})::bigint / {unit} FROM member m"
    " WHERE m.id = p.member_id AND {since} <= e.at)"
)
_ALLOWED = (
    "EXISTS (SELECT 1 FROM risk_allow w WHERE w.kind = '{kind}' AND w.digest = e.{kind} AND w.since <= e.at"
    " AND e.at < w.until AND (w.ended_at IS NULL OR e.at < w.ended_at))"
)
_AGENT_ORDERS = f"""(SELECT count(*) FROM risk_event x WHERE {_BOUGHT} AND x.region_code = e.region_code
    AND {_SEEN.format(window="30 days")})"""

SQL: dict[str, str] = {
    "ip_buyers_1d": _count("x.ip = e.ip AND x.kind = 'place'", "1 day", _PEOPLE, unless="l.ip"),
    "ip_joins_1d": _count("x.ip = e.ip AND x.kind = 'register'", "1 day", _PEOPLE, unless="l.ip"),
    "address_buyers_7d": _count("x.address = e.address AND x.kind = 'place'", "7 days", _PEOPLE, unless="l.address"),
    "device_actors_30d": _count("x.device = e.device", "30 days", _PEOPLE, unless="l.device"),
    "device_orders_1d": _count("x.device = e.device AND x.kind = 'place'", "1 day", unless="l.device"),
    "payer_actors_30d": _count("x.payer = e.payer", "30 days", _PEOPLE),
    "phone_actors_30d": _count("x.phone = e.phone", "30 days", _PEOPLE),
    "payee_actors_90d": _count("x.payee = e.payee", "90 days", _PEOPLE),
    "picture_actors_90d": _count("x.picture = e.picture", "90 days", _PEOPLE),
    "picture_uses_90d": _count("x.picture = e.picture", "90 days"),
    "buyer_orders_1h": _count(_BOUGHT, "1 hour"),
    "buyer_orders_1d": _count(_BOUGHT, "1 day"),
    "buyer_orders_30d": _count(_BOUGHT, "30 days"),
    "buyer_returns_30d": _count(_BOUGHT, "30 days", _RETURNED),
    "buyer_return_bps_30d": _count(_BOUGHT, "30 days", _SHARE),
    "buyer_fast_returns_30d": _count(_BOUGHT, "30 days", _FAST),
    "seller_orders_1d": _count(_SOLD, "1 day"),
    "seller_orders_before_30d": f"(SELECT count(*) FROM risk_event x WHERE {_SOLD} AND x.at > e.at - interval '31 days'"
    " AND x.at <= e.at - interval '1 day' AND x.id <= e.id)",
    "seller_return_bps_30d": _count(_SOLD, "30 days", _SHARE),
    "pair_orders_30d": _count(f"{_BOUGHT} AND x.other_id = e.other_id", "30 days"),
    "pair_back_30d": "CASE WHEN e.actor_id = e.other_id THEN 0 ELSE "
    + _count("x.actor_id = e.other_id AND x.kind = 'place' AND x.other_id = e.actor_id", "30 days")
    + " END",
    "seller_kin_30d": _KIN,
    "seller_address_buyers_30d": _count(
        "x.address = e.address AND x.kind = 'place' AND x.other_id = e.other_id", "30 days", _PEOPLE, unless="l.address"
    ),
    "self_links": _TIED.format(kinds=_HARD, others="e.other_id, e.sponsor_id", more=""),
    "soft_links": _TIED.format(
        kinds="('ip', 'address')", others="e.other_id",
        more=" AND NOT (a.kind = 'ip' AND l.ip AND a.digest = e.ip)"
        " AND NOT (a.kind = 'address' AND l.address AND a.digest = e.address)",
    ),
    "is_own": "(e.actor_id = e.other_id)::int",
    "is_admission": "(SELECT (o.kind = 'admission')::int FROM shop_order o WHERE o.id = e.order_id)",
    "agent_links": "h.agent_links",
    "agent_orders_30d": f"CASE WHEN h.agent_links > 0 THEN {_AGENT_ORDERS} ELSE 0 END",
    "sponsor_joins_10m": _count("x.sponsor_id = e.sponsor_id AND x.kind = 'register'", "10 minutes"),
    "sponsor_device_joins_1d": _count(
        "x.sponsor_id = e.sponsor_id AND x.kind = 'register' AND x.device = e.device", "1 day", unless="l.device"
    ),
    "seat_depth": "(e.facts ->> 'depth')::bigint",
    "account_age_s": _AGED.format(since="m.registered_at", unit=1),
    "qualified_age_h": _AGED.format(since="m.qualified_at", unit=3600),
    "amount_fen": "e.amount_fen",
    "hour": "extract(hour FROM e.at AT TIME ZONE 'Asia/Shanghai')::bigint",
}  # fmt: skip
# What a feature needs to be known at all; unknown is -1.
NEEDS = {
    "ip_buyers_1d": "ip", "ip_joins_1d": "ip", "address_buyers_7d": "address", "device_actors_30d": "device",
    "device_orders_1d": "device", "payer_actors_30d": "payer", "phone_actors_30d": "phone",
    "payee_actors_90d": "payee", "picture_actors_90d": "picture", "picture_uses_90d": "picture",
    "sponsor_joins_10m": "sponsor_id", "sponsor_device_joins_1d": "device", "seller_orders_1d": "other_id",
    "seller_orders_before_30d": "other_id", "seller_return_bps_30d": "other_id", "seller_kin_30d": "actor_id",
    "seller_address_buyers_30d": "address",
}  # fmt: skip
_BY_BUYER = ("buyer_", "pair_", "self_links", "soft_links", "is_own", "agent_")


def _column(name: str) -> str:
    kinds = ", ".join(f"'{kind}'" for kind in FEATURES[name].kinds)
    needs = NEEDS.get(name) or ("actor_id" if name.startswith(_BY_BUYER) else "")
    known = f"e.kind IN ({kinds})" + (f" AND e.{needs} IS NOT NULL" if needs else "")
    return f"coalesce(CASE WHEN {known} THEN {SQL[name]} END, -1) AS {name}"


_AGENT_LINKS = f"""CASE WHEN e.kind = 'place' AND e.region_code IS NOT NULL AND e.actor_id IS NOT NULL THEN
    {_IS_AGENT.format(agents=_AGENTS.format(region="e.region_code"))}
    + {_TIED.format(kinds=_HARD, others=_AGENTS.format(region="e.region_code"), more="")} END"""

_OF = sa.text(
    f"""
    SELECT e.id AS event_id, e.kind, e.at, {", ".join(_column(name) for name in FEATURES)}
    FROM unnest(CAST(:ids AS bigint[])) asked (id) JOIN risk_event e ON e.id = asked.id
    LEFT JOIN risk_actor p ON p.id = e.actor_id
    CROSS JOIN LATERAL (SELECT e.ip IS NOT NULL AND {_ALLOWED.format(kind="ip")} AS ip,
        e.address IS NOT NULL AND {_ALLOWED.format(kind="address")} AS address,
        e.device IS NOT NULL AND {_ALLOWED.format(kind="device")} AS device) l
    CROSS JOIN LATERAL (SELECT {_AGENT_LINKS} AS agent_links) h
    ORDER BY e.id
    """
)


class Seen:
    """One event and its features, unknown ones left out."""

    __slots__ = ("at", "event_id", "kind", "values")

    def __init__(self, row: Any) -> None:
        self.event_id: int = row.event_id
        self.kind: str = row.kind
        self.at: datetime = row.at
        self.values: dict[str, int] = {name: value for name in FEATURES if (value := int(getattr(row, name))) >= 0}


def of(event_ids: Sequence[int]) -> list[Seen]:
    """The features of these events, in the order in which they were observed."""
    return [Seen(row) for row in db.session.execute(_OF, {"ids": list(event_ids)})]
