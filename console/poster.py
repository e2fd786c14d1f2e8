"""Posters: one picture of a fixed size with a member's code, its words, and the texts that always stand there."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TypeAlias

import segno
from PIL import Image, ImageDraw, ImageFont

from models.rules.compliance import DISCLAIMERS

WIDTH, HEIGHT = 900, 1350
MARGIN, CODE_SIDE = 64, 260
# The simplified Chinese face of the collection (JP, KR, SC, TC, HK).
FACE = 2
REGULAR, BOLD = 400, 700
LARGEST_CODE = 2_000_000
Colour: TypeAlias = tuple[int, int, int]
Font: TypeAlias = ImageFont.FreeTypeFont


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a look: the sky from top to bottom, what is written on it, what shines."""

    top: Colour
    bottom: Colour
    ink: Colour
    star: Colour


PALETTES: Mapping[str, Palette] = {
    "night": Palette((20, 27, 52), (45, 62, 120), (255, 255, 255), (244, 189, 79)),
    "dawn": Palette((122, 38, 66), (214, 118, 84), (255, 255, 255), (255, 214, 140)),
    "jade": Palette((12, 66, 58), (38, 122, 104), (255, 255, 255), (232, 205, 128)),
}
PAPER, INK, SOFT = (255, 255, 255), (26, 34, 51), (86, 96, 121)
AD = "广告"
HINT = "微信扫码或长按识别"
DISCLAIMER = "D-03"


class BadCode(ValueError):
    """What should be the picture of a code is none, or larger than any code."""


@dataclass(frozen=True, kw_only=True)
class Poster:
    """What is on it: whose it is, what it says, and perhaps one product with its price."""

    name: str
    slogan: str
    palette: str
    code: bytes
    product: str = ""
    price: str = ""


@cache
def sample() -> bytes:
    """A code that leads nowhere, for looking at a poster before it goes out."""
    packed = io.BytesIO()
    segno.make("https://mini.invalid/sample", error="m").save(packed, kind="png", scale=12, border=2)
    return packed.getvalue()


@cache
def font(size: int, weight: int) -> Font:
    """Noto Sans CJK SC (OFL 1.1), from the wheel that carries it."""
    path = resources.files("manimgx_fonts_cjk").joinpath("NotoSansCJK-VF.otf.ttc")
    made = ImageFont.truetype(str(path), size, index=FACE)
    made.set_variation_by_axes([weight])
    return made


def wrapped(text: str, face: Font, width: int, *, most: int) -> list[str]:
    """The text in lines no wider than ``width``; what is beyond ``most`` lines ends in an ellipsis."""
    lines = [""]
    for sign in text:
        if sign == "\n" or face.getlength(lines[-1] + sign) > width:
            lines.append("" if sign == "\n" else sign)
        else:
            lines[-1] += sign
    if len(lines) > most:
        lines = lines[:most]
        lines[-1] = lines[-1][:-1] + "…"
    return [line for line in lines if line]


def render(poster: Poster) -> bytes:
    """The picture as PNG: always the same size, so that its memory is bounded whatever it says."""
    colours = PALETTES[poster.palette]
    picture = _sky(colours)
    draw = ImageDraw.Draw(picture)
    _stars(draw, colours)
    draw.text((MARGIN, 56), "千星", font=font(34, BOLD), fill=colours.star)
    draw.text((WIDTH - MARGIN, 60), AD, font=font(24, REGULAR), fill=colours.ink, anchor="ra")
    y = _words(draw, wrapped(poster.slogan, font(72, BOLD), WIDTH - 2 * MARGIN, most=4), (MARGIN, 230), 72, colours.ink)
    draw.rectangle((MARGIN, y + 26, MARGIN + 96, y + 34), fill=colours.star)
    if poster.product:
        _product(draw, poster, colours, y + 72)
    _card(picture, draw, poster)
    packed = io.BytesIO()
    picture.quantize(192).save(packed, format="PNG", optimize=True)
    return packed.getvalue()


def _sky(colours: Palette) -> Image.Image:
    """From the one colour to the other, top to bottom."""
    column = Image.new("RGB", (1, HEIGHT))
    for y in range(HEIGHT):
        share = y / (HEIGHT - 1)
        mixed = tuple(round(a + (b - a) * share) for a, b in zip(colours.top, colours.bottom, strict=True))
        column.putpixel((0, y), mixed)
    return column.resize((WIDTH, HEIGHT))


def _stars(draw: ImageDraw.ImageDraw, colours: Palette) -> None:
    """Small four-pointed stars at places that never change."""
    for n in range(26):
        x, y = (n * 337 + 91) % WIDTH, (n * 211 + 47) % 900
        r = 2 + n % 4
        fill = tuple((a + 2 * b) // 3 for a, b in zip(colours.star, colours.top, strict=True))
        draw.polygon(
            [(x, y - 2 * r), (x + r // 2, y - r // 2), (x + 2 * r, y), (x + r // 2, y + r // 2), (x, y + 2 * r),
             (x - r // 2, y + r // 2), (x - 2 * r, y), (x - r // 2, y - r // 2)],
            fill=fill,
        )  # fmt: skip


def _words(
    draw: ImageDraw.ImageDraw, lines: Sequence[str], at: tuple[int, int], size: int, fill: Colour, *, weight: int = BOLD
) -> int:
    """Lines below each other; where they end."""
    x, y = at
    for line in lines:
        draw.text((x, y), line, font=font(size, weight), fill=fill)
        y += round(size * 1.42)
    return y


def _product(draw: ImageDraw.ImageDraw, poster: Poster, colours: Palette, y: int) -> None:
    title = wrapped(poster.product, font(40, REGULAR), WIDTH - 2 * MARGIN, most=2)
    end = _words(draw, title, (MARGIN, y), 40, colours.ink, weight=REGULAR)
    draw.text((MARGIN, end + 4), poster.price, font=font(60, BOLD), fill=colours.star)


def _card(picture: Image.Image, draw: ImageDraw.ImageDraw, poster: Poster) -> None:
    """The white card below: the code, whose it is, and the disclaimer, burnt in."""
    top = HEIGHT - 372
    draw.rounded_rectangle((MARGIN // 2, top, WIDTH - MARGIN // 2, HEIGHT - MARGIN // 2), radius=32, fill=PAPER)
    left = WIDTH - MARGIN - CODE_SIDE
    picture.paste(_code(poster.code), (left, top + 40))
    width = left - 2 * MARGIN
    name = wrapped(poster.name, font(44, BOLD), width, most=1)
    draw.text((MARGIN + 8, top + 52), name[0] if name else "", font=font(44, BOLD), fill=INK)
    draw.text((MARGIN + 8, top + 124), HINT, font=font(28, REGULAR), fill=SOFT)
    said = wrapped(DISCLAIMERS[DISCLAIMER], font(22, REGULAR), width, most=6)
    _words(draw, said, (MARGIN + 8, top + 190), 22, SOFT, weight=REGULAR)


def _code(picture: bytes) -> Image.Image:
    """The code at its place's size; read from its header first, so that no bomb is unpacked."""
    try:
        opened = Image.open(io.BytesIO(picture), formats=("PNG", "JPEG"))
    except (OSError, ValueError) as error:
        raise BadCode("not a picture") from error
    if opened.width * opened.height > LARGEST_CODE:
        raise BadCode(f"{opened.width} × {opened.height}")
    return opened.convert("RGB").resize((CODE_SIDE, CODE_SIDE), Image.Resampling.LANCZOS)
