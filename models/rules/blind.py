"""Blind indexes: what tells two equal signals apart from two others without keeping either of them."""

import hashlib
import unicodedata
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any

SIZE = 16
# The installation's own key; digests of one installation say nothing in another.
_keys = {"blind": hashlib.sha256(b"blind:").digest()}
_PLACES = ("province", "city", "district", "detail", "text")
# How WeChat names the parts of an address (订单详情 `address_info`).
_WECHAT = ("province_name", "city_name", "county_name", "detail_info")
_SAME = (("幢", "栋"), ("座", "栋"), ("号楼", "栋"), ("室", ""), ("房", ""), ("市辖区", ""))
MUNICIPALITIES = ("北京市", "天津市", "上海市", "重庆市")


def use(secret: str) -> None:
    """Derive the key of all digests from the installation's secret; once, before anything is recorded."""
    _keys["blind"] = hashlib.sha256(f"blind:{secret}".encode()).digest()


def digest(kind: str, value: str) -> bytes:
    """The keyed BLAKE2b digest of a value as its kind: equal values of one kind alone have equal digests."""
    text = f"{kind}:{value}".encode()
    return hashlib.blake2b(text, key=_keys["blind"], digest_size=SIZE).digest()


def network_of(ip: str) -> str:
    """The /24 (IPv6: /48) of an address, as it may be shown; empty for what is no address."""
    try:
        one = ip_address(ip.strip())
    except ValueError:
        return ""
    return str(ip_network(f"{one}/{24 if one.version == 4 else 48}", strict=False))


def ip_of(text: str) -> str:
    """An address in its one spelling; empty for what is none."""
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return ""


def normalised(address: Mapping[str, Any]) -> str:
    """An address in one spelling: no spaces, no punctuation, one width, one word for a building; empty without detail.

    Names and phone numbers are no part of it: one household orders under several.
    """
    keys = _WECHAT if any(address.get(key) for key in _WECHAT) else _PLACES
    parts = [str(address.get(key) or "") for key in keys]
    if not any(parts[3:]):
        return ""
    if parts[0] and parts[0] == parts[1] and parts[0] in MUNICIPALITIES:
        parts[1] = ""
    text = unicodedata.normalize("NFKC", "".join(parts)).lower()
    for one, other in _SAME:
        text = text.replace(one, other)
    return "".join(letter for letter in text if letter.isalnum())


def phone_of(address: Mapping[str, Any]) -> str:
    """The digits of the receiver's phone; empty without one."""
    text = str(address.get("phone") or address.get("tel_number") or "")
    return "".join(letter for letter in text if letter.isdigit())
