"""What happens to a screenshot on its way: saved again, cropped, sent by a messenger, photographed from a screen."""

from io import BytesIO
from random import Random

import cv2
import numpy as np
from PIL import Image, ImageFilter

WAYS = ("clean", "jpeg", "cropped", "messenger", "photo")


def sent(picture: Image.Image, way: str, chance: Random) -> bytes:
    """The file that a phone sends of a page seen in one of these ways."""
    if way == "clean":
        return _file(picture, "PNG", compress_level=1)
    if way == "jpeg":
        return _file(picture, "JPEG", quality=chance.randrange(35, 92))
    if way == "cropped":
        return _file(cropped(picture, chance), chance.choice(("PNG", "JPEG", "WEBP")))
    if way == "messenger":
        return _file(narrowed(picture, chance.randrange(560, 800)), "JPEG", quality=chance.randrange(55, 80))
    return _file(photographed(picture, chance), "JPEG", quality=chance.randrange(70, 92))


def cropped(picture: Image.Image, chance: Random) -> Image.Image:
    """Without the bar at the top and some of the margins; what the order says stays."""
    width, height = picture.size
    sides = round(width * chance.uniform(0, 0.02))
    top, bottom = round(height * chance.uniform(0.02, 0.05)), round(height * chance.uniform(0.9, 1))
    return picture.crop((sides, top, width - sides, bottom))


def narrowed(picture: Image.Image, width: int) -> Image.Image:
    return picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.BILINEAR)


def photographed(picture: Image.Image, chance: Random) -> Image.Image:
    """A photo of a screen: from aside, unevenly lit, with the grid of its pixels, a little out of focus, grainy."""
    seen = narrowed(picture, 1_080)
    pixels = np.asarray(_tilted(seen, chance), dtype=np.float32)
    noise = np.random.default_rng(chance.randrange(2**32))
    down, across = np.ogrid[0 : pixels.shape[0], 0 : pixels.shape[1]]
    light = 1 + chance.uniform(-0.18, 0.18) * (across / across.max() - 0.5) + chance.uniform(-0.2, 0.1)
    angle, pitch = chance.uniform(0, np.pi), chance.uniform(3.5, 9)
    waves = ((across * np.cos(angle) + down * np.sin(angle)) * 2 * np.pi / pitch).astype(np.float32)
    moire = np.sin(waves) * np.float32(chance.uniform(1, 6))
    grain = noise.standard_normal(pixels.shape[:2], np.float32) * np.float32(chance.uniform(2, 7))
    pixels = pixels * light.astype(np.float32)[..., None] + (moire + grain)[..., None]
    made = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    return made.filter(ImageFilter.GaussianBlur(chance.uniform(0.2, 0.9)))


def _tilted(picture: Image.Image, chance: Random) -> Image.Image:
    """Seen from aside, on a dark table."""
    width, height = picture.size
    edge = 0.05
    canvas = Image.new("RGB", (round(width * (1 + 2 * edge)), round(height * (1 + 2 * edge))), (38, 36, 40))
    canvas.paste(picture, (round(width * edge), round(height * edge)))
    wide, tall = canvas.size
    corners = [(0, 0), (wide, 0), (wide, tall), (0, tall)]
    moved = [(x + wide * chance.uniform(-0.022, 0.022), y + tall * chance.uniform(-0.012, 0.012)) for x, y in corners]
    turn = cv2.getPerspectiveTransform(np.array(moved, np.float32), np.array(corners, np.float32))
    return Image.fromarray(cv2.warpPerspective(np.asarray(canvas), turn, canvas.size, flags=cv2.INTER_CUBIC))


def _file(picture: Image.Image, kind: str, **how: int) -> bytes:
    made = BytesIO()
    picture.save(made, kind, **how)
    return made.getvalue()


def again(raw: bytes, chance: Random) -> bytes:
    """A file that was sent before, cropped anew and saved in another quality."""
    with Image.open(BytesIO(raw)) as found:
        return _file(cropped(found.convert("RGB"), chance), "JPEG", quality=chance.randrange(40, 90))
