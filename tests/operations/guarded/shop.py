"""The WeChat shop beside us."""

AT = "2026-01-01Z"
RECORDED = {"shop_account", "shop_case", "shop_cursor", "stray_order"}
UNIQUE = {
    "uq_shop_account_kind_account", "uq_shop_case_number", "uq_shop_cursor_kind", "uq_stray_order_number",
}  # fmt: skip
ROW = {
    "shop_account": {"kind": "finder"},
    "shop_case": {"refund_n": None},
    "shop_cursor": {"kind": lambda n: ("orders", "after_sales")[n - 1]},
    "stray_order": {"why": "no_seller", "state": "open"},
}
SHARED = {"uq_shop_cursor_kind": {"kind": "orders"}}
BROKEN = {
    "ck_shop_account_account": {"account": " "},
    "ck_shop_account_kind": {"kind": "dove"},
    "ck_shop_case_amount": {"amount_fen": -1},
    "ck_shop_case_refunded": {"refunded_at": AT},
    "ck_shop_cursor_counts": {"missing": -1},
    "ck_shop_cursor_kind": {"kind": "dove"},
    "ck_stray_order_ended": {"ended_at": AT},
    "ck_stray_order_state": {"state": "lost", "ended_at": AT},
    "ck_stray_order_why": {"why": "whim"},
}
