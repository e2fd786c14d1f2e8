"""准备金: what is set aside, day by day, beside the thirty days before."""

from datetime import timedelta

import pytest

from console import formatting
from console.admin.money import reserve
from models.queries import balance
from tests.operations import world
from tests.village import happens


@pytest.fixture
def orders(session):
    """Two orders of forty days ago and one of today, each of which sets ¥0.29 aside under the plan."""
    happens("policy", preset="plan", set={"admission.orders": 0})
    world.network()
    now = formatting.now()
    for number, days in (("r1", 40), ("r2", 40), ("r3", 0)):
        world.completed(number, at=now - timedelta(days=days))
    session.commit()


class TestReserve:
    def test_is_told_day_by_day_up_to_what_it_holds_now(self, app, orders):
        with app.test_request_context("/"):
            days = reserve.trend(formatting.today())
        each = days[-1].came_fen
        assert each > 0
        assert [day.came_fen for day in days if day.came_fen] == [2 * each, each]
        assert [days[0].held_fen, days[20].held_fen, days[-1].held_fen] == [0, 2 * each, 3 * each]
        assert days[-1].held_fen == balance.reserve_fen()

    def test_stands_beside_the_thirty_days_before(self, staff, orders):
        page = staff("finance").get("/reserve/").text
        assert "准备金走势" in page
        assert "+50.0%" in page  # held
        assert "-50.0%" in page  # set aside

    def test_is_not_for_support(self, staff, session):
        assert staff("support").get("/reserve/").status_code == 403
