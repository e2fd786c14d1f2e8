"""Pictures that people send: what the file says of itself before anything of it is decoded.

Formats: JPEG (ITU-T T.81, annex B), PNG (W3C PNG, chunks of length, name, content, CRC), WebP (RFC 9649).
"""

import re
import zlib
from dataclasses import dataclass
from enum import StrEnum

from models.errors import Invalid

BYTES_MAX = 8 * 1024 * 1024
PIXELS_MAX = 25_000_000
SIDE_MIN = 200
AGAIN = "请用手机自带的截图功能重新截取订单详情页。"

_PNG = b"\x89PNG\r\n\x1a\n"
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_BARE = frozenset({0x01, *range(0xD0, 0xD9)})
# Inside the scan a marker is FF and anything but a stuffed zero, a restart or a filling FF.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_PADDING = b"\x00\n\r \t"


class Kind(StrEnum):
    """The formats that are taken, by what a browser calls them."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"


class NotPicture(Invalid):
    """The content is none of the formats that are taken, whatever its name says."""


class PictureTooLarge(Invalid):
    """More bytes than are taken."""


class TooManyPixels(Invalid):
    """More pixels than are decoded."""


class PictureTooSmall(Invalid):
    """Too few pixels to read an order from."""


class BrokenPicture(Invalid):
    """The file ends early, or is not what its beginning says."""


class MoreThanPicture(Invalid):
    """Something else stands behind the picture in the same file."""


class MovingPicture(Invalid):
    """Several pictures in one file."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself."""

    kind: Kind
    width: int
    height: int


def check(raw: bytes) -> Header:
    """The header of a picture that may be decoded; refused with a sentence that says what to do."""
    if len(raw) > BYTES_MAX:
        raise PictureTooLarge(f"图片不能超过 {BYTES_MAX // 1024 // 1024} MB，{AGAIN}")
    found = _read(raw)
    if not found.width or not found.height:
        raise _broken()
    if found.width * found.height > PIXELS_MAX:
        raise TooManyPixels(f"图片为 {found.width}×{found.height}，超过 2500 万像素，{AGAIN}")
    if min(found.width, found.height) < SIDE_MIN:
        raise PictureTooSmall(f"图片只有 {found.width}×{found.height}，看不清订单，{AGAIN}")
    return found


def _read(raw: bytes) -> Header:
    if raw.startswith(b"\xff\xd8\xff"):
        return _jpeg(raw)
    if raw.startswith(_PNG):
        return _png(raw)
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        return _webp(raw)
    raise NotPicture(f"只接受 JPEG、PNG 或 WebP 图片，{AGAIN}")


def _broken() -> BrokenPicture:
    return BrokenPicture(f"图片不完整或已损坏，{AGAIN}")


def _check_end(raw: bytes, end: int) -> None:
    if len(raw) < end:
        raise _broken()
    if raw[end:].strip(_PADDING):
        raise MoreThanPicture(f"文件里除图片外还有其他内容，{AGAIN}")


def _jpeg(raw: bytes) -> Header:
    """Walk from marker to marker; the frame's header gives the size, EOI the end."""
    at, size = 2, None
    while True:
        code, at = _marker(raw, at)
        if code == 0xD9:
            break
        if code in _BARE:
            continue
        length = int.from_bytes(raw[at : at + 2], "big")
        if length < 2 or at + length > len(raw):
            raise _broken()
        if code in _FRAMES:
            size = int.from_bytes(raw[at + 5 : at + 7], "big"), int.from_bytes(raw[at + 3 : at + 5], "big")
        at += length
        if code == 0xDA:
            at = _after_scan(raw, at)
    _check_end(raw, at)
    if size is None:
        raise _broken()
    return Header(Kind.JPEG, *size)


def _marker(raw: bytes, at: int) -> tuple[int, int]:
    """The marker at a place, and the place behind it."""
    if raw[at : at + 1] != b"\xff":
        raise _broken()
    while raw[at : at + 1] == b"\xff":
        at += 1
    if at >= len(raw) or not raw[at]:
        raise _broken()
    return raw[at], at + 1


def _after_scan(raw: bytes, at: int) -> int:
    found = _MARKER.search(raw, at)
    if found is None:
        raise _broken()
    return found.start()


def _png(raw: bytes) -> Header:
    """Walk from chunk to chunk with their sums; IHDR gives the size, IEND the end."""
    at, size = len(_PNG), None
    while True:
        length, name = int.from_bytes(raw[at : at + 4], "big"), raw[at + 4 : at + 8]
        end = at + 12 + length
        if len(name) < 4 or end > len(raw):
            raise _broken()
        if zlib.crc32(raw[at + 4 : end - 4]) != int.from_bytes(raw[end - 4 : end], "big"):
            raise _broken()
        if name == b"acTL":
            raise MovingPicture(f"不接受动图，{AGAIN}")
        if size is None:
            if name != b"IHDR" or length != 13:
                raise _broken()
            size = int.from_bytes(raw[at + 8 : at + 12], "big"), int.from_bytes(raw[at + 12 : at + 16], "big")
        at = end
        if name == b"IEND":
            _check_end(raw, at)
            return Header(Kind.PNG, *size)


def _webp(raw: bytes) -> Header:
    """One RIFF chunk of its own length; the first chunk inside gives the size."""
    end = 8 + int.from_bytes(raw[4:8], "little")
    _check_end(raw, end)
    name, inside = raw[12:16], raw[20:30]
    if len(inside) < 10:
        raise _broken()
    if name == b"VP8X":
        if inside[0] & 2:
            raise MovingPicture(f"不接受动图，{AGAIN}")
        return Header(Kind.WEBP, 1 + _little(inside[4:7]), 1 + _little(inside[7:10]))
    if name == b"VP8L" and inside[0] == 0x2F:
        bits = _little(inside[1:5])
        return Header(Kind.WEBP, 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    if name == b"VP8 " and inside[3:6] == b"\x9d\x01\x2a":
        return Header(Kind.WEBP, _little(inside[6:8]) & 0x3FFF, _little(inside[8:10]) & 0x3FFF)
    raise _broken()


def _little(some: bytes) -> int:
    return int.from_bytes(some, "little")
