"""Windows of promoters as an agency (带货机构) may fill and empty them: of those who let it, one call a window [H].

No interface opens a showcase, proves its owner's name or reaches a window that did not authorise us: what cannot be
done is said as one of the four outcomes, never pretended.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field

from jobs.gateways import http, showcase
from jobs.gateways.http import Retryable
from jobs.gateways.shape import Id, Shape
from jobs.gateways.showcase import Known, Reported, Silent, Unauthorised
from jobs.gateways.wechat_api import Voice
from models.rules import listing
from models.rules.listing import Outcome, Shown, Source

BASE = "/channels/ec/league/headsupplier"
PAGE = 500
NOT_AUTHORISED = "10024011"
BELIEVED_SECONDS = 3_600.0


class AuthLink(Shape):
    auth_url: str = ""
    auth_wxa_appid: str = ""
    auth_wxa_path: str = ""


class Invitation(Shape):
    """What a promoter opens to let us manage the window."""

    auth_info: AuthLink = AuthLink()
    openfinderid: str = ""


class Authorisation(Shape):
    """Whether the window's owner lets us; ``window_auth_status`` 1 does."""

    window_auth_status: int = 0
    openfinderid: str = ""
    opentalentid: str = ""


class Entry(Shape):
    """A product in a window; ``head_supplier_id`` names the agency that put it there, if one did."""

    appid: str = ""
    product_id: Id
    head_supplier_id: str = ""
    product_window_id: Id = ""


class EntryPage(Shape):
    entries: list[Entry] = Field(default=[], alias="list")
    next_offset: int = 0
    have_more: bool = False


class EntryDetail(Shape):
    """A product as the window shows it: ``status`` 1 on, 2 off, 3 gone at its source; fields as of one's own window,
    which the pages say and only one source confirms for this verb [M]."""

    product_id: Id
    status: int = 1
    selling_price: int = 0
    stock: int = 0
    banned: bool = False


class DetailAnswer(Shape):
    product: EntryDetail


class Done(Shape):
    """Nothing but that it was done."""


