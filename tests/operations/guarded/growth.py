"""Guards of content, notices, stories, challenges and boards."""

from psycopg.types.json import Jsonb

AT, LATER, LONG_AGO = "2026-01-01Z", "2026-01-02Z", "2025-01-01Z"
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
OUT = {"state": "published", "published_at": AT, "published_by": "x"}
CONSENTED = {"publicity_id": 1, "figures": Jsonb({})}

APPEND_ONLY = {"notice_wording"}
RECORDED = {"content", "publicity", "story", "challenge", "board"}
RECORDED_IN_BULK = {"notice", "notice_delivery", "challenge_entry", "board_place"}
UNIQUE = {
    "uq_content_code_version", "uq_content_published", "uq_notice_member_id_kind_about",
    "uq_notice_delivery_notice_id", "uq_publicity_open", "uq_story_published",
    "uq_challenge_entry_challenge_id_member_id", "uq_board_place_name_place", "uq_board_place_name_member_id",
}  # fmt: skip
ROW = {
    "content": {"kind": "script", "state": "draft", "blocked": 0},
    "notice_delivery": {"state": "sent", "sent_at": AT},
    "publicity": {"purpose": "story", "text": "", "sha256": EMPTY_SHA256},
    "story": {"state": "draft", "blocked": 0},
    "challenge": {"metric": "orders", "state": "draft", "blocked": 0, "ends_at": LATER, "closes_at": LATER},
    "board": {"name": lambda n: ("sales", "returning")[n - 1], "until": LATER},
}
BROKEN = {
    "ck_content_kind": {"kind": "song"},
    "ck_content_code": {"code": "No Code"},
    "ck_content_version": {"version": 0},
    "ck_content_words": {"title": " "},
    "ck_content_state": {**OUT, "state": "lost"},
    "ck_content_clean": {"blocked": 1, "state": "scanned"},
    "ck_content_published_by": {"published_by": "x"},
    "ck_content_published": {**OUT, "state": "draft"},
    "ck_content_ended": {"ended_at": AT},
    "ck_notice_wording_words": {"title": " "},
    "ck_notice_words": {"body": " "},
    "ck_notice_read": {"read_at": LONG_AGO},
    "ck_notice_delivery_state": {"state": "lost", "sent_at": None},
    "ck_notice_delivery_next": {"next_at": AT},
    "ck_notice_delivery_sent": {"sent_at": None},
    "ck_notice_delivery_tries": {"tries": -1},
    "ck_publicity_purpose": {"purpose": "gift"},
    "ck_publicity_digest": {"text": "another"},
    "ck_publicity_ended": {"ended_at": LONG_AGO},
    "ck_story_words": {"words": " "},
    "ck_story_state": {"state": "lost", "ended_at": AT},
    "ck_story_clean": {**OUT, **CONSENTED, "blocked": 1},
    "ck_story_consented": OUT,
    "ck_story_published": {**CONSENTED, "state": "published"},
    "ck_story_ended": {"ended_at": AT},
    "ck_challenge_words": {"prize": " "},
    "ck_challenge_metric": {"metric": "heads"},
    "ck_challenge_period": {"starts_at": LATER},
    "ck_challenge_state": {"state": "lost"},
    "ck_challenge_clean": {**OUT, "blocked": 1},
    "ck_challenge_published": {"state": "published"},
    "ck_challenge_ended": {"ended_at": AT},
    "ck_challenge_entry_score": {"score": -1},
    "ck_challenge_entry_place": {"place": 0},
    "ck_board_name": {"name": "heads"},
    "ck_board_period": {"since": LATER},
    "ck_board_place_score": {"score": 0},
}
SHARED = {"uq_content_published": OUT, "uq_story_published": {**OUT, **CONSENTED}}
