"""Orders, refunds, files and shares over the wire of WeChat Pay."""

import base64
import gzip
import hashlib
import json
from datetime import UTC, date, datetime

import httpx
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding

from jobs.gateways import pay_bill, signature
from jobs.gateways.http import Refused, Retryable
from jobs.gateways.pay_bill import Bills, FundAccount, Unusable
from jobs.gateways.pay_order import TradeOrder, Trades
from jobs.gateways.pay_refund import Refunded, RefundOrder, Refunds
from jobs.gateways.pay_share import Part, Receiver, Sharings
from jobs.gateways.wechat_pay import certificates
from tests.gateways import keys
from tests.gateways.wire import Wire, pay, refused, signed

APPID = "wxmini0000000001"
ORDER = TradeOrder(
    number="QX1|a", description="洗衣液", amount_fen=7_400, openid="oB", notify_url="https://c.test/webhooks/pay",
    expires_at=datetime(2026, 6, 15, 6, 0, tzinfo=UTC), is_shared=True,
)  # fmt: skip
REFUND = RefundOrder(
    number="RF1", trade="QX1", refund_fen=100, total_fen=7_400, reason="质量问题", notify_url="https://c.test/w"
)
DAY = date(2026, 6, 15)


class TestTrades:
    def test_ask_for_a_prepay_id(self):
        wire = Wire(signed({"prepay_id": "wx1"}))
        assert Trades(pay(wire), appid=APPID).create(ORDER).prepay_id == "wx1"
        assert wire.sent() == {
            "appid": APPID, "mchid": keys.MCHID, "description": "洗衣液", "out_trade_no": "QX1|a",
            "notify_url": "https://c.test/webhooks/pay", "amount": {"total": 7_400, "currency": "CNY"},
            "payer": {"openid": "oB"}, "time_expire": "2026-06-15T14:00:00+08:00",
            "settle_info": {"profit_sharing": True},
        }  # fmt: skip

    def test_sign_what_the_phone_pays_with(self):
        trades = Trades(pay(Wire(signed({"prepay_id": "wx1"}))), appid=APPID)
        given = trades.invocation(trades.create(ORDER))
        lines = (APPID, given["timeStamp"], given["nonceStr"], "prepay_id=wx1")
        signature.check(keys.key("merchant").public_key(), given["paySign"], *(line.encode() for line in lines))

    def test_tell_an_order_or_that_there_is_none(self, samples):
        told = json.loads((samples / "pay_transaction_success.json").read_text())["decrypted_resource"]
        wire = Wire(signed(told), refused(404, "ORDER_NOT_EXIST"))
        trades = Trades(pay(wire), appid=APPID)
        found = trades.find("QX20260615000009")
        assert (found.trade_state, found.amount.payer_total, found.payer.openid) == ("SUCCESS", 7_400, "oBuyerTest0001")
        assert trades.find("QX1|a") is None
        assert wire.calls[1].url.raw_path == b"/v3/pay/transactions/out-trade-no/QX1%7Ca?mchid=1900000001"

    def test_are_closed_by_an_empty_answer(self):
        Trades(pay(Wire(signed(None, status=204))), appid=APPID).close("QX1")


class TestRefunds:
    def test_are_asked_for_and_found(self):
        wire = Wire(
            signed({"out_refund_no": "RF1", "refund_id": 50300000002026061500, "status": "PROCESSING"}),
            refused(404, "RESOURCE_NOT_EXISTS"),
        )
        refunds = Refunds(pay(wire))
        made = refunds.create(REFUND)
        assert (made.state, made.refund_id) == ("PROCESSING", "50300000002026061500")
        assert wire.sent()["amount"] == {"refund": 100, "total": 7_400, "currency": "CNY"}
        assert refunds.find("RF1") is None

    def test_of_a_notice_say_their_state_under_another_name(self, samples):
        told = json.loads((samples / "pay_refund_success.json").read_text())["decrypted_resource"]
        assert Refunded.model_validate(told).state == "SUCCESS"

    def test_that_another_error_hides_are_not_taken_for_missing(self):
        with pytest.raises(Refused, match="MCH_NOT_EXISTS"):
            Refunds(pay(Wire(refused(404, "MCH_NOT_EXISTS")))).find("RF1")


def offered(content: bytes, **changed) -> dict[str, str]:
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    address = "https://pay.test/v3/billdownload/file?token=t&x=1"
    return {"hash_type": "SHA1", "hash_value": sha1, "download_url": address} | changed


