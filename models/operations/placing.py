"""Many paid orders taken in at once, with the result of one after the other: read and written set by set.

Whatever is out of the ordinary is refused as a whole, so that the caller goes one by one and learns which and why.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from models.base import copy_text, db
from models.errors import Conflict
from models.operations import ledger, risk_intake
from models.operations.order import Purchase
from models.queries import member as members
from models.queries import policy as policies
from models.rules import order as life
from models.rules import region_share
from models.rules.commission import Kind
from models.rules.ledger import Leg
from models.tables.member import Member
from models.tables.order import Order


class NotTogether(Conflict):
    """One of them is no plain new order of a member's showcase."""


class Placed(NamedTuple):
    """What was ordered and when it was paid."""

    purchase: Purchase
    at: datetime


_IDS = sa.text("SELECT nextval(pg_get_serial_sequence('shop_order', 'id')) FROM generate_series(1, :count)")
_COLUMNS = (
    "id", "number", "kind", "scene", "state", "seller_id", "buyer_id", "buyer", "paid_fen", "deposit_fen",
    "freight_fen", "cost_fen", "commission_fen", "region_code", "address", "policy_id", "digest", "placed_at",
    "paid_at", "refunded_fen", "is_held", "is_fraud",
)  # fmt: skip

_LINE = ("order_id", "n", "product_code", "title", "category", "quantity", "price_fen")


def place_many(*, placed: Sequence[Placed]) -> None:
    """Take in paid orders in this order, as `order.place` would one by one (rules §5.1, §5.2)."""
    policy_id = policies.of_span(min(one.at for one in placed), max(one.at for one in placed))
    _check_new([one.purchase for one in placed])
    people = _people([one.purchase for one in placed])
    for one in placed:
        _check(one.purchase, people)
    ids = list(db.session.scalars(_IDS, {"count": len(placed)}))
    copy_text("shop_order", _COLUMNS, (
        _row(id_, one, people, policy_id) for id_, one in zip(ids, placed, strict=True)
    ))  # fmt: skip
    copy_text("order_line", _LINE, (
        (id_, *(getattr(line, name) for name in _LINE[1:]))
        for id_, one in zip(ids, placed, strict=True) for line in one.purchase.lines
    ))  # fmt: skip
    ledger.post_many([
        {
            "key": f"pay:{one.purchase.number}", "kind": "pay", "subject": f"order:{one.purchase.number}", "at": one.at,
            "legs": [Leg("custody", -one.purchase.paid_fen, "payment"),
                     Leg("clearing", one.purchase.paid_fen, "payment")],
            "facts": {"policy": policy_id},
        }
        for one in placed
    ])  # fmt: skip
    copy_text("event", ("name", "subject", "payload"), (
        ("order.paid", f"order:{one.purchase.number}", json.dumps({"order_id": id_}))
        for id_, one in zip(ids, placed, strict=True)
    ))  # fmt: skip
    carried = {id_: one.purchase.signals for id_, one in zip(ids, placed, strict=True) if one.purchase.signals}
    if carried:
        risk_intake.orders(ids=list(carried), at=max(one.at for one in placed), signals=carried)


def _check_new(purchases: Sequence[Purchase]) -> None:
    numbers = {one.number for one in purchases}
    there = sa.select(sa.exists().where(Order.number == sa.any_(sa.literal(list(numbers), members.TEXTS))))
    if len(numbers) < len(purchases) or db.session.scalar(there):
        raise NotTogether("规则 5.1：其中有订单号已存在，请逐单处理。")


def _people(purchases: Sequence[Purchase]) -> dict[str, Member]:
    codes = {code for one in purchases for code in (one.seller, one.buyer) if code is not None}
    chosen = sa.select(Member).where(Member.code == sa.any_(sa.literal(list(codes), members.TEXTS)))
    found = db.session.scalars(chosen.execution_options(populate_existing=True))
    return {member.code: member for member in found}


def _check(one: Purchase, people: dict[str, Member]) -> None:
    if one.kind is not Kind.NORMAL or one.deposit_fen or one.seller not in people:
        raise NotTogether("规则 5.1：其中有准入单、预售单或橱窗不明的订单，请逐单处理。")
    life.check_terms(paid_fen=one.paid_fen, cost_fen=one.cost_fen, commission_fen=one.commission_fen)
    life.check_seller(members.person(people[one.seller]))
    if one.region is not None:
        region_share.check_known(one.region)


def _row(id_: int, one: Placed, people: dict[str, Member], policy_id: int) -> tuple[int | str | bool | None, ...]:
    what, at = one.purchase, one.at.isoformat()
    buyer = people.get(what.buyer) if what.buyer is not None else None
    return (
        id_, what.number, what.kind, what.scene, "paid", people[what.seller].id, buyer.id if buyer else None,
        what.buyer, what.paid_fen, what.deposit_fen, what.freight_fen, what.cost_fen, what.commission_fen, what.region,
        json.dumps(what.address), policy_id, f"\\x{what.digest().hex()}", at, at, 0, False, False,
    )  # fmt: skip
