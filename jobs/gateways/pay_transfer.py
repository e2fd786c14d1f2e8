"""Merchant transfers as of 2025: one bill a number, confirmed by its payee within 24 hours, eight states."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from jobs.gateways import signature, transfer
from jobs.gateways.http import Refused, Retryable
from jobs.gateways.shape import Id, Shape
from jobs.gateways.transfer import Bill, Uncertain
from jobs.gateways.wechat_pay import Pay, part
from models.rules.withdrawal import TransferState

log = structlog.get_logger("jobs.gateways")

PATH = "/v3/fund-app/mch-transfer/transfer-bills"
COMMISSION = "1005"
"""The scene 佣金报酬. A commission under another scene is misdeclared, whatever would be accepted [H]."""
PERCEPTION = "劳务报酬"
"""What the payee is told under 1005; other words were refused in 2025-03 [M]."""
NAME_FROM_FEN = 200_000
NAME_UP_FROM_FEN = 30
LEAST_FEN = 10
PER_SECOND, CANCELS_PER_SECOND = 100, 20
UNKNOWN = frozenset({"NOT_FOUND", "RESOURCE_NOT_EXISTS", "ORDER_NOT_EXIST"})
"""Codes by which a query says that it knows of no bill; of the first one source is sure, the others are families' [M].
A 404 without one of them, such as of a mistyped host, says nothing of a bill."""
NOT_THE_END = frozenset({
    "NOT_ENOUGH", "SIGN_ERROR", "NO_AUTH", "HTTP_401", "HTTP_404", "HTTP_405",
    "FREQUENCY_LIMITED", "FREQUENCY_LIMIT_EXCEED", "RATELIMIT_EXCEEDED",
})  # fmt: skip
"""Refusals that are about us and not about the bill: topped up or set right, the same number goes through [H]."""


class TransferBill(Shape):
    """A transfer as WeChat tells it. ``state`` may be one that is not documented yet; ``package_info`` comes while the
    payee is waited for and opens the confirmation on the phone."""

    out_bill_no: Id
    transfer_bill_no: Id = ""
    state: str
    transfer_amount: int | None = None
    create_time: datetime | None = None
    update_time: datetime | None = None
    fail_reason: str = ""
    package_info: str = ""
    openid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """Whom a transfer goes to. The name goes out encrypted, and only where the rules of the amount ask for it."""

    openid: str = field(repr=False)
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a transfer declares: its scene, what the payee reads, and the two reports that 1005 asks for [M]."""

    appid: str
    notify_url: str = ""
    remark: str = "推广佣金"
    position: str = "推广员"
    reward: str = "推广佣金"
    scene: str = COMMISSION
    perception: str = PERCEPTION


class TransferBills:
    """The three verbs, and the confirmation that the payee's phone asks for."""

    def __init__(self, pay: Pay, scene: Scene) -> None:
        self.pay, self.scene = pay, scene

    def create(self, *, number: str, payee: Payee, amount_fen: int) -> TransferBill:
        """A bill under our number. Asked again with the same content the answer is that bill; other content under the
        number is refused. After anything but an answer: `find` first."""
        body = {
            "appid": self.scene.appid, "out_bill_no": number, "transfer_scene_id": self.scene.scene,
            "openid": payee.openid, "user_name": self._name(payee, amount_fen), "transfer_amount": amount_fen,
            "transfer_remark": self.scene.remark, "notify_url": self.scene.notify_url or None,
            "user_recv_perception": self.scene.perception,
            "transfer_scene_report_infos": [
                {"info_type": "岗位类型", "info_content": self.scene.position},
                {"info_type": "报酬说明", "info_content": self.scene.reward},
            ],
        }  # fmt: skip
        return self.pay.post("transfer.create", PATH, TransferBill, body, per_second=PER_SECOND)

    def find(self, number: str) -> TransferBill | None:
        """The bill of our number, None where none was made. WeChat looks thirty days back [H]."""
        try:
            return self.pay.get(
                "transfer.find", f"{PATH}/out-bill-no/{part(number)}", TransferBill, per_second=PER_SECOND
            )
        except Refused as refusal:
            if refusal.code in UNKNOWN:
                return None
            raise

    def cancel(self, number: str) -> TransferBill:
        """Ask for a bill to be taken back: possible until its payee confirms, and done later (CANCELING first)."""
        path = f"{PATH}/out-bill-no/{part(number)}/cancel"
        return self.pay.post("transfer.cancel", path, TransferBill, {}, per_second=CANCELS_PER_SECOND)

    def confirmation(self, bill: TransferBill, *, openid: str) -> dict[str, str]:
        """What the mini-program hands to `wx.requestMerchantTransfer`; its success there proves nothing."""
        return {
            "mchId": self.pay.merchant.mchid, "appId": self.scene.appid, "package": bill.package_info, "openId": openid
        }  # fmt: skip

    def _name(self, payee: Payee, amount_fen: int) -> str | None:
        if amount_fen >= NAME_FROM_FEN and not payee.name:
            raise Refused("NAME_MISSING", "单笔 2000 元及以上须提供收款人实名")
        if not payee.name or amount_fen < NAME_UP_FROM_FEN:
            return None
        return signature.concealed(self.pay.platform, payee.name)


class WeChatTransfers:
    """The channel that payouts run on: our two ways of not knowing, made of WeChat's many.

    ``payee_of`` finds openid and name of a member by its code, None where there is no openid to pay to.
    """

    def __init__(self, bills: TransferBills, payee_of: Callable[[str], Payee | None]) -> None:
        self._bills, self._payee_of = bills, payee_of

    def send(self, *, number: str, payee: str, amount_fen: int) -> Bill:
        """`Refused` only where the refusal is about this bill for good; for all else the same number is asked about."""
        found = self._payee_of(payee)
        if found is None:
            raise transfer.Refused("收款人还没有登录过小程序，没有可收款的微信账号。")
        if amount_fen < LEAST_FEN:
            raise transfer.Refused("微信单笔转账至少 0.10 元。")
        try:
            return _bill(self._bills.create(number=number, payee=found, amount_fen=amount_fen), amount_fen)
        except Retryable as error:
            raise Uncertain(error.code) from error
        except Refused as refusal:
            if refusal.code in NOT_THE_END:
                raise Uncertain(refusal.code) from refusal
            raise self._ended(number, refusal) from refusal

    def query(self, *, number: str) -> Bill | None:
        try:
            found = self._bills.find(number)
        except (Retryable, Refused) as error:
            raise Uncertain(error.code) from error
        return _bill(found, found.transfer_amount or 0) if found is not None else None

    def _ended(self, number: str, refusal: Refused) -> transfer.Refused | Uncertain:
        """A clear refusal ends a bill only when a query knows of none: `any non-200: query before anything` [H]."""
        try:
            return Uncertain(refusal.code) if self._bills.find(number) is not None else transfer.Refused(str(refusal))
        except (Retryable, Refused):
            return Uncertain(refusal.code)


def _bill(found: TransferBill, amount_fen: int) -> Bill:
    try:
        state = TransferState(found.state)
    except ValueError as error:
        log.warning("transfer.unknown_state", state=found.state[:40])
        raise Uncertain("unknown_state") from error
    return Bill(
        number=found.out_bill_no, amount_fen=found.transfer_amount or amount_fen, state=state, reason=found.fail_reason,
        package=found.package_info, made_at=found.create_time,
    )  # fmt: skip
