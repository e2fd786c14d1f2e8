"""Small pictures drawn for tests: of orders, and of nothing in particular."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
ORDER = (
    ("交易成功", ""),
    ("小雅优选 进店 ›", ""),
    ("商品总价", "¥99.00"),
    ("实付款", "¥99.00"),
    ("订单编号", "3712345678901234567"),
    ("下单时间", "2026-01-01 09:00:00"),
    ("支付时间", "2026-01-01 09:00:00"),
)


def noise(seed: int = 1, size: tuple[int, int] = (320, 480)) -> Image.Image:
    """A picture like no other seed's: coarse blocks of chance."""
    blocks = np.random.default_rng(seed).integers(0, 256, (24, 16), dtype=np.uint8)
    return Image.fromarray(blocks, "L").resize(size, Image.Resampling.BICUBIC).convert("RGB")


def order(lines: tuple[tuple[str, str], ...] = ORDER, width: int = 720) -> Image.Image:
    """A plain page of an order: labels at the left, values at the right."""
    made = Image.new("RGB", (width, 120 + 90 * len(lines)), "white")
    pen, font = ImageDraw.Draw(made), ImageFont.truetype(FONT, 32)
    for row, (label, value) in enumerate(lines):
        pen.text((40, 60 + 90 * row), label, "#555", font)
        pen.text((width - 40 - pen.textlength(value, font), 60 + 90 * row), value, "black", font)
    return made


def encoded(picture: Image.Image, kind: str = "PNG", **how: object) -> bytes:
    """The file of a picture."""
    made = BytesIO()
    picture.save(made, kind, **how)
    return made.getvalue()
