"""Whole files: what stops a replay, and what a refused line leaves behind."""

import json

import pytest

from tests.model.world import Stopped, play, show

AT = "2026-01-01T09:00:00+08:00"
POLICY = {"at": AT, "do": "policy", "preset": "plan", "set": {}}
MATRIX = {"at": AT, "do": "matrix", "matrix": "M", "merchant": "shop", "template": "linear"}


def lines(*events):
    return [json.dumps(event) for event in events]


class TestStops:
    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ({"at": AT, "do": "register", "member": "a", "inviter": "nobody"}, "nobody"),
            ({"at": AT, "do": "register", "member": "a", "inviter": None, "colour": 1}, "colour"),
            ({"at": AT, "do": "steal"}, "steal"),
            ({"at": "2025-12-31T09:00:00+08:00", "do": "tick"}, "时间倒退"),
            ({"at": AT, "do": "tick", "refused": True}, "应被拒绝"),
            (POLICY, "policy"),
        ],
    )
    def test_at_the_line_with_the_reason(self, line, reason):
        with pytest.raises(Stopped, match=rf"^第 3 行：.*{reason}") as stopped:
            play(lines(POLICY, MATRIX, line))
        assert stopped.value.line == 3

    def test_where_the_policy_is_not_first_or_goes_too_far(self):
        with pytest.raises(Stopped, match="第 1 行"):
            play(lines(MATRIX))
        with pytest.raises(Stopped, match=r"第 1 行：规则 5\.3：levels"):
            play(lines({**POLICY, "set": {"levels": 4}}))
        with pytest.raises(Stopped, match="空文件"):
            play([])

    def test_at_a_line_that_is_no_json(self):
        with pytest.raises(Stopped, match="第 2 行"):
            play([*lines(POLICY), "{"])


class TestRefused:
    def test_changes_nothing_and_the_replay_goes_on(self):
        found = show(
            play(
                lines(
                    POLICY,
                    MATRIX,
                    {"at": AT, "do": "register", "member": "a", "inviter": "nobody", "refused": True},
                    {"at": AT, "do": "register", "member": "a", "inviter": "M-10"},
                )
            )
        )
        assert list(found["members"]) == ["a"]
        assert found["accounts"] == {}


class TestShow:
    def test_sorts_its_keys(self):
        found = show(play(lines(POLICY, MATRIX)))
        assert list(found) == ["accounts", "members", "orders"]
