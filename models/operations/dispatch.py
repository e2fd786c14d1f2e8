"""Many orders shipped, many parcels sent and followed at once, with the result of one after the other, set by set."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from models.base import copy_rows, copy_text, db
from models.operations.order import NoOrder
from models.operations.parcel import NoParcel
from models.queries import parcel as queries
from models.queries import policy as policies
from models.rules import order as life
from models.rules import parcel as rules
from models.rules.parcel import State
from models.tables.parcel import Parcel


class Sending(NamedTuple):
    """An order's parcel, as it leaves; with all that is left where no pieces of lines are named."""

    number: str
    carrier: str
    waybill: str
    items: Mapping[int, int] | None = None


Key = tuple[int, str, str]
"""By what a parcel is one: its order, carrier and waybill."""


class Told(NamedTuple):
    """What a carrier said of a parcel."""

    parcel_id: int
    state: State
    words: str


_ORDERS = sa.text(
    "SELECT id, number, state, policy_id FROM shop_order WHERE number = ANY (:numbers) ORDER BY id FOR UPDATE"
)
_SHIP = sa.text(
    """
    UPDATE shop_order o SET state = 'shipped', shipped_at = :at, confirm_at = q.confirm_at
    FROM unnest(CAST(:ids AS bigint[]), CAST(:confirms AS timestamptz[])) AS q (id, confirm_at) WHERE o.id = q.id
    """
)
_SEND = sa.text(
    """
    INSERT INTO parcel (order_id, carrier, waybill, state, sent_at, moved_at, formerly)
    SELECT order_id, carrier, waybill, 'sent', :at, :at, '{}'
    FROM unnest(CAST(:ids AS bigint[]), CAST(:carriers AS text[]), CAST(:waybills AS text[]))
         WITH ORDINALITY AS q (order_id, carrier, waybill, n) ORDER BY n
    RETURNING id, order_id, carrier, waybill
    """
)
_PARCELS = sa.text(
    """
    SELECT p.id, p.state, p.moved_at, p.delivered_at, o.number,
           (SELECT coalesce(max(t.n), 0) FROM parcel_track t WHERE t.parcel_id = p.id) AS tracks,
           ARRAY(SELECT t.words FROM parcel_track t WHERE t.parcel_id = p.id AND t.at = :at) AS said
    FROM parcel p JOIN shop_order o ON o.id = p.order_id WHERE p.id = ANY (:ids) ORDER BY p.id FOR UPDATE OF p
    """
)
_MOVE = sa.text(
    """
    UPDATE parcel p SET state = q.state, moved_at = q.moved_at, delivered_at = q.delivered_at
    FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:moved AS timestamptz[]),
                CAST(:delivered AS timestamptz[])) AS q (id, state, moved_at, delivered_at) WHERE p.id = q.id
    """
)


def ship_many(*, numbers: Sequence[str], at: datetime) -> dict[str, int]:
    """Let orders leave, as `order.ship` would one by one (rules §5.1); the id of each."""
    found = _locked(numbers)
    _shipped(found, at)
    return {row.number: row.id for row in found}


def _locked(numbers: Sequence[str]) -> Sequence[Any]:
    """The orders under their row locks, each of which may leave or has left."""
    db.session.flush()
    found = db.session.execute(_ORDERS, {"numbers": list(numbers)}).all()
    known = {row.number for row in found}
    for number in numbers:
        if number not in known:
            raise NoOrder(f"没有编号为 {number} 的订单。")
    for row in found:
        life.after(life.State(row.state), life.Event.SHIP)
    return found


def _shipped(found: Sequence[Any], at: datetime) -> None:
    states = [life.State(row.state) for row in found]
    left = [row for row, state in zip(found, states, strict=True) if life.after(state, life.Event.SHIP) is not state]
    if left:
        confirms = [life.confirms_at(at, policies.of(row.policy_id)) for row in left]
        db.session.execute(_SHIP, {"ids": [row.id for row in left], "confirms": confirms, "at": at})
        db.session.expire_all()