class TestFiles:
    def test_are_fetched_checked_and_read(self, samples):
        content = (samples / "bill_fundflow_operation.csv").read_bytes()
        wire = Wire(signed(offered(content)), httpx.Response(200, content=gzip.compress(content)))
        found = Bills(pay(wire)).funds(DAY, FundAccount.OPERATION)
        (row,) = found.rows
        assert (row["业务凭证号"], row["收支金额(元)"], row["业务类型"]) == ("WD20260615000001", "180.00", "商家转账")
        assert found.totals["支出金额"] == "180.00"
        assert found.content == content
        assert wire.calls[0].url.params["account_type"] == "OPERATION"
        assert wire.calls[1].url.params["token"] == "t"

    def test_of_trades_are_read_by_column(self, samples):
        content = (samples / "bill_trade_all.csv").read_bytes()
        wire = Wire(signed(offered(content)), httpx.Response(200, content=gzip.compress(content)))
        (row,) = Bills(pay(wire)).trades(DAY).rows
        assert (row["商户订单号"], pay_bill.to_fen(row["订单金额"])) == ("QX20260615000009", 7_400)

    def test_of_an_empty_day_are_empty(self):
        assert Bills(pay(Wire(refused(400, "NO_STATEMENT_EXIST")))).trades(DAY).rows == ()

    def test_not_ready_yet_come_later(self):
        with pytest.raises(Retryable, match="STATEMENT_CREATING"):
            Bills(pay(Wire(refused(400, "STATEMENT_CREATING")))).trades(DAY)

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"hash_value": "0" * 40}, "hash"),
            ({"hash_type": "MD5"}, "hash_type"),
            ({"download_url": "https://pay.test.evil/v3/x"}, "foreign_address"),
            ({"download_url": "https://evil.test/v3/x"}, "foreign_address"),
        ],
    )
    def test_that_are_not_what_was_offered_are_refused(self, changed, code):
        wire = Wire(signed(offered(b"x", **changed)), httpx.Response(200, content=gzip.compress(b"x")))
        with pytest.raises(Retryable) as error:
            Bills(pay(wire)).trades(DAY)
        assert error.value.code == code

    @pytest.mark.parametrize("packed", [b"\x1f\x8bgarbage", gzip.compress(b"x" * 99)[:-9]], ids=["garbage", "torn"])
    def test_that_do_not_unpack_are_refused(self, packed):
        with pytest.raises(Retryable, match="gzip"):
            list(pay_bill.unpacked(packed, largest=100))

    def test_that_unpack_to_too_much_are_refused(self):
        with pytest.raises(Retryable, match="too_large"):
            list(pay_bill.unpacked(gzip.compress(b"x" * 101), largest=100))

    @pytest.mark.parametrize(
        "content", [b"", b"\xff\xfe", b"a,b\n", "表头\n明细\n合计\n1\n".encode(), "a,b\n`1\n合计\n`1\n".encode()]
    )
    def test_that_are_no_bills_say_so(self, content):
        with pytest.raises(Unusable, match="账单"):
            pay_bill.read(content)

    @pytest.mark.parametrize(("text", "fen"), [("74.00", 7_400), ("0.01", 1), ("-3.50", -350), ("", 0)])
    def test_tell_yuan_that_become_fen(self, text, fen):
        assert pay_bill.to_fen(text) == fen

    @pytest.mark.parametrize("text", ["0.44400", "x", "NaN", "1e999999"])
    def test_tell_some_that_are_no_fen(self, text):
        with pytest.raises(Unusable):
            pay_bill.to_fen(text)


class TestShares:
    def test_are_made_under_a_number_and_taken_back(self):
        person = Receiver(type="PERSONAL_OPENID", account="oP", name="王小明")
        state = {"out_order_no": "PS1", "transaction_id": "42", "state": "PROCESSING"}
        wire = Wire(
            signed({}), signed(state | {"receivers": []}), signed({"out_return_no": "RT1", "result": "SUCCESS"}),
            signed({"transaction_id": "42", "unsplit_amount": 5_400}),
        )  # fmt: skip
        shares = Sharings(pay(wire), appid=APPID)
        shares.add_receiver(person)
        assert signature.revealed(keys.key("wechat"), wire.sent()["name"]) == "王小明"
        parts = [Part(receiver=person, amount_fen=2_000, description="佣金")]
        made = shares.create(number="PS1", transaction="42", parts=parts, is_last=True)
        assert made.state == "PROCESSING"
        assert wire.sent()["receivers"] == [
            {"type": "PERSONAL_OPENID", "account": "oP", "amount": 2_000, "description": "佣金"}
        ]
        back = shares.take_back(number="RT1", of="PS1", merchant="1900", amount_fen=2_000, why="退款")
        assert back.result == "SUCCESS"
        assert shares.unsplit("42").unsplit_amount == 5_400


class TestCertificates:
    def test_prove_themselves_by_opening_and_come_longest_first(self):
        pem = keys.certificate("OLD").public_bytes(Encoding.PEM)
        nonce = "61f9c719728a"
        sealed = base64.b64encode(AESGCM(keys.SECRET).encrypt(nonce.encode(), pem, b"certificate")).decode()
        one = {
            "effective_time": "2024-01-01T00:00:00+08:00",
            "encrypt_certificate": {
                "algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": "certificate", "ciphertext": sealed
            },
        }  # fmt: skip
        answer = {
            "data": [
                one | {"serial_no": "A1", "expire_time": "2027-01-01T00:00:00+08:00"},
                one | {"serial_no": "B2", "expire_time": "2029-01-01T00:00:00+08:00"},
            ]
        }
        found = certificates(pay(Wire(httpx.Response(200, json=answer))))
        assert list(found) == ["B2", "A1"]
        assert found["B2"].public_numbers() == keys.key("OLD").public_key().public_numbers()
