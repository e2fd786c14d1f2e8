"""The real clients of Pay over the simulated one: transfers, refunds, bills, callbacks, and all that may go wrong."""

import dataclasses
from datetime import date

import pytest

from jobs.gateways import transfer
from jobs.gateways.http import Refused, Retryable
from jobs.gateways.pay_bill import FundAccount, to_fen
from jobs.gateways.pay_refund import RefundOrder
from jobs.gateways.pay_share import Part, Receiver
from jobs.gateways.simulator import notice
from jobs.gateways.transfer import Uncertain
from jobs.gateways.wechat_pay import certificates
from models.rules.withdrawal import TransferState
from tests import simulated
from tests.gateways.simulation import DAY, NOTIFY, PAYEE, TRADE, Inbox, channel, create, from_control


class TestTransfers:
    def test_wait_for_their_payee_settle_and_call_back(self, program, wechat):
        inbox = Inbox(wechat)
        assert create(wechat).state == "WAIT_USER_CONFIRM"
        program.world.clock.advance(60)
        assert wechat.transfers.find("WD1").state == "WAIT_USER_CONFIRM"
        from_control(program, "confirm", number="WD1")
        assert wechat.transfers.find("WD1").state == "TRANSFERING"
        program.world.clock.advance(1)
        assert channel(wechat).query(number="WD1").state is TransferState.SUCCESS
        notice.pump(program.world, inbox)
        ((event, told),) = inbox.took
        assert (event, told["state"], told["out_bill_no"]) == ("MCHTRANSFER.BILL.FINISHED", "SUCCESS", "WD1")
        assert (told["transfer_amount"], told["mchid"]) == (18_000, simulated.identity().names.mchid)

    def test_end_after_a_day_that_nobody_confirms_in(self, program, wechat):
        create(wechat)
        program.world.clock.advance(DAY - 1)
        assert wechat.transfers.find("WD1").state == "WAIT_USER_CONFIRM"
        program.world.clock.advance(1)
        found = channel(wechat).query(number="WD1")
        assert (found.state, found.reason) == (TransferState.FAIL, "OVERDUE_CLOSE")

    def test_are_taken_back_until_they_are_confirmed(self, program, wechat):
        create(wechat)
        assert wechat.transfers.cancel("WD1").state == "CANCELING"
        program.world.clock.advance(2)
        assert wechat.transfers.find("WD1").state == "CANCELLED"
        create(wechat, "WD2")
        from_control(program, "confirm", number="WD2")
        with pytest.raises(Refused, match="INVALID_REQUEST"):
            wechat.transfers.cancel("WD2")

    def test_are_one_a_number_with_the_same_content(self, wechat):
        assert create(wechat).transfer_bill_no == create(wechat).transfer_bill_no
        with pytest.raises(Refused, match="信息不一致"):
            create(wechat, fen=18_001)

    def test_fail_where_the_name_is_not_the_wallets(self, program, wechat):
        from_control(program, "name", openid=PAYEE.openid, name="李四")
        create(wechat)
        from_control(program, "confirm", number="WD1")
        program.world.clock.advance(1)
        assert channel(wechat).query(number="WD1").reason == "NAME_NOT_CORRECT"

    def test_wait_for_money_under_the_same_number(self, program, wechat):
        from_control(program, "top-up", fen=-program.world.balance("OPERATION"))
        with pytest.raises(Uncertain, match="NOT_ENOUGH"):
            channel(wechat).send(number="WD1", payee="a", amount_fen=18_000)
        assert channel(wechat).query(number="WD1") is None
        from_control(program, "top-up", fen=18_000)
        assert channel(wechat).send(number="WD1", payee="a", amount_fen=18_000).state == "WAIT_USER_CONFIRM"

    def test_are_forgotten_after_thirty_days(self, program, wechat):
        create(wechat)
        program.world.clock.advance(31 * DAY)
        assert wechat.transfers.find("WD1") is None

    @pytest.mark.parametrize(("fen", "code"), [(9, "INVALID_REQUEST"), (20_000_01, "INVALID_REQUEST")])
    def test_keep_to_their_limits(self, wechat, fen, code):
        with pytest.raises(Refused, match=code):
            create(wechat, fen=fen)


