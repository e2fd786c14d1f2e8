"""The reckoning of a day: each way in which the two sides may tell different things, and what becomes of it."""

from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
import sqlalchemy as sa

from models import Approval, Difference, Statement, db
from models.operations import approval, reckoning, share, statement, withdrawal
from models.queries import ledger as books
from models.rules.statement import Account, Business, Entry, Layout, Way
from models.rules.tax import Month
from models.rules.withdrawal import TransferState
from tests.operations import world
from tests.operations.world import AT

RIPE = AT + timedelta(days=7)
DAY = date(2026, 1, 8)
NEXT = RIPE + timedelta(days=1)
NUMBERS = count(1)


def entry(number="w1", amount_fen=10_000, *, way=Way.OUT, business=Business.PAYOUT, at=RIPE, **changed) -> Entry:
    """A line of the operating account; every one reads otherwise than the others unless it is told its digest."""
    values = {
        "at": at, "way": way, "business": business, "amount_fen": amount_fen, "fee_millifen": 0, "balance_fen": None,
        "number": number, "reference": f"r{next(NUMBERS)}", "words": "商家转账", "state": "",
        "digest": next(NUMBERS).to_bytes(16, "big"),
    }  # fmt: skip
    return Entry(**values | changed)


def told(*entries: Entry, account=Account.OPERATION, day=DAY) -> Statement:
    """A statement that counts."""
    made = statement.bring(
        brought=statement.Brought(
            source="upload", layout=Layout.FUNDFLOW, account=account, file_name="f.csv",
            stored_name=f"s{next(NUMBERS)}.csv", sha256=f"{next(NUMBERS)}", size_bytes=1, day=day,
        ), by="staff:1", at=AT,
    )  # fmt: skip
    statement.write(found=made, entries=list(enumerate(entries, 1)), refused=[])
    statement.finish_reading(found=made, claimed=None, at=AT)
    statement.take(statement_id=made.id, by="staff:1")
    return statement.finish_taking(found=made, at=AT)


def reckoned(at=NEXT, day=DAY):
    return reckoning.reckon(day=day, at=at)


def differences(**wanted) -> list[tuple]:
    chosen = (
        sa.select(Difference).filter_by(**{"business": "payout", "state": "open", **wanted}).order_by(Difference.id)
    )
    found = db.session.scalars(chosen.execution_options(populate_existing=True))
    return [(one.kind, one.number, one.ours_fen, one.theirs_fen) for one in found]


@pytest.fixture
def paid(session):
    """Member `a` was paid ¥100 on the day under number `w1`."""
    world.network()
    world.member("a")
    world.completed("o1", "a", paid_fen=990_000, cost_fen=400_000, commission_fen=300_000)
    share.mature(order_id=session.scalar(sa.text("SELECT id FROM shop_order")), at=RIPE)
    withdrawal.request(number="w1", code="a", amount_fen=10_000, month=Month(2026, 1), at=RIPE)
    withdrawal.approve(number="w1", by="staff:1", at=RIPE)
    withdrawal.record(number="w1", state=TransferState.SUCCESS, at=RIPE)


