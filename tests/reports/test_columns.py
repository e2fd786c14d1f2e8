"""The columns in memory against the same frames asked of the database, and when they are read anew."""

import random
from datetime import UTC, date, datetime, timedelta
from itertools import product
from threading import Thread

import pandas as pd
import pytest
import sqlalchemy as sa

from models import HistoryLine, ImportRun, db, transaction
from reports import columns, frames
from reports.frames import Key
from reports.slices import ABSENT, Grain, Period, Scope, Slice
from tests import factories
from tests.reports import oracle

SPAN = Period(date(2026, 1, 20), date(2026, 6, 10))
KNOWN = [key for key in Key if key in columns.KEYS]
KEYS = [
    (),
    *((key,) for key in KNOWN),
    (Key.CATEGORY_GROUP, Key.CATEGORY),
    (Key.PROVINCE, Key.CITY),
    (Key.PRODUCT_CODE, Key.PRODUCT_NAME),
    tuple(KNOWN),
]
PERIODS = [
    SPAN,
    Period(date(2026, 3, 5), date(2026, 4, 17)),
    Period(date(2026, 3, 9), date(2026, 3, 9)),
    Period(date(2000, 1, 1), date(2100, 1, 1)),
    Period(date(2020, 1, 1), date(2020, 2, 1)),
]
FILTERS = [
    {},
    {"province": "310000"},
    {"province": ABSENT},
    {"city": "310100", "category": ABSENT},
    {"sales_region": '东,"区"\n\r\\N', "category_group": ""},
    {"category_group": "彩妆"},
    {"category": "没有"},
]
WORDS = {
    "sales_region": [None, '东,"区"\n\r\\N', "北区", " 东区", "NA", "null"],
    "category_group": [None, "", "彩妆", "护肤品"],
    "category": [None, "面膜", "口红", "=1+1", "𠮷", "ｱ"],
    "product_code": [None, "X1", "x1", "001", "1"],
    "product_name": [None, "商品1", "\\.", "商品\t2"],
}
PLACES = [(None, None), ("310000", None), ("310000", "310100"), ("440000", "440100"), ("440000", "440300")]


