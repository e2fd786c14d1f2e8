"""Orders of the WeChat shop: which changed, how one stands, and, sparingly, where it really goes.

Ids are text. Amounts are fen, moments Unix seconds. Name, telephone and street come masked; province, city and county
are clear, and ``hash_code`` names the address without showing it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from jobs.gateways.shape import Id, Shape
from jobs.gateways.wechat_api import Voice

LIST, GET = "/channels/ec/order/list/get", "/channels/ec/order/get"
DECODE = "/channels/ec/order/sensitiveinfo/decode"
PAGE = 100
WINDOW_SECONDS = 7 * 86_400
"""The longest window of one question: seven days, from memory [L]; longer spans are asked for in pieces."""


class OrderStatus(IntEnum):
    """How an order stands; unknown numbers stay numbers."""

    UNPAID = 10
    GIFT_WAITS = 12
    GROUP_WAITS = 13
    TO_SHIP = 20
    PARTLY_SHIPPED = 21
    SHIPPED = 30
    DONE = 100
    OVERSOLD = 190
    REFUNDED = 200
    CANCELLED = 250


class Scene(IntEnum):
    """``order_scene``: through what it was bought."""

    OTHER = 1
    LIVE = 2
    SHORT_VIDEO = 3
    SHARE = 4
    SHOWCASE = 5
    ARTICLE = 6


class ProductLine(Shape):
    """One kind of goods; ``real_price`` is what was paid for all of it, in fen."""

    product_id: Id
    sku_id: Id = ""
    sku_cnt: int = 1
    title: str = ""
    sale_price: int = 0
    real_price: int = 0
    sku_code: str = ""
    out_product_id: str = ""
    out_sku_id: str = ""
    on_aftersale_sku_cnt: int = 0
    finish_aftersale_sku_cnt: int = 0


class PayInfo(Shape):
    """``payment_method`` 1 WeChat Pay, 2 pay later (time and transaction absent until charged) [L], 3 and 4 free."""

    prepay_id: str = ""
    pay_time: int = 0
    transaction_id: Id = ""
    payment_method: int = 0


class PriceInfo(Shape):
    """Fen; ``order_price`` is what the buyer pays. The receipt's misspelling is WeChat's."""

    product_price: int = 0
    order_price: int = 0
    freight: int = 0
    merchant_receieve_price: int | None = None


class Address(Shape):
    """Where it goes; clear only after `decode`."""

    user_name: str = ""
    tel_number: str = ""
    postal_code: str = ""
    province_name: str = ""
    city_name: str = ""
    county_name: str = ""
    detail_info: str = ""
    hash_code: str = ""


class Packed(Shape):
    product_id: Id = ""
    sku_id: Id = ""
    product_cnt: int = 0


class Parcel(Shape):
    waybill_id: str = ""
    delivery_id: str = ""
    delivery_name: str = ""
    delivery_time: int = 0
    product_infos: list[Packed] = []


class Delivery(Shape):
    deliver_method: int = 0
    address_info: Address = Address()
    delivery_product_info: list[Parcel] = []
    ship_done_time: int = 0
    ewaybill_order_code: str = ""


class Ext(Shape):
    """``commission_handling_progress`` 1: the commission rows are complete; until then the order is read again."""

    customer_notes: str = ""
    merchant_notes: str = ""
    confirm_receipt_time: int = 0
    finder_id: str = ""
    live_id: str = ""
    order_scene: int = 0
    commission_handling_progress: int = 0


class Commission(Shape):
    """Who gets what of a sku: ``type`` 0 promoter, 1 agency; ``status`` 1 unsettled, 2 settled; fen."""

    sku_id: Id = ""
    type: int = 0
    status: int = 0
    amount: int = 0
    finder_id: str = ""
    openfinderid: str = ""
    talent_id: str = ""
    agency_id: str = ""


class Source(Shape):
    """Whose account sold a sku: ``account_type`` 1 finder, 5 talent, 1000 agency and others; ``sale_channel`` 100
    through a promoter, 101 through an agency, others own accounts [H]."""

    sku_id: Id = ""
    sale_channel: int = 0
    account_type: int = 0
    account_id: str = ""
    promoter_head_supplier_id: str = ""


class Sharer(Shape):
    """Who shared it; ``handling_progress`` 0 while WeChat still works it out."""

    sku_id: Id = ""
    sharer_openid: str = ""
    sharer_unionid: str = ""
    sharer_type: int = 0
    share_scene: int = 0
    handling_progress: int = 0


class Settle(Shape):
    """``commission_fee`` is the platform's service fee, after settlement; fen."""

    predict_commission_fee: int = 0
    commission_fee: int = 0
    settle_time: int = 0


