"""What guards complaints, findings, looks at the law, files for outside and erasures."""

from collections.abc import Mapping
from typing import Any

AT = "2026-01-01Z"
LATER = "2026-01-02Z"

APPEND_ONLY = {"complaint_message", "erasure", "law_check"}
RECORDED = {"complaint", "finding", "handout"}
UNIQUE = {"uq_finding_standing"}

ROW: dict[str, Mapping[str, Any]] = {
    "complaint": {"category": "merchant", "state": "open", "opened_at": AT, "due_at": LATER},
    "complaint_message": {"kind": "member", "by": "member:1"},
    "finding": {"severity": "warn", "state": "open"},
    "handout": {"kind": "member"},
}

ANSWERED = {"answered_at": AT, "answered_by": "staff:1"}
BROKEN: dict[str, Mapping[str, Any]] = {
    "ck_complaint_answered": {"state": "answered", "answered_at": AT},
    "ck_complaint_category": {"category": "mood"},
    "ck_complaint_closed": {**ANSWERED, "state": "answered", "closed_at": AT},
    "ck_complaint_due": {"due_at": AT},
    "ck_complaint_human": {"state": "answered", "answered_at": AT, "answered_by": "job:auto"},
    "ck_complaint_message_human": {"kind": "answer", "by": "job:auto"},
    "ck_complaint_message_kind": {"kind": "shout"},
    "ck_complaint_message_words": {"words": " "},
    "ck_complaint_open": ANSWERED,
    "ck_complaint_state": {**ANSWERED, "state": "lost"},
    "ck_complaint_words": {"words": " "},
    "ck_erasure_rows": {"rows": -1},
    "ck_finding_muted": {"muted_until": LATER},
    "ck_finding_reason": {"state": "acknowledged", "reason": " "},
    "ck_finding_resolved": {"resolved_at": AT},
    "ck_finding_seen": {"first_at": LATER, "last_at": AT},
    "ck_finding_severity": {"severity": "pink"},
    "ck_finding_state": {"state": "lost"},
    "ck_handout_digest": {"ready_at": AT, "file": "x", "digest": "short", "expires_at": LATER},
    "ck_handout_kind": {"kind": "rumour"},
    "ck_handout_ready": {"ready_at": AT},
    "ck_handout_said": {"reason": " "},
    "ck_law_check_note": {"note": " "},
}
