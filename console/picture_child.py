"""A program of its own: one picture in, decoded under limits, out again as plain JPEG with its likeness.

Run by path, not as a module: nothing of the application is loaded beside a picture that a stranger sent. Reads the file
from standard input; writes a line of JSON and then the JPEG. Ends with 3 where the picture cannot be decoded.
"""

import json
import resource
import sys
import warnings
from io import BytesIO

from PIL import Image, ImageOps

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 10
PIXELS_MAX = 25_000_000
BROKEN = 3
# Text of an order stays readable at this width, and a page that was joined from several screens has room.
WIDEST, TALLEST = 1_440, 6_000
QUALITY = 90
# A clear rise between neighbours in the outline's grey copy, in 256 steps.
RISE = 5
# What Pillow raises on files that are not what they say, and on those that would be too much.
UNREADABLE = (
    OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, ArithmeticError, MemoryError, TypeError,
    Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip


def confine() -> None:
    """From here on little memory, little time and no file."""
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def opened(raw: bytes) -> Image.Image:
    """The picture upright, in plain colours, on white paper, no larger than it is kept."""
    with Image.open(BytesIO(raw), formats=("JPEG", "PNG", "WEBP")) as found:
        found.draft("RGB", (WIDEST * 2, TALLEST))
        found.load()
        upright = ImageOps.exif_transpose(found)
    if upright.mode in ("RGBA", "LA", "PA", "P"):
        upright = upright.convert("RGBA")
        paper = Image.new("RGBA", upright.size, "white")
        paper.alpha_composite(upright)
        upright = paper
    plain = upright.convert("RGB")
    plain.thumbnail((WIDEST, TALLEST), Image.Resampling.LANCZOS)
    # Comments, profiles and what else the file said would be written again.
    plain.info.clear()
    return plain


def rises(picture: Image.Image, across: int, down: int, least: int) -> int:
    """A bit for each pair of neighbours of a small grey copy: whether the right one is brighter by so much."""
    small = picture.convert("L").resize((across + 1, down), Image.Resampling.BOX).tobytes()
    found = 0
    for place in range(across * down):
        row, column = divmod(place, across)
        left = row * (across + 1) + column
        found = found << 1 | (small[left + 1] - small[left] >= least)
    return found


def told(raw: bytes) -> tuple[dict[str, object], bytes]:
    """What is written: size and likeness, and the picture made anew."""
    picture = opened(raw)
    made = BytesIO()
    picture.save(made, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
    likeness = {"hash": rises(picture, 8, 8, 1), "outline": f"{rises(picture, 32, 32, RISE):0256x}"}
    return {"width": picture.width, "height": picture.height, **likeness}, made.getvalue()


def main() -> int:
    """Read, decode, write."""
    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    raw = sys.stdin.buffer.read()
    confine()
    try:
        facts, made = told(raw)
    except UNREADABLE:
        return BROKEN
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
