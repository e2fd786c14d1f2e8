"""What staff set about the alerts of the business."""

RECORDED = {"alert_rule"}
UNIQUE = {"uq_alert_rule_rule"}
ROW = {"alert_rule": {"rule": "B01", "days": 30, "target_bps": 4000, "buyers_min": 30, "loss_fen": None}}
BROKEN = {
    "ck_alert_rule_buyers": {"buyers_min": 9},
    "ck_alert_rule_days": {"days": 91},
    "ck_alert_rule_loss": {"rule": "B02", "target_bps": None, "buyers_min": None, "loss_fen": -1},
    "ck_alert_rule_own": {"loss_fen": 1},
    "ck_alert_rule_reason": {"reason": " "},
    "ck_alert_rule_rule": {"rule": "R01", "target_bps": None, "buyers_min": None},
    "ck_alert_rule_target": {"target_bps": 99},
}
