"""Alerts beside the boards: findings of the business alone, taken, kept quiet and armed again."""

from datetime import timedelta

from console import formatting
from models import Finding
from models.operations import finding
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
