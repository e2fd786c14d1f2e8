"""Transfers under every fault at every step: nothing doubled, nothing lost."""

from datetime import datetime, timedelta
from itertools import product

import pytest
import sqlalchemy as sa

from jobs import payout
from jobs.gateways.simulator import Fault, Simulator
from jobs.gateways.transfer import Bill, Refused, Uncertain
from models import Job, Order, Withdrawal, db, transaction
from models.operations import share, withdrawal
from models.queries import ledger as books
from models.rules.tax import Month
from models.rules.withdrawal import AlreadySent, TransferState
from tests.operations import world
from tests.operations.world import AT

RIPE = AT + timedelta(days=7)
EARNED, ASKED = 2_000_000, 1_500_000
BACK = {"custody": -9_900_000, "member:a:available": EARNED}


class Crash(Exception):
    """The process dies here."""


class Attempt:
    """One look at a withdrawal, at an instant of the test's."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.transaction = transaction


class Watched(Simulator):
    """A simulator that is never called inside a transaction, and dies before or after its n-th call."""

    def __init__(self, *, dies: int | None = None, after: bool = False, **values) -> None:
        super().__init__(**values)
        self.calls, self.dies, self.after = 0, dies, after

    def _counted(self, call, **values):
        assert not db.session().in_transaction()
        self.calls += 1
        if self.calls == self.dies and not self.after:
            raise Crash
        answer = call(**values)
        if self.calls == self.dies:
            raise Crash
        return answer

    def send(self, **values):
        return self._counted(super().send, **values)

    def query(self, **values):
        return self._counted(super().query, **values)


pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module")
def purse(stage) -> None:
    """Member `a` with an approved withdrawal `w1`."""
    world.network()
    world.member("a")
    world.completed("o1", "a", paid_fen=9_900_000, cost_fen=4_000_000, commission_fen=EARNED)
    share.mature(order_id=stage.scalars(sa.select(Order.id)).one(), at=RIPE)
    withdrawal.request(number="w1", code="a", amount_fen=ASKED, month=Month(2026, 1), at=RIPE)
    for approver in ("staff:1", "staff:2"):
        withdrawal.approve(number="w1", by=approver, at=RIPE)
    stage.commit()


@pytest.fixture
def pay(app, purse, monkeypatch):
    """Looks at the withdrawal through a channel, five minutes apart, until it ends; how many looks it took."""

    def until_it_ends(channel: Simulator) -> int:
        monkeypatch.setitem(app.extensions, "transfers", channel)
        for look in range(1, 40):
            try:
                payout.pay_out(Attempt(RIPE + timedelta(minutes=5 * look)), number="w1")
            except Crash:
                db.session.rollback()
            if found().ended_at is not None:
                return look
        raise AssertionError("the withdrawal never ended")

    return until_it_ends


def found() -> Withdrawal:
    return db.session.scalars(sa.select(Withdrawal).execution_options(populate_existing=True)).one()


def check(channel: Simulator) -> None:
    """What the channel paid is what the ledger says left, and what did not leave is the member's again."""
    held, row = books.balances(), found()
    assert row.tax_fen > 0
    assert sum(held.values()) == 0
    assert held["member:a:payout"] == 0
    if row.state == "SUCCESS":
        assert channel.paid == {"w1": ASKED - row.tax_fen}
        assert held["custody"] == -9_900_000 + ASKED - row.tax_fen
        assert held["member:a:available"] == EARNED - ASKED
    else:
        assert channel.paid == {}
        assert {code: held[code] for code in BACK} == BACK
        assert held["tax:withheld"] == 0


