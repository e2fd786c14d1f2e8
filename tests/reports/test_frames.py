"""Frames of the boards against the same figures counted by plain Python."""

import random
from collections import defaultdict
from datetime import date, timedelta

import pytest

from models import HistoryLine
from reports import frames
from reports.frames import Key
from reports.slices import ABSENT, Grain, Period, Scope, Slice
from tests import factories

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


def _total(part: Slice) -> dict[str, int]:
    return frames.measured(part).iloc[0].to_dict()


@pytest.fixture
def run(session):
    return factories.import_run()


class TestMeasured:
    def test_counts_nothing_where_there_is_nothing(self, session):
        assert _total(Slice(NOVEMBER)) == {
            "paid_fen": 0,
            "refund_fen": 0,
            "quantity": 0,
            "orders": 0,
            "known_orders": 0,
            "buyers": 0,
            "repeat_buyers": 0,
        }

    def test_counts_two_rows_of_one_number_as_one_order(self, run):
        factories.history_line(run=run, order_number="D1", buyer="S1", paid_fen=100, refund_fen=30, quantity=2)
        factories.history_line(run=run, order_number="D1", buyer="S1", paid_fen=50, quantity=3)
        found = _total(Slice(NOVEMBER))
        assert (found["orders"], found["paid_fen"], found["refund_fen"], found["quantity"]) == (1, 150, 30, 5)

    def test_counts_one_number_in_two_shops_as_two_orders_of_two_buyers(self, session):
        for _ in range(2):
            factories.history_line(order_number="D1", buyer="S1")
        found = _total(Slice(NOVEMBER))
        assert (found["orders"], found["buyers"], found["repeat_buyers"]) == (2, 2, 0)

    def test_takes_two_orders_of_one_day_for_no_repurchase(self, run):
        factories.history_line(run=run, order_number="D1", buyer="S1")
        factories.history_line(run=run, order_number="D2", buyer="S1")
        found = _total(Slice(NOVEMBER))
        assert (found["orders"], found["buyers"], found["repeat_buyers"]) == (2, 1, 0)

    def test_takes_orders_of_two_days_for_a_repurchase(self, run):
        factories.history_line(run=run, buyer="S1", paid_on=date(2026, 11, 2))
        factories.history_line(run=run, buyer="S1", paid_on=date(2026, 11, 3))
        assert _total(Slice(NOVEMBER))["repeat_buyers"] == 1

    def test_forgets_a_second_day_outside_the_period(self, run):
        factories.history_line(run=run, buyer="S1", paid_on=date(2026, 11, 30))
        factories.history_line(run=run, buyer="S1", paid_on=date(2026, 12, 1))
        assert _total(Slice(NOVEMBER))["repeat_buyers"] == 0

    def test_leaves_unpaid_rows_out(self, run):
        factories.history_line(run=run, paid_on=None)
        assert _total(Slice(NOVEMBER))["orders"] == 0

    def test_does_not_make_a_buyer_of_rows_without_one(self, run):
        factories.history_line(run=run, buyer=None, paid_on=date(2026, 11, 2))
        factories.history_line(run=run, buyer=None, paid_on=date(2026, 11, 3))
        found = _total(Slice(NOVEMBER))
        assert (found["orders"], found["known_orders"], found["buyers"], found["repeat_buyers"]) == (2, 0, 0, 0)

    def test_gives_an_order_one_buyer_when_only_some_of_its_rows_name_it(self, run):
        factories.history_line(run=run, order_number="D1", buyer="S1")
        factories.history_line(run=run, order_number="D1", buyer=None)
        found = _total(Slice(NOVEMBER))
        assert (found["orders"], found["known_orders"], found["buyers"]) == (1, 1, 1)

    def test_reads_only_the_rows_of_the_merchant(self, run):
        own = factories.shop()
        factories.history_line(run=factories.import_run(shop_id=own.id), paid_fen=700)
        factories.history_line(run=run, paid_fen=300)
        assert _total(Slice(NOVEMBER, Scope(own.merchant_id)))["paid_fen"] == 700

    @pytest.mark.parametrize(
        ("name", "value", "column"),
        [
            ("province", "110000", "province_code"),
            ("city", "110100", "city_code"),
            ("sales_region", "北区", "sales_region"),
            ("category_group", "彩妆", "category_group"),
            ("category", "口红", "category"),
        ],
    )
    def test_lets_a_filter_narrow_the_rows(self, run, name, value, column):
        factories.history_line(run=run, paid_fen=100, **{column: value})
        factories.history_line(run=run, paid_fen=10)
        factories.history_line(run=run, paid_fen=1, **{column: None})
        assert _total(Slice(NOVEMBER, **{name: value}))["paid_fen"] == 100
        assert _total(Slice(NOVEMBER, **{name: ABSENT}))["paid_fen"] == 1

    def test_narrows_to_a_shop(self, run):
        factories.history_line(run=run, paid_fen=100)
        factories.history_line(paid_fen=10)
        assert _total(Slice(NOVEMBER, shop=run.shop_id))["paid_fen"] == 100


