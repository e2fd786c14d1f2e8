"""The guards of the risk engine's tables."""

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

AT = "2026-01-01Z"
LATER = "2026-01-02Z"

APPEND_ONLY = {"risk_actor", "risk_event", "risk_tie", "risk_ruleset", "risk_decision"}
RECORDED = {"risk_rule", "risk_allow", "risk_block", "risk_backtest", "risk_ring"}
RECORDED_IN_BULK = {"risk_wait", "risk_ring_member"}
UNIQUE = {
    "uq_risk_actor_key", "uq_risk_actor_member_id", "uq_risk_event_kind_ref", "uq_risk_rule_code_version",
    "uq_risk_rule_live", "uq_risk_rule_open", "uq_risk_decision_event_id", "uq_risk_allow_open",
}  # fmt: skip
ROW: dict[str, Mapping[str, Any]] = {
    "risk_event": {"kind": "payout", "ref": lambda n: f"r{n}"},
    "risk_tie": {"kind": "device"},
    "risk_rule": {"state": "draft", "code": lambda n: f"code{n}", "version": lambda n: n, "digest": bytes(32)},
    "risk_ruleset": {"live": [1], "shadow": []},
    "risk_decision": {"score": 0, "action": "allow", "shadow": []},
    "risk_allow": {"kind": "ip", "until": LATER},
    "risk_backtest": {"until": LATER},
}
SHARED: dict[str, Mapping[str, Any]] = {
    "uq_risk_event_kind_ref": {"kind": "payout"},
    "uq_risk_rule_code_version": {"state": "retired"},
    "uq_risk_rule_live": {"state": "live", "live_at": AT},
    "uq_risk_rule_open": {"state": "draft"},
    "uq_risk_allow_open": {"kind": "ip"},
}
BROKEN: dict[str, Mapping[str, Any]] = {
    "ck_risk_event_kind": {"kind": "guess"},
    "ck_risk_event_amount": {"amount_fen": -1},
    "ck_risk_event_order": {"kind": "place", "order_id": None},
    "ck_risk_tie_kind": {"kind": "name"},
    "ck_risk_rule_state": {"state": "lost"},
    "ck_risk_rule_version": {"version": 0},
    "ck_risk_rule_digest": {"digest": b"short"},
    "ck_risk_rule_live": {"state": "live"},
    "ck_risk_rule_two_people": {"made_by": "staff:1", "approved_by": "staff:1"},
    "ck_risk_ruleset_why": {"why": " "},
    "ck_risk_decision_score": {"score": 101, "action": "hold"},
    "ck_risk_decision_action": {"score": 70, "action": "sue"},
    "ck_risk_decision_threshold": {"score": 59, "action": "hold"},
    "ck_risk_wait_tries": {"tries": -1},
    "ck_risk_wait_why": {"why": " "},
    "ck_risk_allow_kind": {"kind": "name"},
    "ck_risk_allow_term": {"until": AT},
    "ck_risk_allow_words": {"label": " "},
    "ck_risk_allow_ended": {"ended_at": AT},
    "ck_risk_block_lifted": {"lifted_at": AT},
    "ck_risk_backtest_span": {"until": AT},
    "ck_risk_backtest_ended": {"result": Jsonb({})},
    "ck_risk_ring_size": {"size": -1},
}
