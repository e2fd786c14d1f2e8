"""Review cases, strikes and appeals."""

from tests.operations.guard_rows import AT, LATER

SHA = bytes(32)
APPEND_ONLY = {"case_decision", "case_hit", "case_snooze", "case_step"}
RECORDED = {
    "appeal", "business_day", "case_decision", "case_draft", "case_hit", "case_hold", "case_snooze", "case_step",
    "queue_setting", "review_case", "reviewer", "reviewer_away", "staff_tie", "strike",
}  # fmt: skip
UNIQUE = {
    "uq_appeal_open", "uq_business_day_day", "uq_case_decision_first", "uq_case_decision_second",
    "uq_case_draft_case_id_staff_id", "uq_case_hit_case_id_digest", "uq_case_hold_case_id_order_id",
    "uq_case_hold_keeper", "uq_review_case_open", "uq_reviewer_staff_id", "uq_strike_order",
}  # fmt: skip
ROW = {
    "appeal": {"subject": lambda n: f"strike:{n}", "state": "open"},
    "case_decision": {"verdict": "cleared", "limit_fen": 5, "stake_fen": 1},
    "case_hold": {"is_keeper": False},
    "case_snooze": {"since": AT, "until": LATER},
    "case_step": {"kind": "noted"},
    "queue_setting": {
        "queue": "payout", "opens": 540, "closes": 1260, "cap": 10, "lease_minutes": 10, "second_look_bps": 500,
    },
    "review_case": {
        "queue": "first_review", "subject": lambda n: f"order:{n}", "state": "open", "boosts": [], "region_codes": [],
        "reason": "", "lease": 0,
    },
    "reviewer": {"cap": 10, "queues": ["payout"]},
    "reviewer_away": {"since": AT, "until": LATER},
    "staff_tie": {"member_id": 1},
    "strike": {},
}  # fmt: skip
BROKEN = {
    "ck_appeal_another": {
        "state": "lost", "decided_at": AT, "decided_by": "staff:1", "against_by": "staff:1", "answer": "x",
    },
    "ck_appeal_answer": {
        "state": "lost", "decided_at": AT, "decided_by": "staff:2", "against_by": "staff:1", "answer": " ",
    },
    "ck_appeal_decided": {"decided_at": AT},
    "ck_appeal_state": {"state": "lost in the post", "decided_at": AT, "decided_by": "staff:2", "answer": "x"},
    "ck_appeal_subject": {"subject": "rumour:1"},
    "ck_appeal_words": {"words": " "},
    "ck_business_day_name": {"name": " "},
    "ck_case_decision_evidence": {"evidence": b"short"},
    "ck_case_decision_reason": {"reason": " "},
    "ck_case_decision_second": {"verdict": "confirmed", "stake_fen": 5},
    "ck_case_decision_two_people": {"made_by": "staff:1", "second_by": "staff:1"},
    "ck_case_decision_verdict": {"verdict": "lost"},
    "ck_case_draft_note": {"note": "x" * 2_001},
    "ck_case_hit_said": {"words": " "},
    "ck_case_hold_keeper": {"is_keeper": True, "ended_at": AT},
    "ck_case_snooze_said": {"until": AT},
    "ck_case_step_kind": {"kind": "lost"},
    "ck_queue_setting_expires": {"expires_days": 0},
    "ck_queue_setting_hours": {"closes": 540},
    "ck_queue_setting_limits": {"cap": 0},
    "ck_queue_setting_queue": {"queue": "lost"},
    "ck_queue_setting_sla": {"sla_minutes": 0},
    "ck_review_case_assignee": {"assignee_id": 1},
    "ck_review_case_closed": {"closed_at": AT, "reason": "x"},
    "ck_review_case_evidence": {"evidence": b"short"},
    "ck_review_case_figures": {"score": -1},
    "ck_review_case_lease": {"lease_until": AT},
    "ck_review_case_paused": {"paused_at": AT},
    "ck_review_case_queue": {"queue": "lost"},
    "ck_review_case_reason": {"state": "cleared", "closed_at": AT, "closed_by": "staff:1", "reason": " "},
    "ck_review_case_second": {"second": "due"},
    "ck_review_case_state": {"state": "lost"},
    "ck_review_case_subject": {"subject": "nothing"},
    "ck_reviewer_away_span": {"until": AT},
    "ck_reviewer_cap": {"cap": 201},
    "ck_reviewer_queues": {"queues": ["lost"]},
    "ck_staff_tie_note": {"note": " "},
    "ck_staff_tie_one": {"merchant_id": 1},
    "ck_staff_tie_region": {"member_id": None, "region_code": "33"},
    "ck_strike_taken_back": {"taken_back_at": AT},
}  # fmt: skip
SHARED = {
    "uq_case_decision_second": {"first_by": "staff:9"},
    "uq_case_hold_keeper": {"is_keeper": True},
}
