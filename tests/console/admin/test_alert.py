"""Alerts beside the boards: findings of the business alone, taken, kept quiet and armed again."""

from datetime import timedelta

import pytest

from console import formatting
from models import AlertRule, Event, Finding, db
from models.operations import finding
from models.queries import alert
from models.rules.finding import Hit
from models.rules.lint import Severity


def test_are_taken_muted_and_armed_again(staff, session):
    at = formatting.now() - timedelta(hours=1)
    hits = [
        Hit(rule=rule, severity=Severity.WARN, subject=subject, evidence=words)
        for rule, subject, words in (("B01", "repurchase", "复购率 36.66%"), ("R45", "member:a", "没有同意协议"))
    ]
    finding.record(hits=hits, covered={"B01", "R45"}, at=at)
    alert, other = session.query(Finding).order_by(Finding.rule).all()
    browser = staff("compliance")
    page = browser.get("/alerts/").get_data(as_text=True)
    assert ("36.66%" in page, "没有同意协议" in page) == (True, False)
    assert browser.get(f"/alerts/{other.id}").status_code == 404
    until = (formatting.today() + timedelta(days=3)).isoformat()
    for step, sent, state in (
        ("acknowledge", {"words": "我来跟"}, "acknowledged"),
        ("mute", {"words": "活动期间", "until": until}, "muted"),
        ("reopen", {}, "open"),
    ):
        assert browser.post(f"/alerts/{alert.id}/{step}", data=sent).status_code == 302
        session.refresh(alert)
        assert alert.state == state
    assert alert.owner_id is not None


class TestRules:
    SENT = {"reason_code": "season_moves", "reason_note": "双十一"}

    def set(self, browser, rule, **figures):
        return browser.post(f"/alert-rules/{rule}", data=self.SENT | figures, follow_redirects=True).text

    def test_stand_at_their_defaults_until_staff_set_them_and_fall_back_when_left_empty(self, staff, session):
        browser = staff("operator")
        assert browser.get("/alert-rules/").text.count("默认值") >= 5
        assert alert.terms("B01") == {"target_bps": 4000, "days": 30, "buyers_min": 30}
        page = self.set(browser, "B01", target_bps="35.5", days="14", buyers_min="")
        assert alert.terms("B01") == {"target_bps": 3550, "days": 14, "buyers_min": 30}
        assert ("默认 40.00%" in page, "40.00% → 35.50%" in page, "季节性波动：双十一" in page) == (True, True, True)
        self.set(browser, "B01", target_bps="", days="30", buyers_min="30")
        assert alert.terms("B01") == {"target_bps": 4000, "days": 30, "buyers_min": 30}
        assert session.query(Event).filter(Event.name == "alert_rule.changed").count() == 2

    @pytest.mark.parametrize(
        ("rule", "figures", "said"),
        [
            ("B01", {"target_bps": "95"}, "复购率预警线须在 1.00% 到 90.00% 之间（默认 40.00%）"),
            ("B01", {"days": "6"}, "统计窗口须在 7 天 到 90 天 之间"),
            ("B01", {"buyers_min": "many"}, "最少买家数须在 10 到 10,000 之间"),
            ("B02", {"loss_fen": "1000000.01"}, "亏损预警线须在 ¥0.00 到 ¥1,000,000.00 之间"),
            ("B02", {"loss_fen": "0"}, "已经是这样"),
            ("B02", {"owner_id": "99999"}, "负责人须是在职"),
            ("R01", {}, "没有编号为 R01 的预警规则"),
            ("B02", {"loss_fen": "5", "reason_code": ""}, "请选择原因"),
        ],
    )
    def test_refuse_what_would_never_or_always_speak(self, staff, rule, figures, said):
        assert said in self.set(staff("finance"), rule, **figures)
        assert db.session.query(AlertRule).count() == 0

    def test_are_set_by_those_alone_who_may(self, staff):
        browser = staff("reviewer")
        assert browser.get("/alert-rules/").status_code == 200
        assert browser.post("/alert-rules/B01", data=self.SENT | {"days": "14"}).status_code == 403

    def test_give_new_alerts_to_their_owner(self, staff, session):
        browser = staff("operator")
        owner = next(iter(alert.owners()))
        self.set(browser, "B02", owner_id=str(owner))
        hit = Hit(rule="B02", severity=Severity.WARN, subject="margin", evidence="亏")
        finding.record(hits=[hit], covered={"B02"}, at=formatting.now())
        assert session.query(Finding).one().owner_id == owner
