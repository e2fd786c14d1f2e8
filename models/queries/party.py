"""Who has a part in completed orders, read for one order or for an evening's thousands in one statement."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from models.base import db
from models.rules import region_share
from models.rules.compliance import LEVELS_MAX
from models.rules.policy import LevelsBy
from models.tables.order import Order


@dataclass(frozen=True)
class Parties:
    """Ids: each seller's upline (itself first), each region's agent, each buyer's sponsor; each seller's merchant."""

    uplines: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    holders: dict[str, int] = field(default_factory=dict)
    sponsors: dict[int, int] = field(default_factory=dict)
    merchants: dict[int, str] = field(default_factory=dict)

    def everybody(self, orders: Collection[Order]) -> set[int]:
        """Whoever the completion of these orders may change: the upline, the agents, the buyer's side."""
        buyers = {order.buyer_id for order in orders if order.buyer_id is not None}
        above = {one for ids in self.uplines.values() for one in ids}
        return above | {order.seller_id for order in orders} | {*self.holders.values()} | buyers | {
            *self.sponsors.values()
        }  # fmt: skip

    def holders_of(self, order: Order) -> dict[str, int]:
        """The agents of an order's address, by region."""
        return {region: self.holders[region] for region in regions(order) if region in self.holders}


def regions(order: Order) -> list[str]:
    """The province, city and district of an order's address, as far as it names them."""
    return list(region_share.chain(order.region_code).values()) if order.region_code else []


_ABOVE = {
    LevelsBy.PLACEMENT: """
        SELECT member_id AS seller_id, member_id AS id, parent_id AS next, 1 AS level
        FROM seat WHERE member_id = ANY (:sellers)
        UNION ALL
        SELECT a.seller_id, s.member_id, s.parent_id, a.level + 1 FROM above a JOIN seat s ON s.id = a.next
        WHERE a.level < :levels""",
    LevelsBy.SPONSOR: """
        SELECT id AS seller_id, id, sponsor_id AS next, 1 AS level FROM member WHERE id = ANY (:sellers)
        UNION ALL
        SELECT a.seller_id, m.id, m.sponsor_id, a.level + 1 FROM above a JOIN member m ON m.id = a.next
        WHERE a.level < :levels""",
}
_PARTIES = {
    by: sa.text(
        f"""
        WITH RECURSIVE above AS ({above})
        SELECT 'upline' AS part, seller_id AS of_id, id, '' AS code, level FROM above
        UNION ALL
        SELECT 'holder', 0, member_id, region_code, 0 FROM region_agent
        WHERE region_code = ANY (:regions) AND state = 'active'
        UNION ALL
        SELECT 'sponsor', id, sponsor_id, '', 0 FROM member WHERE id = ANY (:buyers) AND sponsor_id IS NOT NULL
        UNION ALL
        SELECT 'merchant', m.id, 0, o.code, 0 FROM member m
        JOIN matrix x ON x.id = m.matrix_id JOIN merchant o ON o.id = x.merchant_id WHERE m.id = ANY (:sellers)
        ORDER BY level
        """
    )
    for by, above in _ABOVE.items()
}


def of(orders: Sequence[Order], *, by: LevelsBy) -> Parties:
    """The parties of orders whose policy finds the upline in one way."""
    found = Parties()
    asked = {
        "sellers": list({order.seller_id for order in orders}),
        "buyers": list({order.buyer_id for order in orders if order.buyer_id is not None}),
        "regions": list({region for order in orders for region in regions(order)}),
        "levels": LEVELS_MAX,
    }
    for row in db.session.execute(_PARTIES[by], asked):
        if row.part == "upline":
            found.uplines[row.of_id].append(row.id)
        elif row.part == "holder":
            found.holders[row.code] = row.id
        elif row.part == "sponsor":
            found.sponsors[row.of_id] = row.id
        else:
            found.merchants[row.of_id] = row.code
    return found