class TestFaults:
    @pytest.mark.parametrize(
        "kind", ["timeout", "error_after", "busy_after", "signtest", "bad_signature", "stale", "unsigned"]
    )
    def test_after_a_bill_was_made_leave_it_to_be_found(self, program, wechat, kind):
        program.world.faults.script("transfer.create", kind)
        with pytest.raises(Uncertain):
            channel(wechat).send(number="WD1", payee="a", amount_fen=18_000)
        assert channel(wechat).query(number="WD1").amount_fen == 18_000
        assert len(program.world.bills) == 1

    @pytest.mark.parametrize("kind", ["lost", "error", "busy"])
    def test_before_leave_nothing(self, program, wechat, kind):
        program.world.faults.script("transfer.create", kind)
        with pytest.raises(Uncertain):
            channel(wechat).send(number="WD1", payee="a", amount_fen=18_000)
        assert channel(wechat).query(number="WD1") is None

    def test_of_a_query_are_tried_through(self, program, wechat):
        create(wechat)
        program.world.faults.script("transfer.find", "signtest")
        with pytest.raises(Uncertain, match="signtest"):
            channel(wechat).query(number="WD1")
        program.world.faults.script("transfer.find", "error", times=2)
        assert channel(wechat).query(number="WD1").amount_fen == 18_000

    def test_that_refuse_say_what_they_were_told_to(self, program, wechat):
        program.world.faults.script("transfer.create", "refuse", code="USER_ERROR", status=403)
        with pytest.raises(transfer.Refused, match="USER_ERROR"):
            channel(wechat).send(number="WD1", payee="a", amount_fen=18_000)


class TestCallbacks:
    def finished(self, program, wechat, *, trouble: str = "") -> None:
        if trouble:
            program.world.faults.script("notice", trouble)
        create(wechat)
        from_control(program, "confirm", number="WD1")
        program.world.clock.advance(1)

    def test_come_again_by_the_ladder_until_they_are_taken(self, program, wechat):
        inbox = Inbox(wechat, 500, 500, 500, 204)
        self.finished(program, wechat)
        came = []
        for second in range(121):
            if notice.pump(program.world, inbox):
                came.append(second)
            program.world.clock.advance(1)
        assert came == [0, 15, 30, 60]
        assert len(inbox.took) == 1

    def test_are_given_up_after_the_last_rung(self, program, wechat):
        self.finished(program, wechat)
        tries = 0
        for _ in range(20):
            tries += notice.pump(program.world, lambda *_: (500, ""))
            program.world.clock.advance(6 * 3_600)
        assert tries == 16
        assert [one.state for one in program.world.queue] == ["given_up"]

    @pytest.mark.parametrize(
        ("trouble", "why"), [("signtest", "signtest"), ("bad_signature", "signature"), ("stale", "stale")]
    )
    def test_that_do_not_prove_themselves_are_refused_and_come_again_proved(self, program, wechat, trouble, why):
        inbox = Inbox(wechat)
        self.finished(program, wechat, trouble=trouble)
        notice.pump(program.world, inbox)
        assert (inbox.refused, inbox.took) == ([why], [])
        program.world.clock.advance(15)
        notice.pump(program.world, inbox)
        assert len(inbox.took) == 1

    def test_come_twice_late_or_never_as_scripted(self, program, wechat):
        inbox = Inbox(wechat)
        self.finished(program, wechat, trouble="duplicate")
        assert notice.pump(program.world, inbox) == 2
        assert inbox.took[0] == inbox.took[1]

    def test_come_late_as_scripted(self, program, wechat):
        self.finished(program, wechat, trouble="late")
        wechat.transfers.find("WD1")
        assert notice.pump(program.world, Inbox(wechat)) == 0
        program.world.clock.advance(600)
        assert notice.pump(program.world, Inbox(wechat)) == 1

    def test_that_nobody_takes_in_wait(self, program, wechat):
        def nobody(*_):
            raise ConnectionRefusedError

        self.finished(program, wechat)
        assert notice.pump(program.world, nobody) == 1
        assert program.world.queue[0].state == "waiting"


