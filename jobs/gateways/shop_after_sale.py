"""After-sales of the WeChat shop: a refund there is this and nothing else, and a merchant cannot refuse the kind.

Inaction past ``deadline`` refunds by itself; what was rejected the buyer may escalate within seven days [H].
"""

from collections.abc import Iterator
from enum import IntEnum

from jobs.gateways.shape import Id, Shape
from jobs.gateways.wechat_api import Voice

BASE = "/channels/ec/aftersale"
WINDOW_SECONDS = 86_400
"""One question spans a day at most [H]."""

ENDED = frozenset({
    "USER_CANCELD", "MERCHANT_REFUND_SUCCESS", "MERCHANT_RETURN_SUCCESS", "RETURN_CLOSED", "MERCHANT_FAIL",
})  # fmt: skip
REFUNDED = frozenset({"MERCHANT_REFUND_SUCCESS", "MERCHANT_RETURN_SUCCESS"})


class Accept(IntEnum):
    """Two steps of a return: agree to it, then confirm the goods and refund."""

    RETURN = 1
    REFUND = 2


class CaseProduct(Shape):
    product_id: Id = ""
    sku_id: Id = ""
    count: int = 0
    fast_refund: bool = False


class CaseDetails(Shape):
    desc: str = ""
    receive_product: bool = False
    cancel_time: int = 0


class RefundInfo(Shape):
    """Fen; ``refund_reason`` 3: by this interface, 4 before sending, 9 because the merchant was silent …"""

    amount: int = 0
    refund_reason: int = 0


class ReturnInfo(Shape):
    waybill_id: str = ""
    delivery_id: str = ""
    delivery_name: str = ""


class AfterSale(Shape):
    """A case: ``type`` REFUND, RETURN or EXCHANGE; ``status`` one of WeChat's words, unknown ones included;
    ``deadline`` the seconds left to act. Of reasons added later only ``reason_text`` says anything [H]."""

    after_sale_order_id: Id
    order_id: Id
    status: str
    type: str = ""
    openid: str = ""
    product_info: CaseProduct = CaseProduct()
    details: CaseDetails = CaseDetails()
    refund_info: RefundInfo = RefundInfo()
    return_info: ReturnInfo = ReturnInfo()
    reason: str = ""
    reason_text: str = ""
    complaint_id: Id = ""
    create_time: int = 0
    update_time: int = 0
    complete_time: int = 0
    deadline: int = 0

    @property
    def is_ended(self) -> bool:
        return self.status in ENDED


class CaseAnswer(Shape):
    after_sale_order: AfterSale


class CasePage(Shape):
    after_sale_order_id_list: list[Id] = []
    next_key: str = ""
    has_more: bool = False


class Refusal(Shape):
    """A reason to refuse with: its number and what it means; ``reject_scene`` 1 money alone, 4 a return [H]."""

    reject_reason_type: int
    reject_reason_type_text: str = ""
    reject_scene: int = 0


class Refusals(Shape):
    """The page says ``reason_list``, answers were seen under ``reject_reason_list`` [M: community thread]."""

    reason_list: list[Refusal] = []
    reject_reason_list: list[Refusal] = []


class Done(Shape):
    """Nothing but that it was done."""


class ShopAfterSales:
    """Reading and answering cases."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def changed(self, *, begins: int, ends: int) -> Iterator[str]:
        """The cases updated within a span of Unix seconds, asked for day by day [M]; a shop whose interface is older
        answers by the time they were made, which whoever reads must bear."""
        while begins <= ends:
            until = min(begins + WINDOW_SECONDS, ends)
            yield from self._of({"begin_update_time": begins, "end_update_time": until})
            begins += WINDOW_SECONDS

    def get(self, case_id: str) -> AfterSale:
        body = {"after_sale_order_id": case_id}
        path = f"{BASE}/getaftersaleorder"
        return self._voice.ask("shop.case", path, CaseAnswer, body, is_safe=True).after_sale_order

    def accept(self, case_id: str, *, step: Accept, address_id: str | None = None) -> None:
        """Agree to a return (with the address to send it to), or refund. Not made again by itself: read the case."""
        body = {"after_sale_order_id": case_id, "accept_type": int(step), "address_id": address_id}
        self._voice.ask("shop.case.accept", f"{BASE}/acceptapply", Done, body)

    def reject(self, case_id: str, *, reason: str, kind: int) -> None:
        """Say no, with a reason and its number of `rejectreason/get`."""
        body = {"after_sale_order_id": case_id, "reject_reason": reason, "reject_reason_type": kind}
        self._voice.ask("shop.case.reject", f"{BASE}/rejectapply", Done, body)

    def refusals(self) -> list[Refusal]:
        """The reasons that a refusal may have."""
        found = self._voice.ask("shop.case.reasons", f"{BASE}/rejectreason/get", Refusals, {}, is_safe=True)
        return found.reason_list or found.reject_reason_list

    def _of(self, window: dict[str, int]) -> Iterator[str]:
        key = ""
        while True:
            body = window | {"next_key": key}
            page = self._voice.ask("shop.cases", f"{BASE}/getaftersalelist", CasePage, body, is_safe=True)
            yield from page.after_sale_order_id_list
            if not page.has_more or not page.next_key or page.next_key == key:
                return
            key = page.next_key
