"""Layouts of statement files, told apart by the names in their header row, and what a summary claims."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.errors import Invalid
from models.rules.importing import Cell, SheetInfo
from models.rules.importing import text as texts


class UnknownLayout(Invalid):
    """No row of the file is the header of a statement we know."""


class Layout(StrEnum):
    """Whose statement it is. The first two are WeChat Pay's for merchants, the others what people export."""

    TRADE = "wechat_trade"
    FUNDFLOW = "wechat_fundflow"
    WECHAT = "wechat_personal"
    ALIPAY = "alipay"
    JD = "jd"
    MEITUAN = "meituan"


class Account(StrEnum):
    """What a statement is of: WeChat Pay's trade bill, one of its three accounts, or another wallet."""

    TRADE = "TRADE"
    BASIC = "BASIC"
    OPERATION = "OPERATION"
    FEES = "FEES"
    WALLET = "WALLET"


# Each field with the names it goes by, the better one first; the layout is known by the first of all that are asked.
# WeChat Pay: the columns of the trade and fund-flow bills; merchants may choose more, so they are read by name.
COLUMNS: Mapping[Layout, Mapping[str, tuple[str, ...]]] = {
    Layout.TRADE: {
        "at": ("交易时间",), "number": ("商户订单号",), "reference": ("微信订单号",), "state": ("交易状态",),
        "amount": ("订单金额", "总金额", "应结订单金额"), "fee": ("手续费",), "refund_number": ("商户退款单号",),
        "refund_reference": ("微信退款单号",), "refund": ("申请退款金额", "退款金额"), "refund_state": ("退款状态",),
        "merchant": ("商户号",),
    },
    Layout.FUNDFLOW: {
        "at": ("记账时间",), "number": ("业务凭证号",), "reference": ("微信支付业务单号",), "flow": ("资金流水单号",),
        "words": ("业务类型", "业务名称"), "way": ("收支类型",), "amount": ("收支金额(元)", "收支金额"),
        "balance": ("账户结余(元)", "账户结余"),
    },
    Layout.WECHAT: {
        "at": ("交易时间",), "number": ("商户单号",), "reference": ("交易单号",), "words": ("交易类型",),
        "way": ("收/支",), "amount": ("金额(元)", "金额"), "state": ("当前状态",),
    },
    Layout.ALIPAY: {
        "at": ("交易时间",), "number": ("商家订单号",), "reference": ("交易订单号",), "words": ("交易分类",),
        "way": ("收/支",), "amount": ("金额",), "state": ("交易状态",), "party": ("对方账号",),
    },
    Layout.JD: {
        "at": ("交易时间",), "number": ("商家订单号",), "reference": ("交易订单号",), "words": ("交易分类",),
        "way": ("收/支",), "amount": ("金额",), "state": ("交易状态",), "party": ("商户名称",),
    },
    Layout.MEITUAN: {
        "at": ("交易成功时间", "交易创建时间"), "number": ("商家单号",), "reference": ("交易单号",),
        "words": ("交易类型",), "way": ("收/支",), "amount": ("实付金额",), "ordered": ("订单金额",),
    },
}  # fmt: skip
OPTIONAL = frozenset({"fee", "merchant", "refund_state", "balance"})
ENDS = ("总交易单数", "资金流水总笔数", "总笔数")
"""The first name of the summary's header: nothing below it is a line."""

CLAIMED = re.compile(r"共[:：]?\s*([0-9]+)\s*笔")
TITLES: Mapping[Layout, str] = {
    Layout.TRADE: "微信支付交易账单",
    Layout.FUNDFLOW: "微信支付资金账单",
    Layout.WECHAT: "微信个人账单",
    Layout.ALIPAY: "支付宝账单",
    Layout.JD: "京东账单",
    Layout.MEITUAN: "美团账单",
}


@dataclass(frozen=True, slots=True)
class Recognised:
    """A statement found in a sheet: the number of its header row and where each field stands."""

    layout: Layout
    sheet: str
    header_row: int
    places: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Claims:
    """What the file says of itself: how many lines; compared with what is read."""

    lines: int | None = None


def plain(cell: Cell) -> str:
    """A cell as text: without the backtick that keeps a spreadsheet from changing it, tabs, blanks and `/` for none."""
    if cell is None:
        return ""
    written = texts.tidy(cell if isinstance(cell, str) else str(cell)).removeprefix("`").strip()
    return "" if written == "/" else written


def recognise(sheets: Sequence[SheetInfo]) -> Recognised:
    """The first header of a known statement among the first rows of the sheets."""
    for sheet in sheets:
        for number, cells in sheet.sample:
            names = [texts.fold(plain(cell)) for cell in cells]
            for layout in COLUMNS:
                places = _places(layout, names)
                if places is not None:
                    return Recognised(layout, sheet.name, number, places)
    known = "、".join(TITLES.values())
    raise UnknownLayout(f"没有找到账单的表头。请上传从商户平台下载的原始文件，支持：{known}。")


def _places(layout: Layout, names: list[str]) -> dict[str, int] | None:
    places = {}
    for field, titles in COLUMNS[layout].items():
        found = next((names.index(title) for title in titles if title in names), None)
        if found is None and field not in OPTIONAL:
            return None
        if found is not None:
            places[field] = found
    return places


def claims_of(rows: Iterable[Sequence[Cell]]) -> Claims:
    """What the lines above the header claim (`共43笔记录`)."""
    for cells in rows:
        found = CLAIMED.search(plain(cells[0])) if cells else None
        if found:
            return Claims(int(found[1]))
    return Claims()
