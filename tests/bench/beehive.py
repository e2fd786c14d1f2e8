"""``python -m tests.bench.beehive``: a real referral tree of 4,016 members placed by our rule, member after member.

The file's own count says that 338 must spill: so many are beyond the third direct of their referrer, who has three
slots and no more. By our rule 428 do. The 90 between are among the first three directs of their referrer, but found a
slot below it taken already: by somebody who had spilled into it from further up, since a vacancy belongs to whoever
comes first. Every one of the 338 is among the 428. Two members stand in the file before their referrer does; nobody
sponsors them, so that neither count has them.
"""

import csv
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import sqlalchemy as sa

from console import replay
from models.base import db, transaction
from models.operations import admission
from models.queries import tree
from models.rules.placement import Template
from tests import factories
from tests.conftest import SHARED
from tests.operations.world import acceptance, agreement

FILE = SHARED / "data/trees/beehive_members_v2.csv"
AT = datetime(2026, 1, 1, 1, tzinfo=UTC)
AT_ONCE = 100
_SPILLED = sa.text(
    """
    SELECT m.code FROM member m JOIN seat s ON s.member_id = m.id JOIN seat up ON up.id = s.parent_id
    WHERE m.sponsor_id IS NOT NULL AND m.position IS NULL AND up.member_id <> m.sponsor_id
    """
)


def members() -> Iterator[tuple[str, str | None]]:
    """Each member with its referrer, in the order in which they came; nobody for one who is not there yet."""
    known: set[str] = set()
    with FILE.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            code, referrer = row["wallet_address"], row["referrer_wallet"]
            yield code, referrer if referrer in known else None
            known.add(code)


def beyond_the_third(people: list[tuple[str, str | None]]) -> set[str]:
    """The file's own count: whoever comes after three directs of the same referrer."""
    directs: Counter[str] = Counter()
    found = set()
    for code, referrer in people:
        if referrer is not None:
            directs[referrer] += 1
            if directs[referrer] > 3:
                found.add(code)
    return found


def place(people: list[tuple[str, str | None]]) -> float:
    """Seconds to register and qualify them all through the operations."""
    with transaction():
        agreement.publish(version="1", text="推广协议第一版", effective_at=AT)
        admission.make_matrix(code="M", merchant=factories.merchant(code="S"), template=Template.LINEAR, at=AT, by="b")
    began = time.perf_counter()
    for start in range(0, len(people), AT_ONCE):
        with transaction():
            for code, referrer in people[start : start + AT_ONCE]:
                made = admission.register(code=code, inviter=referrer, acceptance=acceptance(), at=AT, by="bench")
                admission.qualify(member_id=made.id, at=AT)
        db.session.expunge_all()
    return time.perf_counter() - began


def main() -> None:
    if not FILE.exists():
        sys.stdout.write("没有 beehive_members_v2.csv：跳过\n")
        return
    people = list(members())
    crowded = beyond_the_third(people)
    with replay.scratch():
        seconds = place(people)
        spilled = set(db.session.scalars(_SPILLED))
        wrong = list(tree.differences())
    sys.stdout.write(
        f"{len(people):,} members placed and qualified in {seconds:.1f} s ({len(people) / seconds:,.0f}/s),"
        f" integrity: {len(wrong)} differences\n"
        f"spilled by our rule: {len(spilled):,}; beyond the third direct of their referrer: {len(crowded):,},"
        f" all of them among these: {crowded <= spilled};"
        f" slot already taken from above: {len(spilled - crowded):,}\n"
    )


if __name__ == "__main__":
    main()
