"""Personal data, masked until somebody says why they look: once, counted, in the trail."""

import pytest

from models import db
from tests import factories
from tests.console.admin.probe import ProbeView, application


@pytest.fixture(scope="module")
def app(settings):
    """The console with a list that has a personal column."""
    application_ = application(settings, ProbeView)
    yield application_
    with application_.app_context():
        db.engine.dispose()


@pytest.fixture
def line(session):
    found = factories.history_line(buyer="欧阳明月")
    db.session.commit()
    return found


def reveal(browser, line, **form):
    return browser.post(f"/probe/{line.id}/reveal", data=form)


class TestReveal:
    def test_shows_the_value_once_and_leaves_its_row(self, staff, line, trail):
        browser = staff("support")
        assert "欧阳明月" not in browser.get(f"/probe/{line.id}").text
        assert "欧阳明月" in reveal(browser, line, reason_code="contact", reason_note="回访").text
        assert "欧阳明月" not in browser.get(f"/probe/{line.id}").text
        (row,) = trail("pii.revealed", kind="note")
        assert (row.actor, row.row_id) == (f"staff:{browser.person.id}", f"history_line:{line.id}")
        assert (row.reason, row.after) == ("contact: 回访", {"columns": ["buyer"]})

    def test_asks_why(self, staff, line, trail):
        browser = staff("support")
        assert "欧阳明月" not in reveal(browser, line).text
        assert "请选择原因后再提交" in browser.get("/probe/").text
        assert trail("pii.revealed") == []

    def test_is_for_those_who_may(self, staff, line):
        assert "reveal" not in staff("operator").get(f"/probe/{line.id}").text
        assert reveal(staff("operator"), line, reason_code="contact").status_code == 403

    def test_is_limited_to_thirty_rows_an_hour(self, staff, line, trail):
        browser = staff("support")
        for _ in range(30):
            assert reveal(browser, line, reason_code="contact").status_code == 200
        assert reveal(browser, line, reason_code="contact").status_code == 302
        assert "尝试过于频繁，请 60 分钟后再试" in browser.get("/probe/").text
        assert len(trail("pii.revealed")) == 30
        assert reveal(staff("support"), line, reason_code="contact").status_code == 200

    def test_is_not_there_where_nothing_is_personal(self, staff, line):
        assert (
            staff("compliance").post(f"/history/{line.id}/reveal", data={"reason_code": "contact"}).status_code == 404
        )
        assert staff("support").post("/probe/999999999/reveal", data={"reason_code": "contact"}).status_code == 404
