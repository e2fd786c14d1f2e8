import json
from datetime import UTC, datetime

import pytest

from models.rules import scenario
from models.rules.commission import Kind
from models.rules.order import Scene
from models.rules.policy import PLAN, STEADY, BadPolicy, UnknownKey
from models.rules.region_share import BadRegion
from models.rules.scenario import BackwardsTime, BadLine, PolicyFirst

AT = "2026-01-01T09:00:00+08:00"
EVENTS = [
    {"do": "matrix", "matrix": "M", "merchant": "shop", "template": "linear"},
    {"do": "register", "member": "a", "inviter": None},
    {"do": "qualify", "member": "a"},
    {"do": "order", "order": "o", "seller": "a", "paid": 1, "cost": 0, "commission": 0},
    {"do": "ship", "order": "o"},
    {"do": "complete", "order": "o"},
    {"do": "refund", "order": "o", "amount": 1},
    {"do": "agent", "member": "a", "region": "330106"},
    {"do": "seed_promoter", "member": "a"},
    {"do": "hold", "order": "o"},
    {"do": "clear", "order": "o"},
    {"do": "confirm_fraud", "order": "o"},
    {"do": "dividend", "month": "2026-01"},
    {"do": "withdraw", "withdrawal": "w", "member": "a", "amount": 100},
    {"do": "payout", "withdrawal": "w", "state": "FAIL"},
    {"do": "tick"},
]


def parse(**values):
    return scenario.parse({"at": AT, **values})


class TestParse:
    @pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["do"])
    def test_every_event_has_a_type_of_its_name(self, event):
        found = parse(**event)
        assert found.do == event["do"]
        assert found.at == datetime(2026, 1, 1, 1, tzinfo=UTC)
        assert not found.refused
        assert parse(**event, refused=True).refused

    @pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["do"])
    def test_every_key_is_needed_and_no_other_is_known(self, event):
        for key in event:
            if key != "do":
                with pytest.raises(BadLine, match=key):
                    parse(**{name: value for name, value in event.items() if name != key})
        with pytest.raises(BadLine, match="colour"):
            parse(**event, colour="red")

    def test_an_order_says_what_is_not_usual(self):
        plain = parse(**EVENTS[3])
        assert (plain.kind, plain.scene, plain.buyer, plain.region) == (Kind.NORMAL, Scene.SHARE_LINK, None, None)
        other = parse(**EVENTS[3], kind="presale", scene="live", buyer="guest", region="330106")
        assert (other.kind, other.scene, other.buyer, other.region) == (Kind.PRESALE, Scene.LIVE, "guest", "330106")

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"paid": 1.0}, BadLine),
            ({"paid": "1"}, BadLine),
            ({"paid": True}, BadLine),
            ({"order": ""}, BadLine),
            ({"order": 7}, BadLine),
            ({"kind": "gift"}, BadLine),
            ({"kind": None}, BadLine),
            ({"scene": "dream"}, BadLine),
            ({"region": "33010"}, BadRegion),
            ({"at": "2026-01-01T09:00:00"}, BadLine),
            ({"at": "yesterday"}, BadLine),
            ({"at": 5}, BadLine),
            ({"do": "steal"}, BadLine),
            ({"do": None}, BadLine),
        ],
    )
    def test_refuses_a_wrong_value(self, change, error):
        with pytest.raises(error):
            scenario.parse({"at": AT, **EVENTS[3], **change})

    @pytest.mark.parametrize("month", ["2026-13", "2026-1", "202601", "2026-00", 202601, None])
    def test_refuses_what_is_no_month(self, month):
        with pytest.raises(BadLine, match="YYYY-MM"):
            parse(do="dividend", month=month)


class TestPolicyLine:
    def test_sets_keys_on_a_preset_with_the_signals_silent(self):
        found = parse(do="policy", preset="plan", set={"levels": 2, "rank.team_size": [2, 3, 4, 5]})
        assert found.policy.levels == 2
        assert found.policy.rank_team_size == (2, 3, 4, 5)
        assert found.policy.cycle_days == PLAN.cycle_days
        assert not found.policy.risk_enabled
        assert parse(do="policy", preset="plan", set={"risk.enabled": True}).policy == PLAN

    def test_may_set_nothing(self):
        assert parse(do="policy", preset="steady").policy.levels == STEADY.levels

    @pytest.mark.parametrize(
        ("values", "error"),
        [
            ({"preset": "bold"}, BadPolicy),
            ({"preset": "plan", "set": {"levels": 4}}, BadPolicy),
            ({"preset": "plan", "set": {"level": 3}}, UnknownKey),
            ({"preset": "plan", "set": []}, BadLine),
            ({"preset": "plan", "more": 1}, BadLine),
            ({"set": {}}, BadLine),
        ],
    )
    def test_refuses_what_the_rules_forbid(self, values, error):
        with pytest.raises(error):
            parse(do="policy", **values)


class TestLoad:
    @pytest.mark.parametrize("line", ["", "{", "[]", "7", '{"at": NaN}', '{"a": 1, "a": 2}', '{"refused": "yes"}'])
    def test_refuses_what_is_no_object(self, line):
        with pytest.raises(BadLine):
            scenario.load(line)

    def test_reads_a_line(self):
        assert scenario.load(json.dumps({"do": "tick", "at": AT})) == {"do": "tick", "at": AT}


class TestCheckSequence:
    def test_the_policy_comes_first_and_once(self):
        policy, tick = parse(do="policy", preset="plan"), parse(do="tick")
        scenario.check_sequence(policy, first=True, now=None)
        scenario.check_sequence(tick, first=False, now=tick.at)
        with pytest.raises(PolicyFirst):
            scenario.check_sequence(tick, first=True, now=None)
        with pytest.raises(PolicyFirst):
            scenario.check_sequence(policy, first=False, now=policy.at)

    def test_time_never_runs_backwards(self):
        with pytest.raises(BackwardsTime, match="时间倒退"):
            scenario.check_sequence(parse(do="tick"), first=False, now=datetime(2026, 1, 1, 2, tzinfo=UTC))
