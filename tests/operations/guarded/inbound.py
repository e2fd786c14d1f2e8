"""Callbacks, where orders came from, and refunds through Pay."""

AT = "2026-01-01Z"
RECORDED = {"inbound", "order_source", "pay_refund"}
OF_THEIR_OWN = {"kept_inbound", "told_inbound"}
UNIQUE = {"uq_inbound_channel_key", "uq_order_source_channel_number", "uq_pay_refund_number"}
ROW = {
    "inbound": {"channel": "pay", "state": "waiting", "error": ""},
    "order_source": {"channel": "pay"},
    "pay_refund": {"state": "due"},
}
BROKEN = {
    "ck_inbound_channel": {"channel": "dove"},
    "ck_inbound_decided": {"decided_at": AT},
    "ck_inbound_digest": {"digest": b"short"},
    "ck_inbound_error": {"error": "x"},
    "ck_inbound_refusal_times": {"times": 0},
    "ck_inbound_state": {"state": "lost", "decided_at": AT},
    "ck_order_source_channel": {"channel": "dove"},
    "ck_pay_refund_amounts": {"amount_fen": 2},
    "ck_pay_refund_ended": {"ended_at": AT},
    "ck_pay_refund_state": {"state": "lost"},
}
OFFENCES = {
    "told_inbound": (({}, "UPDATE inbound SET number = 'another'"), ({}, "UPDATE inbound SET content = '{\"a\": 1}'")),
    "kept_inbound": (({}, "DELETE FROM inbound"),),
}
