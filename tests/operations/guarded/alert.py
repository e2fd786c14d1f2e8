"""What staff set about the alerts of the business."""

RECORDED = {"alert_rule"}
UNIQUE = {"uq_alert_rule_rule"}
ROW = {
    "alert_rule": {
        "rule": lambda n: ("B01", "B02")[n % 2], "days": 30, "target_bps": None, "buyers_min": None, "loss_fen": None,
    },
}  # fmt: skip
BROKEN = {
    "ck_alert_rule_buyers": {"rule": "B01", "buyers_min": 9},
    "ck_alert_rule_days": {"days": 91},
    "ck_alert_rule_loss": {"rule": "B02", "loss_fen": -1},
    "ck_alert_rule_own": {"rule": "B01", "loss_fen": 1},
    "ck_alert_rule_reason": {"reason": " "},
    "ck_alert_rule_rule": {"rule": "R01"},
    "ck_alert_rule_target": {"rule": "B01", "target_bps": 99},
}
