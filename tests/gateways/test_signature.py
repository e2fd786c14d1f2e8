"""What proves a request to be ours and a reply to be WeChat's, and what opens and closes between us."""

import json
import time

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from jobs.gateways import signature
from jobs.gateways.signature import BadKey, Unverified
from tests.gateways import keys, wire
from tests.gateways.keys import PUBLIC_KEY_ID, SECRET

NOW = 1_781_503_210
BODY = b'{"id":"EV-1"}'


def stamped(body: bytes = BODY, **changed) -> dict[str, str]:
    lines = (str(NOW).encode(), b"abc", body)
    headers = {
        "Wechatpay-Timestamp": str(NOW), "Wechatpay-Nonce": "abc", "Wechatpay-Serial": PUBLIC_KEY_ID,
        "Wechatpay-Signature": signature.signed(keys.key("wechat"), *lines),
    }  # fmt: skip
    return headers | changed


def why(headers, body=BODY, *, now=NOW, platform=None) -> str:
    with pytest.raises(Unverified) as error:
        signature.verify(platform or keys.platform(), headers, body, now=now)
    return error.value.why


class TestReplies:
    def test_are_trusted_with_a_fitting_signature_in_any_case_of_letters(self):
        headers = stamped()
        signature.verify(keys.platform(), headers, BODY, now=NOW)
        signature.verify(keys.platform(), {name.lower(): value for name, value in headers.items()}, BODY, now=NOW)

    @pytest.mark.parametrize("off", [-300, 300])
    def test_are_trusted_to_the_edge_of_five_minutes(self, off):
        signature.verify(keys.platform(), stamped(), BODY, now=NOW + off)

    @pytest.mark.parametrize("off", [-301, 301])
    def test_are_not_trusted_beyond(self, off):
        assert why(stamped(), now=NOW + off) == "stale"

    @pytest.mark.parametrize("moment", ["", "abc", "-5", "1" * 30, "１７８１５０３２１０"])
    def test_are_not_trusted_with_a_moment_that_is_none(self, moment):
        assert why(stamped(**{"Wechatpay-Timestamp": moment})) in {"headers", "stale"}

    def test_are_not_trusted_with_another_body(self):
        assert why(stamped(), b'{"id":"EV-2"}') == "signature"

    @pytest.mark.parametrize(
        "missing", ["Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial", "Wechatpay-Signature"]
    )
    def test_are_not_trusted_without_a_header(self, missing):
        assert why({name: value for name, value in stamped().items() if name != missing}) == "headers"

    def test_of_wechats_own_probe_fail(self):
        probe = "WECHATPAY/SIGNTEST/" + stamped()["Wechatpay-Signature"]
        assert why(stamped(**{"Wechatpay-Signature": probe})) == "signtest"

    @pytest.mark.parametrize("serial", ["PUB_KEY_ID_999", "zz", "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"])
    def test_of_an_unknown_serial_fail_without_asking_anybody(self, serial):
        assert why(stamped(**{"Wechatpay-Serial": serial})) == "serial"

    def test_of_another_scheme_fail(self):
        assert why(stamped(**{"Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"})) == "scheme"

    @pytest.mark.parametrize("signs", ["", "!!!", "QUJD"])
    def test_with_broken_signatures_fail(self, signs):
        assert why(stamped(**{"Wechatpay-Signature": signs})) in {"headers", "signature"}

    def test_pass_under_either_of_two_keys_while_they_change(self):
        lines = (str(NOW).encode(), b"abc", BODY)
        old = stamped(**{"Wechatpay-Serial": "OLD", "Wechatpay-Signature": signature.signed(keys.key("OLD"), *lines)})
        both = keys.platform("OLD")
        signature.verify(both, stamped(), BODY, now=NOW)
        signature.verify(both, old, BODY, now=NOW)
        assert why(old | {"Wechatpay-Serial": PUBLIC_KEY_ID}, platform=both) == "signature"


