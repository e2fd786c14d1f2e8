"""The invented windows: filled on the first day, the same for the same seed."""

from datetime import UTC, datetime, time

import sqlalchemy as sa

from jobs.demo import office, shelves
from jobs.demo.plan import Day, Plan
from models import Listing, Product, db


class TestFill:
    def test_stocks_the_shelves_and_fills_the_preset_windows(self, session):
        day = Day(Plan(members=10, seed=7, ends_at=datetime(2026, 11, 1, tzinfo=UTC), days=3), 0)
        office.found(day, day.at(time(8)))
        shelves.fill(day, day.at(time(8, 15)))
        states = dict(db.session.execute(sa.select(Product.state, sa.func.count()).group_by(Product.state)).all())
        assert states == {"listed": 36, "draft": 24}
        windows = dict(db.session.execute(sa.select(Listing.state, sa.func.count()).group_by(Listing.state)).all())
        assert sum(windows.values()) == 360
        assert windows["listed"] > windows["refused"] > 0
