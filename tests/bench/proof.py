"""``python -m tests.bench.proof [COUNT [SEED [OUTCOMES [FIGURES]]]]``: the judge of evidence on labelled pictures.

Each picture goes the way that a member's goes: header, confined decoding, reading, verdict on a real database beside
the order of record. Printed by kind: what passed, what a person was asked, what was rejected, and the seconds a
picture, by the clock and of processors; above it precision (of what passed, how much was genuine), recall (of the
genuine, how much passed) and the share of the genuine that was decided rightly without a person.

With OUTCOMES every verdict is added to that file as it falls, and what is printed is of all that the file holds: a long
measurement may be made seed by seed. With FIGURES the table is written there, as the console shows it:
``models/rules/proof_figures.csv``.
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


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of one picture, and its milliseconds by the clock and of processors."""

    seed: int
    kind: str
    is_genuine: bool
    number: str
    state: str
    code: str
    ms: int
    cpu_ms: int


def begin() -> None:
    """A network under the plan whose ten showcases have names."""
    with transaction():
        happens("policy", preset="plan")
        world.network()
        for n, shop in enumerate(SHOPS):
            seller = db.session.query(Member).filter_by(code=f"M-{TASKS - n}").one()
            note.keep_person(member_id=seller.id, facts=note.Facts(nickname=shop))


def outcomes(samples: Iterator[Sample], reader: Reader, seed: int) -> Iterator[Outcome]:
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
        began, spent = perf_counter(), _processors(reader)
        state, code = _judged(one, candidate, n % TASKS + 1, reader)
        ms, cpu_ms = (perf_counter() - began) * 1000, (_processors(reader) - spent) * 1000
        yield Outcome(seed, one.kind, one.is_genuine, one.true.number, state, code, round(ms), round(cpu_ms))


