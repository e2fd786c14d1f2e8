"""When a sign-in is over and when it is fresh."""

from datetime import UTC, datetime, timedelta

import pytest

from models.rules import session, token
from models.rules.session import Ended

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


class TestLapse:
    @pytest.mark.parametrize(
        ("hours", "idle", "why"),
        [
            (0, timedelta(0), None),
            (11.9, timedelta(minutes=29, seconds=59), None),
            (1, timedelta(minutes=30), Ended.IDLE),
            (12, timedelta(0), Ended.EXPIRED),
            (13, timedelta(hours=2), Ended.EXPIRED),
        ],
    )
    def test_comes_after_30_idle_minutes_or_12_hours(self, hours, idle, why):
        assert session.lapse(created_at=AT - timedelta(hours=hours), last_seen_at=AT - idle, at=AT) == why


class TestIsFresh:
    def test_lasts_a_quarter_of_an_hour(self):
        assert session.is_fresh(authenticated_at=AT - timedelta(minutes=14, seconds=59), at=AT)
        assert not session.is_fresh(authenticated_at=AT - timedelta(minutes=15), at=AT)


class TestToken:
    def test_is_long_random_and_kept_as_a_digest(self):
        fresh = token.new()
        assert len(fresh) == 43
        assert fresh != token.new()
        assert token.digest(fresh) == token.digest(fresh) != fresh
        assert len(token.digest(fresh)) == 64
