"""Transfers over the wire: what is asked, what is told, and how every kind of silence stays uncertain."""

import json
from datetime import UTC, datetime

import httpx
import pytest

from jobs.gateways import signature, transfer
from jobs.gateways.pay_transfer import Payee, Scene, TransferBill, TransferBills, WeChatTransfers
from jobs.gateways.transfer import Bill, Uncertain
from models.rules.withdrawal import TransferState
from tests.gateways import keys
from tests.gateways.wire import Wire, pay, refused, signed

SCENE = Scene(appid="wxmini0000000001", notify_url="https://console.test/webhooks/pay")
MADE = {
    "out_bill_no": "WD1", "transfer_bill_no": "133", "create_time": "2026-06-15T13:50:00+08:00",
    "state": "WAIT_USER_CONFIRM", "package_info": "ABBQ==",
}  # fmt: skip
MADE_AT = datetime(2026, 6, 15, 5, 50, tzinfo=UTC)
PAYEE = Payee(openid="oPromoter01", name="王小明")
UNKNOWN = refused(404, "NOT_FOUND", "记录不存在")


def bills(wire: Wire) -> TransferBills:
    return TransferBills(pay(wire), SCENE)


def channel(*answers, payee: Payee | None = PAYEE) -> WeChatTransfers:
    return WeChatTransfers(bills(Wire(*answers)), lambda code: payee)


class TestCreate:
    def test_asks_as_the_sample_does(self, samples):
        expected = json.loads((samples / "pay_transfer_bill_create.json").read_text())["request"]
        wire = Wire(signed(MADE))
        bills(wire).create(number="WD1", payee=Payee(openid="oPromoter01"), amount_fen=18_000)
        assert set(wire.sent()) == set(expected) - {"user_name"}
        assert wire.sent()["transfer_scene_id"] == "1005"
        assert [one["info_type"] for one in wire.sent()["transfer_scene_report_infos"]] == ["岗位类型", "报酬说明"]

    @pytest.mark.parametrize(("fen", "is_named"), [(29, False), (30, True), (200_000, True)])
    def test_names_the_payee_where_the_amount_allows(self, fen, is_named):
        wire = Wire(signed(MADE))
        bills(wire).create(number="WD1", payee=Payee(openid="oP", name="王小明"), amount_fen=fen)
        assert ("user_name" in wire.sent()) is is_named
        if is_named:
            assert signature.revealed(keys.key("wechat"), wire.sent()["user_name"]) == "王小明"

    def test_sends_nothing_without_a_name_from_two_thousand_yuan(self):
        wire = Wire()
        with pytest.raises(transfer.Refused, match="实名"):
            WeChatTransfers(bills(Wire(UNKNOWN)), lambda code: Payee(openid="oP")).send(
                number="WD1", payee="a", amount_fen=200_000
            )
        assert wire.calls == []

    def test_hands_the_phone_what_it_confirms_with(self):
        made = bills(Wire(signed(MADE)))
        bill = made.create(number="WD1", payee=Payee(openid="oP"), amount_fen=100)
        assert made.confirmation(bill, openid="oP") == {
            "mchId": "1900000001", "appId": "wxmini0000000001", "package": "ABBQ==", "openId": "oP"
        }  # fmt: skip


class TestFind:
    def test_reads_the_sample(self, samples):
        answer = json.loads((samples / "pay_transfer_bill_query.json").read_text())
        found = bills(Wire(signed(answer))).find("WD20260615000001")
        assert (found.state, found.transfer_amount) == ("SUCCESS", 18_000)
        assert found.update_time == datetime(2026, 6, 15, 6, 0, 19, tzinfo=UTC)
        assert found.model_extra["mch_id"] == "1900000001"

    def test_escapes_what_a_number_may_hold(self):
        wire = Wire(UNKNOWN)
        assert bills(wire).find("a|b/c") is None
        assert wire.calls[0].url.raw_path.endswith(b"/out-bill-no/a%7Cb%2Fc")

    def test_keeps_an_id_that_comes_as_a_number(self):
        assert TransferBill(out_bill_no=1330000000000002026, state="FAIL").out_bill_no == "1330000000000002026"


class TestChannel:
    def test_tells_a_bill_by_its_state(self):
        sent = channel(signed(MADE)).send(number="WD1", payee="a", amount_fen=18_000)
        waiting = TransferState.WAIT_USER_CONFIRM
        assert sent == Bill(number="WD1", amount_fen=18_000, state=waiting, package="ABBQ==", made_at=MADE_AT)

    @pytest.mark.parametrize(
        "silence",
        [
            httpx.ReadTimeout("x"),
            httpx.ConnectError("x"),
            refused(500, "SYSTEM_ERROR"),
            refused(429, "FREQUENCY_LIMITED"),
            refused(403, "NOT_ENOUGH"),
            refused(403, "NO_AUTH"),
            refused(401, "SIGN_ERROR"),
            httpx.Response(404),
            httpx.Response(502, text="<html>"),
            httpx.Response(200, json=MADE),
            signed(MADE, age=301),
            signed(MADE, signer="intruder"),
            signed(MADE, serial="PUB_KEY_ID_x"),
            signed({"out_bill_no": "WD1"}),
            signed(MADE | {"state": "SOMETHING_NEW"}),
        ],
    )
    def test_knows_nothing_after_silence_and_after_what_is_no_answer(self, silence):
        with pytest.raises(Uncertain):
            channel(silence).send(number="WD1", payee="a", amount_fen=18_000)

    def test_takes_a_refusal_for_one_only_when_there_is_no_bill(self):
        no = refused(400, "INVALID_REQUEST", "超过单笔转账上下限")
        with pytest.raises(transfer.Refused, match="超过单笔转账上下限"):
            channel(no, UNKNOWN).send(number="WD1", payee="a", amount_fen=18_000)
        with pytest.raises(Uncertain):
            channel(no, signed(MADE)).send(number="WD1", payee="a", amount_fen=18_000)
        with pytest.raises(Uncertain):
            channel(no, *[refused(500, "SYSTEM_ERROR")] * 3).send(number="WD1", payee="a", amount_fen=18_000)

    def test_refuses_whom_it_cannot_pay(self):
        with pytest.raises(transfer.Refused, match="没有可收款的微信账号"):
            channel(payee=None).send(number="WD1", payee="a", amount_fen=18_000)
        with pytest.raises(transfer.Refused, match="0.10"):
            channel().send(number="WD1", payee="a", amount_fen=9)

    def test_knows_no_bill_only_where_wechat_says_so(self):
        assert channel(UNKNOWN).query(number="WD1") is None
        with pytest.raises(Uncertain):
            channel(httpx.Response(404)).query(number="WD1")

    def test_brings_the_reason_of_a_failure(self):
        answer = MADE | {"state": "FAIL", "fail_reason": "NAME_NOT_CORRECT", "transfer_amount": 18_000}
        found = channel(signed(answer)).query(number="WD1")
        assert (found.state, found.amount_fen, found.reason) == (TransferState.FAIL, 18_000, "NAME_NOT_CORRECT")
