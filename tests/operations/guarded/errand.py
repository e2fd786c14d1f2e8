"""What WeChat is told of our decisions, and parcels that it follows."""

AT = "2026-01-01Z"
RECORDED = {"errand", "parcel_trace"}
UNIQUE = {"uq_errand_kind_subject"}
ROW = {
    "errand": {"kind": "parcel", "state": "due", "error": ""},
}
BROKEN = {
    "ck_errand_ended": {"ended_at": AT},
    "ck_errand_error": {"error": "why"},
    "ck_errand_kind": {"kind": "dove"},
    "ck_errand_state": {"state": "lost", "ended_at": AT},
    "ck_errand_tries": {"tries": -1},
    "ck_parcel_trace_status": {"status": -1},
    "ck_parcel_trace_token": {"token": " "},
}
