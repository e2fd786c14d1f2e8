"""Products of the WeChat shop: a draft is written, an audit asked for, an online copy sells; and stock."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from jobs.gateways.shape import Id, Shape
from jobs.gateways.wechat_api import Voice

BASE = "/channels/ec/product"
PAGE = 30
NO_BRAND = "2100000000"


class SpuStatus(IntEnum):
    """How the online copy stands."""

    INITIAL = 0
    ON_SALE = 5
    RECYCLED = 6
    DELETED = 9
    OFF_SALE = 11
    SYSTEM_OFF = 13
    DEPOSIT_SHORT = 14
    BRAND_EXPIRED = 15
    BANNED = 20


class EditStatus(IntEnum):
    """How the draft stands; asking to list what is under audit gets a shop blocked [H]."""

    INITIAL = 0
    EDITING = 1
    AUDITING = 2
    REFUSED = 3
    PASSED = 4
    WRITING = 5
    UPLOADING = 7
    UPLOAD_FAILED = 8


class StockChange(IntEnum):
    ADD = 1
    TAKE = 2
    SET = 3


class Sku(Shape):
    """One variety; prices in fen."""

    sku_id: Id = ""
    out_sku_id: str = ""
    sale_price: int = 0
    market_price: int = 0
    stock_num: int = 0
    sku_code: str = ""
    status: int = 0


class ShopProduct(Shape):
    product_id: Id
    out_product_id: str = ""
    title: str = ""
    status: int = 0
    edit_status: int = 0
    min_price: int = 0
    skus: list[Sku] = []


class ProductAnswer(Shape):
    product: ShopProduct


class Made(Shape):
    product_id: Id
    create_time: str = ""


class MadeAnswer(Shape):
    data: Made


class ProductPage(Shape):
    product_ids: list[Id] = []
    next_key: str = ""
    total_num: int = 0


class Stock(Shape):
    """``total_stock_num`` is what can be sold, discounts and warehouses included."""

    normal_stock_num: int = 0
    limited_discount_stock_num: int = 0
    total_stock_num: int = 0


class StockAnswer(Shape):
    data: Stock


class Quota(Shape):
    """What is left today of adding and updating together; the number varies by shop, so it is read and not assumed."""

    block_status: int = 0
    avail_quota: int = 0
    total_quota: int = 0


class QuotaAnswer(Shape):
    audit_quota: Quota


class Done(Shape):
    """Nothing but that it was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a product is added with: what our catalogue knows, and ``more`` that the category asks for besides (images
    uploaded before, freight template, attributes). ``stock_type`` 0: in stock; deposit presales do not exist there [M].
    """

    out_product_id: str
    title: str
    sku_code: str
    price_fen: int
    market_price_fen: int
    stock: int
    images: tuple[str, ...]
    categories: tuple[str, ...]
    more: dict[str, Any]

    def body(self) -> dict[str, Any]:
        return {
            "out_product_id": self.out_product_id, "title": self.title, "head_imgs": list(self.images),
            "deliver_method": 0, "desc_info": {"imgs": list(self.images), "desc": ""},
            "cats_v2": [{"cat_id": one} for one in self.categories], "brand_id": NO_BRAND,
            "skus": [
                {
                    "out_sku_id": self.sku_code, "sku_code": self.sku_code, "sale_price": self.price_fen,
                    "market_price": max(self.market_price_fen, self.price_fen), "stock_num": self.stock,
                    "sku_deliver_info": {"stock_type": 0},
                }
            ],
        } | self.more  # fmt: skip


class ShopProducts:
    """Writing and reading the shop's goods."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def add(self, draft: Draft) -> Made:
        """A new draft. `out_product_id` is not checked for being new [H], so whoever is unsure lists first."""
        return self._voice.ask("shop.product.add", f"{BASE}/add", MadeAnswer, draft.body()).data

    def update(self, product_id: str, draft: Draft) -> None:
        """Write the whole draft over."""
        self._voice.ask("shop.product.update", f"{BASE}/update", Done, draft.body() | {"product_id": product_id})

    def get(self, product_id: str, *, is_draft: bool = False) -> ShopProduct:
        body = {"product_id": product_id, "data_type": 2 if is_draft else 1}
        return self._voice.ask("shop.product", f"{BASE}/get", ProductAnswer, body, is_safe=True).product

    def all(self, *, status: SpuStatus | None = None) -> Iterator[str]:
        """Every product, page by page."""
        key = ""
        while True:
            body = {"status": status, "page_size": PAGE, "next_key": key or None}
            page = self._voice.ask("shop.products", f"{BASE}/list/get", ProductPage, body, is_safe=True)
            yield from page.product_ids
            if not page.product_ids or not page.next_key or page.next_key == key:
                return
            key = page.next_key

    def submit(self, product_id: str) -> None:
        """Ask for the draft to be audited and put on sale. Not repeated by itself: repeating blocks the shop [H]."""
        self._voice.ask("shop.product.list", f"{BASE}/listing", Done, {"product_id": product_id})

    def take_down(self, product_id: str) -> None:
        """Off sale: nobody can buy it any more, in whatever window it stands."""
        self._voice.ask("shop.product.delist", f"{BASE}/delisting", Done, {"product_id": product_id}, is_safe=True)

    def quota(self) -> Quota:
        path = f"{BASE}/getauditquota"
        return self._voice.ask("shop.quota", path, QuotaAnswer, {}, is_safe=True).audit_quota

    def stock(self, *, product_id: str, sku_id: str) -> Stock:
        body = {"product_id": product_id, "sku_id": sku_id}
        return self._voice.ask("shop.stock", f"{BASE}/stock/get", StockAnswer, body, is_safe=True).data

    def set_stock(self, *, product_id: str, sku_id: str, number: int) -> None:
        """Set, never added or taken: setting twice is setting once. Costs no audit quota [H]."""
        body = {"product_id": product_id, "sku_id": sku_id, "diff_type": int(StockChange.SET), "num": number}
        self._voice.ask("shop.stock.set", f"{BASE}/stock/update", Done, body, is_safe=True)
