"""Statements of channels and the differences found against them."""

AT = "2026-01-01Z"
APPEND_ONLY = {"statement_line"}
RECORDED = {"reckoning", "statement"}
RECORDED_IN_BULK = {"difference", "statement_draft"}
UNIQUE = {
    "uq_difference_day_kind_business_number", "uq_reckoning_day", "uq_statement_file",
    "uq_statement_line_account_digest_copy", "uq_statement_stored_name",
}  # fmt: skip
ROW = {
    "difference": {"kind": "amount", "business": "payout", "state": "open"},
    "reckoning": {"runs": 1},
    "statement": {"source": "upload", "account": "TRADE", "state": "reading"},
    "statement_line": {"account": "TRADE", "way": "in", "business": "payment", "digest": bytes(16)},
}
BROKEN = {
    "ck_difference_business": {"business": "gift"},
    "ck_difference_ended": {"ended_at": AT},
    "ck_difference_kind": {"kind": "guess"},
    "ck_difference_owned": {"owner": "staff:1"},
    "ck_difference_resolved": {"state": "resolved", "ended_at": AT},
    "ck_difference_state": {"state": "lost", "ended_at": AT},
    "ck_reckoning_runs": {"runs": 0},
    "ck_statement_account": {"account": "ATTIC"},
    "ck_statement_counts": {"lines_read": -1},
    "ck_statement_days": {"first_on": "2026-01-02", "last_on": "2026-01-01"},
    "ck_statement_line_account": {"account": "ATTIC"},
    "ck_statement_line_amount": {"amount_fen": -1},
    "ck_statement_line_business": {"business": "gift"},
    "ck_statement_line_digest": {"digest": b"short"},
    "ck_statement_line_way": {"way": "up"},
    "ck_statement_source": {"source": "rumour"},
    "ck_statement_state": {"state": "lost"},
    "ck_statement_taken": {"taken_at": AT},
}
