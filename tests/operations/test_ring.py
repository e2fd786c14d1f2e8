"""Rings as they grow: at every step the same sets that a rebuild from all ties gives."""

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import RiskRing, RiskRingMember, db
from models.base import rehearsal
from models.operations import ring, risk_event
from models.operations.risk_event import Fact, Signals, Who
from models.rules.risk_feature import Kind
from tests.operations.suspects import AT


def met(n: int, who: str, **signals: str) -> None:
    fact = Fact(kind=Kind.SIGN_IN, ref=f"s{n}", at=AT, actor=Who(buyer=who), signals=Signals(**signals))
    risk_event.record(facts=[fact], at=AT)


def rings() -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for actor, number in db.session.execute(sa.select(RiskRingMember.actor_id, RiskRingMember.ring_id)):
        found.setdefault(number, set()).add(actor)
    return found


def sizes() -> list[int]:
    return sorted(len(people) for people in rings().values())


@pytest.mark.usefixtures("session")
class TestGrowth:
    def test_joins_two_who_share_a_device(self):
        met(1, "a", device="d")
        assert sizes() == []
        met(2, "b", device="d")
        assert sizes() == [2]

    def test_merges_two_rings_under_the_older_number(self):
        for n, (who, device) in enumerate([("a", "d"), ("b", "d"), ("c", "e"), ("f", "e")]):
            met(n, who, device=device)
        older = min(rings())
        met(9, "c", payer="p")
        met(10, "b", payer="p")
        assert {number: len(people) for number, people in rings().items()} == {older: 4}
        gone = db.session.scalars(sa.select(RiskRing.size).where(RiskRing.id != older)).all()
        assert gone == [0]

    def test_comes_apart_when_a_value_passes_its_cap(self):
        for n in range(20):
            met(n, f"w{n}", payer="till")
        assert sizes() == [20]
        met(20, "w20", payer="till")
        assert sizes() == []

    def test_of_rows_in_one_call_is_that_of_one_after_the_other(self):
        facts = [
            Fact(kind=Kind.SIGN_IN, ref=f"s{n}", at=AT, actor=Who(buyer=f"b{n}"), signals=Signals(device=f"d{n // 3}"))
            for n in range(9)
        ]
        risk_event.record(facts=facts, at=AT)
        assert sizes() == [3, 3, 3]

    @settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.lists(
            st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["ip", "device", "payer"]), st.integers(1, 4)),
            min_size=1,
            max_size=25,
        ),
        st.integers(2, 4),
    )
    def test_equals_a_rebuild_after_every_step(self, steps, cap):
        with rehearsal(), pytest.MonkeyPatch.context() as patch:
            patch.setattr("models.rules.ring.CAPS", dict.fromkeys(("ip", "device", "payer"), cap))
            for n, (who, kind, value) in enumerate(steps):
                met(n, who, **{kind: f"10.0.0.{value}" if kind == "ip" else f"v{value}"})
            before = rings()
            assert ring.rebuild(at=AT) == 0
            assert rings() == before