class TestPay:
    def test_takes_refunds_and_tells_both_sides(self, program, wechat):
        wechat.trades.create(TRADE)
        from_control(program, "pay", number="QX10001")
        order = RefundOrder(
            number="RF1", trade="QX10001", refund_fen=400, total_fen=7_400, reason="少件", notify_url=f"{NOTIFY}/x"
        )
        assert wechat.refunds.create(order).state == "PROCESSING"
        assert wechat.refunds.create(order).refund_id == wechat.refunds.find("RF1").refund_id
        program.world.clock.advance(2)
        assert wechat.refunds.find("RF1").state == "SUCCESS"
        assert wechat.trades.find("QX10001").trade_state == "REFUND"
        inbox = Inbox(wechat)
        notice.pump(program.world, inbox)
        assert [event for event, _ in inbox.took] == ["TRANSACTION.SUCCESS", "REFUND.SUCCESS"]
        with pytest.raises(Refused, match="可退金额"):
            wechat.refunds.create(dataclasses.replace(order, number="RF2", refund_fen=7_001))

    def test_writes_files_that_add_up(self, program, wechat):
        wechat.trades.create(TRADE)
        from_control(program, "pay", number="QX10001")
        create(wechat)
        from_control(program, "confirm", number="WD1")
        program.world.clock.advance(1)
        wechat.transfers.find("WD1")
        day = date(2026, 6, 15)
        with pytest.raises(Refused, match="不在可查询范围"):
            wechat.bills.funds(day, FundAccount.OPERATION)
        program.world.clock.advance(19 * 3_600)
        with pytest.raises(Retryable, match="STATEMENT_CREATING"):
            wechat.bills.funds(day, FundAccount.OPERATION)
        program.world.clock.advance(3_600)
        funds = wechat.bills.funds(day, FundAccount.OPERATION)
        (row,) = funds.rows
        assert (row["业务凭证号"], row["收支类型"], to_fen(row["收支金额(元)"])) == ("WD1", "支出", 18_000)
        assert funds.totals["支出金额"] == "180.00"
        (trade,) = wechat.bills.trades(day).rows
        assert (trade["商户订单号"], trade["订单金额"], trade["手续费"]) == ("QX10001", "74.00", "0.44400")
        assert wechat.bills.trades(date(2026, 6, 14)).rows == ()

    def test_shares_within_the_ratio(self, program, wechat):
        wechat.trades.create(dataclasses.replace(TRADE, is_shared=True))
        from_control(program, "pay", number="QX10001")
        paid = wechat.trades.find("QX10001").transaction_id
        person = Receiver(type="PERSONAL_OPENID", account="oP")
        wechat.sharings.add_receiver(person)
        part = Part(receiver=person, amount_fen=2_220, description="佣金")
        made = wechat.sharings.create(number="PS1", transaction=paid, parts=[part], is_last=False)
        assert made.receivers[0].result == "SUCCESS"
        assert wechat.sharings.unsplit(paid).unsplit_amount == 5_180
        with pytest.raises(Refused, match="RULE_LIMIT"):
            wechat.sharings.create(
                number="PS2", transaction=paid, parts=[dataclasses.replace(part, amount_fen=1)], is_last=False
            )

    def test_hands_out_its_certificate(self, wechat):
        serial = simulated.identity().names.certificate_serial
        assert list(certificates(wechat.pay)) == [serial]
