"""What WeChat is told after we decided, where an after-sale of the shop stands, how carriers are called there."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from models.errors import Conflict
from models.rules.after_sale import Kind as CaseKind

PATIENCE = timedelta(minutes=30)
"""Until then an errand belongs to the job that was started for it; afterwards the timetable asks for another."""


class Kind(StrEnum):
    """Agree to a return, refund, refuse; a parcel of the shop's, its corrected waybill; an own payment's shipping."""

    CASE_ACCEPT = "case_accept"
    CASE_REFUND = "case_refund"
    CASE_REJECT = "case_reject"
    PARCEL = "parcel"
    SHIPPING = "shipping"
    WAYBILL = "waybill"


class State(StrEnum):
    DUE = "due"
    DONE = "done"
    REFUSED = "refused"


class PaidBackByShop(Conflict):
    """The buyer paid the shop: only an after-sale of the shop pays back (facts/wechat §3.5)."""


class OtherAmount(Conflict):
    """The shop refunds what the buyer asked for and nothing else."""


class GoodsFirst(Conflict):
    """A return is paid back once its goods are on their way back."""


class NotRefused(Conflict):
    """Only what WeChat refused is told again by hand."""


PROCESSING, REJECTED = "MERCHANT_PROCESSING", "MERCHANT_REJECT"
ON_THE_WAY_BACK = "USER_WAIT_RETURN"
REFUNDED = frozenset({"MERCHANT_REFUND_SUCCESS", "MERCHANT_RETURN_SUCCESS"})
ENDED = REFUNDED | {"USER_CANCELD", "RETURN_CLOSED", "MERCHANT_FAIL"}
REFUNDING = frozenset({"PLATFORM_REFUNDING", "MERCHANT_OVERDUE_REFUND"})
"""The money is on its way without us [H: facts/wechat §4]."""
RETURN = "RETURN"

_REASONS: Mapping[str, CaseKind] = {
    "INCORRECT_SELECTION": CaseKind.NO_REASON,
    "NO_LONGER_WANT": CaseKind.NO_REASON,
    "SEND_WRONG_GOODS": CaseKind.WRONG_GOODS,
    "NOT_MATCH_PRODUCT_DESC": CaseKind.WRONG_GOODS,
    "NO_EXPRESS_INFO": CaseKind.NOT_RECEIVED,
    "EMPTY_PACKAGE": CaseKind.NOT_RECEIVED,
    "NOT_DELIVERED_TOO_LONG": CaseKind.NOT_RECEIVED,
    "REJECT_RECEIVE_PACKAGE": CaseKind.NO_REASON,
}
# Names as people and the shop write them; the codes are those of the shop's list of companies.
_CARRIERS = (
    ("顺丰", "SF"), ("圆通", "YTO"), ("中通", "ZTO"), ("申通", "STO"), ("韵达", "YD"), ("极兔", "JTSD"), ("EMS", "EMS"),
    ("邮政", "EMS"), ("京东", "JD"), ("德邦", "DBL"),
)  # fmt: skip
OTHER_CARRIER = "OTHER"
_ANSWERS = (
    (CaseKind.NOT_RECEIVED, "物流"), (CaseKind.WRONG_GOODS, "不符"), (CaseKind.QUALITY, "问题"),
)  # fmt: skip

TRACKS: Mapping[int, tuple[str, str]] = {
    1: ("moving", "已揽收"),
    2: ("moving", "运输中"),
    3: ("moving", "派送中"),
    4: ("delivered", "已签收"),
    5: ("moving", "物流异常，请联系快递公司"),
    6: ("delivered", "他人代签收"),
}
"""What WeChat's status of a followed parcel is here; the words of its nodes it does not tell [M: facts/wechat §9.2]."""


def is_live(status: str) -> bool:
    """Whether an after-sale of the shop still waits for somebody."""
    return status not in ENDED and not status.startswith(REJECTED)


def kind_of(reason: str) -> CaseKind:
    """What a buyer's reason in the shop is called here; one that nobody knows is looked at as a fault of the goods."""
    return _REASONS.get(reason, CaseKind.QUALITY)


def carrier_code(carrier: str) -> str:
    """The code of a carrier as people write its name; OTHER where the shop has none [H]."""
    return next((code for name, code in _CARRIERS if name in carrier.upper()), OTHER_CARRIER)


def answer_of(kind: CaseKind, offered: Mapping[int, str]) -> int:
    """The number of the reason to refuse with, of those that the shop offers: the one that fits best, else the last."""
    for case, word in _ANSWERS:
        fitting = [number for number, text in offered.items() if case is kind and word in text]
        if fitting:
            return fitting[0]
    return max(offered, default=0)


def check_refund(*, is_return: bool, status: str, asked_fen: int, amount_fen: int) -> None:
    """Refuse what the shop would not do: another amount, or money for a return before its goods move."""
    if asked_fen != amount_fen:
        raise OtherAmount(
            f"规则 5.6：小店只按买家申请的金额退款（¥{asked_fen / 100:.2f}），请照此金额退款，或请买家修改申请。"
        )
    if is_return and status in (PROCESSING, ON_THE_WAY_BACK):
        raise GoodsFirst("规则 5.6：退货退款须等买家寄回商品：请先同意退货，小店收到退货单号后再退款。")
