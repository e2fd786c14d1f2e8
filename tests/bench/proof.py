"""``python -m tests.bench.proof [COUNT [SEED [FIGURES]]]``: the judge of evidence against labelled pictures.

Each picture goes the way that a member's goes: header, confined decoding, reading, verdict on a real database beside
the order of record. Printed by kind: what passed, what a person was asked, what was rejected, and the seconds a
picture; above it precision (of what passed, how much was genuine), recall (of the genuine, how much passed) and the
share of the genuine that was decided rightly without a person. With FIGURES the table is written there, as the console
shows it: ``models/rules/proof_figures.csv``.
"""

import csv
import dataclasses
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from time import perf_counter, process_time

from console import create_app, embedded, installation, pictures
from jobs import ocr
from jobs.ocr import Reader
from models import Member, db, migrations, transaction
from models.operations import note, order, proof
from models.operations.proof import Sent
from models.rules import proof_words, reading
from models.rules.commission import Kind
from models.rules.proof import Code, State
from tests.bench.__main__ import machine
from tests.judge import page, sample, studio
from tests.judge.sample import Sample
from tests.operations import world
from tests.village import happens

COUNT, SEED = 300, 1
TASKS = 10
SHOPS = [f"{page.FIRST[n]}{page.LAST[n]}" for n in range(TASKS)]
AT = world.AT


@dataclasses.dataclass
class Outcome:
    """What came of one picture, and the seconds of its reading and of everything."""

    one: Sample
    state: str
    code: str
    seconds: float


def begin() -> None:
    """A network under the plan whose ten showcases have names."""
    with transaction():
        happens("policy", preset="plan")
        world.network()
        for n, shop in enumerate(SHOPS):
            seller = db.session.query(Member).filter_by(code=f"M-{TASKS - n}").one()
            note.keep_person(member_id=seller.id, facts=note.Facts(nickname=shop))


def outcomes(samples: Iterator[Sample], reader: Reader) -> Iterator[Outcome]:
    """Each sample sent by the next candidate for its next task, and judged."""
    for n, one in enumerate(samples):
        with transaction():
            if n % TASKS == 0:
                candidate = world.joins(f"c{n // TASKS}", "M-10", AT).id
            seller = f"M-{TASKS - n % TASKS}"
            buyer = db.session.get_one(Member, candidate).code
            facts = {"buyer": buyer, "kind": Kind.ADMISSION, "paid_fen": one.true.paid_fen}
            bought = world.purchase(one.true.number, seller, **facts)
            order.place(purchase=bought, at=one.true.placed_at.astimezone(UTC))
        yield _judged(one, candidate, n % TASKS + 1, reader)


def _judged(one: Sample, candidate: int, task: int, reader: Reader) -> Outcome:
    began = perf_counter()
    picture = pictures.take(one.raw)
    sent = Sent(
        picture="bench.jpg", sha256=picture.sha256, hash64=picture.hash64, outline=picture.outline,
        width=picture.width, height=picture.height,
    )  # fmt: skip
    with transaction():
        made = proof.submit(member_id=candidate, n=task, sent=sent, at=AT, by="bench").id
    read = reading.read(reader.read(picture.jpeg), page.SHANGHAI)
    with transaction():
        found = proof.judge(proof_id=made, read=read, at=AT)
        state, code = found.state, found.code or ""
    return Outcome(one, state, code, perf_counter() - began)


def table(found: list[Outcome]) -> list[dict[str, object]]:
    """A row a kind."""
    by_kind = defaultdict(list)
    for one in found:
        by_kind[one.one.kind].append(one)
    rows = []
    for kind, some in sorted(by_kind.items(), key=lambda pair: (not pair[1][0].one.is_genuine, pair[0])):
        states = [one.state for one in some]
        seconds = sorted(one.seconds for one in some)
        cuts = quantiles(seconds, n=20) if len(seconds) > 1 else seconds * 19
        rows.append(
            {
                "kind": kind, "is_genuine": int(some[0].one.is_genuine), "n": len(some),
                "passed": states.count(State.PASSED), "manual": states.count(State.MANUAL),
                "rejected": states.count(State.REJECTED), "p50_ms": round(cuts[9] * 1000),
                "p95_ms": round(cuts[18] * 1000),
            }
        )  # fmt: skip
    return rows


def told(found: list[Outcome], rows: list[dict[str, object]]) -> None:
    """The table, the figures above it, and every genuine picture that did not pass."""
    passed = [one for one in found if one.state == State.PASSED]
    genuine = [one for one in found if one.one.is_genuine]
    right = sum(one.one.is_genuine for one in passed)
    say = sys.stdout.write
    say(f"precision {right}/{len(passed)}, wrong passes {len(passed) - right},")
    say(f" recall and right without a person {right}/{len(genuine)} = {right / len(genuine):.2%}\n")
    say(f"{'kind':24}{'n':>6}{'passed':>8}{'person':>8}{'no':>6}{'p50 s':>8}{'p95 s':>8}\n")
    for row in rows:
        say("{kind:24}{n:6}{passed:8}{manual:8}{rejected:6}".format(**row))
        say(f"{row['p50_ms'] / 1000:8.2f}{row['p95_ms'] / 1000:8.2f}\n")  # type: ignore[operator]
    for one in found:
        if one.one.is_genuine != (one.state == State.PASSED):
            say(f"   {one.one.kind}: {one.state} {proof_words.SENTENCES[Code(one.code)]} {one.one.true.number}\n")


def main() -> None:
    asked = sys.argv[1:]
    count, seed = (int(asked[n]) if len(asked) > n else (COUNT, SEED)[n] for n in range(2))
    with tempfile.TemporaryDirectory() as folder, embedded.running(Path(folder)) as services, studio.opened() as room:
        migrations.upgrade(services.owner_database_url)
        settings = dataclasses.replace(installation.of_folder(Path(folder), services), environment="test")
        began, spent = perf_counter(), process_time()
        with create_app(settings).app_context():
            begin()
            found = list(outcomes(sample.samples(room, count, SHOPS, seed), ocr.READER))
        ocr.READER.close()
        rows = table(found)
        told(found, rows)
        children = os.times()
        cpu = process_time() - spent + children.children_user + children.children_system
        sys.stdout.write(
            f"{count} pictures, seed {seed}, {perf_counter() - began:.0f} s, {cpu:.0f} CPU s, {machine()}\n"
        )
    if len(asked) > 2:
        with Path(asked[2]).open("w", newline="") as target:
            facts = {"measured_on": datetime.now(UTC).date().isoformat(), "seed": seed, "machine": machine()}
            writer = csv.DictWriter(target, fieldnames=[*rows[0], *facts], lineterminator="\n")
            writer.writeheader()
            writer.writerows(row | facts for row in rows)


if __name__ == "__main__":
    main()
