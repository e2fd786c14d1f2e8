"""From an order without money to one that is paid: presales, cancellations, events twice and out of order."""

from datetime import timedelta
from itertools import permutations

import pytest
import sqlalchemy as sa

from models import Account, Event, Leg, Posting, db
from models.operations import order, policy
from models.queries import integrity
from models.queries import policy as policies
from models.rules.commission import Kind
from models.rules.compliance import BadAmount
from models.rules.order import BadShare, OutOfTurn
from tests.operations import world
from tests.operations.world import AT

LATER = AT + timedelta(days=2)
SETTLED = {
    "custody": -9_900, "member:M-10:pending": 3_000, "platform:margin": 2_871, "platform:reserve": 29,
    "supplier:S": 4_000,
}  # fmt: skip


pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def _network(stage):
    world.network()


def presale(number: str = "o1", deposit_fen: int = 2_000) -> order.Order:
    purchase = world.purchase(number, kind=Kind.PRESALE, deposit_fen=deposit_fen)
    return order.await_payment(purchase=purchase, at=AT)


def told() -> list[str]:
    return list(db.session.scalars(sa.select(Event.name).where(Event.subject == "order:o1").order_by(Event.id)))


class TestAwaitPayment:
    def test_books_nothing(self):
        assert order.await_payment(purchase=world.purchase(), at=AT).state == "pending_payment"
        assert world.accounts() == {}

    def test_ends_where_a_paid_order_begins(self):
        order.await_payment(purchase=world.purchase(), at=AT)
        assert order.pay(number="o1", at=LATER).state == "paid"
        assert world.accounts() == {"custody": -9_900, "clearing": 9_900}
        assert told() == ["order.placed", "order.paid"]

    def test_is_paid_by_the_word_of_a_paid_order(self):
        order.await_payment(purchase=world.purchase(), at=AT)
        for _ in range(2):
            assert order.place(purchase=world.purchase(), at=LATER).paid_at == LATER
        assert world.accounts() == {"custody": -9_900, "clearing": 9_900}

    def test_keeps_the_policy_of_its_payment(self):
        made = order.await_payment(purchase=world.purchase(), at=AT)
        draft = policy.propose(preset="steady", terms={"reserve_bps": 500}, effective_at=LATER, at=AT, by="staff:1")
        policy.approve(version_id=draft.id, digest=draft.digest, at=AT, by="staff:2")
        assert order.pay(number="o1", at=LATER).policy_id == draft.id
        assert policies.of(made.policy_id).reserve_bps == 500

    @pytest.mark.parametrize(
        ("terms", "refusal"),
        [
            ({"deposit_fen": 1}, BadShare),
            ({"kind": Kind.PRESALE, "deposit_fen": 9_900}, BadShare),
            ({"kind": Kind.PRESALE, "deposit_fen": -1}, BadAmount),
        ],
    )
    def test_refuses_a_deposit_that_is_none(self, terms, refusal):
        with pytest.raises(refusal, match="规则 5.1：.*定金"):
            order.await_payment(purchase=world.purchase(**terms), at=AT)


