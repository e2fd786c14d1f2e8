from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules import policy
from models.rules.commission import Kind, RowKind, Terms, Upline, settle
from models.rules.policy import PLAN, STEADY
from models.rules.refund import reversals_fen
from models.rules.share import Bucket, House, Marks, Person
from models.rules.standing import Showcase, Standing

PAID_AT = datetime(2026, 1, 2, 9, tzinfo=UTC)
TERMS = Terms(kind=Kind.NORMAL, paid_fen=9_900, cost_fen=5_000, commission_fen=2_000, paid_at=PAID_AT)


def person(code, now=Standing.ACTIVE, showcase=Showcase.OPEN, *, unlocked=True, preset=False, seed_at=None):
    return Person(code=code, standing=now, showcase=showcase, unlocked=unlocked, preset=preset, seed_at=seed_at)


A, B, C = person("a"), person("b"), person("c")


def booked(terms=TERMS, people=(A, B, C), agents=None, one=PLAN, distance=None):
    return settle(terms, Upline(people=people, distance=distance), agents or {}, one)


def levels(rows):
    return {(row.level, row.member): row.amount_fen for row in rows if row.kind is RowKind.LEVEL}


def house(rows):
    return [(row.reason, row.amount_fen) for row in rows if row.kind is RowKind.HOUSE]


def amount(rows, kind):
    return sum(row.amount_fen for row in rows if row.kind is kind)


class TestLevels:
    def test_seventy_twenty_ten_to_seller_parent_and_its_parent(self):
        rows = booked()
        assert levels(rows) == {(1, "a"): 1_400, (2, "b"): 400, (3, "c"): 200}
        assert house(rows) == []
        assert amount(rows, RowKind.COST) == 5_000
        assert amount(rows, RowKind.RESERVE) == 29
        assert amount(rows, RowKind.MARGIN) == 2_871

    def test_floors_leave_the_rounding_to_the_house(self):
        rows = booked(replace(TERMS, commission_fen=2_003))
        assert levels(rows) == {(1, "a"): 1_402, (2, "b"): 400, (3, "c"): 200}
        assert house(rows) == [(House.ROUNDING, 1)]

    def test_without_an_upline_each_share_is_a_house_row(self):
        assert house(booked(people=[A])) == [(House.NO_UPLINE, 400), (House.NO_UPLINE, 200)]

    @pytest.mark.parametrize(
        ("count", "expected"),
        [(1, [(House.OVER_CAP, 400), (House.OVER_CAP, 200)]), (2, [(House.OVER_CAP, 200)]), (3, [])],
    )
    def test_beyond_the_policys_levels_goes_to_the_house(self, count, expected):
        assert house(booked(one=policy.changed(PLAN, {"levels": count}))) == expected

    def test_steady_pays_the_seller_alone(self):
        rows = booked(one=STEADY)
        assert levels(rows) == {(1, "a"): 2_000}
        assert house(rows) == []

    @pytest.mark.parametrize(
        ("who", "reason"),
        [
            (person("b", Standing.EXITED), House.EXITED),
            (person("b", showcase=Showcase.CLOSED), House.CLOSED),
            (person("b", Standing.CANDIDATE), House.NOT_QUALIFIED),
            (person("b", Standing.LAPSED), House.NOT_QUALIFIED),
        ],
    )
    def test_who_may_not_have_it_leaves_it_to_the_house(self, who, reason):
        rows = booked(people=[A, who, C])
        assert house(rows) == [(reason, 400)]
        assert levels(rows) == {(1, "a"): 1_400, (3, "c"): 200}

    def test_a_fraudulent_order_pays_nobody(self):
        rows = booked(replace(TERMS, region="330106", marks=Marks(fraud=True)), agents={"330106": "d"})
        assert house(rows) == [
            (House.FRAUD, 1_400),
            (House.FRAUD, 400),
            (House.FRAUD, 200),
            (House.FRAUD, 198),
        ]
        assert not [row for row in rows if row.member]

    def test_a_held_order_is_held_for_all(self):
        rows = booked(replace(TERMS, region="330106", marks=Marks(held=True)), agents={"330106": "d"})
        assert {row.bucket for row in rows if row.member} == {Bucket.HELD}


