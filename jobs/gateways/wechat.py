"""What this installation may say to WeChat: hosts and credentials in one place, and every client made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx

from jobs.gateways import errcode, wechat_pay
from jobs.gateways.agency_window import AgencyWindows
from jobs.gateways.http import is_here
from jobs.gateways.league import Agency, ShopLeague
from jobs.gateways.mini_shipping import Shippings
from jobs.gateways.own_window import OwnWindow, TalentWindow
from jobs.gateways.pay_bill import Bills
from jobs.gateways.pay_order import Trades
from jobs.gateways.pay_refund import Refunds
from jobs.gateways.pay_share import Sharings
from jobs.gateways.pay_transfer import Scene, TransferBills
from jobs.gateways.push import Push
from jobs.gateways.shop_after_sale import ShopAfterSales
from jobs.gateways.shop_delivery import ShopDeliveries
from jobs.gateways.shop_order import ShopOrders
from jobs.gateways.shop_product import ShopProducts
from jobs.gateways.signature import Merchant, Platform
from jobs.gateways.token import Account, App
from jobs.gateways.wechat_api import Api, Voice
from jobs.gateways.wechat_mini import WeChatMini
from jobs.gateways.wechat_pay import Pay

PAY_NOTICES, SHOP_NOTICES = "/webhooks/pay", "/webhooks/shop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Hosts, accounts and keys as the environment gives them.

    ``notify`` is our own address as WeChat reaches it, ``return_address`` the shop's id of where returned goods go.
    ``is_simulated`` where a host is this machine: then every page and log may say so.
    """

    host: str = errcode.HOST
    pay_host: str = wechat_pay.HOST
    apps: Mapping[Account, App] = field(default_factory=dict)
    merchant: Merchant | None = None
    platform: Platform | None = None
    pushes: Mapping[Account, Push] = field(default_factory=dict)
    notify: str = ""
    return_address: str = ""

    @property
    def is_simulated(self) -> bool:
        return any(is_here(urlsplit(host).hostname or "") for host in (self.host, self.pay_host))

    @property
    def pays(self) -> bool:
        """Whether Pay can be spoken to: both its sides' keys are there."""
        return self.merchant is not None and self.platform is not None


class WeChat:
    """Every client of one installation, each made when it is first used; they share connections, tokens and limits.

    Without an account's credentials its verbs raise `token.NotSetUp`; ``pay`` and what is made of it need `pays`.
    """

    def __init__(
        self, credentials: Credentials, *, transport: httpx.BaseTransport | None = None, **passing: Any
    ) -> None:
        self.credentials = credentials
        self._transport, self._passing = transport, passing

    @cached_property
    def api(self) -> Api:
        given = self.credentials
        return Api(apps=given.apps, host=given.host, transport=self._transport, **self._passing)

    @cached_property
    def pay(self) -> Pay:
        given = self.credentials
        if given.merchant is None or given.platform is None:
            raise ValueError("WeChat Pay is not set up")
        return Pay(
            merchant=given.merchant, platform=given.platform, host=given.pay_host, transport=self._transport,
            **self._passing,
        )  # fmt: skip

    def voice(self, account: Account) -> Voice:
        return self.api.voice(account)

    @property
    def mini_appid(self) -> str:
        return self.voice(Account.MINI).appid

    @cached_property
    def transfers(self) -> TransferBills:
        return TransferBills(self.pay, Scene(appid=self.mini_appid, notify_url=self.pay_notices))

    @cached_property
    def trades(self) -> Trades:
        return Trades(self.pay, appid=self.mini_appid)

    @cached_property
    def refunds(self) -> Refunds:
        return Refunds(self.pay)

    @cached_property
    def bills(self) -> Bills:
        return Bills(self.pay)

    @cached_property
    def sharings(self) -> Sharings:
        return Sharings(self.pay, appid=self.mini_appid)

    @cached_property
    def mini(self) -> WeChatMini:
        return WeChatMini(self.voice(Account.MINI))

    @cached_property
    def shippings(self) -> Shippings:
        return Shippings(self.voice(Account.MINI))

    @cached_property
    def orders(self) -> ShopOrders:
        return ShopOrders(self.voice(Account.SHOP))

    @cached_property
    def products(self) -> ShopProducts:
        return ShopProducts(self.voice(Account.SHOP))

    @cached_property
    def after_sales(self) -> ShopAfterSales:
        return ShopAfterSales(self.voice(Account.SHOP))

    @cached_property
    def deliveries(self) -> ShopDeliveries:
        return ShopDeliveries(self.voice(Account.SHOP))

    @cached_property
    def shop_league(self) -> ShopLeague:
        return ShopLeague(self.voice(Account.SHOP))

    @cached_property
    def agency(self) -> Agency:
        return Agency(self.voice(Account.AGENCY))

    @cached_property
    def windows(self) -> AgencyWindows:
        return AgencyWindows(self.voice(Account.AGENCY))

    @cached_property
    def own_window(self) -> OwnWindow:
        return OwnWindow(self.voice(Account.ASSISTANT))

    @cached_property
    def talent_window(self) -> TalentWindow:
        return TalentWindow(self.voice(Account.TALENT))

    @property
    def pay_notices(self) -> str:
        """Where Pay is asked to call us back; empty where nobody told our address."""
        return f"{self.credentials.notify}{PAY_NOTICES}" if self.credentials.notify else ""
