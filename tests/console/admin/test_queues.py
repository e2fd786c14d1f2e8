"""The workbench's queues: what waits for this person, since when, one click from its rows."""

from datetime import UTC, datetime, timedelta

import pytest

from console.admin.queues import QUEUES, waiting
from models import Event, Job, db
from models.operations import approval
from models.queries.view import Viewer
from models.rules.permission import PERMISSIONS

AT = datetime.now(UTC)


def asked(age: timedelta, by: str = "staff:999999", amount_fen: int = 1) -> None:
    payload = {"template": "house", "amount_fen": amount_fen, "member": None}
    approval.ask(kind="ledger.adjust", payload=payload, reason="x", at=AT - age, by=by)
    db.session.commit()


class TestQueues:
    def test_tell_how_many_wait_and_how_long_the_oldest_has(self, staff):
        asked(timedelta(hours=3))
        asked(timedelta(hours=2), amount_fen=2)
        text = staff("finance").get("/").text
        assert "待我审批" in text
        assert "最早一条已等待 3 小时" in text
        assert '<span class="badge warn">2</span>' in text
        assert 'href="/approvals/?state=open"' in text

    def test_are_late_after_their_time(self, staff):
        asked(timedelta(hours=21))
        assert '<span class="badge bad">1</span>' in staff("finance").get("/").text

    def test_leave_out_what_one_asked_for_oneself_and_what_is_over(self, staff):
        browser = staff("finance")
        asked(timedelta(hours=1), by=f"staff:{browser.person.id}")
        asked(timedelta(hours=25), amount_fen=2)
        assert "没有待处理的事项" in browser.get("/").text

    def test_are_those_of_ones_permissions(self, staff):
        asked(timedelta(hours=1))
        assert "最早一条" not in staff("reviewer").get("/").text
        assert "待我审批" not in staff("merchant").get("/").text

    def test_show_dead_letters_and_events_that_were_not_told(self, staff):
        db.session.add(Job(kind="x", payload={}, state="dead", finished_at=AT - timedelta(hours=1), attempts=1))
        db.session.add(Event(name="order.paid", payload={}, created_at=AT - timedelta(hours=1)))
        db.session.commit()
        browser = staff("operator")
        text = browser.get("/").text
        assert 'href="/dead-letters/"' in text
        assert 'href="/events/?told=no"' in text
        assert "order.paid" in browser.get("/events/?told=no").text
        assert "order.paid" not in browser.get("/events/?told=yes").text

    def test_name_what_a_desk_decides_once(self, staff):
        text = staff("operator").get("/").text
        assert "待处理售后" in text
        assert "个案：售后处理" not in text
        assert "个案：售后处理" in staff("reviewer").get("/").text


@pytest.mark.parametrize("queue", QUEUES, ids=lambda queue: f"{queue.page}-{queue.permission}")
class TestEachQueue:
    def test_counts_moments_for_whoever_holds_everything_and_leads_to_a_page(self, app, queue, session):
        assert queue.permission in PERMISSIONS
        with app.test_request_context("/"):
            pages = {view.endpoint: view for view in app.extensions["admin"][0]._views}
            everything = Viewer(1, None, frozenset(PERMISSIONS) - {queue.instead})
            assert queue.title in [each.title for each in waiting(everything, pages, at=AT)]

    def test_asks_its_page_what_the_page_understands(self, app, queue, staff):
        view = {view.endpoint: view for view in app.extensions["admin"][0]._views}[queue.page]
        answer = staff("admin").get(f"/{view.slug}/", query_string=dict(queue.query))
        assert answer.status_code == 200
        assert "note refused" not in answer.text