class TestRequests:
    def test_are_signed_over_five_lines(self):
        header = signature.authorization(keys.merchant(), "POST", "/v3/x?a=1", b"{}", at=NOW, nonce="abc")
        scheme, _, rest = header.partition(" ")
        given = dict(part.replace('"', "").split("=", 1) for part in rest.split(","))
        assert scheme == "WECHATPAY2-SHA256-RSA2048"
        assert (given["mchid"], given["serial_no"]) == (keys.MCHID, keys.MERCHANT_SERIAL)
        public = keys.key("merchant").public_key()
        signature.check(public, given["signature"], b"POST", b"/v3/x?a=1", b"1781503210", b"abc", b"{}")


class TestResources:
    def test_open_under_either_of_two_secrets(self, samples):
        resource = json.loads((samples / "pay_refund_success.json").read_text())["envelope"]["resource"]
        assert b"RF20260615000009" in signature.opened(resource, (b"x" * 32, SECRET))

    def test_stay_shut_under_another_secret(self, samples):
        resource = json.loads((samples / "pay_refund_success.json").read_text())["envelope"]["resource"]
        with pytest.raises(Unverified, match="apiv3_key"):
            signature.opened(resource, (b"x" * 32,))

    @pytest.mark.parametrize(
        "resource",
        [
            {},
            {"algorithm": "AEAD_SM4_GCM"},
            {"algorithm": "AEAD_AES_256_GCM"},
            {"algorithm": "AEAD_AES_256_GCM", "ciphertext": "%%%", "nonce": "a"},
            {"algorithm": "AEAD_AES_256_GCM", "ciphertext": "QUJD", "nonce": 5},
        ],
    )
    def test_that_are_none_are_refused(self, resource):
        with pytest.raises(Unverified):
            signature.opened(resource, (SECRET,))


class TestNames:
    def test_are_read_by_the_holder_of_the_key_alone(self):
        sealed = signature.concealed(keys.platform("OLD"), "王小明")
        assert signature.revealed(keys.key("wechat"), sealed) == "王小明"
        with pytest.raises(Unverified):
            signature.revealed(keys.key("OLD"), sealed)

    def test_of_impossible_length_are_refused(self):
        with pytest.raises(ValueError, match="214"):
            signature.concealed(keys.platform(), "王" * 72)


class TestKeys:
    def test_are_read_from_pem_and_from_certificates(self):
        assert signature.private_key(keys.private_pem("merchant").encode()).key_size == 2048
        assert signature.public_key(keys.public_pem("wechat").encode()).key_size == 2048
        pem = keys.certificate("OLD").public_bytes(Encoding.PEM)
        assert signature.public_key(pem).public_numbers() == keys.key("OLD").public_key().public_numbers()

    @pytest.mark.parametrize("read", [signature.private_key, signature.public_key])
    @pytest.mark.parametrize("pem", [b"", b"hello", b"-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----"])
    def test_that_are_none_are_refused_without_showing_them(self, read, pem):
        with pytest.raises(BadKey) as error:
            read(pem)
        assert "hello" not in str(error.value)

    def test_do_not_show_in_a_printout(self):
        assert "RSAPrivateKey" not in repr(keys.merchant())
        assert SECRET.decode() not in repr(keys.platform())


class TestNotices:
    def test_of_every_sample_open(self, samples):
        pay = wire.pay(wire.Wire())
        for path in sorted(samples.glob("pay_*.json")):
            sample = json.loads(path.read_text())
            if "envelope" not in sample:
                continue
            body = json.dumps(sample["envelope"]).encode()
            notice = pay.notice(wire.signing(body), body, now=time.time())
            assert notice.resource == sample["decrypted_resource"], path.name
            assert notice.id == "EV-20260615000000001"

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"resource": 5}', b'{"resource": {}}'])
    def test_that_are_signed_nonsense_are_refused(self, body):
        with pytest.raises(Unverified):
            wire.pay(wire.Wire()).notice(wire.signing(body), body, now=time.time())

    def test_too_large_are_refused_before_anything_is_computed(self):
        with pytest.raises(Unverified, match="too_large"):
            wire.pay(wire.Wire()).notice({}, b"x" * 70_000, now=0)
