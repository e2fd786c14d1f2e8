from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from models.rules import order
from models.rules.compliance import BadAmount
from models.rules.order import Event, NotSelling, OutOfTurn, State, TooMuch
from models.rules.policy import PLAN
from models.rules.share import Person
from models.rules.standing import Showcase, Standing


def walk(state, *events):
    for event in events:
        state = order.after(state, event)
    return state


class TestAfter:
    def test_the_straight_way(self):
        straight = [Event.PAY, Event.SHIP, Event.COMPLETE]
        assert walk(State.PENDING_PAYMENT, *straight) is State.COMPLETED

    def test_a_presale_is_reminded_of_its_balance(self):
        start = State.PENDING_PAYMENT
        assert walk(start, Event.PAY_DEPOSIT, Event.CALL_BALANCE) is State.BALANCE_DUE
        assert walk(start, Event.PAY_DEPOSIT, Event.CALL_BALANCE, Event.PAY) is State.PAID
        assert walk(start, Event.PAY_DEPOSIT, Event.PAY, Event.CALL_BALANCE) is State.PAID

    @pytest.mark.parametrize("event", [Event.PAY, Event.SHIP, Event.COMPLETE, Event.REFUND])
    def test_the_same_event_twice_changes_nothing(self, event):
        before = {Event.PAY: State.PENDING_PAYMENT, Event.SHIP: State.PAID}.get(event, State.SHIPPED)
        once = order.after(before, event)
        assert order.after(once, event) is once

    def test_paid_events_in_any_order_end_in_the_same_state(self):
        ends = {walk(State.PAID, *events) for events in permutations([Event.SHIP, Event.COMPLETE, Event.SHIP])}
        assert ends == {State.COMPLETED}

    def test_nothing_moves_a_refunded_order(self):
        assert walk(State.REFUNDED, Event.SHIP, Event.COMPLETE, Event.PAY, Event.REFUND) is State.REFUNDED

    @pytest.mark.parametrize(
        ("state", "event"),
        [
            (State.PENDING_PAYMENT, Event.COMPLETE),
            (State.PENDING_PAYMENT, Event.REFUND),
            (State.DEPOSIT_PAID, Event.SHIP),
            (State.PAID, Event.CANCEL),
            (State.CANCELLED, Event.PAY),
            (State.CANCELLED, Event.SHIP),
        ],
    )
    def test_what_cannot_happen_is_refused(self, state, event):
        with pytest.raises(OutOfTurn, match=r"规则 5\.1"):
            order.after(state, event)


class TestCheckTerms:
    @pytest.mark.parametrize(
        "terms", [(0, 0, 0), (-1, 0, 0), (10**13, 0, 0), (1, -1, 0), (1, 0, -1), (1, 10**30, 0), (1, 0, 10**30)]
    )
    def test_refuses_amounts_out_of_bounds(self, terms):
        paid, cost, commission = terms
        with pytest.raises(BadAmount, match=r"规则 5\.1"):
            order.check_terms(paid_fen=paid, cost_fen=cost, commission_fen=commission)

    def test_takes_a_sale_below_its_cost(self):
        order.check_terms(paid_fen=1, cost_fen=500, commission_fen=200)


class TestCheckSeller:
    @pytest.mark.parametrize("showcase", [Showcase.NONE, Showcase.PENDING, Showcase.CLOSED])
    def test_only_an_open_showcase_sells(self, showcase):
        seller = Person(code="a", standing=Standing.EXITED, showcase=Showcase.OPEN, unlocked=False)
        order.check_seller(seller)
        with pytest.raises(NotSelling, match=r"规则 5\.2"):
            order.check_seller(Person(code="a", standing=Standing.ACTIVE, showcase=showcase, unlocked=False))


class TestCheckRefund:
    def check(self, state=State.COMPLETED, refunded=0, amount=1):
        order.check_refund(state=state, paid_fen=100, refunded_fen=refunded, amount_fen=amount)

    def test_takes_the_last_fen_and_no_more(self):
        self.check(refunded=40, amount=60)
        with pytest.raises(TooMuch, match="还可退 ¥0.60"):
            self.check(refunded=40, amount=61)

    @pytest.mark.parametrize("amount", [0, -1])
    def test_refuses_nothing_and_less(self, amount):
        with pytest.raises(BadAmount, match=r"规则 5\.6"):
            self.check(amount=amount)

    @pytest.mark.parametrize("state", [State.PENDING_PAYMENT, State.REFUNDED, State.CANCELLED, State.DEPOSIT_PAID])
    def test_refuses_where_nothing_is_left(self, state):
        with pytest.raises(OutOfTurn):
            self.check(state)


class TestConfirms:
    def test_ten_days_after_shipping(self):
        at = datetime(2026, 1, 1, tzinfo=UTC)
        assert order.confirms_at(at, PLAN) == at + timedelta(days=10)
