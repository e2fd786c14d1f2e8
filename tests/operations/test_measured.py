"""What the lint is told of the platform as it stands, and what it says of it."""

from datetime import datetime, timedelta

from models.operations import after_sale, hold, policy
from models.queries import measured
from models.rules.after_sale import Kind
from tests.operations import world
from tests.operations.tale import Tale
from tests.operations.world import AT


class TestFacts:
    def test_of_an_empty_platform_are_all_nothing(self, session):
        assert set(measured.facts(AT).values()) == {0}

    def test_follow_shares_chains_and_first_purchases(self, session):
        tale = Tale().chain("a", "b", "c", "d").sell("o1", "c", buyer="d")
        found = measured.facts(tale.at)
        assert (found["paid_level_max"], found["override_bps"]) == (3, 3_000)
        assert (found["people"], found["chain_levels"]) == (3, 3)
        assert found["experience_first_bps"] == 0
        tale.do("register", member="x", inviter="d").order("o2", "d", buyer="x", kind="admission")
        assert measured.facts(tale.at)["experience_first_bps"] == 5_000


class TestFindings:
    def test_name_what_waits_too_long_and_what_is_under_review(self, session):
        world.network()
        world.completed()
        case = after_sale.open_(number="o1", kind=Kind.NO_REASON, words="不想要了", at=AT, day=datetime.date)
        after_sale.accept(after_sale_id=case.id, at=AT)
        after_sale.take_back(after_sale_id=case.id, at=AT)
        hold.hold(number="o1", at=AT)
        at = AT + timedelta(days=8)
        draft = policy.propose(preset="steady", terms={}, effective_at=at, at=at, by="staff:1")
        found = {one.rule: one.evidence for one in policy.findings(draft, at=at)}
        assert found["R14"] == "8d"
        assert found["R23"] == "fake_trade_open=1"
