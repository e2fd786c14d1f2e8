"""WeChat for this application: credentials read, clients made, and joined to what the database knows of people."""

import structlog
from flask import Flask

from console import credential
from console.config import Misconfigured, Settings
from jobs.gateways.agency_window import WeChatWindows
from jobs.gateways.goods import GoodsIndex
from jobs.gateways.outreach import WeChatOutreach
from jobs.gateways.pay_statement import WeChatStatements
from jobs.gateways.pay_transfer import Payee, WeChatTransfers
from jobs.gateways.shop_reading import WeChatShop
from jobs.gateways.token import Account
from jobs.gateways.wechat import WeChat
from models import transaction
from models.queries import identity

log = structlog.get_logger("console.wechat")


def register(app: Flask) -> None:
    """Speak to whatever hosts the settings name; production never speaks to a simulator."""
    settings: Settings = app.config["SETTINGS"]
    credentials = credential.read(settings.wechat)
    if credentials.is_simulated:
        if settings.is_production:
            raise Misconfigured("生产环境的 WECHAT_HOST 与 WECHATPAY_HOST 不能指向本机模拟器。")
        log.warning("simulator.used", host=credentials.host)
    connect(app, WeChat(credentials))


def connect(app: Flask, wechat: WeChat) -> None:
    """Hang the clients where pages and jobs look for them; what has no credentials is not there."""
    given = wechat.credentials
    app.extensions["wechat"] = wechat
    app.extensions["pushes"] = tuple(given.pushes.values())
    app.extensions["pay_notices"] = wechat.pay_notices
    if Account.MINI in given.apps:
        app.extensions["mini_program"] = wechat.mini
        app.extensions["outreach"] = WeChatOutreach(wechat.mini)
        app.extensions["mini_appid"] = wechat.mini_appid
    if given.pays:
        app.extensions["pay"] = wechat.pay
        app.extensions["refunds"] = wechat.refunds
        app.extensions["statements"] = WeChatStatements(wechat.bills)
    if given.pays and Account.MINI in given.apps:
        app.extensions["transfers"] = WeChatTransfers(wechat.transfers, payee_of)
    if Account.SHOP in given.apps:
        app.extensions["shop"] = WeChatShop(wechat.orders, wechat.after_sales, wechat.products)
    if {Account.AGENCY, Account.SHOP} <= set(given.apps):
        goods = GoodsIndex(wechat.products, shop=given.apps[Account.SHOP].appid)
        app.extensions["windows"] = WeChatWindows(wechat.windows, openid_of=openid_of, goods_of=goods)


def payee_of(code: str) -> Payee | None:
    """Where a member's money goes: openid and real name, read in a transaction of its own before anything is sent."""
    with transaction():
        found = identity.payee(code)
    return Payee(openid=found.openid, name=found.real_name or "") if found and found.openid else None


def openid_of(code: str) -> str | None:
    """The openid of a window's owner."""
    with transaction():
        found = identity.payee(code)
    return found.openid if found else None
