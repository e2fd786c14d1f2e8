"""Guards of what the ledger's days came to."""

APPEND_ONLY = {"turnover"}
ROW = {"turnover": {"since_id": 0, "upto_id": 5, "level": 1}}
BROKEN = {
    "ck_turnover_span": {"upto_id": 0},
    "ck_turnover_three_levels": {"level": 4},
}
