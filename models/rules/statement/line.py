"""One line of a statement: when, which way, how much, under which numbers, and what kind of business it was."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

from models.rules.importing import Cell, values
from models.rules.shanghai import SHANGHAI
from models.rules.statement.layout import ENDS, Claims, Layout, Recognised, plain

DIGEST_BYTES = 16
NUMBER_LENGTH_MAX = 128
WORDS_LENGTH_MAX = 60
# What a wallet holds may pass what one line may move: a hundred billion yuan is no wallet but a slip of the file.
BALANCE_FEN_MAX = 1_000 * values.AMOUNT_FEN_MAX
_LESS_REFUND = re.compile(r"(.+?)[(（]已(?:全额退款|退款.+?)[)）]")
_MOMENT = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?")


class Way(StrEnum):
    """Which way the money went, seen from the account of the statement."""

    IN = "in"
    OUT = "out"
    NONE = "none"


class Business(StrEnum):
    """What a line is about, as far as reconciliation cares."""

    PAYMENT = "payment"
    REFUND = "refund"
    PAYOUT = "payout"
    PAYOUT_BACK = "payout_back"
    FEE = "fee"
    OTHER = "other"


class Entry(NamedTuple):
    """A line. Amounts in fen, never negative; ``fee_millifen`` in thousandths of a fen, which is how bills give it.

    ``number`` is the merchant's own (out_trade_no, out_refund_no, out_bill_no), ``reference`` the channel's.
    ``digest`` covers every cell: the same line of two files is one line.
    """

    at: datetime
    way: Way
    business: Business
    amount_fen: int
    fee_millifen: int
    balance_fen: int | None
    number: str
    reference: str
    words: str
    state: str
    digest: bytes


class Refused(NamedTuple):
    """A line that cannot be read, which cell, and why."""

    column: str
    value: str
    reason: str


class _Unread(Exception):
    def __init__(self, column: str, cell: Cell, reason: str) -> None:
        super().__init__(reason)
        self.refused = Refused(column, values.shown(cell), reason)


WAYS = {"收入": Way.IN, "支出": Way.OUT, "不计收支": Way.NONE, "中性交易": Way.NONE, "": Way.NONE}


class Reader:
    """Reads the lines below the header of one statement, up to its summary."""

    def __init__(self, found: Recognised) -> None:
        self._layout, self._places = found.layout, found.places
        self.claims = Claims()
        self._is_over = self._is_summed = False

    def read(self, cells: Sequence[Cell]) -> Entry | Refused | None:
        """What a row says; nothing of a blank one, of the summary, and of what follows it."""
        first = plain(cells[0]) if cells else ""
        if self._is_over:
            if not self._is_summed:
                self._is_summed, self.claims = True, Claims(int(first) if first.isdigit() else None)
            return None
        if first in ENDS:
            self._is_over = True
            return None
        if not any(plain(cell) for cell in cells):
            return None
        try:
            return self._entry(cells)
        except _Unread as unread:
            return unread.refused

    def _entry(self, cells: Sequence[Cell]) -> Entry:
        if self._layout is Layout.TRADE:
            return self._trade(cells)
        words, state = self._text(cells, "words"), self._text(cells, "state")
        way = self._way(cells)
        business = fund_business(words, way) if self._layout is Layout.FUNDFLOW else Business.OTHER
        balance = self._money(cells, "balance", most=BALANCE_FEN_MAX) if "balance" in self._places else None
        return Entry(
            self._moment(cells), way, business, self._money(cells, "amount"), 0, balance,
            self._number(cells, "number"), self._number(cells, "flow" if "flow" in self._places else "reference"),
            words[:WORDS_LENGTH_MAX], state[:WORDS_LENGTH_MAX], digest(cells),
        )  # fmt: skip

    def _trade(self, cells: Sequence[Cell]) -> Entry:
        """WeChat Pay's trade bill: SUCCESS is a payment, REFUND a refund under its own numbers, REVOKED neither."""
        state, fee = self._text(cells, "state"), self._fee(cells)
        at, marks = self._moment(cells), digest(cells)
        if state == "REFUND":
            return Entry(
                at, Way.OUT, Business.REFUND, self._money(cells, "refund"), fee, None,
                self._number(cells, "refund_number"), self._number(cells, "refund_reference"), state,
                self._text(cells, "refund_state"), marks,
            )  # fmt: skip
        if state not in ("SUCCESS", "REVOKED"):
            raise _Unread("交易状态", state, "交易状态应是 SUCCESS、REFUND 或 REVOKED")
        is_paid = state == "SUCCESS"
        return Entry(
            at, Way.IN if is_paid else Way.NONE, Business.PAYMENT if is_paid else Business.OTHER,
            self._money(cells, "amount"), fee, None, self._number(cells, "number"), self._number(cells, "reference"),
            state, state, marks,
        )  # fmt: skip

    def _cell(self, cells: Sequence[Cell], field: str) -> Cell:
        place = self._places.get(field, len(cells))
        return cells[place] if place < len(cells) else None

    def _text(self, cells: Sequence[Cell], field: str) -> str:
        return plain(self._cell(cells, field))

    def _number(self, cells: Sequence[Cell], field: str) -> str:
        cell = self._cell(cells, field)
        if isinstance(cell, float):
            raise _Unread("单号", cell, "单号被表格改成了小数，后几位可能已经丢失；请用原始文件上传")
        number = plain(cell)
        if values.spoilt(number):
            raise _Unread("单号", cell, "单号被表格改成了科学计数法，后几位已经丢失；请用原始文件上传")
        if len(number) > NUMBER_LENGTH_MAX:
            raise _Unread("单号", cell, f"单号超过 {NUMBER_LENGTH_MAX} 位")
        return "" if number == "0" else number

    def _moment(self, cells: Sequence[Cell]) -> datetime:
        cell = self._cell(cells, "at")
        if isinstance(cell, datetime):
            return cell.replace(tzinfo=SHANGHAI).astimezone(UTC)
        found = _MOMENT.fullmatch(plain(cell))
        if found is None:
            raise _Unread("时间", cell, "看不出是什么时间，应形如 2026-06-15 14:00:19")
        year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
        try:
            return datetime(year, month, day, hour, minute, second, tzinfo=SHANGHAI).astimezone(UTC)
        except ValueError as error:
            raise _Unread("时间", cell, "没有这样的日期或时间") from error

    def _money(self, cells: Sequence[Cell], field: str, *, most: int = values.AMOUNT_FEN_MAX) -> int:
        cell = self._cell(cells, field)
        amount = cell if isinstance(cell, int | float) else plain(cell)
        if self._layout is Layout.JD and isinstance(amount, str):
            amount = _net_of_refund(amount)
        got = values.money(amount, most=most)
        if got.value is None:
            raise _Unread("金额", cell, got.reason or "缺少金额")
        return int(got.value)

    def _fee(self, cells: Sequence[Cell]) -> int:
        """Thousandths of a fen; a fee that comes back with a refund is negative."""
        written = self._text(cells, "fee")
        if not written:
            return 0
        try:
            return int(Decimal(written.removeprefix("¥")) * 100_000)
        except InvalidOperation as error:
            raise _Unread("手续费", written, "看不出手续费是多少") from error

    def _way(self, cells: Sequence[Cell]) -> Way:
        written = self._text(cells, "way")
        if written not in WAYS:
            raise _Unread("收支", written, "收支类型应是收入、支出或不计收支")
        return WAYS[written]


def fund_business(words: str, way: Way) -> Business:
    """What a line of a fund-flow bill is about; the exact words of transfers are not published, so they are sought."""
    if "转账" in words:
        is_back = way is Way.IN or any(sign in words for sign in ("回退", "退回", "退票"))
        return Business.PAYOUT_BACK if is_back else Business.PAYOUT
    if "手续费" in words:
        return Business.FEE
    if "退款" in words:
        return Business.REFUND
    return Business.PAYMENT if words.startswith("交易") and way is Way.IN else Business.OTHER


def _net_of_refund(written: str) -> str:
    """JD writes `131.77(已退款89.84)` and lists the refund beside: the first amount is what was paid."""
    found = _LESS_REFUND.fullmatch(written)
    return found[1] if found else written


def digest(cells: Sequence[Cell]) -> bytes:
    """Sixteen bytes over all cells as they read, trailing blanks left out."""
    said = [plain(cell) for cell in cells]
    while said and not said[-1]:
        said.pop()
    return blake2b("\x1f".join(said).encode(), digest_size=DIGEST_BYTES).digest()
