"""会员增长: the steps of the membership day by day, and how concentrated what is earned is."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from console import formatting
from models import Matrix, Member, Seat, db, transaction
from models.queries import movement
from reports import growth
from tests.operations import world


@pytest.fixture
def village(session):
    """Two who joined today, one forty days ago; a sale of today."""
    at = formatting.now() - timedelta(minutes=5)
    with transaction():
        world.network()
        world.member("zoe.before", at=at - timedelta(days=40))
        for code in ("amy", "bob"):
            world.member(code, at=at)
        world.completed(seller="amy", at=at)


class TestGrowthBoard:
    def test_counts_the_period_beside_the_one_before_and_leads_to_the_rows(self, staff, village):
        operator, today = staff("operator"), formatting.today()
        page = operator.get("/board-growth/").text
        rows = f"/standing-log/?kind=registered&amp;at_from={today - timedelta(days=29)}&amp;at_to={today}"
        assert f'<a href="{rows}">2</a>' in page
        assert "+100.0%" in page
        log = operator.get(rows.replace("&amp;", "&")).text
        assert "amy" in log
        assert "zoe.before" not in log
        assert (
            f'kind=registered&amp;at_from={today - timedelta(days=89)}&amp;at_to={today}">3</a>'
            in operator.get("/board-growth/?days=90").text
        )

    def test_is_narrowed_by_network_level_and_rank_and_leads_to_those_very_rows(self, staff, village):
        operator = staff("operator")
        amy = db.session.scalars(sa.select(Member).where(Member.code == "amy")).one()
        depth = db.session.scalar(sa.select(Seat.depth).where(Seat.member_id == amy.id))
        asked = f"network={amy.matrix_id}&level={depth}&rank=-"
        page = operator.get(f"/board-growth/?{asked}").text
        rows = re.search(r'href="(/standing-log/[^"]*level=[^"]*)">(\d+)</a>', page)
        log = operator.get(rows[1].replace("&amp;", "&")).text
        assert (rows[2], log.count('class="open"'), "amy" in log, "zoe" in log) == ("2", 2, True, False)
        nobody = operator.get(f"/board-growth/?level={depth + 7}").text.split('class="charts"')[0]
        assert 'href="/standing-log/?' not in nobody
        assert "第 99 层" not in page
        assert (
            'href="/standing-log/?' not in operator.get("/board-growth/?rank=founder").text.split('class="charts"')[0]
        )
        assert f"network={amy.matrix_id}" in operator.get(f"/board-growth/?{asked}&days=7").text

    def test_reads_days_of_ones_own_and_says_what_it_cannot_read(self, staff, village):
        first = formatting.today() - timedelta(days=45)
        last = formatting.today() - timedelta(days=35)
        page = staff("operator").get(f"/board-growth/?from={first}&to={last}").text
        assert f'at_from={first}&amp;at_to={last}">1</a>' in page
        assert "最长一年" in staff("operator").get(f"/board-growth/?from={last}&to={first}").text

    def test_says_who_has_what_part_as_a_file(self, staff, village):
        text = staff("operator").get("/board-growth/concentration.csv?days=7").text
        assert "前 1%,1.000000" in text
        assert staff("operator").get("/board-growth/board.pdf?days=7").data.startswith(b"%PDF-")
        assert staff("operator").get("/board-growth/other.csv").status_code == 404
        assert staff("reviewer").get("/board-growth/joined.csv").status_code == 403
        assert staff("merchant").get("/board-growth/").status_code == 403


class TestConcentration:
    def test_is_the_part_of_the_best_of_everybody(self):
        earned = [100, 50, 30, 20, -5]
        assert [growth.top_share(earned, 100, percent) for percent in (1, 2, 20)] == [0.5, 0.75, 1.0]
        assert growth.top_share([0, -5], 100, 20) is None


class TestNewMembers:
    @pytest.mark.parametrize(("of", "came"), [(None, (2, 1)), ("own", (2, 1)), ("other", (0, 0))])
    def test_are_everybodys_or_those_of_a_merchants_networks(self, village, of, came):
        now = formatting.now()
        own = db.session.scalars(sa.select(Matrix.merchant_id)).one()
        told = {"since": now - timedelta(days=60), "middle": now - timedelta(days=30), "until": now}
        merchant = {None: None, "own": own, "other": own + 1}[of]
        assert movement.came(**told, merchant_id=merchant) == came
