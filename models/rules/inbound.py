"""Callbacks of WeChat: what each is about, which key makes a repeat the same, and what must agree with ours."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from models.errors import Conflict, Invalid


class Channel(StrEnum):
    """Who calls: Pay, or the message push of shop and mini-program."""

    SHOP = "shop"
    PAY = "pay"


class State(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    IGNORED = "ignored"
    FAILED = "failed"


class Mismatch(Conflict):
    """What is told does not agree with what we know of it."""


class Incomplete(Invalid):
    """A callback without the number of what it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A callback that proved to be WeChat's, as it is kept."""

    channel: Channel
    key: str
    event: str
    number: str
    content: Mapping[str, Any]
    digest: bytes


# Where each event of the push keeps what it is about, the first that is there: facts/wechat §8.2, samples push_*.json.
PLACES = (
    ("order_info", "order_id"),
    ("finder_shop_aftersale_status_update", "after_sale_order_id"),
    ("finder_shop_complaint", "complaint_id"),
    ("ProductSpuAudit", "product_id"),
    ("ProductSpuListing", "product_id"),
    ("ProductSpuUpdate", "product_id"),
    ("channels_ec_stock_no_enough", "product_id"),
    ("item_info", "product_id"),
    ("withdraw_info", "withdraw_id"),
)
FLAT = ("product_id", "punish_id", "openid", "order_id")
PAY_NUMBERS = ("out_bill_no", "out_refund_no", "out_trade_no", "out_order_no", "complaint_id")


def of_shop(content: Mapping[str, Any], *, raw: bytes) -> Message:
    """A pushed event. It has no id: event, number, moment and content together tell one from another [H]."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    event, moment = str(content.get("Event", "")), content.get("CreateTime", "")
    number = subject_of(content)
    key = hashlib.sha256(f"{event}\x1f{number}\x1f{moment}\x1f{canonical}".encode()).hexdigest()
    return Message(
        channel=Channel.SHOP, key=key, event=event[:100], number=number[:128], content=cleaned(content),
        digest=hashlib.sha256(raw).digest(),
    )  # fmt: skip


def of_pay(*, key: str, event: str, content: Mapping[str, Any], raw: bytes) -> Message:
    """A notice of Pay: its envelope's id names it, however often and over how many links it comes."""
    number = next((str(content[name]) for name in PAY_NUMBERS if content.get(name)), "")
    return Message(
        channel=Channel.PAY, key=key[:128], event=event[:100], number=number[:128], content=cleaned(content),
        digest=hashlib.sha256(raw).digest(),
    )  # fmt: skip


def subject_of(content: Mapping[str, Any]) -> str:
    """The number that an event is about, as text however it was written; empty where it names none."""
    for place, name in PLACES:
        inner = content.get(place)
        if isinstance(inner, Mapping) and inner.get(name):
            return str(inner[name])
    return next((str(content[name]) for name in FLAT if content.get(name)), "")


def cleaned(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content as the database takes it: without the one character that it has no place for."""
    found: dict[str, Any] = json.loads(json.dumps(content).replace("\\u0000", ""))
    return found


def check_agrees(**pairs: tuple[Any, Any]) -> None:
    """Refuse a callback in which something differs from ours: name = (told, ours); what ours lacks is not compared."""
    words = [
        f"{name} 为 {told}，应为 {ours}"
        for name, (told, ours) in pairs.items()
        if ours not in (None, "") and told != ours
    ]
    if words:
        raise Mismatch(f"规则 5.9：回调内容与我方不一致（{'；'.join(words)}），未处理，请核对后再重新处理。")
