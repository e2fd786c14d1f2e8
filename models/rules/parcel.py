"""Parcels: what a waybill looks like, where a track leads, and when silence is too long."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from models.errors import Conflict, Invalid

STALLED_HOURS = 72
"""A parcel of which its carrier says nothing for so long is looked for."""

SHIP_HOURS = 48
"""A paid order that has not left by then is late: the showcase's own promise to buyers."""

REMIND_HOURS = 24
"""A buyer is asked for the balance of a presale at most this often."""

REMINDERS = 3
"""So often a balance is asked for by itself; then a person decides what becomes of the order."""

WAYBILL = re.compile(r"[0-9A-Za-z-]{4,40}", re.ASCII)


class State(StrEnum):
    SENT = "sent"
    MOVING = "moving"
    DELIVERED = "delivered"
    RETURNED = "returned"


ENDED = {State.DELIVERED, State.RETURNED}


class BadWaybill(Invalid):
    """No carrier, or a number that no carrier gives."""


class NoWords(Invalid):
    """A track says something."""


class Arrived(Conflict):
    """The parcel has come to its end under its waybill."""


class WaybillTaken(Conflict):
    """Another parcel of the order has this waybill."""


class NothingLeft(Conflict):
    """Every piece of the order lies in a parcel."""


class NoGoods(Invalid):
    """A parcel carries something."""


class TooMany(Conflict):
    """More pieces than are left to send, or of a line that the order does not have."""


class NothingSent(Conflict):
    """Of an order of which nothing has left, the rest cannot be left out."""


class ShopDecides(Conflict):
    """When an order of the shop's has left wholly, the shop says."""


class TooSoon(Conflict):
    """The buyer was asked a short while ago."""


def check_waybill(*, carrier: str, waybill: str) -> None:
    """A carrier and its number, both needed to follow a parcel."""
    if not carrier.strip() or len(carrier) > 40:
        raise BadWaybill("规则 5.1：请填写承运商（40 字以内），例如“中通快递”。")
    if not WAYBILL.fullmatch(waybill):
        raise BadWaybill("规则 5.1：运单号应为 4 到 40 位字母、数字或连字符，请照面单填写。")


def left(ordered: Mapping[int, int], packed: Iterable[Mapping[int, int]]) -> dict[int, int]:
    """The pieces of each line that lie in no parcel yet; a parcel that names no goods holds all that was left."""
    parcels = list(packed)
    if not all(parcels):
        return {}
    gone: Counter[int] = Counter()
    for one in parcels:
        gone.update(one)
    return {n: pieces - gone[n] for n, pieces in ordered.items() if pieces > gone[n]}


def chosen(waiting: Mapping[int, int], asked: Mapping[int, int] | None) -> dict[int, int]:
    """The pieces of each line that a parcel takes; everything that waits where nothing was chosen (rules 5.1)."""
    if not waiting:
        raise NothingLeft(
            "规则 5.1：本单商品已全部发出，没有待发的商品；运单填错请在包裹页更正，补寄或换货请在售后里处理。"
        )
    if asked is None:
        return dict(waiting)
    taken = {n: pieces for n, pieces in asked.items() if pieces}
    if not taken:
        raise NoGoods("规则 5.1：请至少填写一件要放进包裹的商品。")
    for n, pieces in taken.items():
        if not 0 < pieces <= waiting.get(n, 0):
            raise TooMany(f"规则 5.1：第 {n} 行商品还有 {waiting.get(n, 0)} 件待发，请改为不超过它的件数。")
    return taken


def after(state: State, told: State) -> State:
    """Where a parcel is once its carrier told something; what comes late changes nothing."""
    return state if state in ENDED else told


def check_correction(state: State) -> None:
    """A waybill is corrected while its parcel is on the way (rules 5.1)."""
    if state in ENDED:
        raise Arrived("规则 5.1：包裹已签收或已退回，运单号不能再更正。")


def is_stalled(state: State, *, moved_at: datetime, at: datetime) -> bool:
    """Whether a parcel on its way has been silent for too long."""
    return state not in ENDED and at - moved_at >= timedelta(hours=STALLED_HOURS)


def check_reminder(*, last_at: datetime | None, at: datetime) -> None:
    """Refuse to press a buyer twice within a day."""
    if last_at is not None and at - last_at < timedelta(hours=REMIND_HOURS):
        raise TooSoon(f"规则 5.1：{REMIND_HOURS} 小时内已提醒过该买家，请稍后再提醒。")
