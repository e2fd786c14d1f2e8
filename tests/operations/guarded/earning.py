"""Earnings as files."""

AT = "2026-01-01Z"
RECORDED = {"earning_export"}
ROW = {"earning_export": {"kind": "level"}}
BROKEN = {
    "ck_earning_export_counts": {"rows": -1},
    "ck_earning_export_kind": {"kind": "dove"},
    "ck_earning_export_ready": {"ready_at": AT},
    "ck_earning_export_span": {"since": AT, "until": AT},
}
