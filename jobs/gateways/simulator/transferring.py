"""Merchant transfers as the simulated WeChat keeps them: eight states, a payee who confirms or does not, 24 hours."""

import re
from dataclasses import dataclass
from typing import Any

from jobs.gateways import signature
from jobs.gateways.signature import Unverified
from jobs.gateways.simulator.notice import tell
from jobs.gateways.simulator.wire import Asked, Given, Verbs, Wrong
from jobs.gateways.simulator.world import World, rfc

PATH = "/v3/fund-app/mch-transfer/transfer-bills"
CONFIRM_SECONDS = 24 * 3_600
HORIZON_SECONDS = 30 * 86_400
CANCEL_SECONDS = 2.0
LEAST_FEN, NAME_UP_FROM_FEN, NAME_FROM_FEN = 10, 30, 200_000
SCENES = {
    "1005": ({"岗位类型", "报酬说明"}, {"劳务报酬"}),
    "1000": ({"活动名称", "奖励说明"}, {"现金奖励", "活动奖励"}),
}
FINAL = ("SUCCESS", "FAIL", "CANCELLED")
REASONS = ("ACCOUNT_FROZEN", "REAL_NAME_CHECK_FAIL", "MONTH_RECEIVED_QUOTA_EXCEED", "PAYEE_ACCOUNT_ABNORMAL")

verbs = Verbs()


@dataclass(slots=True, kw_only=True)
class TransferBill:
    """One bill; ``content`` is what it was asked for with, the encrypted name apart, which differs each time."""

    number: str
    wx_number: str
    content: dict[str, Any]
    name: str
    made: float
    updated: float
    state: str = "WAIT_USER_CONFIRM"
    reason: str = ""
    confirmed: float | None = None
    cancelled: float | None = None

    @property
    def fen(self) -> int:
        return int(self.content["transfer_amount"])

    @property
    def openid(self) -> str:
        return str(self.content["openid"])


@verbs.verb("transfer.create", PATH)
def create(world: World, asked: Asked) -> Given:
    """A bill under its number; the same number with other content is refused."""
    content = {key: value for key, value in asked.body.items() if key != "user_name"}
    _check(world, content)
    name = _name(world, asked.body)
    number = content["out_bill_no"]
    bill = world.bills.get(number)
    if bill is not None:
        if (bill.content, bill.name) != (content, name):
            raise Wrong("INVALID_REQUEST", "商户单号已存在但信息不一致，请检查")
        return Given(_told(bill))
    if world.balance("OPERATION") - _held(world) < content["transfer_amount"]:
        raise Wrong("NOT_ENOUGH", "商户运营账户资金不足", status=403)
    bill = TransferBill(
        number=number, wx_number=world.number("1330000000000", 34), content=content, name=name,
        made=world.now, updated=world.now,
    )  # fmt: skip
    world.bills[number] = bill
    return Given(_told(bill))


@verbs.verb("transfer.find", f"{PATH}/out-bill-no/<number>", method="GET")
def find(world: World, asked: Asked) -> Given:
    return Given(_told(_known(world, asked.parts["number"]), mchid=world.identity.names.mchid))


@verbs.verb("transfer.find_by_wx", f"{PATH}/transfer-bill-no/<number>", method="GET")
def find_by_wx(world: World, asked: Asked) -> Given:
    number = next((one.number for one in world.bills.values() if one.wx_number == asked.parts["number"]), "")
    return Given(_told(_known(world, number), mchid=world.identity.names.mchid))


@verbs.verb("transfer.cancel", f"{PATH}/out-bill-no/<number>/cancel")
def cancel(world: World, asked: Asked) -> Given:
    """Until the payee confirms; done a little later."""
    bill = _known(world, asked.parts["number"])
    if bill.state not in ("WAIT_USER_CONFIRM", "CANCELING", "CANCELLED"):
        raise Wrong("INVALID_REQUEST", "当前状态不能撤销")
    if bill.state == "WAIT_USER_CONFIRM":
        bill.state, bill.cancelled, bill.updated = "CANCELING", world.now, world.now
    return Given({
        "out_bill_no": bill.number, "transfer_bill_no": bill.wx_number, "state": bill.state,
        "update_time": rfc(bill.updated),
    })  # fmt: skip


def confirm(world: World, number: str) -> None:
    """The payee taps: what `wx.requestMerchantTransfer` does on the phone."""
    bill = _known(world, number)
    if bill.state != "WAIT_USER_CONFIRM":
        raise Wrong("INVALID_REQUEST", f"当前状态 {bill.state} 不能确认")
    bill.state, bill.confirmed, bill.updated = "TRANSFERING", world.now, world.now


def step(world: World) -> None:
    """What time brings to bills: confirmations, ends, and their callbacks."""
    for bill in world.bills.values():
        if bill.state == "WAIT_USER_CONFIRM":
            _wait(world, bill)
        if bill.state == "TRANSFERING" and world.now >= (bill.confirmed or 0) + world.habits.settle_seconds:
            reason = _trouble(world, bill)
            _end(world, bill, "FAIL" if reason else "SUCCESS", reason)
        if bill.state == "CANCELING" and world.now >= (bill.cancelled or 0) + CANCEL_SECONDS:
            _end(world, bill, "CANCELLED", "")