class AfterSaleRef(Shape):
    aftersale_order_id: Id
    status: int = 0


class AfterSales(Shape):
    on_aftersale_order_cnt: int = 0
    aftersale_order_list: list[AfterSaleRef] = []


class Detail(Shape):
    product_infos: list[ProductLine] = []
    pay_info: PayInfo = PayInfo()
    price_info: PriceInfo = PriceInfo()
    delivery_info: Delivery = Delivery()
    ext_info: Ext = Ext()
    commission_infos: list[Commission] = []
    source_infos: list[Source] = []
    sharer_info: Sharer = Sharer()
    sku_sharer_infos: list[Sharer] = []
    settle_info: Settle = Settle()


class ShopOrder(Shape):
    order_id: Id
    status: int
    create_time: int
    update_time: int
    openid: str = ""
    unionid: str = ""
    order_detail: Detail = Detail()
    aftersale_detail: AfterSales = AfterSales()


class OrderPage(Shape):
    order_id_list: list[Id] = []
    next_key: str = ""
    has_more: bool = False


class OrderAnswer(Shape):
    order: ShopOrder


class VirtualNumber(Shape):
    virtual_number: str = ""
    extension: str = ""
    expiration: int = 0


class Decoded(Shape):
    """A clear address. Where a virtual number is in use the real one stays masked [H]."""

    address_info: Address
    virtual_number_info: VirtualNumber = VirtualNumber()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An interval of Unix seconds, both ends included."""

    begins: int
    ends: int

    def pieces(self) -> Iterator["Span"]:
        """The span in windows that one question may ask about."""
        begins = self.begins
        while begins <= self.ends:
            yield Span(begins=begins, ends=min(begins + WINDOW_SECONDS - 1, self.ends))
            begins += WINDOW_SECONDS


class ShopOrders:
    """Reading orders of the shop."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def changed(self, span: Span) -> Iterator[str]:
        """The orders updated within a span, page by page; whoever polls lets spans overlap, since there is no order
        among them and a change may show late."""
        for piece in span.pieces():
            yield from self._of(piece, "update_time_range")

    def created(self, span: Span) -> Iterator[str]:
        """The orders placed within a span."""
        for piece in span.pieces():
            yield from self._of(piece, "create_time_range")

    def get(self, order_id: str) -> ShopOrder:
        """One order, masked as it comes. Refused with 100002 where the shop has none of this number."""
        return self._voice.ask("shop.order", GET, OrderAnswer, {"order_id": order_id}, is_safe=True).order

    def decode(self, order_id: str) -> Decoded:
        """The clear address: some thirty a day are free [M], so it is asked for once, by a person, and kept sealed.

        Never made again by itself: each call counts.
        """
        return self._voice.ask("shop.decode", DECODE, Decoded, {"order_id": order_id})

    def _of(self, span: Span, kind: str) -> Iterator[str]:
        key = ""
        while True:
            window = {"start_time": span.begins, "end_time": span.ends}
            body = {kind: window, "page_size": PAGE, "next_key": key}
            page = self._voice.ask("shop.orders", LIST, OrderPage, body, is_safe=True)
            yield from page.order_id_list
            # A page that names no further one, or itself, would be asked for until the day's quota is gone.
            if not page.has_more or not page.next_key or page.next_key == key:
                return
            key = page.next_key