class TestTransfers:
    def test_agree_where_one_line_tells_each(self, paid):
        told(entry())
        made = reckoned()
        assert differences() == []
        assert (made.payouts, made.payouts_fen) == (1, 10_000)
        assert (made.channel_payouts, made.channel_payouts_fen) == (1, 10_000)

    def test_are_missing_there_without_a_line(self, paid):
        told(day=DAY)
        reckoned()
        assert differences() == [("missing_there", "w1", 10_000, None)]

    def test_are_no_difference_while_no_statement_covers_the_day(self, paid):
        assert reckoned().channel_payouts is None
        assert differences() == []

    def test_are_missing_here_under_a_number_that_is_not_ours(self, paid):
        told(entry(), entry("stranger", 500))
        reckoned()
        assert differences() == [("missing_here", "stranger", None, 500)]

    def test_differ_by_a_fen(self, paid):
        told(entry(amount_fen=10_001))
        reckoned()
        assert differences() == [("amount", "w1", 10_000, 10_001)]

    def test_were_paid_twice(self, paid):
        told(entry(), entry())
        reckoned()
        assert differences() == [("duplicate", "w1", 10_000, 20_000)]

    def test_differ_in_state_where_the_money_came_back(self, paid):
        told(entry(), entry(way=Way.IN, business=Business.PAYOUT_BACK))
        reckoned()
        assert differences() == [("state", "w1", 10_000, 0)]

    def test_agree_where_a_failed_one_went_out_and_came_back(self, session, paid):
        withdrawal.request(number="w2", code="a", amount_fen=500, month=Month(2026, 1), at=RIPE)
        withdrawal.approve(number="w2", by="staff:1", at=RIPE)
        withdrawal.record(number="w2", state=TransferState.FAIL, at=RIPE, reason="NOT_CONFIRM")
        told(entry(), entry("w2", 500), entry("w2", 500, way=Way.IN, business=Business.PAYOUT_BACK))
        reckoned()
        assert differences() == []

    def test_that_wait_for_their_payee_are_none_within_two_days(self, session, paid):
        withdrawal.request(number="w2", code="a", amount_fen=500, month=Month(2026, 1), at=RIPE)
        withdrawal.approve(number="w2", by="staff:1", at=RIPE)
        withdrawal.record(number="w2", state=TransferState.WAIT_USER_CONFIRM, at=RIPE)
        told(entry(), entry("w2", 500))
        reckoned()
        assert differences() == []
        reckoned(at=RIPE + timedelta(days=4))
        assert differences() == [("state", "w2", 500, 500)]


class TestPayments:
    def test_are_compared_by_the_number_of_their_order(self, paid):
        pays = {"way": Way.IN, "business": Business.PAYMENT}
        told(
            entry("o1", 990_000, **pays), entry("o2", 1, **pays), account=Account.TRADE,
        )  # fmt: skip
        reckoned()
        assert differences(business="payment") == [("missing_here", "o2", None, 1)]

    def test_differ_in_their_amount(self, paid):
        told(entry("o1", 989_999, way=Way.IN, business=Business.PAYMENT), account=Account.TRADE)
        reckoned()
        assert differences(business="payment") == [("amount", "o1", 990_000, 989_999)]


class TestAgain:
    def test_finds_nothing_twice(self, paid):
        told(entry("stranger", 500), entry())
        reckoned()
        reckoned()
        assert differences() == [("missing_here", "stranger", None, 500)]

    def test_closes_what_is_gone_and_opens_it_if_it_comes_back(self, paid):
        told(day=DAY)
        reckoned()
        told(entry())
        reckoned()
        assert differences() == []
        assert [row[:2] for row in differences(state="gone")] == [("missing_there", "w1")]

    def test_leaves_alone_what_a_person_resolved(self, paid):
        told(entry("stranger", 500), entry())
        reckoned()
        found = db.session.scalars(sa.select(Difference)).one()
        reckoning.resolve(difference_id=found.id, resolution="timing", by="staff:1", at=NEXT)
        reckoned()
        assert differences() == []
        assert found.state == "resolved"


