"""What a file says of itself before anything of it is decoded."""

import struct
import zlib

import pytest

from models.rules import likeness, picture
from models.rules.picture import Header, Kind
from tests import pictures

JPEG, PNG, WEBP = (pictures.encoded(pictures.noise(), kind) for kind in ("JPEG", "PNG", "WEBP"))


def chunk(name: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND")


class TestCheck:
    @pytest.mark.parametrize(
        ("raw", "kind"), [(JPEG, Kind.JPEG), (PNG, Kind.PNG), (WEBP, Kind.WEBP)], ids=["jpeg", "png", "webp"]
    )
    def test_reads_kind_and_size_of_each_format(self, raw, kind):
        assert picture.check(raw) == Header(kind, 320, 480)

    @pytest.mark.parametrize("how", [{"progressive": True}, {"optimize": True}, {"quality": 5}, {"exif": b"Exif\0\0x"}])
    def test_takes_every_way_to_write_a_jpeg(self, how):
        assert picture.check(pictures.encoded(pictures.noise(), "JPEG", **how)) == Header(Kind.JPEG, 320, 480)

    def test_takes_a_lossless_and_a_transparent_webp(self):
        for one, how in ((pictures.noise(), {"lossless": True}), (pictures.noise().convert("RGBA"), {})):
            assert picture.check(pictures.encoded(one, "WEBP", **how)) == Header(Kind.WEBP, 320, 480)

    @pytest.mark.parametrize(
        "raw",
        [
            b"", b"GIF89a" + b"\0" * 99, b"%PDF-1.7", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"MZ" + b"\0" * 99,
            b"PK\x03\x04", b"RIFF\x10\0\0\0AVI ", b"\0\0\0\x18ftypheic", b"BM" + b"\0" * 60, b"II*\0" + b"\0" * 60,
        ],
    )  # fmt: skip
    def test_refuses_other_formats_whatever_they_are_called(self, raw):
        with pytest.raises(picture.NotPicture, match="只接受 JPEG、PNG 或 WebP"):
            picture.check(raw)

    @pytest.mark.parametrize("raw", [JPEG, PNG, WEBP], ids=["jpeg", "png", "webp"])
    def test_refuses_a_file_that_ends_early(self, raw):
        for end in (12, 40, len(raw) // 2, len(raw) - 3):
            with pytest.raises(picture.BrokenPicture, match="不完整或已损坏"):
                picture.check(raw[:end])

    @pytest.mark.parametrize("raw", [JPEG, PNG, WEBP], ids=["jpeg", "png", "webp"])
    @pytest.mark.parametrize("more", [b"PK\x03\x04zip", b"<script>alert(1)</script>", JPEG, b"%PDF-1.7"])
    def test_refuses_a_file_that_is_something_else_as_well(self, raw, more):
        with pytest.raises(picture.MoreThanPicture):
            picture.check(raw + more)

    def test_lets_padding_be(self):
        assert picture.check(JPEG + b"\0\0\n") == Header(Kind.JPEG, 320, 480)

    def test_refuses_too_many_pixels_by_the_header_alone(self):
        with pytest.raises(picture.TooManyPixels, match="60000×60000"):
            picture.check(png(60_000, 60_000))
        with pytest.raises(picture.TooManyPixels, match="5001×5000"):
            picture.check(png(5_001, 5_000))
        assert picture.check(png(5_000, 5_000)) == Header(Kind.PNG, 5_000, 5_000)

    def test_refuses_too_many_bytes(self):
        with pytest.raises(picture.PictureTooLarge, match="不能超过 8 MB"):
            picture.check(PNG + b"\0" * picture.BYTES_MAX)

    def test_refuses_a_picture_nobody_could_read(self):
        with pytest.raises(picture.PictureTooSmall, match="199×480"):
            picture.check(pictures.encoded(pictures.noise(size=(199, 480))))

    def test_refuses_moving_pictures(self):
        frames = {"save_all": True, "append_images": [pictures.noise(2)]}
        for kind in ("PNG", "WEBP"):
            with pytest.raises(picture.MovingPicture):
                picture.check(pictures.encoded(pictures.noise(), kind, **frames))

    @pytest.mark.parametrize(
        "raw",
        [
            png(0, 0),
            b"\x89PNG\r\n\x1a\n" + chunk(b"IEND"),
            PNG[:40] + bytes([PNG[40] ^ 1]) + PNG[41:],
            b"\xff\xd8\xff\xd9",
            b"\xff\xd8\xff\xe0\x00\x01",
            b"RIFF\x12\0\0\0WEBPVP8 \x0a\0\0\0" + b"\0" * 10,
        ],
        ids=["no size", "no header", "a wrong sum", "an empty jpeg", "a wrong length", "no frame"],
    )
    def test_refuses_what_is_not_what_its_beginning_says(self, raw):
        with pytest.raises(picture.BrokenPicture):
            picture.check(raw)


class TestLikeness:
    def test_cuts_a_hash_into_four_bands(self):
        assert likeness.bands(0x0123_4567_89AB_CDEF) == (0xCDEF, 0x89AB, 0x4567, 0x0123)

    def test_counts_the_bits_that_differ(self):
        assert likeness.distance(b"\x00\xff", b"\x01\xf0") == 5

    def test_tells_the_near_identical_from_others(self):
        plain = bytes(128)
        assert likeness.is_alike(plain, b"\xff" * 5 + bytes(123))
        assert not likeness.is_alike(plain, b"\xff" * 6 + bytes(122))