class TestPresale:
    def test_takes_the_deposit_and_the_balance_and_settles_the_whole(self):
        presale()
        assert order.pay_deposit(number="o1", at=AT).state == "deposit_paid"
        assert world.accounts() == {"custody": -2_000, "clearing": 2_000}
        assert order.call_balance(number="o1").state == "balance_due"
        assert order.pay(number="o1", at=LATER).state == "paid"
        assert world.accounts() == {"custody": -9_900, "clearing": 9_900}
        order.complete(number="o1", at=LATER)
        assert world.accounts() == SETTLED
        assert told() == [
            "order.placed", "order.deposit_paid", "order.balance_due", "order.paid", "order.completed",
        ]  # fmt: skip

    def test_changes_nothing_by_events_that_come_twice(self):
        presale()
        for _ in range(2):
            order.pay_deposit(number="o1", at=AT)
        for _ in range(2):
            order.call_balance(number="o1")
        for _ in range(2):
            order.pay(number="o1", at=LATER)
        assert world.accounts() == {"custody": -9_900, "clearing": 9_900}
        assert told() == ["order.placed", "order.deposit_paid", "order.balance_due", "order.paid"]

    def test_ends_the_same_in_whatever_order_its_events_come(self):
        """An event that could not happen yet is refused and comes again, as a shop sends it."""
        steps = {
            "deposit": lambda number: order.pay_deposit(number=number, at=AT),
            "call": lambda number: order.call_balance(number=number),
            "pay": lambda number: order.pay(number=number, at=AT),
            "complete": lambda number: order.complete(number=number, at=AT),
        }
        for n, story in enumerate(permutations(steps)):
            number = f"s{n}"
            presale(number)
            waiting = list(story)
            while waiting:
                step = waiting.pop(0)
                try:
                    steps[step](number)
                except OutOfTurn:
                    waiting.append(step)
            assert order.by_number(number).state == "completed"
        assert world.accounts() == {code: 24 * fen for code, fen in SETTLED.items()}

    def test_has_no_deposit_to_pay_without_one(self):
        presale(deposit_fen=0)
        with pytest.raises(order.NoDeposit, match="规则 5.1：订单 o1 没有定金"):
            order.pay_deposit(number="o1", at=AT)


def booked(number: str) -> dict[str, int]:
    """What came into clearing by each late posting of an order."""
    query = sa.select(Posting.key, Leg.amount_fen).join(Leg, Leg.posting_id == Posting.id)
    query = query.join(Account, Account.id == Leg.account_id).where(Account.code == "clearing")
    return dict(db.session.execute(query.where(Posting.key.like(f"late-%:{number}"))).all())


class TestCancel:
    @pytest.mark.parametrize("called", [False, True])
    def test_gives_the_deposit_back_once(self, called):
        presale()
        order.pay_deposit(number="o1", at=AT)
        if called:
            order.call_balance(number="o1")
        for _ in range(2):
            assert order.cancel(number="o1", at=LATER).state == "cancelled"
        assert world.accounts() == {}
        assert told().count("order.cancelled") == 1

    def test_moves_no_money_where_none_came(self):
        presale()
        order.cancel(number="o1", at=LATER)
        assert world.accounts() == {}

    def test_is_no_way_out_of_a_paid_order(self):
        presale()
        order.pay(number="o1", at=AT)
        with pytest.raises(OutOfTurn, match="规则 5.1：订单处于 paid"):
            order.cancel(number="o1", at=LATER)

    def test_takes_a_payment_that_comes_late_in_and_owes_it_back_once(self):
        presale()
        order.cancel(number="o1", at=AT)
        for _ in range(2):
            assert order.pay(number="o1", at=LATER).state == "cancelled"
        assert world.accounts() == {}
        assert told().count("order.refund_due") == 1
        assert booked("o1") == {"late-pay:o1": 9_900, "late-pay-back:o1": -9_900}

    def test_owes_back_of_a_late_balance_what_the_deposit_has_left(self):
        presale()
        order.pay_deposit(number="o1", at=AT)
        order.cancel(number="o1", at=AT)
        order.pay(number="o1", at=LATER)
        assert booked("o1")["late-pay-back:o1"] == -7_900
        assert world.accounts() == {}
        assert order.pay_deposit(number="o1", at=LATER).state == "cancelled"
        assert told().count("order.refund_due") == 1

    def test_owes_a_late_deposit_back(self):
        presale()
        order.cancel(number="o1", at=AT)
        for _ in range(2):
            assert order.pay_deposit(number="o1", at=LATER).state == "cancelled"
        assert booked("o1") == {"late-deposit:o1": 2_000, "late-deposit-back:o1": -2_000}
        assert list(integrity.differences()) == []
