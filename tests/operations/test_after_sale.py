"""After-sales: pending money waits, the buyer's right to return stands, the clocks of the law."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from models import Event, Order, db
from models.operations import after_sale, hold, order, share
from models.rules import after_sale as rules
from models.rules.after_sale import Kind
from tests.operations import world
from tests.operations.world import AT

RIPE = AT + timedelta(days=7)
PENDING, AVAILABLE = "member:M-10:pending", "member:M-10:available"


pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def _network(stage):
    world.network()


def opened(kind: Kind = Kind.QUALITY, number: str = "o1", at: datetime = AT) -> after_sale.AfterSale:
    return after_sale.open_(number=number, kind=kind, words="破损", at=at, day=datetime.date)


def mature(at: datetime = RIPE) -> None:
    share.mature(order_id=db.session.scalars(sa.select(Order.id)).one(), at=at)


class TestShares:
    def test_become_available_without_a_case(self):
        world.completed()
        mature()
        assert world.accounts()[AVAILABLE] == 3_000

    def test_stay_pending_while_a_case_is_open_and_are_released_when_it_closes(self):
        world.completed()
        case = opened()
        mature()
        assert world.accounts()[PENDING] == 3_000
        for _ in range(2):
            after_sale.close(after_sale_id=case.id, at=RIPE + timedelta(days=1))
        assert world.accounts()[AVAILABLE] == 3_000
        assert PENDING not in world.accounts()

    def test_are_released_when_the_answer_is_no(self):
        world.completed()
        case = opened()
        mature()
        after_sale.refuse(after_sale_id=case.id, answer="照片与商品不符", at=RIPE)
        assert world.accounts()[AVAILABLE] == 3_000

    def test_wait_on_when_the_answer_is_yes(self):
        world.completed()
        after_sale.accept(after_sale_id=opened().id, at=AT)
        mature()
        assert world.accounts()[PENDING] == 3_000

    def test_wait_for_their_days_where_the_case_ends_before(self):
        world.completed()
        after_sale.close(after_sale_id=opened().id, at=AT + timedelta(days=1))
        assert world.accounts()[PENDING] == 3_000
        mature()
        assert world.accounts()[AVAILABLE] == 3_000

    def test_of_a_cleared_order_wait_for_its_case(self):
        world.completed()
        hold.hold(number="o1", at=AT)
        case = opened()
        mature()
        hold.clear(number="o1", at=RIPE)
        assert world.accounts()[PENDING] == 3_000
        after_sale.close(after_sale_id=case.id, at=RIPE)
        assert world.accounts()[AVAILABLE] == 3_000

    def test_stay_held_where_a_hold_outlives_the_case(self):
        world.completed()
        hold.hold(number="o1", at=AT)
        case = opened()
        mature()
        after_sale.close(after_sale_id=case.id, at=RIPE)
        assert world.accounts()["member:M-10:held"] == 3_000

    def test_go_back_from_pending_when_the_money_does(self):
        world.completed()
        case = opened(Kind.NO_REASON)
        after_sale.accept(after_sale_id=case.id, at=AT)
        after_sale.take_back(after_sale_id=case.id, at=AT)
        order.refund(number="o1", amount_fen=9_900, at=AT)
        after_sale.close(after_sale_id=case.id, at=AT)
        mature()
        assert world.accounts() == {}


class TestOpen:
    def test_is_one_case_however_often_asked(self):
        world.completed()
        assert opened().id == opened().id
        with pytest.raises(after_sale.AlreadyOpen, match="规则 5.5：订单 o1 已有一笔售后"):
            opened(Kind.NO_REASON)

    def test_asks_for_a_paid_order(self):
        order.await_payment(purchase=world.purchase(), at=AT)
        with pytest.raises(rules.NothingBought, match="规则 5.5：订单处于 pending_payment"):
            opened()

    def test_takes_returns_without_a_reason_to_the_end_of_the_seventh_day(self):
        world.completed()
        late = datetime(2026, 1, 9, tzinfo=UTC)
        with pytest.raises(rules.WindowOver, match="规则 3.5：七日无理由退货已于 2026-01-08 截止"):
            opened(Kind.NO_REASON, at=late)
        assert opened(Kind.NO_REASON, at=late - timedelta(microseconds=1)).state == "opened"

    def test_takes_faulty_goods_later_too(self):
        world.completed()
        assert opened(Kind.QUALITY, at=AT + timedelta(days=60)).state == "opened"


class TestAnswer:
    def test_is_never_no_to_a_return_in_the_window(self):
        world.completed()
        case = opened(Kind.NO_REASON)
        with pytest.raises(rules.MustAccept, match="规则 3.5：期限内的七日无理由退货不能拒绝"):
            after_sale.refuse(after_sale_id=case.id, answer="已拆封", at=AT)

    def test_is_never_no_in_the_database_either(self):
        world.completed()
        case = opened(Kind.NO_REASON)
        case.state, case.ended_at = "refused", AT
        with pytest.raises(IntegrityError, match="ck_after_sale_right_of_return"):
            db.session.flush()

    def test_of_no_has_a_reason(self):
        world.completed()
        with pytest.raises(rules.NoReason, match="规则 5.5：拒绝售后须写明理由"):
            after_sale.refuse(after_sale_id=opened().id, answer=" ", at=AT)

    def test_comes_while_the_case_is_open(self):
        world.completed()
        case = opened()
        with pytest.raises(rules.NotOpen, match="规则 5.5：该售后处于 opened"):
            after_sale.take_back(after_sale_id=case.id, at=AT)
        after_sale.close(after_sale_id=case.id, at=AT)
        with pytest.raises(rules.NotOpen, match="规则 5.5：该售后处于 closed"):
            after_sale.accept(after_sale_id=case.id, at=AT)

    def test_is_for_a_case_that_exists(self):
        with pytest.raises(after_sale.NoCase, match="规则 5.5：没有这笔售后"):
            after_sale.accept(after_sale_id=0, at=AT)


class TestClocks:
    def test_give_seven_days_from_the_day_after(self):
        assert rules.return_until(date(2026, 2, 26)) == date(2026, 3, 5)
        assert rules.refund_due(date(2026, 12, 28)) == date(2027, 1, 4)


class TestOverdueRefund:
    """The money is due seven days after the goods came back (消费者权益保护法第25条)."""

    @pytest.fixture
    def back(self) -> after_sale.AfterSale:
        world.completed()
        case = opened(Kind.NO_REASON)
        after_sale.accept(after_sale_id=case.id, at=AT)
        return after_sale.take_back(after_sale_id=case.id, at=AT)

    def told(self, days: int) -> int:
        return after_sale.tell_overdue(at=AT + timedelta(days=days), day=datetime.date)

    def test_is_told_once_after_the_last_day(self, back):
        assert [self.told(days) for days in (6, 7, 8, 9)] == [0, 0, 1, 0]
        subjects = db.session.scalars(sa.select(Event.subject).where(Event.name == "after_sale.refund_due")).all()
        assert subjects == [f"after_sale:{back.id}"]

    def test_is_not_told_of_a_case_that_is_closed(self, back):
        after_sale.close(after_sale_id=back.id, at=AT)
        assert self.told(30) == 0
