"""The money board: months out of the ledger, whatever of it is counted already, and that they add up to it."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from models import Turnover, db
from models.operations import order, turnover
from models.queries import balance
from models.queries import turnover as queries
from reports import money
from reports.money import Books
from reports.numbers import Lang
from tests.operations import world

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
THEN, NOW = datetime(2026, 10, 20, 4, tzinfo=UTC), datetime(2026, 11, 5, 4, tzinfo=UTC)


@pytest.fixture
def orders(session):
    """¥30 of commission in October, of which November takes back a half; another ¥30 in November."""
    world.network()
    world.completed("o1", at=THEN)
    world.completed("o2", at=NOW)
    order.refund(number="o1", amount_fen=4_950, at=NOW)


def _months() -> list[money.Month]:
    return money.months(queries.months(), [OCTOBER, NOVEMBER])


@pytest.mark.usefixtures("orders")
class TestTurnover:
    def test_counts_every_posting_once(self):
        before = queries.months()
        assert [turnover.count(most=2), turnover.count(), turnover.count()] == [2, 3, 0]
        assert queries.months() == before
        world.completed("o3", at=NOW)
        assert sum(one.fen for one in queries.months()) == 0
        assert turnover.count() == 2
        assert sum(one.fen for one in queries.months()) == 0
        assert db.session.scalar(sa.select(sa.func.count(sa.distinct(Turnover.since_id)))) == 3

    def test_agrees_with_the_trial_balance(self):
        turnover.count(most=2)
        moved, off = queries.tied()
        held = {bucket: fen for bucket, _number, fen in balance.by_kind() if fen}
        sums: dict[str, int] = {}
        for one in moved:
            sums[one.bucket] = sums.get(one.bucket, 0) + one.fen
        assert (off, {bucket: fen for bucket, fen in sums.items() if fen}) == ({}, held)

    def test_says_which_kind_of_account_is_off(self):
        turnover.count()
        db.session.execute(
            sa.insert(Turnover).values(
                since_id=10**9, upto_id=10**9 + 1, n=1, day=NOVEMBER, bucket="margin", kind="pay", cause="margin",
                amount_fen=7,
            )
        )  # fmt: skip
        assert queries.tied()[1] == {"margin": -7}


@pytest.mark.usefixtures("orders")
class TestMonths:
    def test_lead_from_what_was_owed_to_what_is_owed(self):
        october, november = _months()
        assert (october.steps["opening"], october.steps["earned"], october.steps["closing"]) == (0, 3_000, 3_000)
        assert {key: fen for key, fen in november.steps.items() if fen} == {
            "opening": 3_000, "earned": 3_000, "back": -1_500, "closing": 4_500,
        }  # fmt: skip
        assert sum(fen for key, fen in november.steps.items() if key != "closing") == november.steps["closing"]
        assert november.income == {("level", 1): 3_000}
        assert sum(november.held[bucket] for bucket in money.MEMBERS if bucket in november.held) == 4_500

    def test_begin_with_what_lies_before_the_first_one_shown(self):
        (november,) = money.months(queries.months(), [NOVEMBER])
        assert november.steps["opening"] == 3_000

    @pytest.mark.parametrize("lang", list(Lang))
    def test_fill_every_chart(self, lang):
        withdrawn = [
            queries.Withdrawn(NOVEMBER, "SUCCESS", 3, 900),
            queries.Withdrawn(NOVEMBER, "FAIL", 1, 100),
            queries.Withdrawn(NOVEMBER, "approved", 2, 50),
        ]
        books = Books(_months(), {OCTOBER: 9_900, NOVEMBER: 0}, withdrawn, lang)
        for key in money.CHARTS:
            chart = books.chart(key)
            assert (chart.key, bool(chart.figure)) == (key, True)
            assert all(len(line.cells) == len(chart.columns) for line in chart.lines)
        assert [line.cells[1:] for line in books.withdrawn().lines] == [
            (0, 0, 0, 0, 0, 0, None), (3, 900, 2, 50, 1, 100, 0.25),
        ]  # fmt: skip
        assert [line.cells[3] for line in books.share().lines] == [3_000 / 9_900, None]


class TestPage:
    def test_tells_the_months_and_that_they_add_up(self, staff, session):
        world.network()
        at = datetime.now(UTC) - timedelta(minutes=5)
        world.completed("o1", at=at)
        browser = staff("finance")
        page = browser.get("/board-money/").get_data(as_text=True)
        assert "各月合计与试算平衡一致" in page
        assert page.count("¥30.00") >= 3
        assert "成为推广者不保证有收入" in page
        for key in money.CHARTS:
            assert browser.get(f"/board-money/{key}.csv?months=6").status_code == 200
        assert browser.get("/board-money/board.pdf").data.startswith(b"%PDF-")
        assert staff("merchant").get("/board-money/").status_code == 403
        assert staff("operator").get("/board-money/bridge.csv").status_code == 403
