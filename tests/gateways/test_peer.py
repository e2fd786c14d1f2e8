"""An independent peer (wechatpayv3, of PyPI): what we sign it verifies, what it signs our simulator takes."""

import json
import logging
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from wechatpayv3 import WeChatPay, WeChatPayType, utils

from jobs.gateways import keyring, signature
from jobs.gateways.simulator import notice
from jobs.gateways.simulator.app import Simulated
from jobs.gateways.simulator.server import Server
from tests import simulated


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    server = Server(Simulated(simulated.world())).start()
    yield server
    server.stop()


def peer(address: str) -> WeChatPay:
    """The other library as our merchant, led to the simulator."""
    both, names = simulated.identity(), simulated.identity().names
    found = WeChatPay(
        wechatpay_type=WeChatPayType.MINIPROG, mchid=names.mchid, cert_serial_no=names.merchant_serial,
        private_key=both.merchant.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        apiv3_key=names.apiv3_key, appid=names.apps["mini"][0], notify_url="https://console.test/webhooks/pay",
        public_key=keyring.public_pem(both.wechat).decode(), public_key_id=names.public_key_id,
        logger=logging.getLogger("peer"), timeout=(3, 5),
    )  # fmt: skip
    found._core._gate_way = address
    return found


class TestRequests:
    def test_of_ours_verify_there(self):
        merchant = simulated.credentials().merchant
        header = signature.authorization(merchant, "POST", "/v3/x?a=1", b'{"a":1}')
        given = dict(part.replace('"', "").split("=", 1) for part in header.partition(" ")[2].split(","))
        lines = f"POST\n/v3/x?a=1\n{given['timestamp']}\n{given['nonce_str']}\n" + '{"a":1}\n'
        # Their verifier takes three lines; ours are five, so the first two stand for the moment.
        moment, nonce, body = lines[:-1].split("\n", 2)
        assert utils.rsa_verify(moment, nonce, body, given["signature"], merchant.key.public_key())

    def test_of_theirs_are_taken_by_the_simulator_and_its_answers_by_them(self, served):
        status, text = peer(served.address).mch_transfer_bills(
            out_bill_no="PEER1", transfer_scene_id="1005", openid="oPeer1", transfer_amount=18_000,
            transfer_remark="推广佣金", user_recv_perception="劳务报酬", user_name="王小明",
            transfer_scene_report_infos=[
                {"info_type": "岗位类型", "info_content": "推广员"}, {"info_type": "报酬说明", "info_content": "佣金"}
            ],
        )  # fmt: skip
        assert (status, json.loads(text)["state"]) == (200, "WAIT_USER_CONFIRM")
        assert served.program.world.bills["PEER1"].name == "王小明"

    def test_of_theirs_without_the_right_key_are_refused(self, served):
        other = peer(served.address)
        other._core._private_key = simulated.identity().certified
        status, text = other.query(out_trade_no="QX10001")
        assert (status, json.loads(text)["code"]) == (401, "SIGN_ERROR")


class TestCallbacks:
    def sealed(self, served: Server) -> tuple[dict[str, str], bytes]:
        world = served.program.world
        notice.tell(world, "https://console.test/x", "REFUND.SUCCESS", "refund", {"out_refund_no": "退1"})
        one = world.queue.pop()
        return notice.proof(world, one.body), one.body

    def test_of_the_simulator_open_there(self, served):
        headers, body = self.sealed(served)
        found = peer(served.address).callback(headers, body)
        assert found["resource"] == {"out_refund_no": "退1"}
        assert found["event_type"] == "REFUND.SUCCESS"

    def test_that_probe_fail_there_as_here(self, served):
        headers, body = self.sealed(served)
        probe = headers | {"Wechatpay-Signature": signature.SIGNTEST + headers["Wechatpay-Signature"]}
        assert peer(served.address).callback(probe, body) is None


class TestNames:
    def test_hidden_there_are_read_here_and_back(self):
        both = simulated.identity()
        platform = simulated.credentials().platform
        there = utils.rsa_encrypt(text="王小明", public_key=both.wechat.public_key())
        assert signature.revealed(both.wechat, there) == "王小明"
        here = signature.concealed(platform, "王小明")
        assert utils.rsa_decrypt(ciphertext=here, private_key=both.wechat) == "王小明"


class TestResources:
    def test_sealed_here_open_there(self, samples):
        for path in sorted(samples.glob("pay_*_success.json")):
            sample = json.loads(path.read_text())
            resource = sample["envelope"]["resource"]
            plain = utils.aes_decrypt(
                nonce=resource["nonce"], ciphertext=resource["ciphertext"],
                associated_data=resource["associated_data"], apiv3_key=sample["test_apiv3_key"],
            )  # fmt: skip
            ours = signature.opened(resource, [sample["test_apiv3_key"].encode()])
            assert json.loads(plain) == json.loads(ours) == sample["decrypted_resource"]
