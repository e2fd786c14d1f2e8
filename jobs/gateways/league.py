"""The league (优选联盟): what a shop offers to promoters, and what an agency learns of who sold and binds of 推客.

Ratios have two units: whole percent in the shop's verbs, parts per million in the agency's (100 000 is 10 %) [H].
WeChat pays league commission itself. The league knows fixed roles, at most five; no tree of ours is on this wire.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import Field

from jobs.gateways.shape import Id, Shape
from jobs.gateways.wechat_api import Voice

SHOP, AGENCY, PROMOTER = "/channels/ec/league/item", "/channels/ec/league/headsupplier", "/channels/ec/promoter"
OFFERS, ORDERS, SHARERS = 20, 30, 20
ORDINARY = 1


class OfferResult(Shape):
    """One product's end: the whole answers 0 while some of its products failed [H]."""

    errcode: int = 0
    errmsg: str = ""
    product_id: Id
    info_id: Id = ""


class OfferAnswer(Shape):
    result_info_list: list[OfferResult] = []


class AgencyOrderRef(Shape):
    order_id: Id
    sku_id: Id


class AgencyOrderPage(Shape):
    orders: list[AgencyOrderRef] = Field(default=[], alias="list")
    next_key: str = ""
    has_more: bool = False


class SharerPart(Shape):
    """A 推客 who sold; the amount in fen."""

    sharer_appid: str = ""
    nickname: str = ""
    opensharerid: str = ""
    ratio: int = 0
    amount: int = 0


class AgencyCommission(Shape):
    """``service_amount`` is what reaches the agency, in fen."""

    service_ratio: int = 0
    service_amount: int = 0
    profit_sharding_suc_time: int = 0
    sharer_info: SharerPart = SharerPart()


class AgencyDetail(Shape):
    commission_info: AgencyCommission = AgencyCommission()


class AgencyOrder(Shape):
    """``status`` 20 unsettled, 100 settled, 200 called off [H]."""

    order_id: Id
    sku_id: Id
    status: int
    create_time: int = 0
    update_time: int = 0
    order_detail: AgencyDetail = AgencyDetail()


class AgencyOrderAnswer(Shape):
    """The missing letter is WeChat's."""

    commssion_order: AgencyOrder


class Binding(Shape):
    """Whether a 推客 is registered (2: done, WeChat's own proof of name included) and bound to us."""

    register_status: int = 0
    bind_status: int = 0


class PromotionLink(Shape):
    short_link: str = ""


class Done(Shape):
    """Nothing but that it was done."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A product and the share of its price, in whole percent, that promoters get."""

    product_id: str
    percent: int


def percent_of(*, commission_fen: int, price_fen: int) -> int:
    """A commission per piece as the league can say it: whole percent, rounded down, up to 90. What is lost by rounding
    is said to whoever sets it; a fixed amount a piece does not exist there [H]."""
    return min(90, commission_fen * 100 // price_fen)


class ShopLeague:
    """The shop's side."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def offer(self, offers: Sequence[Offer]) -> list[OfferResult]:
        """Offer products to every promoter; each has its own end."""
        ends: list[OfferResult] = []
        for first in range(0, len(offers), OFFERS):
            rows = [{"product_id": one.product_id, "ratio": one.percent} for one in offers[first : first + OFFERS]]
            body = {"type": ORDINARY, "list": rows, "is_forerver": True}
            answer = self._voice.ask("league.offer", f"{SHOP}/batchadd", OfferAnswer, body)
            ends += answer.result_info_list
        return ends


class Agency:
    """The agency's side."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def orders(self, *, begins: int, ends: int) -> Iterator[AgencyOrderRef]:
        """Commission orders updated within a span of Unix seconds."""
        key = ""
        while True:
            window = {"start_time": begins, "end_time": ends}
            body = {"update_time_range": window, "page_size": ORDERS, "next_key": key, "appid": self._voice.appid}
            page = self._voice.ask("agency.orders", f"{AGENCY}/order/list/get", AgencyOrderPage, body, is_safe=True)
            yield from page.orders
            # `has_more` is not on every page of the documents [M]: an empty or repeated key ends it as well.
            if not page.orders or not page.next_key or page.next_key == key:
                return
            key = page.next_key

    def order(self, *, order_id: str, sku_id: str) -> AgencyOrder:
        """Who sold: the only place that names the 推客 of a share link [H]."""
        body = {"order_id": order_id, "sku_id": sku_id}
        path = f"{AGENCY}/order/get"
        return self._voice.ask("agency.order", path, AgencyOrderAnswer, body, is_safe=True).commssion_order

    def binding(self, openid: str) -> Binding:
        body = {"sharer_openid": openid, "is_simple_register": True}
        path = f"{PROMOTER}/get_promoter_register_and_bind_status"
        return self._voice.ask("agency.binding", path, Binding, body, is_safe=True)

    def set_ratio(self, *, sharer: str, ppm: int) -> None:
        """A bound 推客's part of the agency's commission, in parts per million; WeChat pays it."""
        body = {"sharer_appid": sharer, "commission_type": 0, "commission_ratio": ppm}
        self._voice.ask("agency.ratio", f"{PROMOTER}/set_sharer_commission_info", Done, body, is_safe=True)

    def link(self, *, sharer: str, product_id: str, shop: str) -> str:
        """The short link by which this 推客 sells this product."""
        body = {"sharer_appid": sharer, "product_id": product_id, "shop_appid": shop}
        path = f"{PROMOTER}/get_product_promotion_link_info"
        return self._voice.ask("agency.link", path, PromotionLink, body, is_safe=True).short_link
