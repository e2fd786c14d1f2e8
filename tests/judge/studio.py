"""Pages of orders rendered in Chromium, and forged on their pixels as with an editor of pictures."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.browser import CHROMIUM
from tests.judge import page as pages
from tests.judge.page import Facts, Look

FOLDER = "/usr/share/fonts/opentype/noto"
FONTS = (f"{FOLDER}/NotoSansCJK-Regular.ttc", f"{FOLDER}/NotoSerifCJK-Regular.ttc")
BOXES = """() => Object.fromEntries([...document.querySelectorAll('[data-field]')].map(one => {
    const box = one.getBoundingClientRect();
    return [one.dataset.field, [box.left, box.top, box.right, box.bottom]];
}))"""


@dataclass(frozen=True)
class Shot:
    """A screenshot and where each field stands on it, in its pixels."""

    picture: Image.Image
    boxes: dict[str, tuple[float, ...]]


class Studio:
    """A browser with a window a phone."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._pages: dict[tuple[float, ...], tuple[Page, CDPSession]] = {}

    def shot(self, told: Facts, seen: Look) -> Shot:
        """The page as this phone shows it."""
        width, height, scale = seen.phone
        if seen.phone not in self._pages:
            size = {"width": int(width), "height": int(height)}
            opened = self._browser.new_context(viewport=size, device_scale_factor=scale).new_page()
            self._pages[seen.phone] = opened, opened.context.new_cdp_session(opened)
        page, wire = self._pages[seen.phone]
        page.set_content(pages.html(told, seen))
        # The same pixels as `page.screenshot`, packed quickly: a third of the time.
        clip = {"x": 0, "y": 0, "width": int(width), "height": int(height), "scale": scale}
        asked = {"format": "png", "optimizeForSpeed": True, "clip": clip}
        shot = wire.send("Page.captureScreenshot", asked)["data"]
        picture = Image.open(BytesIO(base64.b64decode(shot))).convert("RGB")
        boxes = {name: tuple(edge * scale for edge in box) for name, box in page.evaluate(BOXES).items()}
        return Shot(picture, boxes)


@contextmanager
def opened() -> Iterator[Studio]:
    """A studio for as long as the block lasts."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield Studio(browser)
        browser.close()


def painted(shot: Shot, changes: dict[str, str], chance: Random) -> Image.Image:
    """The screenshot with other words painted over some fields, in a font that is nearly the right one."""
    made = shot.picture.copy()
    pen, file = ImageDraw.Draw(made), chance.choice(FONTS)
    for field, words in changes.items():
        left, top, right, bottom = shot.boxes[field]
        ground = made.getpixel((max(0, round(left) - 4), round((top + bottom) / 2)))
        dark = sum(ground) < 384
        font = ImageFont.truetype(file, round((bottom - top) / 1.6 * 0.98))
        length = pen.textlength(words, font)
        pen.rectangle((min(left, right - length) - 2, top, right, bottom), fill=ground)
        start = left if field == "shop" else right - length
        pen.text((start, (top + bottom) / 2), words, "#e8e8e8" if dark else "#111", font, anchor="lm")
    return made