def _oracle(lines: list[HistoryLine], keys) -> dict:
    groups = defaultdict(list)
    for line in lines:
        if line.paid_on and NOVEMBER.start <= line.paid_on <= NOVEMBER.end:
            groups[keys(line)].append(line)
    found = {}
    for key, rows in groups.items():
        days = defaultdict(set)
        for row in rows:
            if row.buyer:
                days[row.shop_id, row.buyer].add(row.paid_on)
        found[key] = (
            sum(row.paid_fen for row in rows),
            sum(row.refund_fen for row in rows),
            sum(row.quantity for row in rows),
            len({(row.shop_id, row.order_number) for row in rows}),
            len(days),
            sum(len(each) > 1 for each in days.values()),
        )
    return found


class TestEveryFrame:
    """A thousand random rows of three shops: the SQL and the definition read aloud in Python agree."""

    @pytest.fixture
    def lines(self, session):
        pick = random.Random(20191101)
        runs = [factories.import_run() for _ in range(3)]
        orders = {
            number: (
                pick.choice(runs),
                pick.choice([None, *(f"S{n}" for n in range(25))]),
                pick.choice([None, *(date(2026, 10, 25) + timedelta(days=n) for n in range(45))]),
                pick.choice([None, "310000", "320000", "440000"]),
            )
            for number in range(300)
        }
        return factories.history_lines(
            {
                "run": orders[number][0],
                "order_number": f"D{number}",
                "buyer": orders[number][1],
                "paid_on": orders[number][2],
                "province_code": orders[number][3],
                "category": pick.choice(["面膜", "口红", None]),
                "quantity": pick.randrange(1, 9),
                "refund_fen": 0 if orders[number][2] is None else pick.choice([0, 10]),
            }
            for number in (pick.randrange(300) for _ in range(1000))
        )

    @pytest.mark.parametrize(
        ("keys", "grain", "of"),
        [
            ((), None, lambda line: ()),
            ((Key.PROVINCE,), None, lambda line: (line.province_code,)),
            ((Key.CATEGORY, Key.SHOP), None, lambda line: (line.category, line.shop_id)),
            ((), Grain.DAY, lambda line: (line.paid_on,)),
            ((), Grain.WEEK, lambda line: (line.paid_on - timedelta(days=line.paid_on.weekday()),)),
            ((Key.CATEGORY,), Grain.MONTH, lambda line: (line.paid_on.replace(day=1), line.category)),
        ],
    )
    def test_says_what_the_definition_says(self, lines, keys, grain, of):
        frame = frames.measured(Slice(NOVEMBER), *keys, grain=grain)
        names = (["bucket"] if grain else []) + [key.value for key in keys]
        values = ["paid_fen", "refund_fen", "quantity", "orders", "buyers", "repeat_buyers"]
        found = {tuple(row[name] for name in names): tuple(row[name] for name in values) for _, row in frame.iterrows()}
        assert found == _oracle(lines, of)

    def test_sums_every_set_of_keys_in_one_scan(self, lines):
        by_day, by_both, all_of_it = frames.summed(Slice(NOVEMBER), (Grain.DAY,), (Key.CATEGORY, Key.PROVINCE), ())
        days, both = (
            _oracle(lines, lambda line: line.paid_on),
            _oracle(lines, lambda line: (line.category, line.province_code)),
        )
        assert dict(zip(by_day["bucket"], by_day["paid_fen"], strict=True)) == {
            day: row[0] for day, row in days.items()
        }
        pairs = zip(by_both["category"], by_both["province_code"], strict=True)
        assert dict(zip(pairs, by_both["quantity"], strict=True)) == {pair: row[2] for pair, row in both.items()}
        assert all_of_it["refund_fen"].tolist() == [_oracle(lines, lambda line: ())[()][1]]

    def test_spreads_the_buyers_over_their_days(self, lines):
        frame = frames.frequency(Slice(NOVEMBER))
        assert frame["buyers"].sum() == _oracle(lines, lambda line: ())[()][4]
        assert frame.loc[frame["days"] > 1, "buyers"].sum() == _oracle(lines, lambda line: ())[()][5]


class TestCohorts:
    def test_follows_the_buyers_of_a_month_into_the_next(self, run):
        for buyer, month in (("S1", 1), ("S1", 3), ("S2", 1), ("S3", 3), ("S3", 3)):
            factories.history_line(run=run, buyer=buyer, paid_on=date(2026, month, 5))
        frame = frames.cohorts(Slice(Period(date(2026, 1, 1), date(2026, 3, 31))))
        assert [tuple(row) for row in frame.itertuples(index=False)] == [
            (date(2026, 1, 1), date(2026, 1, 1), 2),
            (date(2026, 1, 1), date(2026, 3, 1), 1),
            (date(2026, 3, 1), date(2026, 3, 1), 1),
        ]


class TestSpan:
    def test_is_unknown_without_a_paid_row(self, run):
        factories.history_line(run=run, paid_on=None)
        assert frames.span(Scope()) is None

    def test_reaches_from_the_first_paid_day_to_the_last_of_the_scope(self, run):
        for day in (3, 17, 9):
            factories.history_line(run=run, paid_on=date(2019, 5, day))
        factories.history_line(paid_on=date(2020, 1, 1))
        own = Scope(factories.db.session.get(factories.Shop, run.shop_id).merchant_id)
        assert frames.span(own) == Period(date(2019, 5, 3), date(2019, 5, 17))
        assert frames.span(Scope()) == Period(date(2019, 5, 3), date(2020, 1, 1))
