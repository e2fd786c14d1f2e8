from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules import share
from models.rules.policy import PLAN
from models.rules.share import Bucket, House, Marks, Person
from models.rules.standing import Showcase, Standing

HELD, FRAUD, CLEAN = Marks(held=True), Marks(fraud=True), Marks()


def person(now=Standing.ACTIVE, showcase=Showcase.OPEN, *, unlocked=False, preset=False):
    return Person(code="a", standing=now, showcase=showcase, unlocked=unlocked, preset=preset)


class TestBucketNew:
    @pytest.mark.parametrize(
        ("who", "level", "marks", "expected"),
        [
            (person(Standing.CANDIDATE), 1, HELD, House.NOT_QUALIFIED),
            (person(Standing.LAPSED), 2, CLEAN, House.NOT_QUALIFIED),
            (person(Standing.EXITED, Showcase.CLOSED), 1, HELD, House.EXITED),
            (person(showcase=Showcase.CLOSED), 1, HELD, House.CLOSED),
            (person(Standing.FROZEN, Showcase.CLOSED), 1, CLEAN, House.CLOSED),
            (person(), 1, FRAUD, House.FRAUD),
            (person(Standing.FROZEN), 2, HELD, Bucket.HELD),
            (person(Standing.FROZEN), 2, CLEAN, Bucket.FROZEN),
            (person(Standing.FROZEN, unlocked=True), 1, CLEAN, Bucket.FROZEN),
            (person(), 2, CLEAN, Bucket.LOCKED),
            (person(), 3, CLEAN, Bucket.LOCKED),
            (person(unlocked=True), 3, CLEAN, Bucket.PENDING),
            (person(), 1, CLEAN, Bucket.PENDING),
            (person(showcase=Showcase.PENDING), 1, CLEAN, Bucket.PENDING),
            (person(preset=True), 3, CLEAN, Bucket.PENDING),
            (person(preset=True, showcase=Showcase.CLOSED), 3, CLEAN, Bucket.PENDING),
            (person(preset=True), 1, HELD, Bucket.HELD),
            (person(preset=True), 1, FRAUD, House.FRAUD),
        ],
    )
    def test_is_the_first_that_applies(self, who, level, marks, expected):
        assert share.bucket_new(who, level, marks) is expected


class TestBucketRegion:
    def test_asks_for_nothing_but_the_order(self):
        assert share.bucket_region(CLEAN) is Bucket.PENDING
        assert share.bucket_region(HELD) is Bucket.HELD
        assert share.bucket_region(FRAUD) is House.FRAUD


class TestRelease:
    @pytest.mark.parametrize(
        ("who", "level", "marks", "matured", "expected"),
        [
            (person(unlocked=True), 2, HELD, True, Bucket.HELD),
            (person(Standing.FROZEN, unlocked=True), 2, CLEAN, True, Bucket.FROZEN),
            (person(Standing.EXITED), 1, CLEAN, True, Bucket.FROZEN),
            (person(), 2, CLEAN, True, Bucket.LOCKED),
            (person(unlocked=True), 2, CLEAN, False, Bucket.PENDING),
            (person(unlocked=True), 2, CLEAN, True, Bucket.AVAILABLE),
            (person(showcase=Showcase.CLOSED), 1, CLEAN, True, Bucket.AVAILABLE),
            (person(Standing.EXITED, Showcase.CLOSED), 1, CLEAN, False, Bucket.FROZEN),
            (person(Standing.EXITED), None, CLEAN, True, Bucket.AVAILABLE),
            (person(Standing.FROZEN), None, CLEAN, False, Bucket.PENDING),
            (person(Standing.FROZEN), None, HELD, True, Bucket.HELD),
            (person(preset=True), 3, CLEAN, True, Bucket.AVAILABLE),
            (person(preset=True), 3, HELD, True, Bucket.HELD),
        ],
    )
    def test_goes_where_hold_standing_and_lock_put_it_now(self, who, level, marks, matured, expected):
        assert share.release(who, level, marks, matured=matured) is expected


class TestMatures:
    def test_seven_days_after_completion(self):
        at = datetime(2026, 1, 1, tzinfo=UTC)
        assert share.matures_at(at, PLAN) == at + timedelta(days=7)

    @pytest.mark.parametrize(
        ("days", "marks", "expected"),
        [
            (6.999, CLEAN, False),
            (7, CLEAN, True),
            (8, HELD, False),
            (8, Marks(after_sale=True), False),
        ],
    )
    def test_unless_a_hold_or_an_after_sale_is_open(self, days, marks, expected):
        completed = datetime(2026, 1, 1, tzinfo=UTC)
        assert share.is_mature(completed, completed + timedelta(days=days), marks, PLAN) is expected


class TestDebt:
    def test_is_paid_first_by_what_becomes_available(self):
        assert share.credit(100, owed_fen=30) == (30, 70)
        assert share.credit(100, owed_fen=130) == (100, 0)
        assert share.credit(100, owed_fen=0) == (0, 100)

    def test_is_what_a_reversal_cannot_take_from_available(self):
        assert share.debit(100, available_fen=30) == (30, 70)
        assert share.debit(100, available_fen=130) == (100, 0)

    @given(st.lists(st.integers(-(10**6), 10**6)))
    def test_never_stands_beside_money_available(self, changes):
        available = owed = 0
        for change in changes:
            if change >= 0:
                to = share.credit(change, owed_fen=owed)
                available, owed = available + to.available_fen, owed - to.debt_fen
            else:
                of = share.debit(-change, available_fen=available)
                available, owed = available - of.available_fen, owed + of.debt_fen
            assert available >= 0
            assert owed >= 0
            assert not (available and owed)
        assert available - owed == sum(changes)


class TestNames:
    def test_are_written_as_the_database_keeps_them(self):
        assert [str(one) for one in Bucket] == ["pending", "locked", "frozen", "held", "available", "payout", "debt"]
        assert [str(one) for one in House] == [
            "no_upline", "over_cap", "not_upline", "exited", "closed", "not_qualified", "rounding", "fraud",
        ]  # fmt: skip