def _lines(rows: int, pick: random.Random) -> None:
    """Rows of three shops of two merchants that share order numbers and buyers; some orders name several buyers."""
    first = factories.shop()
    shops = [first, factories.shop(merchant_id=first.merchant_id), factories.shop()]
    runs = [factories.import_run(shop_id=shop.id) for shop in shops]
    factories.history_lines(_facts(number, runs, pick) for number in (pick.randrange(rows // 4) for _ in range(rows)))


def _facts(number: int, runs: list[ImportRun], pick: random.Random) -> dict[str, object]:
    day = None if pick.random() < 0.1 else SPAN.start + timedelta(days=(number * 7 + pick.randrange(3)) % SPAN.days)
    province, city = pick.choice(PLACES)
    buyer = None if number % 9 == 0 else f"S{number % 40}"
    return {
        "run": pick.choice(runs),
        "order_number": f"D{number}",
        "buyer": pick.choice([None, "S1", "S10", "S2"]) if number % 7 == 0 else buyer,
        "paid_on": day,
        "province_code": province,
        "city_code": city,
        "quantity": pick.choice([None, 1, 2, 40]),
        "paid_fen": pick.choice([0, 1, 99, 10**13]) if day else 0,
        **{name: pick.choice(words) for name, words in WORDS.items()},
    }


@pytest.fixture
def scopes(session) -> list[Scope]:
    _lines(1500, random.Random(20191101))
    merchants = session.scalars(sa.text("SELECT DISTINCT merchant_id FROM sale ORDER BY 1"))
    return [Scope(), *(Scope(merchant) for merchant in merchants), Scope(-1)]


@pytest.fixture(params=["cells", "numbers"])
def counting(request, monkeypatch) -> str:
    """Both ways of counting pairs: in a grid, and by numbering the ones that occur."""
    if request.param == "numbers":
        monkeypatch.setattr("reports.tally.CELLS_MAX", 0)
    return request.param


def _slices(scopes: list[Scope]) -> list[Slice]:
    shops = [{"shop": shop} for shop in (*db.session.scalars(sa.text("SELECT id FROM shop")), 0)]
    return [
        Slice(period, scope, **narrow)
        for period, scope, narrow in product(PERIODS, scopes, FILTERS + shops)
        if period is SPAN or not (narrow and scope.merchant_id)
    ]


def _same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, wanted)
    for name in wanted:
        assert [type(value) for value in found[name]] == [type(value) for value in wanted[name]]


@pytest.mark.usefixtures("counting")
class TestTheColumns:
    """Fifteen hundred random rows: every function answers as the database does, name, type, order and all."""

    def test_measure_every_slice_as_the_database_does(self, scopes):
        pick = random.Random(7)
        for part in _slices(scopes):
            keys, grain = pick.choice(KEYS), pick.choice([None, *Grain])
            _same(frames.measured(part, *keys, grain=grain), oracle.measured(part, *keys, grain=grain))

    def test_measure_every_key_and_grain_as_the_database_does(self, scopes):
        for keys, grain, period in product(KEYS, [None, *Grain], PERIODS[:2]):
            part = Slice(period, scopes[1])
            _same(frames.measured(part, *keys, grain=grain), oracle.measured(part, *keys, grain=grain))

    def test_sum_every_slice_as_the_database_does(self, scopes):
        sets = [*KEYS, (Grain.DAY,), (Grain.MONTH, Key.CATEGORY_GROUP)]
        weeks = [(Grain.WEEK, Key.SHOP), (Key.SHOP, Grain.WEEK)]
        for part, wanted_sets in product(
            _slices(scopes)[::5], (sets[:-2], sets[-2:-1], sets[-1:], weeks[:1], weeks[1:])
        ):
            pairs = zip(frames.summed(part, *wanted_sets), oracle.summed(part, *wanted_sets), strict=True)
            for found, wanted in pairs:
                _same(found, wanted)

    def test_follow_the_buyers_as_the_database_does(self, scopes):
        for part in _slices(scopes):
            _same(frames.frequency(part), oracle.frequency(part))
            _same(frames.cohorts(part), oracle.cohorts(part))

    def test_offer_what_the_database_offers(self, scopes):
        for scope in scopes:
            assert frames.span(scope) == oracle.span(scope)
            _same(frames.catalogue(scope), oracle.catalogue(scope))
            assert frames.sales_regions(scope) == oracle.sales_regions(scope)

    def test_answer_without_any_row(self, session):
        part = Slice(SPAN)
        assert frames.span(Scope()) is None
        _same(frames.measured(part), oracle.measured(part))
        _same(frames.measured(part, Key.SHOP, grain=Grain.DAY), oracle.measured(part, Key.SHOP, grain=Grain.DAY))
        _same(frames.summed(part, (Key.SHOP,), ())[1], oracle.summed(part, (Key.SHOP,), ())[1])
        _same(frames.cohorts(part), oracle.cohorts(part))
        _same(frames.frequency(part), oracle.frequency(part))
        _same(frames.catalogue(Scope()), oracle.catalogue(Scope()))


def _paid() -> int:
    return int(frames.measured(Slice(SPAN))["paid_fen"].iloc[0])


class TestVersion:
    def test_holds_while_the_rows_do(self, session):
        factories.history_line(paid_on=SPAN.start)
        assert columns.current() is columns.current()

    def test_moves_with_a_new_row(self, session):
        run = factories.import_run()
        for total in (100, 200):
            factories.history_line(run=run, paid_on=SPAN.start, paid_fen=100)
            assert _paid() == total

    def test_moves_with_an_import_that_began_before_the_newest(self, session):
        run = factories.import_run(state="publishing")
        before = frames.version()
        run.published_at = datetime(2026, 11, 1, tzinfo=UTC)
        assert frames.version() != before

    def test_moves_with_an_undo_that_leaves_the_newest_row(self, session):
        gone, kept = factories.import_run(), factories.import_run()
        for run in (gone, kept):
            factories.history_line(run=run, paid_on=SPAN.start, paid_fen=100)
        assert _paid() == 200
        session.execute(sa.delete(HistoryLine).where(HistoryLine.import_id == gone.id))
        gone.undone_at = datetime(2026, 11, 1, tzinfo=UTC)
        assert _paid() == 100

    def test_leaves_the_statement_limit_as_it_was(self, session):
        session.execute(sa.text("SET LOCAL statement_timeout = '7s'"))
        factories.history_line(paid_on=SPAN.start)
        assert _paid() == 10_000
        assert session.scalar(sa.text("SHOW statement_timeout")) == "7s"


class TestManyAtOnce:
    def test_wait_for_one_reading_of_the_rows(self, own_app, monkeypatch):
        with own_app.app_context(), transaction():
            factories.history_line(paid_on=SPAN.start)
        built, found, build = [], [], columns._built

        def building(wanted: columns.Version) -> columns.Columns:
            built.append(wanted)
            return build(wanted)

        monkeypatch.setattr(columns, "_built", building)

        def ask() -> None:
            with own_app.app_context():
                found.append(_paid())

        threads = [Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (found, len(built)) == ([10_000] * 6, 1)
