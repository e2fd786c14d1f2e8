"""``python -m tests.bench.risk [world|fraud|speed]``: what the shipped rules find, and how fast they are asked.

World: rules were set on the world of seed 1; what is printed is another seed's. Fraud: an outside file
(`../shared/data/fraud`), thresholds chosen on its first half by time, measured on its second.
"""

import csv
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import sqlalchemy as sa

from console import replay
from console.replay import ACTIONS
from models import Matrix, Member, Order, PolicyVersion, RiskRing, RiskRingMember, db
from models.base import transaction
from models.operations import backtest, risk, risk_event, risk_rule
from models.operations.risk_event import Fact, Signals, Who
from models.queries import backtest as history
from models.queries import feature as features
from models.rules import risk as rules
from models.rules import risk_shipped, scenario
from models.rules.risk_feature import Kind
from tests import risk_world
from tests.conftest import SHARED

SEEN, UNSEEN = 1, 20270115
AT = datetime(2026, 1, 1, tzinfo=UTC)
FILE = "data/fraud/fraud_ecommerce_head30189_with_ip.csv"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def load() -> str:
    return f"load {os.getloadavg()[0]:.1f}"


def founded() -> int:
    """A network and a policy that scores."""
    for do, values in (
        ("policy", {"preset": "plan", "set": {"risk.enabled": True}}),
        ("matrix", {"matrix": "M", "merchant": "shop", "template": "triple"}),
    ):
        event = scenario.parse({"at": AT.isoformat(), "do": do, **values})
        with transaction():
            ACTIONS[type(event)](event)
    return db.session.scalars(sa.select(Matrix.id)).one()


def scored(events: Sequence[int], at: datetime, size: int = 100) -> float:
    """Score in parts, as the job does; the seconds it took."""
    began = time.perf_counter()
    for n in range(0, len(events), size):
        with transaction():
            risk.score(event_ids=events[n : n + size], at=at)
    return time.perf_counter() - began


def ranked(pairs: Iterable[tuple[float, bool]], *, most: float = 0.01) -> dict[str, float]:
    """Recall at a share of false positives, average precision, and recall and precision at the threshold of 60."""
    rows = sorted(pairs, key=lambda one: -one[0])
    bad = sum(1 for _, is_bad in rows if is_bad)
    good = len(rows) - bad
    hit = wrong = 0
    recall_at = area = 0.0
    n = 0
    while n < len(rows):
        score, before = rows[n][0], hit
        while n < len(rows) and rows[n][0] == score:
            hit, wrong = hit + rows[n][1], wrong + (not rows[n][1])
            n += 1
        area += (hit - before) / bad * (hit / (hit + wrong))
        if score > 0 and wrong <= most * good:
            recall_at = hit / bad
    return {"recall_at": recall_at, "area": area, "bad": bad, "good": good}


def at_threshold(pairs: Iterable[tuple[float, bool]], threshold: float) -> str:
    rows = list(pairs)
    flagged = [is_bad for score, is_bad in rows if score >= threshold]
    bad, good = sum(is_bad for _, is_bad in rows), sum(not is_bad for _, is_bad in rows)
    hit = sum(flagged)
    precision = hit / len(flagged) if flagged else 0
    return f"recall {hit / bad:.3f} precision {precision:.3f} false positives {(len(flagged) - hit) / good:.4f}"


def plain(values: dict[str, int]) -> int:
    """How many of the plan's three plain thresholds are passed: one IP, one address, many returns."""
    return (
        (values.get("ip_buyers_1d", 0) >= 3)
        + (values.get("address_buyers_7d", 0) >= 3)
        + (values.get("buyer_orders_30d", 0) >= 5 and values.get("buyer_return_bps_30d", 0) >= 3000)
    )


def worlds() -> None:
    for seed in (UNSEEN, SEEN):
        with replay.scratch():
            matrix_id = founded()
            found = risk_world.world(seed)
            with transaction():
                events = risk_world.fill(found, matrix_id)
            began = time.perf_counter()
            seen = {one.event_id: one for part in _chunks(sorted(events), 200) for one in features.of(part)}
            took = time.perf_counter() - began
            say(f"seed {seed}: {len(events)} events, {len(found.people)} people, features in {took:.0f} s, {load()}")
            _tell_events(events, seen)
            _tell_rings(found)
            _tell_reached(found, events, seen)


@dataclass(frozen=True)
class Row:
    """An event's score and the values that it rests on."""

    score: int
    features: dict[str, int]


