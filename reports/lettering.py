"""The signs of a page as a font to embed: Noto Sans CJK SC (OFL 1.1) of the wheel that carries it, drawn at one weight.

The wheel's file is variable and holds every sign of four languages; readers of PDF know neither. What a page needs is
drawn from it as TrueType, some hundred signs at a time.
"""

import io
import threading
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

FACE = 2
REGULAR, BOLD = 400, 700
BLUR = 1.0
ALWAYS = "".join(chr(code) for code in range(32, 127)) + "…—–·¥％：、（）"
MISSING = ".notdef"


@cache
def _source() -> TTFont:
    path = resources.files("manimgx_fonts_cjk").joinpath("NotoSansCJK-VF.otf.ttc")
    return TTFont(str(path), fontNumber=FACE, lazy=True)


@cache
def _signs() -> dict[int, str]:
    found: dict[int, str] = _source().getBestCmap()
    return found


@cache
def _drawn(name: str, weight: int) -> tuple[Any, int]:
    """A sign's outline in quadratic curves, and its width."""
    glyph = _glyphs(weight)[name]
    pen = TTGlyphPen(None)
    glyph.draw(Cu2QuPen(pen, BLUR, reverse_direction=True))
    return pen.glyph(), round(glyph.width)


@cache
def _glyphs(weight: int) -> Any:
    return _source().getGlyphSet(location={"wght": weight})


_one_at_a_time = threading.Lock()


def font(texts: Iterable[str], weight: int) -> bytes:
    """A TrueType font with the signs of these texts; one that the source does not know is left out."""
    # The source is read as its signs are asked for, from one place in one file.
    with _one_at_a_time:
        return _made(texts, weight)


def _made(texts: Iterable[str], weight: int) -> bytes:
    signs = {code: _signs()[code] for code in sorted({ord(sign) for text in (*texts, ALWAYS) for sign in text})
             if code in _signs()}  # fmt: skip
    names = [MISSING, *dict.fromkeys(signs.values())]
    drawn = {name: _drawn(name, weight) for name in names}
    source = _source()
    made = FontBuilder(source["head"].unitsPerEm, isTTF=True)
    made.setupGlyphOrder(names)
    made.setupCharacterMap(signs)
    made.setupGlyf({name: glyph for name, (glyph, _) in drawn.items()})
    glyphs = made.font["glyf"]
    made.setupHorizontalMetrics({name: (width, getattr(glyphs[name], "xMin", 0)) for name, (_, width) in drawn.items()})
    edges = {"ascent": source["hhea"].ascent, "descent": source["hhea"].descent}
    made.setupHorizontalHeader(**edges)
    made.setupNameTable({"familyName": f"Noto Sans CJK SC {weight}", "styleName": "Regular"})
    made.setupOS2(sTypoAscender=edges["ascent"], sTypoDescender=edges["descent"], usWeightClass=weight)
    made.setupPost()
    packed = io.BytesIO()
    made.save(packed)
    return packed.getvalue()
