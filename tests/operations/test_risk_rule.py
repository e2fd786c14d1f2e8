"""The way of a rule: drafted, tried on history, in shadow, live by two people, compared, rolled back."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import Event, RiskRule, db
from models.operations import backtest, hold, order, risk, risk_rule
from models.queries import risk as queries
from models.rules import risk_shipped
from models.rules.approval import SameHands
from models.rules.risk import BadRule
from tests.operations import world
from tests.operations.suspects import AT, bought, decided

DAY = timedelta(days=1)
TERMS = {
    "code": "busy", "on": ["place"], "group": "burst", "weight": 60, "reason": "一天内下了 {buyer_orders_1d} 单",
    "when": {"feature": "buyer_orders_1d", "op": ">=", "value": 3}, "hits": [{"buyer_orders_1d": 3}],
    "misses": [{"buyer_orders_1d": 2}],
}  # fmt: skip


pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def matrix(stage):
    made = world.network()
    risk_rule.counting(at=AT)
    return made


def drafted(**changes) -> RiskRule:
    return risk_rule.draft(terms=TERMS | changes, note="", at=AT, by="staff:1")


def tried(rule: RiskRule, at=AT + DAY, days: int = 30):
    asked = backtest.ask(rule_id=rule.id, days=days, at=at, by="staff:1")
    return backtest.keep(backtest_id=asked.id, result=backtest.measure(backtest_id=asked.id), at=at)


def live(**changes) -> RiskRule:
    rule = drafted(**changes)
    tried(rule)
    risk_rule.shadow(rule_id=rule.id, at=AT + DAY, by="staff:1")
    return risk_rule.publish(rule_id=rule.id, at=AT + 2 * DAY, by="staff:2")


def many(count: int, clean: int) -> None:
    """One buyer with so many orders, and so many buyers with one."""
    events = [bought(f"m{n}", "busy", AT + n * timedelta(hours=1)) for n in range(count)]
    events += [bought(f"c{n}", f"clean{n}", AT) for n in range(clean)]
    risk.score(event_ids=events, at=AT)


class TestShippedRules:
    def test_count_from_the_first_moment(self):
        now = queries.newest()
        assert len(now.live) == len(risk_shipped.RULES)
        assert now.shadow == []

    def test_are_installed_once(self):
        assert risk_rule.counting(at=AT).id == risk_rule.counting(at=AT).id


class TestDraft:
    def test_is_the_next_version_of_its_code(self):
        made = risk_rule.draft(terms=risk_shipped.RULES[0] | {"weight": 34}, note="", at=AT, by="staff:1")
        assert (made.code, made.version, made.state) == ("same_ip", 2, "draft")

    def test_replaces_its_makers_open_draft(self):
        first, second = drafted(), drafted(weight=50)
        assert (first.state, second.version) == ("dropped", 2)

    def test_leaves_another_persons_alone(self):
        drafted()
        with pytest.raises(risk_rule.NotItsTurn, match="已有未结束的草稿"):
            risk_rule.draft(terms=TERMS, note="", at=AT, by="staff:2")

    def test_that_cannot_be_is_refused(self):
        with pytest.raises(BadRule):
            drafted(group="luck")


class TestShadow:
    def test_asks_for_cases_that_pass(self):
        rule = drafted(hits=[{"buyer_orders_1d": 1}])
        with pytest.raises(risk_rule.CasesFail, match="应命中的例 1 没有命中"):
            risk_rule.shadow(rule_id=rule.id, at=AT, by="staff:1")

    def test_asks_for_history(self):
        with pytest.raises(risk_rule.NotTried):
            risk_rule.shadow(rule_id=drafted().id, at=AT, by="staff:1")

    def test_is_evaluated_and_not_acted_on(self):
        rule = drafted()
        tried(rule)
        risk_rule.shadow(rule_id=rule.id, at=AT, by="staff:1")
        last = [bought(f"o{n}", "a", AT + n * timedelta(hours=1)) for n in range(3)][-1]
        made = decided(last)
        assert (made.score, made.action, made.shadow) == (0, "allow", [rule.id])

    def test_ends_when_the_rule_is_given_up(self):
        rule = drafted()
        tried(rule)
        risk_rule.shadow(rule_id=rule.id, at=AT, by="staff:1")
        risk_rule.drop(rule_id=rule.id, at=AT, by="staff:1")
        assert queries.newest().shadow == []


class TestPublishing:
    def test_takes_a_day_in_shadow(self):
        rule = drafted()
        tried(rule)
        risk_rule.shadow(rule_id=rule.id, at=AT + DAY, by="staff:1")
        with pytest.raises(risk_rule.NotTried, match="24 小时"):
            risk_rule.publish(rule_id=rule.id, at=AT + 2 * DAY - timedelta(seconds=1), by="staff:2")

    def test_takes_somebody_else(self):
        rule = drafted()
        with pytest.raises(risk_rule.NotItsTurn):
            risk_rule.publish(rule_id=rule.id, at=AT, by="staff:2")
        tried(rule)
        risk_rule.shadow(rule_id=rule.id, at=AT, by="staff:1")
        with pytest.raises(SameHands):
            risk_rule.publish(rule_id=rule.id, at=AT + 2 * DAY, by="staff:1")

    def test_makes_the_rule_count(self):
        rule = live()
        assert rule.id in queries.newest().live
        last = [bought(f"o{n}", "a", AT + 2 * DAY + n * timedelta(hours=1)) for n in range(3)][-1]
        assert decided(last).action == "hold"

    def test_refuses_a_rule_that_would_hold_too_much(self):
        many(3, clean=30)
        rule = drafted()
        result = tried(rule).result
        assert (result["held_orders"], result["held_orders_bps"]) == (1, 303)
        risk_rule.shadow(rule_id=rule.id, at=AT + DAY, by="staff:1")
        with pytest.raises(risk_rule.HoldsTooMuch, match="3.03% 的订单"):
            risk_rule.publish(rule_id=rule.id, at=AT + 2 * DAY, by="staff:2")

    def test_takes_a_share_of_two_percent(self):
        risk_rule.check_share({"held_orders_bps": 200, "held_fen_bps": 200})
        for key in ("held_orders_bps", "held_fen_bps"):
            with pytest.raises(risk_rule.HoldsTooMuch):
                risk_rule.check_share({key: 201})


class TestRollBack:
    def test_brings_the_version_before_back(self):
        before = queries.newest().live
        changed = live(**risk_shipped.RULES[0] | {"weight": 34})
        assert set(queries.newest().live) ^ set(before) == {changed.id, before[0]}
        back = risk_rule.roll_back(rule_id=changed.id, why="wrong", at=AT + 3 * DAY, by="staff:3")
        assert (back.version, back.state) == (1, "live")
        assert queries.newest().live == before

    def test_of_a_first_version_leaves_nothing_of_it(self):
        rule = live()
        assert risk_rule.roll_back(rule_id=rule.id, why="wrong", at=AT + 3 * DAY, by="staff:3") is None
        assert rule.id not in queries.newest().live


class TestBackTest:
    def test_sorts_hits_by_what_became_of_them(self):
        many(6, clean=4)
        order.refund(number="m3", amount_fen=100, at=AT + DAY)
        hold.hold(number="m4", at=AT)
        hold.confirm_fraud(number="m4", at=AT)
        hold.hold(number="m5", at=AT)
        result = tried(drafted()).result
        assert (result["events"], result["hits"]) == (10, 4)
        assert {label: row[0] for label, row in result["labels"].items()} == {
            "clean": 1, "confirmed": 1, "held": 1, "refunded": 1,
        }  # fmt: skip
        assert (result["buyers"], result["sellers"], result["stake_fen"]) == (1, 1, 12_000)
        assert [one["ref"] for one in result["samples"]] == ["m2", "m3", "m4", "m5"]
        assert result["samples"][0]["reason"] == "一天内下了 3 单"

    def test_says_which_live_rules_hit_the_same(self):
        events = [bought(f"o{n}", "a", AT + n * timedelta(minutes=1)) for n in range(10)]
        risk.score(event_ids=events, at=AT)
        result = tried(drafted()).result
        assert result["overlap"] == {"burst": 1, "dormant_burst": 1, "pair_repeat": 3}
        assert result["held_orders"] == 7

    def test_gives_the_same_digest_twice(self):
        many(5, clean=5)
        rule = drafted()
        assert tried(rule).digest == tried(rule).digest

    def test_reads_the_days_it_was_asked_for(self):
        many(3, clean=0)
        assert tried(drafted(), at=AT + 31 * DAY).result["events"] == 0

    def test_is_kept_once(self):
        kept = tried(drafted())
        with pytest.raises(backtest.Worked):
            backtest.keep(backtest_id=kept.id, result={}, at=AT)


class TestComparison:
    def test_comes_after_seven_days_and_once(self):
        rule = live()
        for n in range(4):
            last = bought(f"o{n}", "a", AT + 3 * DAY + n * timedelta(hours=1))
            risk.score(event_ids=[last], at=AT + 3 * DAY)
        assert backtest.compare_ripe(at=AT + 9 * DAY - timedelta(seconds=1)) == 0
        assert backtest.compare_ripe(at=AT + 9 * DAY) == 1
        assert backtest.compare_ripe(at=AT + 10 * DAY) == 0
        assert (rule.comparison["events"], rule.comparison["hits"]) == (4, 2)
        assert rule.comparison["is_outside"]
        assert db.session.scalar(sa.select(sa.func.count()).where(Event.name == "risk.compared")) == 1

    @pytest.mark.parametrize(
        ("rate", "expected", "is_outside"),
        [(300, 100, False), (301, 100, True), (34, 100, False), (33, 100, True), (5, None, False), (0, 0, False)],
    )
    def test_calls_what_is_three_times_off(self, rate, expected, is_outside):
        assert backtest.outside(rate, expected) is is_outside
