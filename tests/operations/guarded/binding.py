"""Showcases as their owners name them."""

AT = "2026-01-01Z"
RECORDED = {"binding"}
UNIQUE = {"uq_binding_waiting"}
ROW = {"binding": {"account": lambda n: f"sph{n}", "state": "waiting", "words": "", "decided_by": None}}
SHARED = {"uq_binding_waiting": {"member_id": 1}}
BROKEN = {
    "ck_binding_account": {"account": "wx1"},
    "ck_binding_ended": {"ended_at": AT},
    "ck_binding_state": {"state": "lost", "ended_at": AT},
    "ck_binding_words": {"words": "why"},
}
