"""Callbacks from the wire to what they change: forged, repeated, disagreeing and right ones."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from jobs.gateways.signature import SIGNTEST
from models import Event, Inbound, InboundRefusal, Order, OrderSource, PayRefund, Withdrawal, db, transaction
from models.operations import inbound, order, share, withdrawal
from models.queries import ledger as books
from models.rules.tax import Month
from models.rules.withdrawal import TransferState
from tests.gateways import keys
from tests.gateways.wire import signing
from tests.jobs.callbacks import MINI, call_pay, call_shop, installed, notice
from tests.operations import world
from tests.operations.world import AT

RIPE = AT + timedelta(days=7)


@pytest.fixture
def receiving(app, session, monkeypatch, client):
    """An installation with keys, and the client that plays WeChat."""
    installed(app, monkeypatch)
    return client


@pytest.fixture
def sent(session) -> None:
    """Member `a` waits for ¥100 under `w1`."""
    world.network()
    world.member("a")
    world.completed("o1", "a", paid_fen=990_000, cost_fen=400_000, commission_fen=300_000)
    share.mature(order_id=session.scalars(sa.select(Order.id)).one(), at=RIPE)
    withdrawal.request(number="w1", code="a", amount_fen=10_000, month=Month(2026, 1), at=RIPE)
    withdrawal.approve(number="w1", by="staff:1", at=RIPE)
    withdrawal.hear(number="w1", told=withdrawal.Told(state=TransferState.WAIT_USER_CONFIRM, package="P=="), at=RIPE)
    session.commit()


def finished(**changed) -> dict:
    values = {"mchid": keys.MCHID, "out_bill_no": "w1", "transfer_bill_no": "133", "transfer_amount": 10_000}
    return values | {"state": "SUCCESS", "openid": "oP"} | changed


def only(table):
    return db.session.scalars(sa.select(table).execution_options(populate_existing=True)).one()


class TestForgeries:
    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"signer": "forger"}, "signature"),
            ({"serial": "PUB_KEY_ID_ANOTHER"}, "serial"),
            ({"age": 301}, "stale"),
            ({"age": -301}, "stale"),
        ],
    )
    def test_are_turned_away_and_counted(self, receiving, changed, why):
        answer = call_pay(receiving, notice("MCHTRANSFER.BILL.FINISHED", finished()), **changed)
        assert answer.status_code == 401
        assert answer.json == {"code": "FAIL", "message": "验签失败"}
        assert (only(InboundRefusal).why, only(InboundRefusal).times) == (why, 1)
        assert db.session.scalars(sa.select(Inbound)).all() == []

    def test_of_wechats_own_probe_are_turned_away_too(self, receiving):
        body = notice("MCHTRANSFER.BILL.FINISHED", finished())
        headers = signing(body) | {"Wechatpay-Signature": f"{SIGNTEST}AAAA"}
        assert receiving.post("/webhooks/pay", data=body, headers=headers, csrf=False).status_code == 401
        assert only(InboundRefusal).why == "signtest"

    def test_with_one_altered_byte_are_turned_away(self, receiving):
        body = notice("MCHTRANSFER.BILL.FINISHED", finished())
        headers = signing(body)
        altered = body.replace(b"2026-06-15", b"2026-06-16")
        assert receiving.post("/webhooks/pay", data=altered, headers=headers, csrf=False).status_code == 401

    def test_without_any_header_are_turned_away(self, receiving):
        assert receiving.post("/webhooks/pay", data=b"{}", csrf=False).status_code == 401

    def test_add_up_in_one_row_a_day(self, receiving):
        for _ in range(3):
            call_pay(receiving, notice("X", {}), signer="forger")
        assert only(InboundRefusal).times == 3

    def test_of_pushes_are_turned_away(self, receiving):
        assert call_shop(receiving, {"Event": "x"}, token="wrong").status_code == 401
        assert call_shop(receiving, {"Event": "x"}, age=400).status_code == 401
        assert {one.why for one in db.session.scalars(sa.select(InboundRefusal))} == {"signature", "stale"}


class TestTransfers:
    def test_arrive_once_however_often_they_are_told(self, receiving, sent, work):
        body = notice("MCHTRANSFER.BILL.FINISHED", finished())
        for _ in range(15):
            assert call_pay(receiving, body).status_code == 204
        call_pay(receiving, notice("MCHTRANSFER.BILL.FINISHED", finished()))
        work()
        assert only(Withdrawal).state == "SUCCESS"
        assert only(Withdrawal).package == ""
        states = db.session.scalars(sa.select(Inbound.state)).all()
        assert states == ["done", "done"]
        assert books.balances()["member:a:payout"] == 0

    def test_come_back_where_the_payee_did_not_confirm(self, receiving, sent, work):
        before = books.balances()["member:a:available"]
        call_pay(receiving, notice("MCHTRANSFER.BILL.FINISHED", finished(state="FAIL", fail_reason="OVERDUE_CLOSE")))
        work()
        assert (only(Withdrawal).state, only(Withdrawal).reason) == ("FAIL", "OVERDUE_CLOSE")
        assert books.balances()["member:a:available"] == before + 10_000

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"mchid": "1900000002"}, "商户号"),
            ({"transfer_amount": 10_001}, "¥100.01，应为 ¥100.00"),
            ({"out_bill_no": "w9"}, "没有编号为 w9"),
        ],
    )
    def test_that_disagree_change_nothing_and_say_why(self, receiving, sent, work, changed, words):
        assert call_pay(receiving, notice("MCHTRANSFER.BILL.FINISHED", finished(**changed))).status_code == 204
        work()
        assert only(Withdrawal).state == "WAIT_USER_CONFIRM"
        assert only(Inbound).state == "failed"
        assert words in only(Inbound).error

    def test_of_an_end_that_contradicts_the_first_change_nothing(self, receiving, sent, work):
        call_pay(receiving, notice("MCHTRANSFER.BILL.FINISHED", finished()))
        call_pay(receiving, notice("MCHTRANSFER.BILL.FINISHED", finished(state="FAIL")))
        work()
        assert only(Withdrawal).state == "SUCCESS"
        assert sorted(db.session.scalars(sa.select(Inbound.state))) == ["done", "failed"]


class TestPayments:
    @pytest.fixture
    def placed(self, session) -> Order:
        world.network()
        made = order.await_payment(purchase=world.purchase("o7"), at=AT)
        session.commit()
        return made

    def paid(self, **changed) -> dict:
        values = {
            "mchid": keys.MCHID, "appid": MINI, "out_trade_no": "o7", "transaction_id": "42", "trade_state": "SUCCESS",
            "success_time": "2026-01-01T10:00:00+08:00", "payer": {"openid": "oB"},
            "amount": {"total": 9_900, "currency": "CNY"},
        }  # fmt: skip
        return values | changed

    def test_count_from_their_own_moment_and_tell_where_they_came_from(self, receiving, placed, work):
        call_pay(receiving, notice("TRANSACTION.SUCCESS", self.paid()))
        work()
        assert (only(Order).state, only(Order).paid_at) == ("paid", AT + timedelta(hours=1))
        assert (only(OrderSource).channel, only(OrderSource).transaction) == ("pay", "42")

    def test_of_another_amount_change_nothing(self, receiving, placed, work):
        call_pay(receiving, notice("TRANSACTION.SUCCESS", self.paid(amount={"total": 1, "currency": "CNY"})))
        work()
        assert only(Order).state == "pending_payment"
        assert "金额 为 1，应为 9900" in only(Inbound).error

    def test_are_refunded_under_one_number_for_ever(self, receiving, placed, work):
        call_pay(receiving, notice("TRANSACTION.SUCCESS", self.paid()))
        work()
        with transaction():
            order.refund(number="o7", amount_fen=900, at=AT + timedelta(hours=2))
        work()
        assert (only(PayRefund).number, only(PayRefund).state) == ("o7-R1", "due")
        told = {
            "mchid": keys.MCHID, "out_refund_no": "o7-R1", "refund_id": "50", "refund_status": "SUCCESS",
            "amount": {"refund": 900, "total": 9_900},
        }  # fmt: skip
        call_pay(receiving, notice("REFUND.SUCCESS", told))
        call_pay(receiving, notice("REFUND.SUCCESS", told))
        work()
        assert (only(PayRefund).state, only(PayRefund).reference) == ("SUCCESS", "50")
        assert books.balances()["custody"] == -9_000


class TestPushes:
    def test_are_answered_and_kept_once(self, receiving, work):
        told = {"Event": "channels_ec_order_pay", "CreateTime": 1, "order_info": {"order_id": 3731000000000000101}}
        assert call_shop(receiving, told).text == "success"
        assert call_shop(receiving, told).text == "success"
        assert only(Inbound).number == "3731000000000000101"

    def test_of_a_punishment_become_an_event(self, receiving, work):
        told = {
            "Event": "wxa_punish_event", "CreateTime": 1, "punish_id": "p1", "rule_name": "虚假宣传",
            "illegal_reason": "夸大收益",
        }  # fmt: skip
        call_shop(receiving, told)
        work()
        told = db.session.scalars(sa.select(Event).where(Event.name == "showcase.punished")).one()
        assert told.payload["rule"] == "虚假宣传"


class TestDeciding:
    def test_again_is_harmless(self, receiving, sent, work):
        call_pay(receiving, notice("MCHTRANSFER.BILL.FINISHED", finished()))
        work()
        held = books.balances()
        with transaction():
            inbound.again(inbound_id=only(Inbound).id, by="staff:1")
        work()
        assert (only(Inbound).state, only(Inbound).tries) == ("done", 2)
        assert books.balances() == held

    def test_leaves_alone_what_is_none_of_ours(self, receiving, work):
        call_pay(receiving, notice("COMPLAINT.CREATE", {"complaint_id": "c1"}))
        work()
        assert only(Inbound).state == "ignored"