def send_many(*, sendings: Sequence[Sending], at: datetime) -> None:
    """Let parcels leave in this order, as `parcel.send` would one by one (rules §5.1)."""
    asked = [one._replace(carrier=one.carrier.strip(), waybill=one.waybill.strip()) for one in sendings]
    for one in asked:
        rules.check_waybill(carrier=one.carrier, waybill=one.waybill)
    found = {row.number: row for row in _locked([one.number for one in asked])}
    there = _there([row.id for row in found.values()])
    packings = queries.packings([row.id for row in found.values()])
    made: dict[Key, Mapping[int, int]] = {}
    whole: dict[str, Any] = {}
    for one in asked:
        row = found[one.number]
        packing, key = packings[row.id], (row.id, one.carrier, one.waybill)
        if key in there or key in made:
            continue
        waiting = packing.left
        made[key] = rules.chosen(waiting, one.items) if packing.ordered else {}
        packing.parcels[-len(made)] = dict(made[key])
        if made[key] == waiting:
            whole[one.number] = row
    _send(made, {row.id: row.number for row in found.values()}, at)
    _shipped(list(whole.values()), at)


def _there(order_ids: Sequence[int]) -> set[Key]:
    known = sa.select(Parcel.order_id, Parcel.carrier, Parcel.waybill).where(Parcel.order_id.in_(order_ids))
    return {(row.order_id, row.carrier, row.waybill) for row in db.session.execute(known)}


def _send(made: Mapping[Key, Mapping[int, int]], numbers: Mapping[int, str], at: datetime) -> None:
    keys = list(made)
    told = {
        "ids": [key[0] for key in keys], "carriers": [key[1] for key in keys], "waybills": [key[2] for key in keys],
        "at": at,
    }  # fmt: skip
    sent = db.session.execute(_SEND, told).all()
    copy_rows("parcel_item", ("parcel_id", "n", "order_id", "pieces"), [
        (row.id, n, row.order_id, pieces)
        for row in sent for n, pieces in made[row.order_id, row.carrier, row.waybill].items()
    ])  # fmt: skip
    _tell("parcel.sent", [(numbers[row.order_id], row.id) for row in sent])


def track_many(*, told: Sequence[Told], at: datetime) -> None:
    """Write down what carriers say in this order, as `parcel.track` would one by one."""
    db.session.flush()
    found = {row.id: row for row in db.session.execute(_PARCELS, {"ids": [one.parcel_id for one in told], "at": at})}
    at_end = {id_: (State(row.state), row.delivered_at, list(row.said)) for id_, row in found.items()}
    tracks, delivered = [], []
    for id_, state, words in ((one.parcel_id, one.state, one.words.strip()) for one in told):
        _check(id_, words, known=id_ in found)
        before, delivered_at, said = at_end[id_]
        if words in said:
            continue
        tracks.append((id_, found[id_].tracks + len(said) - len(found[id_].said) + 1, at, str(state), words))
        now = rules.after(before, state)
        if now is State.DELIVERED and delivered_at is None:
            delivered_at = at
            delivered.append((found[id_].number, id_))
        at_end[id_] = (now, delivered_at, [*said, words])
    _keep(tracks, at_end, {id_: row.moved_at for id_, row in found.items()}, at)
    _tell("parcel.delivered", delivered)


def _check(parcel_id: int, words: str, *, known: bool) -> None:
    if not known:
        raise NoParcel("规则 5.1：没有这个包裹，请刷新列表。")
    if not words:
        raise rules.NoWords("规则 5.1：请填写物流动态的内容。")


def _keep(
    tracks: Sequence[tuple[int, int, datetime, str, str]],
    at_end: dict[int, tuple[State, datetime | None, list[str]]],
    moved: dict[int, datetime],
    at: datetime,
) -> None:
    copy_rows("parcel_track", ("parcel_id", "n", "at", "state", "words"), tracks)
    ids = list(dict.fromkeys(row[0] for row in tracks))
    db.session.execute(_MOVE, {
        "ids": ids, "states": [str(at_end[id_][0]) for id_ in ids], "moved": [max(moved[id_], at) for id_ in ids],
        "delivered": [at_end[id_][1] for id_ in ids],
    })  # fmt: skip
    db.session.expire_all()


def _tell(name: str, parcels: Sequence[tuple[str, int]]) -> None:
    copy_text("event", ("name", "subject", "payload"), (
        (name, f"order:{number}", json.dumps({"parcel_id": id_})) for number, id_ in parcels
    ))  # fmt: skip
