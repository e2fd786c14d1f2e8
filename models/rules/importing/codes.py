"""Codes such as order numbers: their shape is learnt from the column, and only a certain label is taken off."""

import re

from models.rules.importing import text
from models.rules.importing.layout import Cell
from models.rules.importing.values import NOTHING, Kind, Read, formula, refused, repaired, shown, spoilt, unprotected

# Only words are a label: digits or letters in front could belong to the code itself.
_LABEL = re.compile(r"[\u3400-\u9fff]{1,8}\s*[::#]?\s*|(?:No|NO|no)[.:]\s*")
_WHOLE_FLOAT = re.compile(r"([0-9]+)\.0")
_LENGTH_MAX = 64


def pattern(shape: str) -> re.Pattern[str]:
    """The pattern of a shape: ``#`` is one digit, ``*`` any further digits, everything else stands for itself."""
    parts = {"#": "[0-9]", "*": "[0-9]{0,40}"}
    return re.compile("".join(parts.get(sign, re.escape(sign)) for sign in shape))


class Codes:
    """Reads the cells of one code column."""

    def __init__(self, shape: str | None) -> None:
        self._pattern = pattern(shape) if shape else None

    def fits(self, raw: str) -> bool:
        """Whether a text is a code of the column's shape just as it stands."""
        return self._pattern is not None and self._pattern.fullmatch(raw) is not None

    def __call__(self, raw: Cell) -> Read:
        """The code of a cell; its value is text."""
        if isinstance(raw, str):
            return self._written(raw)
        if raw is None:
            return NOTHING
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            return refused("not_code", f"这里应是编号，不是“{shown(raw)}”")
        if raw != raw or abs(raw) >= 10**15 and isinstance(raw, float) or raw != int(raw) or raw < 0 or raw > 10**40:
            return refused("lost_digits", "编号的末几位已被表格改动；请把这一列设为文本格式后重新导出")
        return self._fits(str(int(raw)), "")

    def _written(self, raw: str) -> Read:
        folded = text.close_up(raw)
        if text.is_blank(folded):
            return NOTHING
        bare = unprotected(folded)
        if refusal := spoilt(bare) or formula(bare):
            return refusal
        if len(bare) > _LENGTH_MAX:
            return refused("too_long", f"编号超过 {_LENGTH_MAX} 个字符，请核对")
        return self._fits(bare, raw.strip())

    def _fits(self, bare: str, written: str) -> Read:
        if self._pattern is None or self._pattern.fullmatch(bare):
            return Read(bare) if not written or bare == written else _mended(bare)
        label = _LABEL.match(bare)
        if label and self._pattern.fullmatch(bare, label.end()):
            rest = bare[label.end() :]
            return repaired(rest, rest, "label", f"去掉了编号前的“{label[0].strip()}”")
        whole = _WHOLE_FLOAT.fullmatch(bare)
        squeezed = whole[1] if whole else "".join(bare.split())
        for certain in (squeezed, squeezed.upper(), squeezed.lower()):
            if self._pattern.fullmatch(certain):
                return _mended(certain)
        return Read(bare, Kind.NOTED, "other_shape", None, "与本列其他编号的样式不同，已照原样导入，请核对")


def _mended(code: str) -> Read:
    return repaired(code, code, "text_form", "编号的写法已统一（空格、全角、大小写或表格的保护字符）")
