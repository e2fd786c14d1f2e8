"""Own orders on the boards: what counts, split how, read anew when; the same figures as plain Python counts them."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa

from models import Member, OrderLine, Seat
from models.operations import order
from models.rules.commission import Kind
from models.rules.order import Scene
from reports import frames, own
from reports.board import Board
from reports.catalogue import Catalogue
from reports.charts import View
from reports.frames import Key
from reports.numbers import Lang
from reports.promoters import Promoters
from reports.region import Area
from reports.repurchase import Repurchase
from reports.sales import Sales
from reports.slices import Grain, Period, Scope, Slice, Source
from tests.operations import world

NOON = datetime(2026, 11, 2, 4, tzinfo=UTC)
NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
PART = Slice(NOVEMBER, source=Source.OWN)


def _line(n: int, category: str | None, quantity: int, price_fen: int, code: str = "X1") -> OrderLine:
    return OrderLine(
        n=n, product_code=code, title=f"商品{code}", category=category, quantity=quantity, price_fen=price_fen
    )


def _paid(number: str, at: datetime = NOON, **facts: object):
    return order.place(purchase=world.purchase(number, **facts), at=at)


def _total(**narrow: object) -> dict[str, int]:
    return frames.measured(Slice(NOVEMBER, source=Source.OWN, **narrow)).iloc[0].to_dict()


def _by(key: Key, measure: str = "paid_fen") -> dict:
    frame = frames.measured(PART, key)
    return dict(zip(frame[key], frame[measure], strict=True))


@pytest.fixture
def network(session):
    return world.network()


@pytest.mark.usefixtures("network")
class TestOwnOrders:
    def test_count_with_what_was_paid_and_what_went_back_of_it(self):
        _paid("o1", buyer="甲", lines=[_line(1, "面膜", 2, 4_950)])
        order.refund(number="o1", amount_fen=1_000, at=NOON + timedelta(days=40))
        assert _total() == {
            "paid_fen": 9_900, "refund_fen": 1_000, "quantity": 2, "orders": 1, "known_orders": 1, "buyers": 1,
            "repeat_buyers": 0,
        }  # fmt: skip

    def test_count_on_the_day_of_shanghai_they_were_paid(self):
        _paid("o1", at=datetime(2026, 10, 31, 15, 59, tzinfo=UTC))
        _paid("o2", at=datetime(2026, 10, 31, 16, 0, tzinfo=UTC))
        assert _total()["orders"] == 1
        assert frames.span(Scope(), Source.OWN) == Period(date(2026, 10, 31), date(2026, 11, 1))

    def test_do_not_count_before_they_are_paid_in_full(self):
        order.await_payment(purchase=world.purchase("o1"), at=NOON)
        order.await_payment(purchase=world.purchase("o2", kind=Kind.PRESALE, deposit_fen=1_000), at=NOON)
        order.pay_deposit(number="o2", at=NOON)
        assert _total()["orders"] == 0

    def test_are_split_over_their_lines_to_the_last_fen(self):
        _paid("o1", lines=[_line(1, "面膜", 1, 100), _line(2, "口红", 1, 100, "X2"), _line(3, None, 1, 100, "X3")])
        order.refund(number="o1", amount_fen=100, at=NOON)
        assert _by(Key.CATEGORY) == {"面膜": 3_300, "口红": 3_300, None: 3_300}
        assert sorted(_by(Key.CATEGORY, "refund_fen").values()) == [33, 33, 34]
        assert _by(Key.CATEGORY, "orders") == {"面膜": 1, "口红": 1, None: 1}

    def test_take_one_who_bought_on_two_days_for_a_repurchase(self):
        for n, (buyer, day) in enumerate([("甲", 0), ("甲", 1), ("乙", 0), ("乙", 0), (None, 0)]):
            _paid(f"o{n}", buyer=buyer, at=NOON + timedelta(days=day))
        found = _total()
        assert (found["buyers"], found["repeat_buyers"], found["known_orders"]) == (2, 1, 4)

    def test_are_told_apart_by_scene_level_rank_and_network(self, session, network):
        member = world.member("m1")
        member.rank = "expert"
        session.flush()
        _paid("o1", seller="M-10", scene=Scene.LIVE)
        _paid("o2", seller="m1", scene=Scene.SHOWCASE, paid_fen=5_000)
        depth = session.query(Seat.depth).filter_by(member_id=member.id).scalar()
        assert _by(Key.SCENE) == {"live": 9_900, "showcase": 5_000}
        assert _by(Key.LEVEL) == {9: 9_900, depth: 5_000}
        assert _by(Key.RANK) == {"expert": 5_000, None: 9_900}
        assert _by(Key.NETWORK) == {network.id: 14_900}
        assert _by(Key.SELLER, "orders")[member.id] == 1
        assert _total(rank="expert", level=depth, scene="showcase", network=network.id)["paid_fen"] == 5_000
        assert _total(rank="-")["paid_fen"] == 9_900

    def test_know_a_city_only_where_the_code_names_one(self):
        for n, code in enumerate(["320505", "110105", "429004", None]):
            _paid(f"o{n}", region=code)
        assert list(_by(Key.PROVINCE)) == ["110000", "320000", "420000", None]
        assert list(_by(Key.CITY)) == ["320500", None]

    def test_are_those_of_the_merchants_own_networks(self, network):
        _paid("o1")
        assert frames.measured(Slice(NOVEMBER, Scope(network.merchant_id), Source.OWN))["orders"].iloc[0] == 1
        assert frames.span(Scope(-1), Source.OWN) is None
        assert (frames.default_source(Scope()), frames.default_source(Scope(-1))) == (Source.OWN, Source.IMPORT)

    @pytest.mark.parametrize("kind", [Sales, Repurchase, Area, Catalogue, Promoters])
    @pytest.mark.parametrize("lang", list(Lang))
    def test_fill_every_chart_of_a_board(self, kind, lang):
        world.member("m1")
        for n in range(4):
            _paid(f"o{n}", buyer="甲", at=NOON + timedelta(days=n), region="320505", lines=[_line(1, "面膜", 1, 9_900)])
        board: Board = kind(View(PART, Grain.DAY, lang))
        for key in board.drawn:
            chart = board.chart(key)
            assert (chart.key, bool(chart.figure)) == (key, True)
            assert all(len(line.cells) == len(chart.columns) for line in chart.lines)


@pytest.mark.usefixtures("network")
class TestPromoters:
    """Ten sell 1,000 fen each on the 2nd, one of them 90,000 more a week later."""

    @pytest.fixture
    def board(self, session) -> Promoters:
        for n in range(10):
            world.member(f"m{n}", at=NOON - timedelta(days=n))
            _paid(f"o{n}", seller=f"m{n}", paid_fen=1_000, cost_fen=100, commission_fen=100)
        _paid("big", seller="m3", paid_fen=90_000, at=NOON + timedelta(days=7))
        order.refund(number="o1", amount_fen=1_000, at=NOON + timedelta(days=8))
        return Promoters(View(PART, Grain.DAY, Lang.ZH))

    def test_tell_how_much_the_best_sell(self, board):
        best = [line.cells for line in board.concentration().lines]
        assert best == [("前 1%", 1, 91_000 / 99_000), ("前 5%", 1, 91_000 / 99_000), ("前 20%", 2, 92_000 / 99_000)]
        assert [line.cells[0] for line in board.seller().lines][:2] == ["m3", "m0"]
        assert {tile.metric.key: tile.value for tile in board.tiles()} == {
            "gmv": 100_000, "net_gmv": 99_000, "sellers": 10, "first_sellers": 10, "sales_per_seller": 10_000,
            "orders": 11,
        }  # fmt: skip

    def test_tell_week_by_week_who_sold_first_sold_and_qualified(self, board):
        weeks = [line.cells for line in board.weeks().lines]
        assert weeks[:3] == [
            ("2026-11-01 – 11-01", None, None, 1),
            ("2026-11-02 – 11-08", 10, 10, 1),
            ("2026-11-09 – 11-15", 1, 0, 0),
        ]

    def test_tell_who_holds_which_rank(self, session, board):
        session.execute(sa.update(Member).where(Member.code == "m3").values(rank="leader"))
        assert [line.cells for line in board.ranks().lines] == [
            ("无职级", 9), ("达人", 0), ("团长", 1), ("联创", 0), ("运营中心", 0),
        ]  # fmt: skip


@pytest.mark.usefixtures("network")
class TestReadingAnew:
    def test_sees_a_payment_a_refund_and_a_rank(self, session):
        for n in range(3):
            _paid(f"o{n}", at=NOON + timedelta(days=n))
        assert _total()["orders"] == 3
        _paid("late", at=NOON + timedelta(days=1))
        order.refund(number="o0", amount_fen=9_900, at=NOON + timedelta(days=5))
        found = _total()
        assert (found["orders"], found["paid_fen"], found["refund_fen"]) == (4, 39_600, 9_900)

    def test_reads_the_days_that_moved_alone(self, monkeypatch):
        for n in range(5):
            _paid(f"o{n}", at=NOON + timedelta(days=n))
        assert _total()["orders"] == 5
        asked, read = [], own._rows
        monkeypatch.setattr(own, "_rows", lambda known, days: (asked.append(days), read(known, days))[1])
        _paid("more", at=NOON + timedelta(days=3))
        assert _total()["orders"] == 6
        assert asked == [{date(2026, 11, 5).toordinal()}]

    def test_waits_as_long_as_reading_is_dear(self, monkeypatch):
        _paid("o1")
        assert _total()["orders"] == 1
        monkeypatch.setattr(own, "PATIENCE", 1_000_000)
        _paid("o2")
        assert _total()["orders"] == 1

    def test_counts_the_same_rows_all_through_a_page(self):
        _paid("o1")
        with frames.steady():
            assert _total()["orders"] == 1
            _paid("o2")
            assert _total()["orders"] == 1
        assert _total()["orders"] == 2

    def test_equals_plain_counting_of_random_orders(self):
        pick, days = random.Random(7), defaultdict(set)
        sums, orders = defaultdict(int), defaultdict(int)
        for n in range(60):
            at, buyer = NOON + timedelta(days=pick.randrange(6)), pick.choice(["甲", "乙", "丙"])
            lines = [_line(k, pick.choice("红绿"), pick.randrange(1, 4), pick.randrange(1, 999)) for k in range(1, 4)]
            goods = [(one.category, one.quantity * one.price_fen) for one in lines]
            paid = _paid(f"o{n}", at=at, buyer=buyer, lines=lines, paid_fen=pick.randrange(8_000, 20_000)).paid_fen
            whole, upto, before = sum(fen for _, fen in goods), 0, 0
            for category, fen in goods:
                upto += fen
                sums[category] += paid * upto // whole - before
                before = paid * upto // whole
            for category in {category for category, _ in goods}:
                orders[category] += 1
                days[category, buyer].add(at.date())
            if n == 30:
                assert _total()["orders"] == 31
        assert (_by(Key.CATEGORY), _by(Key.CATEGORY, "orders")) == (sums, orders)
        repeat = {c: sum(len(days[c, buyer]) > 1 for buyer in "甲乙丙") for c in "红绿"}
        assert _by(Key.CATEGORY, "repeat_buyers") == repeat


class TestParted:
    def test_gives_all_to_the_first_line_where_none_costs_anything(self):
        found = own.parted(np.array([1, 1, 2]), np.array([0, 0, 5]), np.array([7, 7, 9]))
        assert found.tolist() == [7, 0, 9]

    def test_is_exact_beyond_what_products_of_whole_numbers_hold(self):
        weights, amounts = [3 * 10**11, 7 * 10**11 + 1], [10**12, 10**12]
        found = own.parted(np.array([1, 1]), np.array(weights), np.array(amounts))
        assert found.tolist() == [10**12 * weights[0] // sum(weights), 10**12 - 10**12 * weights[0] // sum(weights)]
