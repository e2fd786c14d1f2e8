"""Guards of the evidence of admission purchases."""

APPEND_ONLY = {"proof_step"}
RECORDED = {"proof"}
UNIQUE = {"uq_proof_number", "uq_proof_step_proof_id_n", "uq_proof_task"}
ROW = {
    "proof": {
        "state": "waiting", "sha256": b"s" * 32, "outline": b"o" * 128, "band1": 1, "band2": 1, "band3": 1, "band4": 1,
    },
    "proof_step": {"kind": "judged"},
}  # fmt: skip
BROKEN = {
    "ck_proof_bands": {"band4": 65_536},
    "ck_proof_code": {"code": "agrees"},
    "ck_proof_decided": {"decided_at": "2026-01-01Z"},
    "ck_proof_digests": {"sha256": b"short"},
    "ck_proof_passed": {"state": "passed", "code": "agrees", "decided_at": "2026-01-01Z", "number": None},
    "ck_proof_size": {"width": 0},
    "ck_proof_state": {"state": "lost", "code": "agrees"},
    "ck_proof_sure": {"sure": 101},
    "ck_proof_twin": {"id": 5, "twin_id": 5},
    "ck_proof_step_kind": {"kind": "guessed"},
}
SHARED = {
    "uq_proof_number": {"state": "passed", "code": "agrees", "decided_at": "2026-01-01Z", "number": "371"},
    "uq_proof_task": {"member_id": 1, "seller_id": 2},
}
