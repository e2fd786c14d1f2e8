"""What the tests of the simulated WeChat share: its day, who is paid, and our side of its callbacks."""

import time
from datetime import UTC, datetime

from jobs.gateways import signature
from jobs.gateways.invented import openid
from jobs.gateways.pay_order import TradeOrder
from jobs.gateways.pay_transfer import Payee, TransferBill, WeChatTransfers
from jobs.gateways.shop_product import Draft
from jobs.gateways.simulator import control
from jobs.gateways.simulator.app import Simulated
from jobs.gateways.wechat import WeChat
from tests import simulated

AT = 1_781_503_200.0  # 2026-06-15 14:00 in Shanghai
DAY = 86_400
NOW = datetime(2026, 6, 15, 6, 0, tzinfo=UTC)
NOTIFY = simulated.NOTIFY
PAYEE = Payee(openid=openid("alice"), name="王小明")
DRAFT = Draft(
    out_product_id="P-1", title="千星测试洗衣液", sku_code="P-1", price_fen=7_900, market_price_fen=9_900, stock=100,
    images=("https://mmecimage.cn/p/A", "https://mmecimage.cn/p/B", "https://mmecimage.cn/p/C"), categories=("6033",),
    more={},
)  # fmt: skip
TRADE = TradeOrder(
    number="QX10001", description="洗衣液", amount_fen=7_400, openid="oB", notify_url=f"{NOTIFY}/webhooks/pay"
)


def channel(wechat: WeChat) -> WeChatTransfers:
    return WeChatTransfers(wechat.transfers, lambda code: PAYEE)


def create(wechat: WeChat, number: str = "WD1", fen: int = 18_000) -> TransferBill:
    return wechat.transfers.create(number=number, payee=PAYEE, amount_fen=fen)


def from_control(program: Simulated, string: str, /, **body):
    """What a person or the world does, by the control's strings."""
    return control.pull(program.world, string, body)


class Inbox:
    """Our side of the callbacks: verifies what comes, and answers as told."""

    def __init__(self, wechat: WeChat, *answers: int) -> None:
        self.wechat, self.answers = wechat, list(answers)
        self.took: list[tuple[str, dict]] = []
        self.refused: list[str] = []

    def __call__(self, address: str, body: bytes, headers) -> tuple[int, str]:
        try:
            found = self.wechat.pay.notice(headers, body, now=time.time())
        except signature.Unverified as error:
            self.refused.append(error.why)
            return 401, ""
        status = self.answers.pop(0) if self.answers else 204
        if status < 300:
            self.took.append((found.event_type, found.resource))
        return status, ""
