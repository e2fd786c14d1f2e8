"""An outside file of labelled orders (`../shared/data/fraud`): thresholds chosen on its first half by time.

Every figure is given on both halves; only the second half's counts. Run by ``python -m tests.bench.risk fraud``.
"""

import csv
import time
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

import sqlalchemy as sa

from console import replay
from models import Member, Order, PolicyVersion, db
from models.base import transaction
from models.operations import risk_event
from models.operations.risk_event import Fact, Signals, Who
from models.queries import feature as features
from models.rules import risk as rules
from models.rules import risk_shipped
from models.rules.risk_feature import Kind
from tests.bench.measured import at_threshold, chunks, founded, load, plain, say
from tests.conftest import SHARED

FILE = "data/fraud/fraud_ecommerce_head30189_with_ip.csv"


def main() -> None:
    """What the rules find in the file: by rule and together."""
    path = Path(SHARED) / FILE
    if not path.exists():
        say("../shared/data/fraud is not here")
        return
    with replay.scratch(), path.open(encoding="utf-8-sig") as file:
        # The file is a cut: its last line lacks fields.
        rows = [_read(row) for row in csv.DictReader(file) if all(row.values())]
        matrix_id = founded()
        labels = _take_in(rows, matrix_id)
        began = time.perf_counter()
        found = []
        for part in chunks(sorted(labels), 200):
            found += [(one.at, one.values, labels[one.event_id]) for one in features.of(part)]
        took = time.perf_counter() - began
        found.sort(key=lambda one: one[0])
        say(f"{len(found)} orders of {len(rows)} accounts, features in {took:.0f} s, {load()}")
        _tell_fraud(found)


Order_ = tuple[datetime, dict[str, int], bool]


def _read(row: dict[str, str]) -> dict[str, object]:
    when = "%m/%d/%Y %H:%M"
    return {
        "code": f"f{row['user_id']}", "at": datetime.strptime(row["signup_time"], when).replace(tzinfo=UTC),
        "bought": datetime.strptime(row["purchase_time"], when).replace(tzinfo=UTC), "device": row["device_id"],
        "ip": str(IPv4Address(int(float(row["ip_address"])))), "fen": int(row["purchase_value"]) * 100,
        "label": row["class"] == "1",
    }  # fmt: skip


def _take_in(rows: list[dict[str, object]], matrix_id: int) -> dict[int, bool]:
    """Members, orders and their events in the order of their instants; labels by event of the order."""
    with transaction():
        seller = db.session.scalars(sa.select(Member.id).where(Member.code == "M-10")).one()
        policy_id = db.session.scalar(sa.select(sa.func.max(PolicyVersion.id)))
        db.session.execute(
            sa.insert(Member),
            [{"code": row["code"], "matrix_id": matrix_id, "standing": "candidate", "showcase": "none",
              "registered_at": row["at"]} for row in rows],
        )  # fmt: skip
        codes = {row.code: row.id for row in db.session.execute(sa.select(Member.code, Member.id))}
        db.session.execute(
            sa.insert(Order),
            [{"number": row["code"], "kind": "normal", "scene": "showcase", "state": "paid", "seller_id": seller,
              "buyer_id": codes[str(row["code"])], "buyer": row["code"], "paid_fen": row["fen"], "cost_fen": 0,
              "commission_fen": 0, "address": {}, "policy_id": policy_id, "digest": bytes(32),
              "placed_at": row["bought"], "paid_at": row["bought"]} for row in rows],
        )  # fmt: skip
        orders = {row.number: row.id for row in db.session.execute(sa.select(Order.number, Order.id))}
    happened = sorted(
        [(row["at"], 0, row) for row in rows] + [(row["bought"], 1, row) for row in rows],
        key=lambda one: (one[0], one[1], one[2]["code"]),
    )  # fmt: skip
    labels: dict[int, bool] = {}
    for part in chunks(happened, 500):
        facts = [_fact(at, is_order, row, codes, orders, seller) for at, is_order, row in part]
        with transaction():
            made = risk_event.record(facts=facts, at=part[-1][0])
        labels |= {number: row["label"] for number, (_, is_order, row) in zip(made, part, strict=True) if is_order}
    return labels


