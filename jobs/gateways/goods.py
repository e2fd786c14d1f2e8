"""Our products by WeChat's numbers: found in the shop by the code that we gave them there."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from jobs.gateways.agency_window import Goods
from jobs.gateways.shop_product import ShopProducts

AGAIN_SECONDS = 600.0


class GoodsIndex:
    """Reads the shop's goods once, and anew where a code is missing, not more often than every ten minutes.

    A product is known by ``out_product_id`` or by a sku's ``sku_code``; the shop checks neither for being unique [H],
    so the product that it lists first keeps the code.
    """

    def __init__(self, products: ShopProducts, *, shop: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._products, self._shop, self._clock = products, shop, clock
        self._known: dict[str, Goods] = {}
        self._read_at: float | None = None
        self._lock = threading.Lock()

    def __call__(self, codes: Sequence[str]) -> Mapping[str, Goods]:
        with self._lock:
            is_old = self._read_at is None or self._clock() >= self._read_at + AGAIN_SECONDS
            if is_old and any(code not in self._known for code in codes):
                self._known, self._read_at = self._read(), self._clock()
            return {code: self._known[code] for code in codes if code in self._known}

    def _read(self) -> dict[str, Goods]:
        known: dict[str, Goods] = {}
        for number in self._products.all():
            found = self._products.get(number)
            for code in (found.out_product_id, *(sku.sku_code for sku in found.skus)):
                if code:
                    known.setdefault(code, Goods(product_id=found.product_id, shop=self._shop))
        return known