class TestLines:
    def test_of_the_same_file_again_are_known(self, paid):
        first = told(entry(digest=b"a" * 16), entry(digest=b"b" * 16))
        again = told(entry(digest=b"a" * 16), entry(digest=b"c" * 16))
        assert (first.lines_new, again.lines_new) == (2, 1)

    def test_that_read_the_same_within_a_file_are_two(self, paid):
        assert told(entry(digest=b"a" * 16), entry(digest=b"a" * 16)).lines_new == 2

    def test_are_not_taken_twice_by_two_hands(self, paid):
        made = told(entry())
        with pytest.raises(statement.NotNow, match="刷新"):
            statement.take(statement_id=made.id, by="staff:2")

    def test_come_from_no_file_that_is_here(self, paid):
        made = told(entry())
        brought = statement.Brought(
            source="upload", layout=Layout.FUNDFLOW, account=Account.OPERATION, file_name="again.csv",
            stored_name="again.csv", sha256=made.sha256, size_bytes=1,
        )  # fmt: skip
        with pytest.raises(statement.AlreadyHere, match="不会重复入账"):
            statement.bring(brought=brought, by="staff:1", at=AT)


class TestBalance:
    def balances(self, fen: int, at: datetime) -> None:
        for account in (Account.BASIC, Account.OPERATION):
            told(entry(f"b{next(NUMBERS)}", 1, business=Business.OTHER, balance_fen=fen, at=at),
                 account=account, day=at.date())  # fmt: skip

    def test_is_compared_with_custody_at_the_end_of_the_day(self, paid):
        self.balances(490_000, RIPE)
        made = reckoned()
        assert (made.custody_fen, made.channel_fen) == (980_000, 980_000)
        assert differences(business="balance") == []

    def test_differs_once_for_what_it_moved_since_the_day_before(self, paid):
        self.balances(490_100, RIPE)
        reckoned()
        assert differences(business="balance") == [("balance", "2026-01-08", 980_000, 980_200)]
        self.balances(490_100, datetime(2026, 1, 9, 1, tzinfo=UTC))
        reckoned(day=date(2026, 1, 9), at=RIPE + timedelta(days=2))
        assert len(differences(business="balance")) == 1


class TestHands:
    @pytest.fixture
    def found(self, paid) -> Difference:
        told(entry(amount_fen=10_500))
        reckoned()
        return db.session.scalars(sa.select(Difference)).one()

    def test_are_one_pair_at_a_time(self, found):
        reckoning.own(difference_id=found.id, by="staff:1", at=NEXT)
        with pytest.raises(reckoning.NotYours, match="已有人在处理"):
            reckoning.own(difference_id=found.id, by="staff:2", at=NEXT)
        with pytest.raises(reckoning.NotYours, match="只有处理人"):
            reckoning.resolve(difference_id=found.id, resolution="timing", by="staff:2", at=NEXT)
        reckoning.release(difference_id=found.id, by="staff:1")
        assert reckoning.own(difference_id=found.id, by="staff:2", at=NEXT).owner == "staff:2"

    def test_book_a_correction_only_in_two_pairs(self, found):
        correction = {"template": "recover", "amount_fen": 500, "member": "a"}
        before = books.balance("member:a:available")
        asked = reckoning.ask_correction(
            difference_id=found.id, correction=correction, why="overpaid", by="staff:1", at=NEXT
        )
        with pytest.raises(approval.rules.SameHands):
            approval.approve(approval_id=asked.id, digest=asked.digest, at=NEXT, by="staff:1")
        assert books.balance("member:a:available") == before
        approval.approve(approval_id=asked.id, digest=asked.digest, at=NEXT, by="staff:2")
        assert books.balance("member:a:available") == before - 500
        assert (found.state, found.resolution, found.resolved_by) == ("resolved", "corrected: overpaid", "staff:1")

    def test_cannot_correct_what_is_over(self, found):
        asked = reckoning.ask_correction(
            difference_id=found.id, correction={"template": "recover", "amount_fen": 500, "member": "a"},
            why="overpaid", by="staff:1", at=NEXT,
        )  # fmt: skip
        reckoning.resolve(difference_id=found.id, resolution="timing", by="staff:1", at=NEXT)
        with pytest.raises(reckoning.NotOpen, match="已经结束"):
            approval.approve(approval_id=asked.id, digest=asked.digest, at=NEXT, by="staff:2")
        assert db.session.get_one(Approval, asked.id).state == "open"