class AgencyWindows:
    """The verbs over the agency's voice; a window is named by its ``openfinderid``."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    @property
    def agency(self) -> str:
        return self._voice.appid

    def invite(self, finder_id: str) -> Invitation:
        """The link by which this finder lets us manage the window."""
        body = {"finder_id": finder_id}
        return self._voice.ask("window.invite", f"{BASE}/windowauth/get", Invitation, body, is_safe=True)

    def authorisation(self, openid: str) -> Authorisation:
        """Whether this person lets us, and the name under which their window is managed."""
        body = {"openid": openid}
        return self._voice.ask("window.status", f"{BASE}/windowauth/status/get", Authorisation, body, is_safe=True)

    def add(self, *, finder: str, product_id: str, link: str) -> None:
        """Put a product there; ``link`` is its league link, without which goods of an agency are refused [H]."""
        body = {
            "openfinderid": finder, "product_id": product_id, "product_link": link or None, "is_hide_for_window": False
        }  # fmt: skip
        self._voice.ask("window.add", f"{BASE}/window/add", Done, body, is_safe=True)

    def remove(self, *, finder: str, entry: Entry) -> None:
        body = {
            "openfinderid": finder, "product_id": entry.product_id, "appid": entry.appid,
            "product_window_id": entry.product_window_id or None,
        }  # fmt: skip
        self._voice.ask("window.remove", f"{BASE}/window/remove", Done, body, is_safe=True)

    def entries(self, finder: str) -> Iterator[Entry]:
        """Everything in a window, page by page."""
        offset = 0
        while True:
            body = {"openfinderid": finder, "offset": offset, "page_size": PAGE, "is_get_all": True}
            page = self._voice.ask("window.all", f"{BASE}/window/getall", EntryPage, body, is_safe=True)
            yield from page.entries
            if not page.have_more or page.next_offset <= offset:
                return
            offset = page.next_offset

    def detail(self, *, finder: str, entry: Entry) -> EntryDetail:
        body = {"openfinderid": finder, "product_id": entry.product_id, "appid": entry.appid}
        return self._voice.ask("window.detail", f"{BASE}/window/getdetail", DetailAnswer, body, is_safe=True).product


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """A product of ours as WeChat names it: its number there, the shop that sells it, its league link."""

    product_id: str
    shop: str
    link: str = ""


class WeChatWindows:
    """The protocol of windows over the real interface.

    ``openid_of`` gives the openid of a window's owner by our code, ``goods_of`` goods by our codes; None and nothing
    where nobody has told us: then nothing can be done there, and that is what is answered. A window that let us manage
    it is believed to for an hour; that it no longer does shows at the first verb (10024011).
    """

    def __init__(
        self,
        windows: AgencyWindows,
        *,
        openid_of: Callable[[str], str | None],
        goods_of: Callable[[Sequence[str]], Mapping[str, Goods]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._windows, self._openid_of, self._goods_of, self._clock = windows, openid_of, goods_of, clock
        self._finders: dict[str, tuple[float, str]] = {}

    def add(self, *, window: str, product: str) -> Source:
        """Found there it stays as it is; else it is put there as ours."""
        try:
            finder, goods = self._finder(window), self._one(product)
            there = self._there(finder, goods)
            if there is None:
                self._windows.add(finder=finder, product_id=goods.product_id, link=goods.link)
        except http.GatewayError as error:
            raise _told(error) from error
        return Source.AGENCY if there is None else self._source(there, goods)

    def remove(self, *, window: str, product: str) -> Outcome:
        """What somebody else put there is not ours to take away; what the shop put there leaves with its stock."""
        try:
            finder, goods = self._finder(window), self._one(product)
            there = self._there(finder, goods)
            if there is None:
                return Outcome.REMOVED
            source = self._source(there, goods)
            if source is Source.AGENCY:
                self._windows.remove(finder=finder, entry=there)
            return listing.end_of(source, is_authorised=True)
        except Unauthorised:
            return Outcome.UNAUTHORISED
        except showcase.Refused:
            return Outcome.NOT_OURS
        except http.GatewayError as error:
            return _outcome(error)

    def look(self, *, window: str, products: Sequence[Known]) -> Sequence[Reported]:
        """What stands there is looked at one by one; what does not is gone. Goods without a number are left out."""
        try:
            finder, goods = self._finder(window), self._goods_of([one.product for one in products])
            there = {entry.product_id: entry for entry in self._windows.entries(finder)}
            return [
                self._seen(finder, known, goods[known.product], there) for known in products if known.product in goods
            ]
        except http.GatewayError as error:
            raise _told(error, silent_only=True) from error

    def _seen(self, finder: str, known: Known, goods: Goods, there: Mapping[str, Entry]) -> Reported:
        entry = there.get(goods.product_id)
        if entry is None:
            return Reported(product=known.product, shown=Shown.GONE, stock=0, price_fen=known.price_fen)
        found = self._windows.detail(finder=finder, entry=entry)
        on = {1: Shown.ON, 2: Shown.OFF, 3: Shown.GONE}.get(found.status, Shown.OFF)
        shown = Shown.BANNED if found.banned else on
        return Reported(product=known.product, shown=shown, stock=found.stock, price_fen=found.selling_price)

    def _finder(self, window: str) -> str:
        """The window as the agency names it; `Unauthorised` where its owner has not let us."""
        until, finder = self._finders.get(window, (0.0, ""))
        if finder and self._clock() < until:
            return finder
        openid = self._openid_of(window)
        found = self._windows.authorisation(openid) if openid else Authorisation()
        if not found.window_auth_status or not found.openfinderid:
            raise Unauthorised
        self._finders[window] = self._clock() + BELIEVED_SECONDS, found.openfinderid
        return found.openfinderid

    def _one(self, product: str) -> Goods:
        found = self._goods_of([product]).get(product)
        if found is None:
            raise showcase.Refused("商品还没有关联微信小店的商品编号，不能进出橱窗。")
        return found

    def _there(self, finder: str, goods: Goods) -> Entry | None:
        return next((entry for entry in self._windows.entries(finder) if entry.product_id == goods.product_id), None)

    def _source(self, entry: Entry, goods: Goods) -> Source:
        if entry.head_supplier_id:
            return Source.AGENCY if entry.head_supplier_id == self._windows.agency else Source.PROMOTER
        return Source.SHOP if entry.appid == goods.shop else Source.PROMOTER


def _told(error: http.GatewayError, *, silent_only: bool = False) -> Exception:
    if error.code == NOT_AUTHORISED:
        return Unauthorised()
    if isinstance(error, Retryable) or silent_only:
        return Silent(error.code)
    return showcase.Refused(str(error))


def _outcome(error: http.GatewayError) -> Outcome:
    """An interface that says no for another reason has not taken the product away: asked again later."""
    if error.code == NOT_AUTHORISED:
        return Outcome.UNAUTHORISED
    raise Silent(error.code) from error