def _tell_events(events: dict[int, risk_world.Happening], seen: dict[int, features.Seen]) -> None:
    shipped = [rules.ready(rules.parse(terms), 1) for terms in risk_shipped.RULES]
    rows = {n: Row(rules.evaluate(shipped, one.kind, one.values).score, one.values) for n, one in seen.items()}
    asked = [n for n, one in events.items() if one.kind is not Kind.REFUND]
    ours = [(float(rows[n].score), bool(events[n].label)) for n in asked]
    theirs = [(float(plain(rows[n].features)), bool(events[n].label)) for n in asked]
    for name, pairs, threshold in (("rules", ours, rules.SUSPICIOUS), ("plain", theirs, 1)):
        figures = ranked(pairs)
        say(f"  events, {name}: recall at 1% false positives {figures['recall_at']:.3f}, PR-AUC {figures['area']:.3f};"
            f" at the threshold {at_threshold(pairs, threshold)} ({figures['bad']} of {len(pairs)} bad)")  # fmt: skip
    for name, score in (("rules", lambda n: rows[n].score), ("plain", lambda n: plain(rows[n].features))):
        people: dict[str, tuple[float, bool]] = {}
        for n, one in events.items():
            before = people.get(one.actor, (0.0, False))
            people[one.actor] = (max(before[0], float(score(n))), before[1] or bool(one.label))
        figures = ranked(people.values())
        say(f"  accounts, {name}: recall at 1% false positives {figures['recall_at']:.3f},"
            f" PR-AUC {figures['area']:.3f};"
            f" at the threshold {at_threshold(people.values(), 60 if name == 'rules' else 1)}")  # fmt: skip
    missed = Counter(events[n].label for n in asked if events[n].label and rows[n].score < 60)
    total = Counter(events[n].label for n in asked if events[n].label)
    say("  events below 60 by kind: " + ", ".join(f"{k} {missed[k]}/{total[k]}" for k in sorted(total)))


def _tell_rings(found: risk_world.World) -> None:
    """Pairs of accounts that rings of three or more put together, beside the pairs that belong together."""
    names = _names(found)
    rows = db.session.execute(
        sa.select(RiskRingMember.ring_id, RiskRingMember.actor_id)
        .join(RiskRing, RiskRing.id == RiskRingMember.ring_id)
        .where(RiskRing.size >= 3)
    )
    rings: dict[int, set[str]] = {}
    for row in rows:
        rings.setdefault(row.ring_id, set()).add(names[row.actor_id])
    true = {pair for ring in found.rings if len(ring) >= 3 for pair in _pairs(ring)}
    got = {pair for ring in rings.values() for pair in _pairs(ring)}
    of_crooks = [ring for ring in rings.values() if any(found.people[one].ring for one in ring)]
    say(f"  rings of three or more: {len(rings)} found, {len(of_crooks)} of them crooks', of"
        f" {sum(len(ring) >= 3 for ring in found.rings)} there; pairs: precision {len(true & got) / len(got):.3f},"
        f" recall {len(true & got) / len(true):.3f}")  # fmt: skip


def _tell_reached(
    found: risk_world.World, events: dict[int, risk_world.Happening], seen: dict[int, features.Seen]
) -> None:
    """Accounts that a case shows: of somebody suspicious, or in the ring of one. Cases are kept by ring."""
    shipped = [rules.ready(rules.parse(terms), 1) for terms in risk_shipped.RULES]
    hit = {events[n].actor for n, one in seen.items()
           if rules.evaluate(shipped, one.kind, one.values).score >= rules.SUSPICIOUS}  # fmt: skip
    names, rings = _names(found), {}
    for row in db.session.execute(sa.select(RiskRingMember.ring_id, RiskRingMember.actor_id)):
        rings.setdefault(row.ring_id, set()).add(names[row.actor_id])
    hit = hit.union(*(ring for ring in rings.values() if ring & hit))
    label = {one.actor: False for one in events.values()}
    for one in events.values():
        label[one.actor] |= bool(one.label)
    say(f"  accounts that a case shows: {at_threshold([(float(one in hit), bad) for one, bad in label.items()], 1)}")


def _names(found: risk_world.World) -> dict[int, str]:
    by_key = {Who(buyer=name).key: name for name in found.people}
    codes = {row.id: row.code for row in db.session.execute(sa.select(Member.id, Member.code))}
    by_key |= {f"member:{number}": code for number, code in codes.items()}
    rows = db.session.execute(sa.text("SELECT id, key FROM risk_actor"))
    return {row.id: by_key[row.key] for row in rows if row.key in by_key}


