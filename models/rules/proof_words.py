"""What a member reads of a verdict: one sentence a code, that says what is wrong and what to do."""

from collections.abc import Mapping

from models.rules.proof import Code, State

SENTENCES: Mapping[Code, str] = {
    Code.AGREES: "截图与订单记录一致，凭证已通过。",
    Code.LOOKED_AT: "人工核对一致，凭证已通过。",
    Code.NOT_AN_ORDER: "没有在图片里读到订单信息，请上传订单详情页的截图。",
    Code.NO_NUMBER: "没有读到订单编号，请展开订单信息，让订单编号完整出现在截图里。",
    Code.OTHER_BUYER: "这笔订单是其他会员购买的，请上传您本人的订单。",
    Code.OTHER_SHOWCASE: "这笔订单不是在本任务的橱窗购买的，请核对橱窗后重新上传。",
    Code.NOT_ADMISSION: "这笔订单不是准入单，不能用来完成准入任务。",
    Code.NOT_PAID: "这笔订单还没有付款，付款后再上传。",
    Code.REFUNDED: "这笔订单已取消或已退款，不能用来完成准入任务。",
    Code.NUMBER_USED: "这个订单编号已经用于另一个任务，一个订单只能用一次。",
    Code.AMOUNT_DIFFERS: "截图上的实付金额与订单记录不一致。",
    Code.TIME_DIFFERS: "截图上的下单或支付时间与订单记录不一致。",
    Code.SHOP_DIFFERS: "截图上的店铺名称与订单记录不一致。",
    Code.FORGED: "人工核对认为截图被修改过。",
    Code.UNREADABLE: "图片看不清，请重新截图后上传。",
    Code.NO_PURCHASE: "没有查到这笔购买，请核对订单后重新上传。",
    Code.RECORD_MISSING: "还没有收到这笔订单的记录，已转人工核对；订单同步后会自动完成。",
    Code.NUMBER_NEAR: "读到的订单编号与记录相差一两位，已转人工核对。",
    Code.NO_BUYER: "订单记录里没有对应到您的账号，已转人工核对。",
    Code.PARTLY_READ: "截图里有的信息没有读到，已转人工核对。",
    Code.UNSURE: "截图里有的文字看不清，已转人工核对。",
    Code.TWIN: "这张图片与另一张已提交的图片几乎相同，已转人工核对。",
    Code.NO_READER: "自动识别暂时不可用，已转人工核对。",
    Code.APPEALED: "已收到您的申请，将由人工复核。",
    Code.OTHER: "未通过人工核对。",
}
NO_ORDER = "请在这个橱窗购买一单；付款后订单会自动同步，也可以上传订单详情页的截图。"
PASSED = "任务已完成。"
ACCEPTED = "凭证已通过，订单记录同步并确认收货后，任务自动完成。"
WAITING = "图片已收到，正在识别，两分钟内给出结果。"
ORDERED = "订单已有记录，不需要上传截图；确认收货后任务自动完成。"
LOOKED_AT = "截图正在人工核对，请等待结果。"
REJECTED = "截图未通过，请看原因；可以重新上传或申请人工复核。"
CAN_APPEAL = "如有异议，可以申请人工复核。"


def of_task(*, is_passed: bool, has_order: bool, proof: State | None) -> str:
    """What a candidate reads of a task: where it stands and what to do. Orders of record come before pictures."""
    if is_passed:
        return PASSED
    if has_order:
        return ORDERED
    by_proof = {State.WAITING: WAITING, State.MANUAL: LOOKED_AT, State.PASSED: ACCEPTED, State.REJECTED: REJECTED}
    return by_proof[proof] if proof else NO_ORDER


def sentence(state: State, code: Code | None, note: str = "") -> str:
    """The sentence of a verdict; a person's note stands behind it, and how to appeal where one may."""
    if state is State.WAITING or code is None:
        return WAITING
    parts = [SENTENCES[code], f"说明：{note.rstrip('。')}。" if note else ""]
    return "".join([*parts, CAN_APPEAL if state is State.REJECTED else ""])
