"""What a picture of an order says: its fields out of the words that were read, wherever they stand."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, NamedTuple

DIGITS_MIN, DIGITS_MAX = 12, 32
"""Order numbers of WeChat shops have 19 digits; other channels' are shorter or longer."""

_NUMBER = re.compile(rf"(?<![0-9A-Za-z])[0-9][0-9 ]{{{DIGITS_MIN - 2},{DIGITS_MAX + 6}}}[0-9](?![0-9])")
_PAYMENT_LABEL = re.compile(r"交易单号|商户单号|支付单号|运单|快递单号")
_ORDER_LABEL = re.compile(r"订单\s?(编号|号码?|ID)")
_PAID_LABEL = re.compile(r"实付|实际支付|合计|[付支]款?付?金额")
_PLACED_LABEL = re.compile(r"(下单|创建|订单|成交)时间")
_PAID_AT_LABEL = re.compile(r"(支付|付款)时间")
_MONEY = re.compile(r"(?<![0-9.])([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,7})\s?[.。·]\s?([0-9]{2})(?![0-9])")
_MOMENT = re.compile(
    r"(20[0-9]{2})\s?[-/.年—–]\s?([0-9]{1,2})\s?[-/.月—–]\s?([0-9]{1,2})日?\s{0,3}"
    r"([0-9]{2})\s?[:：.]\s?([0-9]{2})(?:\s?[:：.]\s?([0-9]{2}))?(?![0-9])"
)
_SHOP_END = re.compile(r"\s*(进店|进入店铺|去店铺|逛店铺|[>›〉＞》]).*$")
_SHOP_LONGEST = 40


class Word(NamedTuple):
    """One line of text as it was read: how sure in 0..1, and where it stands in pixels, upright."""

    text: str
    score: float
    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    @property
    def height(self) -> float:
        return self.bottom - self.top


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What was read of an order. Amount in fen; ``sure`` is the least certainty of what was read, in 0..1."""

    number: str | None = None
    paid_fen: int | None = None
    placed_at: datetime | None = None
    paid_at: datetime | None = None
    shops: tuple[str, ...] = ()
    """What may be the shop's name, the likeliest first."""

    sure: float = 0.0

    @property
    def is_empty(self) -> bool:
        return self.number is None and self.paid_fen is None and self.placed_at is None and self.paid_at is None


class _Found(NamedTuple):
    value: Any
    score: float


_NOTHING = _Found(None, 1.0)
_Reader = Callable[[str], Any]


def read(words: Sequence[Word], zone: tzinfo) -> Fields:
    """The fields of an order's page; those that are not there stay empty. ``zone`` is the clock of the page."""
    rows = _rows(words)
    moment = partial(_moment, zone)
    number = _labelled(rows, _ORDER_LABEL, _number) or _alone(rows, _number) or _NOTHING
    paid = _labelled(rows, _PAID_LABEL, _money) or _NOTHING
    placed = _labelled(rows, _PLACED_LABEL, moment) or _NOTHING
    paid_at = _labelled(rows, _PAID_AT_LABEL, moment) or _NOTHING
    return Fields(
        number=number.value, paid_fen=paid.value, placed_at=placed.value, paid_at=paid_at.value, shops=_shops(rows),
        sure=min(number.score, paid.score, placed.score, paid_at.score),
    )  # fmt: skip


def _rows(words: Sequence[Word]) -> list[list[Word]]:
    """Words that stand beside each other, from the left, and such rows from the top."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda word: word.middle):
        last = rows[-1] if rows else []
        if last and abs(word.middle - last[0].middle) <= 0.5 * max(word.height, last[0].height):
            last.append(word)
        else:
            rows.append([word])
    return [sorted(row, key=lambda word: word.left) for row in rows]


def _labelled(rows: Sequence[Sequence[Word]], label: re.Pattern[str], value: _Reader) -> _Found | None:
    """What stands behind a label in its row, else in the row below it."""
    for n, row in enumerate(rows):
        for place, word in enumerate(row):
            found = label.search(word.text)
            if found is None:
                continue
            rest = [word._replace(text=word.text[found.end() :]), *row[place + 1 :]]
            below = rows[n + 1] if n + 1 < len(rows) else ()
            read = _first(rest, value) or _first(below, value)
            if read is not None:
                return read
    return None


def _first(words: Sequence[Word], value: _Reader) -> _Found | None:
    """The first value in some words, each by itself, then all together."""
    for word in words:
        if (read := value(word.text)) is not None:
            return _Found(read, word.score)
    if words and (read := value(" ".join(word.text for word in words))) is not None:
        return _Found(read, min(word.score for word in words))
    return None


def _alone(rows: Sequence[Sequence[Word]], value: _Reader) -> _Found | None:
    """The one value on the page that no other label claims."""
    found = [
        one
        for row in rows
        if not any(_PAYMENT_LABEL.search(word.text) for word in row) and (one := _first(row, value)) is not None
    ]
    return found[0] if len(found) == 1 else None


def _number(text: str) -> str | None:
    found = _NUMBER.search(text)
    digits = found.group().replace(" ", "") if found else ""
    return digits if DIGITS_MIN <= len(digits) <= DIGITS_MAX else None


def _money(text: str) -> int | None:
    found = _MONEY.search(text)
    return int(found[1].replace(",", "")) * 100 + int(found[2]) if found else None


def _moment(zone: tzinfo, text: str) -> datetime | None:
    found = _MOMENT.search(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 60):
        return None
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None


def _shops(rows: Sequence[Sequence[Word]]) -> tuple[str, ...]:
    """Names that lead into a shop first, then whatever else stands first in its row."""
    leading: list[str] = []
    others: list[str] = []
    for row in rows:
        whole = "".join(word.text for word in row)
        name = _SHOP_END.sub("", whole).strip()
        if 2 <= len(name) <= _SHOP_LONGEST:
            (leading if name != whole.strip() else others).append(name)
    return tuple(leading + others)