def _fact(at, is_order, row, codes, orders, seller) -> Fact:  # type: ignore[no-untyped-def]
    signals, who = Signals(ip=row["ip"], device=row["device"]), Who(member_id=codes[row["code"]])
    if not is_order:
        return Fact(kind=Kind.REGISTER, ref=row["code"], at=at, actor=who, signals=signals)
    return Fact(kind=Kind.PLACE, ref=row["code"], at=at, actor=who, other=Who(member_id=seller),
                order_id=orders[row["code"]], amount_fen=row["fen"], signals=signals)  # fmt: skip


CHOSEN = ("device_actors_30d", "ip_buyers_1d", "ip_joins_1d", "device_orders_1d")


def _tell_fraud(found: list[Order_]) -> None:
    half = len(found) // 2
    first, second = found[:half], found[half:]
    say(f"  first half {sum(x[2] for x in first)}, second half {sum(x[2] for x in second)} fraud of {half} each")
    shipped = [rules.ready(rules.parse(terms), 1) for terms in risk_shipped.RULES]
    for rule in shipped:
        for name, part in (("first", first), ("second", second)):
            hits = [is_bad for _, values, is_bad in part if rule.test(values) and "place" in rule.kinds]
            if hits:
                say(f"  shipped {rule.terms.code}, {name} half: {_precise(hits, part)}")
    pairs = [(float(rules.evaluate(shipped, "place", values).score), is_bad) for _, values, is_bad in second]
    say(f"  shipped together (score >= 60), second half: {at_threshold(pairs, 60)}")
    say(f"  the plan's three thresholds, second half: "
        f"{at_threshold([(float(plain(v)), bad) for _, v, bad in second], 1)}")  # fmt: skip
    tests: list[Callable[[dict[str, int]], bool]] = []
    for name in CHOSEN:
        threshold = max(range(2, 12), key=lambda n, name=name: _f1(first, _at_least(name, n)))
        tests.append(_at_least(name, threshold))
        _tell_chosen(f"{name} >= {threshold}", tests[-1], first, second)
    quick = max((30, 60, 120, 300, 3600), key=lambda n: _f1(first, lambda v: 0 <= v.get("account_age_s", -1) <= n))
    tests.append(lambda v: 0 <= v.get("account_age_s", -1) <= quick)
    _tell_chosen(f"account_age_s <= {quick}", tests[-1], first, second)
    _tell_chosen("any of these", lambda v: any(test(v) for test in tests), first, second)


def _tell_chosen(name: str, test: Callable[[dict[str, int]], bool], first: list[Order_], second: list[Order_]) -> None:
    """A threshold that the first half chose, on the half that chose it and on the one that did not."""
    for half, part in (("first", first), ("second", second)):
        say(f"  chosen {name}, {half} half: {_precise([bad for _, v, bad in part if test(v)], part)}")


def _at_least(name: str, threshold: int) -> Callable[[dict[str, int]], bool]:
    return lambda values: values.get(name, 0) >= threshold


def _f1(rows: list[Order_], test: Callable[[dict[str, int]], bool]) -> float:
    hits = [bad for _, values, bad in rows if test(values)]
    hit, all_bad = sum(hits), sum(bad for _, _, bad in rows)
    return 2 * hit / (len(hits) + all_bad) if hits else 0.0


def _precise(hits: list[bool], rows: list[Order_]) -> str:
    bad = sum(one[2] for one in rows)
    return f"precision {sum(hits) / max(len(hits), 1):.3f} recall {sum(hits) / bad:.3f} ({len(hits)} hits)"
