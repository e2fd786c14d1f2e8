"""Messages that shop and mini-program push: proved, opened, refused."""

import json

import pytest

from jobs.gateways import push
from jobs.gateways.push import Push
from jobs.gateways.signature import BadKey, Unverified

AES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
OTHER = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq"
APPID = "wxshop0000000001"
NOW = 1_781_503_210


def receiver(*aes: str, appid: str = APPID) -> Push:
    return Push(appid=appid, token="qianxingtoken01", keys=[push.aes_key(one) for one in aes or (AES,)])


def delivery(message: bytes = b'{"Event":"x"}', *, at: int = NOW, appid: str = APPID):
    sealed = push.sealed(message, appid=appid, key=push.aes_key(AES))
    signs = push.digest("qianxingtoken01", str(at), "n", sealed)
    query = {"timestamp": str(at), "nonce": "n", "msg_signature": signs}
    return query, json.dumps({"ToUserName": "gh", "Encrypt": sealed}).encode()


class TestVector:
    def test_opens_to_its_plain_text(self, samples):
        vector = json.loads((samples / "push_encrypted_envelope_testvector.json").read_text())
        found = receiver().open(vector["query"], json.dumps(vector["body"]).encode(), now=NOW)
        assert found == json.loads(vector["plaintext_utf8"])

    def test_signs_its_plain_query_too(self, samples):
        query = json.loads((samples / "push_encrypted_envelope_testvector.json").read_text())["query"]
        assert receiver().verify_address(query | {"echostr": "hello"}, now=NOW) == "hello"


class TestDelivery:
    def test_opens_under_either_of_two_keys(self):
        assert receiver(OTHER, AES).open(*delivery(), now=NOW) == {"Event": "x"}

    def test_of_every_length_opens(self):
        for length in range(70):
            message = json.dumps({"x": "y" * length}).encode()
            assert receiver().open(*delivery(message), now=NOW)["x"] == "y" * length

    @pytest.mark.parametrize(
        ("receiving", "why"),
        [(receiver(OTHER), "aes_key"), (receiver(appid="wxother"), "aes_key")],
    )
    def test_for_somebody_else_stays_shut(self, receiving, why):
        with pytest.raises(Unverified, match=why):
            receiving.open(*delivery(), now=NOW)

    @pytest.mark.parametrize("off", [-301, 301])
    def test_out_of_time_is_refused(self, off):
        with pytest.raises(Unverified, match="stale"):
            receiver().open(*delivery(), now=NOW + off)

    @pytest.mark.parametrize("name", ["timestamp", "nonce", "msg_signature"])
    def test_with_a_changed_query_is_refused(self, name):
        query, body = delivery()
        with pytest.raises(Unverified):
            receiver().open(query | {name: "1781503211"}, body, now=NOW)

    @pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"Encrypt": 7}', b"<xml/>"])
    def test_without_an_envelope_is_refused(self, body):
        with pytest.raises(Unverified, match="envelope"):
            receiver().open(delivery()[0], body, now=NOW)

    @pytest.mark.parametrize("sealed", ["", "abc", "QUJD", "A" * 44])
    def test_with_a_broken_envelope_is_refused(self, sealed):
        with pytest.raises(Unverified):
            push.unsealed(sealed, appid=APPID, keys=[push.aes_key(AES)])

    def test_that_holds_no_object_is_refused(self):
        with pytest.raises(Unverified, match="message"):
            receiver().open(*delivery(b"[1]"), now=NOW)


class TestKeys:
    @pytest.mark.parametrize("text", ["", "short", AES + "R", "!" * 43])
    def test_of_another_length_are_refused(self, text):
        with pytest.raises(BadKey, match="43"):
            push.aes_key(text)
