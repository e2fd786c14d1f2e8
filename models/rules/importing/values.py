"""One cell to one value: what is certain is read or repaired, everything else is refused with a reason."""

import math
import re
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from models.rules.importing import text
from models.rules.importing.layout import Cell

AMOUNT_FEN_MAX = 100_000_000 * 100
QUANTITY_MAX = 10_000_000
NAME_LENGTH_MAX = 300
SHOWN_MAX = 100

# Units that count one by one. A carton, a dozen or a pair of them is another number of pieces, so it is not here.
_PIECES = "个|件|只|支|瓶|盒|袋|包|片|条|套|双|台|张|本|罐|枚|份|桶|块"

_PLAIN_MONEY = re.compile(r"([0-9]{1,12})(?:\.([0-9]{0,20}))?")
_MONEY = re.compile(
    r"(?:¥|CNY|RMB|人民币)?\s*([0-9]{1,3}(?:,[0-9]{3}){1,3}|[0-9]{1,12})(?:\.([0-9]{0,20}))?\s*(?:元|圆|CNY|RMB)?",
    re.IGNORECASE,
)
_COUNT = re.compile(rf"([0-9]{{1,3}}(?:,[0-9]{{3}}){{1,3}}|[0-9]{{1,12}})(?:\.0*)?\s*(?:{_PIECES})?")
_PLAIN_COUNT = re.compile(r"[0-9]+(?:\.0*)?")
_NEGATIVE = re.compile(r"(?:¥\s*)?[-−(]\s*(?:¥\s*)?[0-9.,]+\s*元?\)?")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]{1,3}")
_PROTECTED = re.compile(r'="([^"]*)"|\'(.+)', re.DOTALL)


class Kind(StrEnum):
    """What became of a value: mended, kept out with its row, or let in with a remark."""

    REPAIRED = "repaired"
    REFUSED = "refused"
    NOTED = "noted"


class Read(NamedTuple):
    """A value and, when there is something to say about it, what and why."""

    value: Any
    kind: Kind | None = None
    code: str = ""
    repaired: str | None = None
    reason: str = ""


NOTHING = Read(None)


def refused(code: str, reason: str) -> Read:
    """The value cannot be read with certainty."""
    return Read(None, Kind.REFUSED, code, None, reason)


def repaired(value: Any, written: str, code: str, reason: str) -> Read:
    """The value was mended, and this is how it stands now."""
    return Read(value, Kind.REPAIRED, code, written, reason)


def shown(raw: Cell) -> str:
    """A raw cell as a list of findings shows it."""
    if raw is None:
        return ""
    if isinstance(raw, datetime):
        return raw.strftime("%Y-%m-%d %H:%M:%S") if raw.time() != datetime.min.time() else f"{raw:%Y-%m-%d}"
    return str(raw)[:SHOWN_MAX].replace("\0", "")


def formula(folded: str) -> Read | None:
    """A refusal when the cell holds a formula or a spreadsheet's error sign instead of a value."""
    if folded.startswith("="):
        return refused("formula", "这里是公式，不是数值；请在表格中“复制 → 粘贴为数值”后重新上传")
    if folded.startswith("#") and folded.endswith(("!", "?")):
        return refused("formula", "这里是表格的计算错误，不是数值；请改正后重新上传")
    return None


def spoilt(folded: str) -> Read | None:
    """A refusal when a spreadsheet has turned a long number into one with an exponent."""
    if _SCIENTIFIC.fullmatch(folded):
        return refused("lost_digits", "编号被表格改成了科学计数法，后几位已经丢失；请把这一列设为文本格式后重新导出")
    return None


def unprotected(folded: str) -> str:
    """The text inside ``="00123"`` or after an apostrophe, both written to keep a spreadsheet from changing a code."""
    match = _PROTECTED.fullmatch(folded)
    return (match[1] if match[1] is not None else match[2]).strip() if match else folded


def money(raw: Cell, *, most: int = AMOUNT_FEN_MAX) -> Read:
    """An amount in fen of at most ``most``, exact to the fen or refused."""
    if raw is None:
        return NOTHING
    if isinstance(raw, str):
        return _money_text(raw, most)
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return refused("not_money", "这里应是金额")
    if isinstance(raw, float) and not math.isfinite(raw):
        return refused("not_money", "这里应是金额")
    return _money_number(raw, most)


def _money_number(raw: int | float, most: int) -> Read:
    if raw < 0:
        return refused("negative", "金额不能是负数；退款请以正数填在退款金额一列")
    if raw * 100 > most:
        return _too_large(most)
    if isinstance(raw, int):
        return Read(raw * 100)
    return _fen(f"{raw:.15f}", most)