class TestAdmission:
    terms = replace(TERMS, kind=Kind.ADMISSION)

    @pytest.mark.parametrize("distance", [1, 2, 3])
    def test_the_seller_above_the_buyer_has_the_whole_commission_at_its_level(self, distance):
        rows = booked(self.terms, distance=distance)
        assert levels(rows) == {(distance, "a"): 2_000}

    @pytest.mark.parametrize(("distance", "reason"), [(4, House.OVER_CAP), (None, House.NOT_UPLINE)])
    def test_any_other_seller_leaves_it_to_the_house(self, distance, reason):
        rows = booked(self.terms, distance=distance)
        assert house(rows) == [(reason, 2_000)]
        assert levels(rows) == {}

    def test_locks_from_the_second_level_on(self):
        locked = person("a", unlocked=False)
        first = booked(self.terms, people=[locked], distance=1)[1]
        second = booked(self.terms, people=[locked], distance=2)[1]
        assert (first.bucket, second.bucket) == (Bucket.PENDING, Bucket.LOCKED)

    def test_pays_no_seed_bonus(self):
        rows = booked(self.terms, people=[person("a", seed_at=PAID_AT)], distance=1)
        assert amount(rows, RowKind.SEED) == 0


class TestRegions:
    agents = {"330000": "p", "330100": "c", "330106": "d"}

    def regions(self, code, agents=None):
        rows = booked(replace(TERMS, paid_fen=12_345, region=code), agents=agents or self.agents)
        return {row.member: row.amount_fen for row in rows if row.kind is RowKind.REGION}

    def test_province_city_and_district_of_the_amount_paid(self):
        assert self.regions("330106") == {"p": 61, "c": 123, "d": 246}

    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            ("330102", {"p": 61, "c": 123}),
            ("330206", {"p": 61}),
            ("320106", {}),
            (None, {}),
            ("330100", {"p": 61, "c": 123}),
        ],
    )
    def test_match_by_code(self, code, expected):
        assert self.regions(code) == expected

    def test_are_taken_from_the_margin_and_pending_whatever_the_standing(self):
        rows = booked(replace(TERMS, region="330106"), people=[person("a", Standing.EXITED)], agents={"330106": "a"})
        region = [row for row in rows if row.kind is RowKind.REGION]
        assert [(row.bucket, row.amount_fen) for row in region] == [(Bucket.PENDING, 198)]
        assert amount(rows, RowKind.MARGIN) + amount(rows, RowKind.RESERVE) == 2_900 - 198


class TestSeeds:
    def seeds(self, people, terms=TERMS, one=PLAN):
        return [
            (row.member, row.level, row.amount_fen, row.bucket)
            for row in booked(terms, people, one=one)
            if row.kind is RowKind.SEED
        ]

    def test_the_seller_and_two_above_it_at_most(self):
        people = [person(code, seed_at=PAID_AT) for code in "abc"]
        assert self.seeds(people) == [
            ("a", 1, 100, Bucket.PENDING),
            ("b", 2, 100, Bucket.PENDING),
            ("c", 3, 100, Bucket.PENDING),
        ]
        assert self.seeds(people, one=policy.changed(PLAN, {"levels": 2}))[-1][0] == "b"
        assert [row[0] for row in self.seeds(people, one=STEADY)] == ["a"]

    @pytest.mark.parametrize(
        ("named", "paid", "bonus"), [(0, 0, True), (-30, 0, False), (-29.99, 0, True), (0.001, 0, False)]
    )
    def test_an_order_paid_in_the_first_days(self, named, paid, bonus):
        people = [person("a", seed_at=PAID_AT + timedelta(days=named))]
        assert bool(self.seeds(people)) is bonus

    @pytest.mark.parametrize(
        "who",
        [
            person("a", Standing.FROZEN, seed_at=PAID_AT),
            person("a", Standing.EXITED, seed_at=PAID_AT),
            person("a", showcase=Showcase.CLOSED, seed_at=PAID_AT),
        ],
    )
    def test_asks_for_an_active_promoter_with_a_showcase(self, who):
        assert self.seeds([who]) == []

    def test_is_locked_from_the_second_level_on(self):
        people = [A, person("b", unlocked=False, seed_at=PAID_AT)]
        assert self.seeds(people) == [("b", 2, 100, Bucket.LOCKED)]


class TestMargin:
    def test_may_be_negative_and_keeps_no_reserve_then(self):
        rows = booked(replace(TERMS, paid_fen=3_300))
        assert amount(rows, RowKind.MARGIN) == -3_700
        assert amount(rows, RowKind.RESERVE) == 0

    def test_of_a_part_refunded_before_completion(self):
        rows = booked(replace(TERMS, paid_fen=9_999, cost_fen=4_001, commission_fen=2_001, refunded_fen=3_333))
        assert amount(rows, RowKind.COST) == 4_001 - 4_001 * 3_333 // 9_999
        assert sum(levels(rows).values()) + sum(fen for _, fen in house(rows)) == 2_001 * 6_666 // 9_999
        assert sum(row.amount_fen for row in rows) == 6_666