def _wait(world: World, bill: TransferBill) -> None:
    patience = world.habits.confirm_seconds
    is_deaf = world.falls("deaf", bill.openid, one_in=world.habits.deaf_in)
    if world.now >= bill.made + CONFIRM_SECONDS:
        _end(world, bill, "FAIL", "OVERDUE_CLOSE")
    elif patience is not None and not is_deaf and world.now >= bill.made + patience:
        bill.state, bill.confirmed, bill.updated = "TRANSFERING", bill.made + patience, bill.made + patience


def _trouble(world: World, bill: TransferBill) -> str:
    known = world.names.get(bill.openid)
    if bill.name and known and known != bill.name:
        return "NAME_NOT_CORRECT"
    if world.falls("unlucky", bill.number, one_in=world.habits.unlucky_in):
        return world.chance("reason", bill.number).choice(REASONS)
    return ""


def _end(world: World, bill: TransferBill, state: str, reason: str) -> None:
    bill.state, bill.reason, bill.updated = state, reason, world.now
    if state == "SUCCESS":
        remark = bill.content["transfer_remark"]
        world.move("OPERATION", "商家转账", -bill.fen, number=bill.number, wx_number=bill.wx_number, remark=remark)
    told: dict[str, Any] = {
        "mchid": world.identity.names.mchid, "out_bill_no": bill.number, "transfer_bill_no": bill.wx_number,
        "transfer_amount": bill.fen, "state": state, "openid": bill.openid, "create_time": rfc(bill.made),
        "update_time": rfc(bill.updated),
    }  # fmt: skip
    if reason:
        told["fail_reason"] = reason
    tell(world, bill.content.get("notify_url", ""), "MCHTRANSFER.BILL.FINISHED", "mch_payment", told)


def _told(bill: TransferBill, *, mchid: str = "") -> dict[str, Any]:
    told: dict[str, Any] = {
        "out_bill_no": bill.number, "transfer_bill_no": bill.wx_number, "create_time": rfc(bill.made),
        "state": bill.state,
    }  # fmt: skip
    if bill.reason:
        told["fail_reason"] = bill.reason
    if bill.state == "WAIT_USER_CONFIRM":
        told["package_info"] = f"ABBQO+{bill.wx_number}=="
    if mchid:
        told |= {
            "mch_id": mchid, "appid": bill.content["appid"], "transfer_amount": bill.fen,
            "transfer_remark": bill.content["transfer_remark"], "openid": bill.openid,
            "update_time": rfc(bill.updated),
        }  # fmt: skip
    return told


def _known(world: World, number: str) -> TransferBill:
    bill: TransferBill | None = world.bills.get(number)
    if bill is None or world.now - bill.made > HORIZON_SECONDS:
        raise Wrong("NOT_FOUND", "记录不存在", status=404)
    return bill


def _held(world: World) -> int:
    """What bills under way have locked."""
    return sum(bill.fen for bill in world.bills.values() if bill.state not in FINAL)


def _check(world: World, content: dict[str, Any]) -> None:
    """The rules of the form, each with the code that was seen for it."""
    for name in ("appid", "out_bill_no", "transfer_scene_id", "openid", "transfer_amount", "transfer_remark"):
        if not content.get(name):
            raise Wrong("PARAM_ERROR", f"缺少 {name}")
    if not re.fullmatch(r"[0-9A-Za-z]{1,32}", content["out_bill_no"]) or len(content["transfer_remark"]) > 32:
        raise Wrong("PARAM_ERROR", "out_bill_no 或 transfer_remark 格式有误")
    _check_scene(content)
    if not isinstance(content["transfer_amount"], int):
        raise Wrong("PARAM_ERROR", "transfer_amount 须为整数")
    if not LEAST_FEN <= content["transfer_amount"] <= world.habits.single_max_fen:
        raise Wrong("INVALID_REQUEST", "超过单笔转账上下限，核实产品设置是否准确")


def _check_scene(content: dict[str, Any]) -> None:
    if content["transfer_scene_id"] not in SCENES:
        raise Wrong("INVALID_REQUEST", "转账场景未开通")
    reports, perceptions = SCENES[content["transfer_scene_id"]]
    infos = content.get("transfer_scene_report_infos") or []
    if {one.get("info_type") for one in infos} != reports:
        raise Wrong("PARAM_ERROR", "未传入完整且对应的转账场景报备信息")
    if any(not one.get("info_content") or len(one["info_content"]) > 32 for one in infos):
        raise Wrong("PARAM_ERROR", "转账场景报备信息内容有误")
    if content.get("user_recv_perception") not in perceptions | {None}:
        raise Wrong("INVALID_REQUEST", "该场景不支持此收款感知")


def _name(world: World, body: dict[str, Any]) -> str:
    given, fen = body.get("user_name"), body["transfer_amount"]
    if not given and fen >= NAME_FROM_FEN:
        raise Wrong("PARAM_ERROR", "单笔 2000 元及以上须传入收款用户姓名")
    if given and fen < NAME_UP_FROM_FEN:
        raise Wrong("PARAM_ERROR", "单笔 0.3 元以下不支持传入收款用户姓名")
    if not given:
        return ""
    try:
        return signature.revealed(world.identity.wechat, given)
    except Unverified as error:
        raise Wrong("PARAM_ERROR", "收款用户姓名解密失败") from error
