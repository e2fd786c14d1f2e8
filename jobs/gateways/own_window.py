"""A finder's own window by its own assistant's token, and a talent's by theirs, which may only look [H]."""

from collections.abc import Iterator

from jobs.gateways.shape import Id, Shape
from jobs.gateways.wechat_api import Voice

ASSISTANT, TALENT = "/channels/ec/window/product", "/channels/ec/talent/window/product"
ASSISTANT_PAGE, TALENT_PAGE = 200, 500


class WindowProduct(Shape):
    """``status`` 1 on, 2 off, 3 gone at its source; prices in fen."""

    product_id: Id
    out_product_id: Id = ""
    title: str = ""
    status: int = 0
    market_price: int = 0
    selling_price: int = 0
    stock: int = 0
    sales: int = 0
    appid: str = ""
    is_hide_for_window: bool = False
    banned: bool = False


class WindowAnswer(Shape):
    product: WindowProduct


class WindowEntry(Shape):
    product_id: Id
    appid: str = ""


class WindowPage(Shape):
    products: list[WindowEntry] = []
    last_buffer: str = ""
    total_num: int = 0


class Done(Shape):
    """Nothing but that it was done."""


class OwnWindow:
    """The window whose assistant gave us credentials: add, take off, look."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def add(self, *, product_id: str, shop: str) -> None:
        body = {"product_id": product_id, "appid": shop, "is_hide_for_window": False}
        self._voice.ask("own_window.add", f"{ASSISTANT}/add", Done, body, is_safe=True)

    def off(self, *, product_id: str, shop: str) -> None:
        self._voice.ask(
            "own_window.off", f"{ASSISTANT}/off", Done, {"product_id": product_id, "appid": shop}, is_safe=True
        )

    def get(self, *, product_id: str, shop: str) -> WindowProduct:
        body = {"product_id": product_id, "appid": shop}
        return self._voice.ask("own_window.get", f"{ASSISTANT}/get", WindowAnswer, body, is_safe=True).product

    def all(self) -> Iterator[WindowEntry]:
        return _pages(self._voice, f"{ASSISTANT}/list/get", ASSISTANT_PAGE)


class TalentWindow:
    """A talent's window: to be looked at."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def all(self) -> Iterator[WindowEntry]:
        return _pages(self._voice, f"{TALENT}/list/get", TALENT_PAGE, verb="talent_window.all")


def _pages(voice: Voice, path: str, size: int, verb: str = "own_window.all") -> Iterator[WindowEntry]:
    buffer = ""
    while True:
        # Number and buffer of a page exclude each other [H].
        body = {"page_size": size, "last_buffer": buffer} if buffer else {"page_size": size, "page_index": 1}
        page = voice.ask(verb, path, WindowPage, body, is_safe=True)
        yield from page.products
        if len(page.products) < size or not page.last_buffer or page.last_buffer == buffer:
            return
        buffer = page.last_buffer