class TestFaults:
    @pytest.mark.parametrize("fault", Fault)
    def test_neither_double_nor_lose_whatever_goes_unanswered(self, pay, fault):
        channel = Watched(script=[fault])
        pay(channel)
        check(channel)
        assert found().state == ("FAIL" if fault in (Fault.REFUSED, Fault.FAILED) else "SUCCESS")

    @pytest.mark.parametrize(("fault", "deaf"), [*product(Fault, product([False, True], repeat=3))])
    def test_neither_double_nor_lose_with_queries_unanswered_too(self, pay, fault, deaf):
        channel = Watched(script=[fault], deaf=deaf)
        pay(channel)
        check(channel)

    @pytest.mark.parametrize(("fault", "dies", "after"), [*product(Fault, range(1, 6), [False, True])])
    def test_neither_double_nor_lose_when_the_process_dies_around_a_call(self, pay, fault, dies, after):
        channel = Watched(script=[fault], dies=dies, after=after)
        pay(channel)
        check(channel)

    def test_neither_double_nor_lose_at_random(self, pay):
        channel = Watched(seed=7, script=[Fault.LOST, Fault.LATE], one_in=2)
        pay(channel)
        check(channel)

    def test_send_once_where_the_bill_is_known(self, pay):
        channel = Watched(script=[Fault.SLOW])
        assert pay(channel) == 7
        assert channel.sends == {"w1": 1}

    def test_send_again_only_what_never_arrived(self, pay):
        channel = Watched(script=[Fault.LOST])
        assert pay(channel) == 5
        assert channel.sends == {"w1": 2}


class TestRejection:
    def test_comes_too_late_once_the_transfer_was_asked_for(self, app, purse, monkeypatch):
        monkeypatch.setitem(app.extensions, "transfers", Watched(script=[Fault.TIMEOUT]))
        assert payout.pay_out(Attempt(RIPE), number="w1") == {"state": "unknown"}
        with pytest.raises(AlreadySent, match="规则 5.9：转账已经发起，不能再驳回"):
            withdrawal.reject(number="w1", reason="错", at=RIPE)


class TestRight:
    def test_to_send_is_given_to_one(self, purse):
        assert withdrawal.mark_sent(number="w1", seen=None, at=RIPE)
        assert not withdrawal.mark_sent(number="w1", seen=None, at=RIPE)

    def test_to_send_ends_where_the_bill_is_known(self, purse):
        withdrawal.record(number="w1", state=TransferState.ACCEPTED, at=RIPE)
        assert not withdrawal.mark_sent(number="w1", seen=None, at=RIPE)


class TestJobs:
    def test_pay_what_was_approved_and_ask_until_it_ends(self, app, purse, work, monkeypatch):
        channel = Watched()
        monkeypatch.setitem(app.extensions, "transfers", channel)
        work()
        assert found().state == "ACCEPTED"
        for day in (1, 2):
            assert payout.ask_again(Attempt(RIPE), at=(RIPE + timedelta(days=day)).isoformat()) == {"asked": 1}
            work()
        assert found().state == "SUCCESS"
        assert payout.ask_again(Attempt(RIPE), at=(RIPE + timedelta(days=3)).isoformat()) == {"asked": 0}
        check(channel)
        kept = db.session.execute(sa.select(Job.queue, Job.state).where(Job.kind == "pay_out")).all()
        assert kept == [("money", "done")] * 3

    def test_say_where_no_channel_is_set_up(self, app, purse, monkeypatch):
        monkeypatch.delitem(app.extensions, "transfers")
        with pytest.raises(payout.NoChannel, match="规则 5.9：还没有配置转账渠道"):
            payout.pay_out(Attempt(RIPE), number="w1")
        assert payout.ask_again(Attempt(RIPE), at=RIPE.isoformat()) == {"asked": 0}


class TestSimulator:
    def test_answers_a_number_with_its_one_bill(self):
        channel = Simulator()
        first = channel.send(number="n", payee="a", amount_fen=5)
        assert channel.send(number="n", payee="a", amount_fen=5) == first
        assert first == Bill(number="n", amount_fen=5, state=TransferState.ACCEPTED)
        with pytest.raises(Refused):
            channel.send(number="n", payee="a", amount_fen=6)

    def test_tells_the_same_story_by_the_same_seed(self):
        def story() -> list[str]:
            channel, told = Simulator(seed=3, one_in=2), []
            for n in range(30):
                try:
                    told.append(channel.send(number=str(n), payee="a", amount_fen=1).state)
                except (Refused, Uncertain) as end:
                    told.append(type(end).__name__)
            return told

        assert story() == story()
        assert {"ACCEPTED", "Refused", "Uncertain"} == set(story())