standings = st.sampled_from(Standing)
people = st.builds(
    Person,
    code=st.sampled_from("abcde"),
    standing=standings,
    showcase=st.sampled_from(Showcase),
    unlocked=st.booleans(),
    preset=st.booleans(),
    seed_at=st.none() | st.just(PAID_AT),
)
any_terms = st.builds(
    Terms,
    kind=st.sampled_from(Kind),
    paid_fen=st.integers(1, 10**9),
    cost_fen=st.integers(0, 10**9),
    commission_fen=st.integers(0, 10**9),
    paid_at=st.just(PAID_AT),
    region=st.none() | st.just("330106"),
    marks=st.builds(Marks, st.booleans(), st.booleans()),
)
any_policy = st.builds(
    lambda levels, split, seed: policy.changed(
        PLAN, {"levels": levels, "split_bps": sorted(split, reverse=True), "seed_bonus_bps": seed}
    ),
    st.integers(1, 3),
    st.lists(st.integers(0, 3_333), min_size=3, max_size=3),
    st.integers(0, 10_000),
)


class TestEverySettlement:
    @given(any_terms, st.lists(people, min_size=1, max_size=3), st.none() | st.integers(1, 12), any_policy)
    def test_sums_to_what_was_paid_and_never_pays_below_the_cap(self, terms, above, distance, one):
        agents = {"330000": "p", "330106": "d"}
        rows = settle(terms, Upline(people=above, distance=distance), agents, one)
        assert sum(row.amount_fen for row in rows) == terms.paid_fen
        assert all(row.level <= one.levels for row in rows if row.level is not None)
        assert all(row.amount_fen > 0 for row in rows if row.kind is not RowKind.MARGIN)
        commission = sum(row.amount_fen for row in rows if row.kind is RowKind.LEVEL) + sum(
            row.amount_fen for row in rows if row.kind is RowKind.HOUSE and row.region is None and row.reason
        )
        if not terms.marks.fraud:  # a seed bonus of a fraudulent order is a house row too
            assert commission == terms.commission_fen

    @given(any_terms, st.data())
    def test_a_part_refunded_before_is_not_settled(self, terms, data):
        part = replace(terms, refunded_fen=data.draw(st.integers(0, terms.paid_fen - 1)))
        rows = booked(part, agents={"330106": "d"})
        assert sum(row.amount_fen for row in rows) == part.settled_fen


class TestReversals:
    @given(st.lists(st.integers(0, 10**6), max_size=8), st.lists(st.integers(1, 10**5), min_size=1, max_size=6))
    def test_any_order_of_refunds_ends_at_the_same_net(self, amounts, refunds):
        settled = sum(refunds) + 17
        ends = set()
        for order in list(permutations(refunds))[:24]:
            back, total = [0] * len(amounts), 0
            for part in order:
                total += part
                parts = reversals_fen(zip(amounts, back, strict=True), settled_fen=settled, refunded_fen=total)
                assert all(one >= 0 for one in parts)
                back = [already + one for already, one in zip(back, parts, strict=True)]
            ends.add(tuple(back))
        assert ends == {tuple(amount * sum(refunds) // settled for amount in amounts)}

    def test_a_whole_refund_takes_every_row_whole(self):
        assert reversals_fen([(1_401, 466), (7, 2)], settled_fen=9_999, refunded_fen=9_999) == [935, 5]


class TestNames:
    def test_are_written_as_the_database_keeps_them(self):
        assert [str(one) for one in Kind] == ["normal", "admission", "presale"]
        assert [str(one) for one in RowKind] == ["cost", "level", "region", "seed", "house", "reserve", "margin"]


class TestStandIns:
    def test_receive_what_would_go_to_the_house_at_the_rate_of_the_broken_node(self):
        left, other = person("b", Standing.EXITED), person("d")
        rows = settle(TERMS, Upline(people=(A, left, C), stand_ins={"b": other}), {}, PLAN)
        found = [row for row in rows if row.kind is RowKind.LEVEL]
        assert [(row.level, row.member, row.amount_fen, row.rate_bps, row.bucket) for row in found] == [
            (1, "a", 1_400, 7_000, Bucket.PENDING), (2, "d", 400, 2_000, Bucket.PENDING),
            (3, "c", 200, 1_000, Bucket.PENDING),
        ]  # fmt: skip
        assert house(rows) == []

    def test_receive_an_admission_order_at_the_distance_of_its_seller(self):
        left, other = person("a", Standing.EXITED), person("d")
        upline = Upline(people=(left, B, C), distance=2, stand_ins={"a": other})
        rows = settle(replace(TERMS, kind=Kind.ADMISSION), upline, {}, PLAN)
        found = [row for row in rows if row.kind is RowKind.LEVEL]
        assert [(row.level, row.member, row.amount_fen, row.rate_bps) for row in found] == [(2, "d", 2_000, None)]

    def test_receive_nothing_where_the_policy_does_not_pay_them(self):
        upline = Upline(people=(A, person("b", Standing.EXITED), C), stand_ins={"b": person("d")})
        assert house(settle(TERMS, upline, {}, replace(PLAN, flow_pays=False))) == [(House.EXITED, 400)]
