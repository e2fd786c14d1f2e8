"""Who passes a route, and what a refusal leaves behind."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from console import sessions
from models import Audit, StaffSession, db


def aged(minutes: float, *columns: str) -> None:
    """Move these moments of every session back."""
    db.session.execute(
        sa.update(StaffSession).values(
            {name: getattr(StaffSession, name) - timedelta(minutes=minutes) for name in columns}
        )
    )
    db.session.commit()


def ends() -> list[str | None]:
    return list(db.session.scalars(sa.select(StaffSession.ended_why).order_by(StaffSession.id)))


class TestAnonymous:
    def test_is_led_to_sign_in_and_back(self, client):
        answer = client.get("/?a=1&b=%E4%BA%8C")
        assert answer.status_code == 303
        assert answer.location == "/sign-in?next=/?a%3D1%26b%3D%25E4%25BA%258C"

    def test_script_is_told_401(self, client):
        assert client.get("/", headers={"Accept": "application/json"}).status_code == 401
        assert client.get("/", headers={"X-Requested-With": "fetch"}).status_code == 401


class TestSignedIn:
    def test_passes_with_the_permission(self, staff):
        answer = staff("auditor").get("/")
        assert answer.status_code == 200

    def test_pages_are_kept_by_no_cache(self, staff):
        assert staff("auditor").get("/").headers["Cache-Control"] == "no-store"


class TestSession:
    def test_is_over_after_30_idle_minutes(self, staff):
        browser = staff("auditor")
        aged(29.9, "last_seen_at")
        assert browser.get("/").status_code == 200
        aged(30, "last_seen_at")
        assert browser.get("/").status_code == 303
        assert ends() == ["idle"]

    def test_is_over_after_12_hours_however_busy(self, staff):
        browser = staff("auditor")
        aged(12 * 60, "created_at")
        assert browser.get("/").status_code == 303
        assert ends() == ["expired"]

    def test_stays_awake_by_visits_and_not_by_polling(self, staff):
        browser = staff("auditor")
        aged(20, "last_seen_at")
        before = db.session.scalar(sa.select(StaffSession.last_seen_at))
        browser.get("/", headers={sessions.POLL_HEADER: "1"})
        assert db.session.scalar(sa.select(StaffSession.last_seen_at)) == before
        browser.get("/")
        assert db.session.scalar(sa.select(StaffSession.last_seen_at)) > before

    def test_keeps_no_trail_of_its_ticking(self, staff):
        browser = staff("auditor")
        aged(20, "last_seen_at")
        trail = sa.select(sa.func.count()).select_from(Audit)
        before = db.session.scalar(trail)
        browser.get("/")
        assert db.session.scalar(trail) == before

    @pytest.mark.parametrize("cookie", ["", "x", "0" * 43, "'; --", "名"])
    def test_is_not_made_up(self, client, cookie):
        client.set_cookie("qianxing", cookie)
        assert client.get("/").status_code == 303
