"""Merchants and shops come to be."""

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Invalid, Missing
from models.tables.merchant import Merchant, Shop


class Nameless(Invalid):
    """A name was left empty."""


class NameTaken(Conflict):
    """Another one already has this name or code."""


class NoSuchMerchant(Missing):
    """There is no such merchant, or not for this person."""


def open_merchant(*, code: str, name: str) -> Merchant:
    """Take in a merchant under a code of its own."""
    code, name = code.strip(), name.strip()
    if not code or not name:
        raise Nameless("请填写商家编码和名称")
    if db.session.scalar(sa.select(Merchant.id).where(Merchant.code == code)):
        raise NameTaken(f"商家编码“{code}”已被使用，请换一个，或直接选择该商家")
    merchant = Merchant(code=code, name=name)
    db.session.add(merchant)
    db.session.flush()
    return merchant


def open_shop(*, merchant_id: int, name: str, platform: str) -> Shop:
    """Open a shop of a merchant; its name is unique within the merchant."""
    name = name.strip()
    if not name:
        raise Nameless("请填写店铺名称")
    if db.session.get(Merchant, merchant_id) is None:
        raise NoSuchMerchant("没有这个商家，请从列表中选择")
    if db.session.scalar(sa.select(Shop.id).where(Shop.merchant_id == merchant_id, Shop.name == name)):
        raise NameTaken(f"该商家已有店铺“{name}”，请直接选择它")
    shop = Shop(merchant_id=merchant_id, name=name, platform=platform.strip() or "other")
    db.session.add(shop)
    db.session.flush()
    return shop


def open_shop_of(*, merchant_id: int | None, merchant_code: str, merchant_name: str, name: str, platform: str) -> Shop:
    """Open a shop of a merchant we have, or of one that is taken in with it."""
    if merchant_id is None:
        merchant_id = open_merchant(code=merchant_code, name=merchant_name).id
    return open_shop(merchant_id=merchant_id, name=name, platform=platform)


def rename(*, merchant_id: int, name: str) -> Merchant:
    """Give a merchant another name; its code stays, since accounts and matrices carry it."""
    name = name.strip()
    if not name:
        raise Nameless("请填写商家名称")
    merchant = db.session.get(Merchant, merchant_id, with_for_update=True)
    if merchant is None:
        raise NoSuchMerchant("没有这个商家，请从列表中选择")
    merchant.name = name
    db.session.flush()
    return merchant