def _pairs(ring: Iterable[str]) -> set[tuple[str, str]]:
    people = sorted(ring)
    return {(a, b) for n, a in enumerate(people) for b in people[n + 1 :]}


def fraud() -> None:
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
        for part in _chunks(sorted(labels), 200):
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
    for part in _chunks(happened, 500):
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


def _chunks(rows: Sequence, size: int) -> Iterable[Sequence]:
    return (rows[n : n + size] for n in range(0, len(rows), size))


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


def speed() -> None:
    """Decisions a second with fifty rules, and a back-test of a hundred thousand events by twenty."""
    with replay.scratch():
        matrix_id = founded()
        found = risk_world.world(SEEN, scale=0.5)
        with transaction():
            _fifty()
            events = sorted(risk_world.fill(found, matrix_id))
        at = found.happenings[-1].at
        half = len(events) // 2
        cpu = time.process_time()
        took = scored(events[:half], at)
        say(f"fifty rules, parts of 100: {half / took:.0f} decisions/s, persisted ({half} in {took:.1f} s,"
            f" {time.process_time() - cpu:.1f} s of our CPU), {load()}")  # fmt: skip
        singly = events[half : half + 400]
        took = scored(singly, at, size=1)
        say(f"fifty rules, one a transaction: {len(singly) / took:.0f} decisions/s, {1000 * took / len(singly):.1f} ms"
            f" each, {load()}")  # fmt: skip
        with transaction():
            risk.score(event_ids=events[half + 400 :], at=at)
        _backtests(at)


def _fifty() -> None:
    """The shipped rules and as many more under other names."""
    risk_rule.counting(at=AT)
    for n in range(50 - len(risk_shipped.RULES)):
        terms = dict(risk_shipped.RULES[n]) | {"code": f"more_{n}", "weight": 1}
        made = risk_rule.draft(terms=terms, note="", at=AT, by="a")
        made.state, made.live_at, made.approved_by = "live", AT, "b"
        db.session.flush()
        risk_rule._swap(out=None, at=AT, by="b", why="bench", new=made.id)


def _backtests(at: datetime) -> None:
    """Copies of what was decided until there are a hundred thousand orders; twenty rules in one pass, twice."""
    with transaction():
        _multiply(100_000)
    live = risk_rule.counting(at=at)
    drafts = [rules.ready(rules.parse(terms), 1) for terms in risk_shipped.RULES if "place" in terms["on"]][:20]
    digests = []
    since, until = risk_world.BEGINS - timedelta(days=400), at + timedelta(days=400)
    for _ in range(2):
        began, cpu = time.perf_counter(), time.process_time()
        tallies = [backtest.Tally(draft, live) for draft in drafts]
        for event in history.events(kinds=["place"], since=since, until=until):
            for tally in tallies:
                tally.add(event)
        digests.append(b"".join(backtest.digest(tally.result()) for tally in tallies).hex()[:32])
        say(f"back-test: {tallies[0].events} events x {len(drafts)} rules in {time.perf_counter() - began:.1f} s"
            f" ({time.process_time() - cpu:.1f} s of our CPU), digest {digests[-1]}, {load()}")  # fmt: skip
    say(f"  the same twice: {digests[0] == digests[1]}")


def _multiply(least: int) -> None:
    columns = ("kind, at, actor_id, other_id, sponsor_id, order_id, amount_fen, region_code, ip, ip_shown, device,"
               " payer, phone, address, facts")  # fmt: skip
    there = db.session.scalar(sa.text("SELECT count(*) FROM risk_event WHERE kind = 'place'")) or 1
    for n in range(1, -(-least // there)):
        db.session.execute(sa.text(
            f"""WITH made AS (INSERT INTO risk_event (ref, {columns})
            SELECT ref || '~{n}', {columns} FROM risk_event WHERE kind = 'place' AND position('~' in ref) = 0
            ORDER BY id RETURNING id, split_part(ref, '~', 1) AS ref)
            INSERT INTO risk_decision (event_id, ruleset_id, at, score, action, hits, shadow, features)
            SELECT m.id, d.ruleset_id, d.at, d.score, d.action, d.hits, d.shadow, d.features FROM made m
            JOIN risk_event e ON e.kind = 'place' AND e.ref = m.ref JOIN risk_decision d ON d.event_id = e.id"""
        ))  # fmt: skip


PARTS = {"world": worlds, "fraud": fraud, "speed": speed}


def main() -> None:
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main()