def _processors(reader: Reader) -> float:
    """Processor seconds of this process, of the children it waited for, and of the reader."""
    times = os.times()
    ended = process_time() + times.children_user + times.children_system
    if reader._child is None:
        return ended
    # Behind the name in brackets stand the state and ten numbers, then ticks of its own and of the kernel for it.
    ticks = Path(f"/proc/{reader._child.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return ended + sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def _judged(one: Sample, candidate: int, task: int, reader: Reader) -> tuple[str, str]:
    picture = pictures.take(one.raw)
    if reader._child is not None:
        # A reader makes room for everybody else; here it is what is measured.
        os.setpriority(os.PRIO_PROCESS, reader._child.pid, os.getpriority(os.PRIO_PROCESS, 0))
    sent = Sent(
        picture="bench.jpg", sha256=picture.sha256, hash64=picture.hash64, outline=picture.outline,
        width=picture.width, height=picture.height,
    )  # fmt: skip
    with transaction():
        made = proof.submit(member_id=candidate, n=task, sent=sent, at=AT, by="bench").id
    read = reading.read(reader.read(picture.jpeg), page.SHANGHAI)
    with transaction():
        found = proof.judge(proof_id=made, read=read, at=AT)
        return found.state, found.code or ""


def table(found: list[Outcome]) -> list[dict[str, object]]:
    """A row a kind."""
    by_kind = defaultdict(list)
    for one in found:
        by_kind[one.kind].append(one)
    rows = []
    for kind, some in sorted(by_kind.items(), key=lambda pair: (not pair[1][0].is_genuine, pair[0])):
        states = [one.state for one in some]
        (p50, p95), (cpu_p50, cpu_p95) = _cuts([one.ms for one in some]), _cuts([one.cpu_ms for one in some])
        rows.append(
            {
                "kind": kind, "is_genuine": int(some[0].is_genuine), "n": len(some),
                "passed": states.count(State.PASSED), "manual": states.count(State.MANUAL),
                "rejected": states.count(State.REJECTED), "p50_ms": p50, "p95_ms": p95,
                "cpu_p50_ms": cpu_p50, "cpu_p95_ms": cpu_p95,
            }
        )  # fmt: skip
    return rows


def _cuts(values: list[int]) -> tuple[int, int]:
    """Half of them are within the first, ninety-five in a hundred within the second."""
    cuts = quantiles(values, n=20) if len(values) > 1 else values * 19
    return round(cuts[9]), round(cuts[18])


def told(found: list[Outcome], rows: list[dict[str, object]]) -> None:
    """The table, the figures above it, and every picture that was not decided rightly."""
    passed = [one for one in found if one.state == State.PASSED]
    genuine = [one for one in found if one.is_genuine]
    right = sum(one.is_genuine for one in passed)
    say = sys.stdout.write
    say(f"precision {right}/{len(passed)}, wrong passes {len(passed) - right},")
    say(f" recall and right without a person {right}/{len(genuine)} = {right / max(1, len(genuine)):.2%};")
    (p50, p95), (cpu_p50, cpu_p95) = _cuts([one.ms for one in found]), _cuts([one.cpu_ms for one in found])
    say(f" ms a picture {p50} / {p95}, of processors {cpu_p50} / {cpu_p95} (p50 / p95)\n")
    say(f"{'kind':24}{'n':>6}{'passed':>8}{'person':>8}{'no':>6}{'p50':>8}{'p95':>8}{'cpu p50':>9}{'cpu p95':>9}\n")
    for row in rows:
        say("{kind:24}{n:6}{passed:8}{manual:8}{rejected:6}".format(**row))
        say("{p50_ms:8}{p95_ms:8}{cpu_p50_ms:9}{cpu_p95_ms:9}\n".format(**row))
    for one in found:
        if one.is_genuine != (one.state == State.PASSED) and (one.is_genuine or one.state == State.PASSED):
            say(f"   {one.kind}, seed {one.seed}, {one.number}: {one.state} {one.code} {_words(one.code)}\n")


def _words(code: str) -> str:
    return proof_words.SENTENCES[Code(code)] if code else ""


def measure(count: int, seed: int, target: Path) -> None:
    """So many pictures of a seed on a database of their own; each verdict is written down as it falls."""
    with (
        tempfile.TemporaryDirectory() as folder, embedded.running(Path(folder)) as services,
        studio.opened() as room, target.open("a", newline="") as kept,
    ):  # fmt: skip
        migrations.upgrade(services.owner_database_url)
        settings = dataclasses.replace(installation.of_folder(Path(folder), services), environment="test")
        writer = csv.writer(kept, lineterminator="\n")
        with create_app(settings).app_context():
            begin()
            for one in outcomes(sample.samples(room, count, SHOPS, seed), ocr.READER, seed):
                writer.writerow(dataclasses.astuple(one))
                kept.flush()
        ocr.READER.close()


def kept(source: Path) -> list[Outcome]:
    """Every verdict of a file."""
    with source.open(newline="") as lines:
        return [
            Outcome(int(seed), kind, is_genuine == "True", number, state, code, int(ms), int(cpu_ms))
            for seed, kind, is_genuine, number, state, code, ms, cpu_ms in csv.reader(lines)
        ]


def main() -> None:
    asked = sys.argv[1:]
    count, seed = (int(asked[n]) if len(asked) > n else (COUNT, SEED)[n] for n in range(2))
    with tempfile.NamedTemporaryFile() as passing:
        target = Path(asked[2] if len(asked) > 2 else passing.name)
        began = perf_counter()
        if count:
            measure(count, seed, target)
        found = kept(target)
    rows = table(found)
    told(found, rows)
    seeds = " ".join(str(one) for one in sorted({one.seed for one in found}))
    sys.stdout.write(f"{len(found)} pictures, seeds {seeds}, {perf_counter() - began:.0f} s, {machine()}\n")
    if len(asked) > 3:
        with Path(asked[3]).open("w", newline="") as figures:
            facts = {"measured_on": datetime.now(UTC).date().isoformat(), "seed": seeds, "machine": machine()}
            writer = csv.DictWriter(figures, fieldnames=[*rows[0], *facts], lineterminator="\n")
            writer.writeheader()
            writer.writerows(row | facts for row in rows)


if __name__ == "__main__":
    main()
