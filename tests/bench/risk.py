"""``python -m tests.bench.risk [world|fraud|speed|path|live]``: what the shipped rules find, and how fast.

World: rules were set on the world of seed 1; what is printed is another seed's. Fraud: an outside file
(`../shared/data/fraud`), thresholds chosen on its first half by time, measured on its second.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import current_app

from console import config, replay
from jobs import queue, relay
from models import Member, RiskRing, RiskRingMember, db
from models.base import transaction
from models.operations import backtest, order, risk, risk_rule
from models.operations.risk_event import Signals, Who
from models.queries import backtest as history
from models.queries import feature as features
from models.rules import risk as rules
from models.rules import risk_shipped
from models.rules.risk_feature import Kind
from tests import risk_world
from tests.bench import fraud
from tests.bench.measured import AT, at_threshold, chunks, founded, load, plain, say

SEEN, UNSEEN = 1, 20270115
WARM = 20


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


def worlds() -> None:
    for seed in (UNSEEN, SEEN):
        with replay.scratch():
            matrix_id = founded()
            found = risk_world.world(seed)
            with transaction():
                events = risk_world.fill(found, matrix_id)
            began = time.perf_counter()
            seen = {one.event_id: one for part in chunks(sorted(events), 200) for one in features.of(part)}
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
        _bursts(found, events, at)
        singly = events[half : half + 400]
        took = scored(singly, at, size=1)
        say(f"fifty rules, one a transaction: {len(singly) / took:.0f} decisions/s, {1000 * took / len(singly):.1f} ms"
            f" each, {load()}")  # fmt: skip
        with transaction():
            risk.score(event_ids=events[half + 400 :], at=at)
        _backtests(at)


def _bursts(found: risk_world.World, events: Sequence[int], at: datetime) -> None:
    """Orders of crooks alone, and one of them among three honest ones: what follows from suspicion is in the figure."""
    rows = list(zip(events, found.happenings, strict=True))
    fresh = len(events) // 2 + 400
    bad = [n for n, one in rows[fresh:] if one.label]
    good = [n for n, one in rows[fresh:] if not one.label]
    for name, part in (("fraud alone", bad[:150]), ("a quarter fraud", sorted(bad[150:250] + good[:300]))):
        took = scored(part, at)
        told = f"{len(part)} in {took:.1f} s"
        say(f"fifty rules, {name}: {len(part) / took:.0f} decisions/s, persisted ({told}), {load()}")


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


def path() -> None:
    """From an order's commit to its kept decision, through outbox, relay and queue, one order at a time."""
    with replay.scratch():
        founded()
        queue.load()
        with transaction():
            _fifty()
        waits = []
        for n in range(80):
            signals = Signals(ip=f"10.0.{n % 50}.1", device=f"d{n % 60}", payer=f"p{n % 60}")
            bought = order.Purchase(number=f"o{n}", seller="M-10", buyer=f"b{n % 60}", paid_fen=9_900, cost_fen=4_000,
                                    commission_fen=3_000, signals=signals)  # fmt: skip
            with transaction():
                order.place(purchase=bought, at=AT + timedelta(minutes=n))
            began = time.perf_counter()
            while relay.relay() + queue.drain(beating=False):
                pass
            waits.append(time.perf_counter() - began)
        kept = db.session.scalar(sa.text("SELECT count(*) FROM risk_decision"))
        waits.sort()
        say(f"order to decision, {kept} of {len(waits)} kept: median {waits[40] * 1000:.0f} ms, p95"
            f" {waits[76] * 1000:.0f} ms, worst {waits[-1] * 1000:.0f} ms, {load()}")  # fmt: skip


def live(orders: int = 240, a_second: float = 6.0) -> None:
    """From an order's commit to its kept decision, by processes of their own and PostgreSQL's clock.

    Orders come at random moments, so that some meet a relay at rest and some one at work.
    """
    with replay.scratch(), tempfile.TemporaryDirectory() as folder:
        founded()
        with transaction():
            _fifty()
        settings = current_app.config["SETTINGS"]
        environment = os.environ | config.to_environment(settings) | {"QIANXING_VAR": folder}
        cli = [sys.executable, "-m", "console.cli"]
        commands = ([*cli, "timetable"], [*cli, "worker", "--pool", "urgent"])
        children = [subprocess.Popen(one, env=environment, stdout=subprocess.DEVNULL) for one in commands]
        try:
            _order_at_random(range(WARM), a_second)
            _decided(WARM)  # the processes have started
            _order_at_random(range(WARM, WARM + orders), a_second)
            _tell_waits(_decided(WARM + orders)[WARM:])
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(30)


def _order_at_random(orders: Iterable[int], a_second: float) -> None:
    dice = random.Random(7)
    for n in orders:
        signals = Signals(ip=f"10.0.{n % 50}.1", device=f"d{n}", payer=f"p{n}")
        bought = order.Purchase(number=f"o{n}", seller="M-10", buyer=f"b{n}", paid_fen=9_900, cost_fen=4_000,
                                commission_fen=3_000, signals=signals)  # fmt: skip
        with transaction():
            order.place(purchase=bought, at=AT + timedelta(minutes=n))
        time.sleep(dice.expovariate(a_second))


def _decided(orders: int) -> Sequence[sa.Row[tuple[float, float]]]:
    """The waits of so many orders, once all are decided, or of those that are after two minutes."""
    deadline = time.monotonic() + 120
    while len(rows := db.session.execute(sa.text(_WAITS)).all()) < orders and time.monotonic() < deadline:
        db.session.rollback()
        time.sleep(0.5)
    return rows


def _tell_waits(rows: Sequence[sa.Row[tuple[float, float]]]) -> None:
    for name, waits in (("told", sorted(row.told for row in rows)), ("decided", sorted(row.decided for row in rows))):
        middle, late = waits[len(waits) // 2], waits[len(waits) * 95 // 100]
        say(f"{name} after: median {1000 * middle:.0f} ms, p95 {1000 * late:.0f} ms, worst {1000 * waits[-1]:.0f} ms,"
            f" n {len(waits)}, {load()}")  # fmt: skip


_WAITS = """
    SELECT extract(epoch FROM e.relayed_at - e.created_at)::float AS told,
        extract(epoch FROM j.finished_at - e.created_at)::float AS decided
    FROM job j, jsonb_array_elements_text(j.payload -> 'event_ids') one JOIN event e ON e.id = one::bigint
    WHERE j.kind = 'score_events' AND j.state = 'done' AND e.subject LIKE 'order:%' ORDER BY e.id
"""
PARTS = {"world": worlds, "fraud": fraud.main, "speed": speed, "path": path, "live": live}


def main() -> None:
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main()