def _money_text(raw: str, most: int) -> Read:
    folded = text.fold(raw)
    if text.is_blank(folded):
        return NOTHING
    if _PLAIN_MONEY.fullmatch(folded):
        got = _fen(folded, most)
        return got if got.kind or folded == raw.strip() else _rewritten(got)
    match = _MONEY.fullmatch(folded)
    if match is None:
        return _why_not_money(folded)
    got = _fen(match[1].replace(",", "") + "." + (match[2] or ""), most)
    return got if got.kind else _rewritten(got)


def _rewritten(got: Read) -> Read:
    return repaired(got.value, yuan(got.value), "money_form", "金额的写法已统一为数字")


def _why_not_money(folded: str) -> Read:
    if _NEGATIVE.fullmatch(folded):
        return refused("negative", "金额不能是负数；退款请以正数填在退款金额一列")
    if "万" in folded:
        return refused("rounded", "以“万”为单位的金额可能是约数，请填写以元为单位的准确金额")
    return formula(folded) or refused("not_money", "看不出这是多少钱，请填写以元为单位的数字")


def _fen(plain: str, most: int) -> Read:
    whole, _, cents = plain.partition(".")
    cents = cents.rstrip("0")
    if len(cents) > 2:
        # A spreadsheet keeps 15 significant digits; what lies beyond is the noise of its own arithmetic.
        if len(whole.lstrip("0") + cents) <= 15:
            return refused("sub_fen", "金额小于一分，请核对小数位数")
        whole, _, cents = f"{float(plain):.15g}".partition(".")
        if len(cents) > 2 or not whole.isdigit():
            return refused("sub_fen", "金额小于一分，请核对小数位数")
    fen = int(whole) * 100 + int(cents.ljust(2, "0"))
    return Read(fen) if fen <= most else _too_large(most)


def _too_large(most: int) -> Read:
    return refused("too_large", f"金额过大，超过 {most // AMOUNT_FEN_MAX} 亿元，请核对")


def yuan(fen: int) -> str:
    """Fen as plain yuan, without superfluous decimals: 8600 is ``86``."""
    whole, cents = divmod(fen, 100)
    return f"{whole}.{cents:02d}" if cents else str(whole)


def quantity(raw: Cell) -> Read:
    """A whole number of pieces, at least one."""
    if raw is None:
        return NOTHING
    if isinstance(raw, str):
        return _quantity_text(raw)
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        return refused("not_quantity", "这里应是数量")
    if raw != int(raw):
        return refused("not_whole", "数量应是整数")
    return _counted(int(raw))


def _quantity_text(raw: str) -> Read:
    folded = text.fold(raw)
    if text.is_blank(folded):
        return NOTHING
    match = _COUNT.fullmatch(folded)
    if match is None:
        if _NEGATIVE.fullmatch(folded):
            return _counted(-1)
        return formula(folded) or refused("not_quantity", "看不出数量是多少，请填写以件为单位的整数")
    got = _counted(int(match[1].replace(",", "")))
    if got.kind or _PLAIN_COUNT.fullmatch(raw.strip()):
        return got
    return repaired(got.value, str(got.value), "quantity_form", "数量的写法已统一为数字")


def _counted(number: int) -> Read:
    if number < 1:
        return refused("not_positive", "数量应大于零")
    if number > QUANTITY_MAX:
        return refused("too_large", "数量过大，超过一千万件，请核对")
    return Read(number)


def label(raw: Cell) -> Read:
    """A short word such as a category or a sales region."""
    if raw is None:
        return NOTHING
    if not isinstance(raw, str):
        return Read(shown(raw))
    closed = text.close_up(raw)
    if text.is_blank(closed):
        return NOTHING
    if closed == raw.strip():
        return _too_long(closed) or formula(closed) or Read(closed)
    return _too_long(closed) or repaired(closed, closed, "text_form", "去掉了多余的空格或全角字符")


def name(raw: Cell) -> Read:
    """A free name: kept as written, apart from blanks around it and invisible characters."""
    if raw is None:
        return NOTHING
    if not isinstance(raw, str):
        return Read(shown(raw))
    bare = text.tidy(raw)
    if text.is_blank(bare):
        return NOTHING
    if bare == raw.strip():
        return _too_long(bare) or formula(bare) or spoilt(bare) or Read(bare)
    return _too_long(bare) or repaired(bare, bare, "invisible", "去掉了看不见的字符")


def _too_long(written: str) -> Read | None:
    if len(written) <= NAME_LENGTH_MAX:
        return None
    return refused("too_long", f"内容超过 {NAME_LENGTH_MAX} 个字，不像是名称；可能是引号不成对，请核对")
