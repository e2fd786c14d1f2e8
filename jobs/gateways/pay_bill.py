"""WeChat Pay's daily files: trades, and the flow of funds by account, where alone payouts appear [H]."""

import csv
import gzip
import hashlib
import hmac
import io
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from jobs.gateways.http import Refused, Retryable
from jobs.gateways.shape import Shape
from jobs.gateways.wechat_pay import Pay

PER_SECOND = 3
LARGEST_FILE = 256 * 1024 * 1024
PART_BYTES = 1024 * 1024
EMPTY_DAY = "NO_STATEMENT_EXIST"
NOT_YET = "STATEMENT_CREATING"

_YUAN = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")


class FundAccount(StrEnum):
    """Whose flow: takings, payouts, fees."""

    BASIC = "BASIC"
    OPERATION = "OPERATION"
    FEES = "FEES"


class Offer(Shape):
    """Where the file lies for the next five minutes, and what it must hash to."""

    hash_type: str
    hash_value: str
    download_url: str


class Unusable(ValueError):
    """A file that is not what was announced; the message says where."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A day's file as read: rows by column name as they stand, the totals that close it, and the file itself."""

    rows: Sequence[Mapping[str, str]]
    totals: Mapping[str, str]
    content: bytes


class Bills:
    """Asking for a day's file and fetching it. Files of a day exist from ten in the morning of the next [H]."""

    def __init__(self, pay: Pay) -> None:
        self.pay = pay

    def trades(self, day: date) -> Statement:
        """All trades and refunds of a day."""
        return self._fetched("bill.trade", "/v3/bill/tradebill", bill_date=day.isoformat(), bill_type="ALL")

    def funds(self, day: date, account: FundAccount) -> Statement:
        """Every movement of an account on a day."""
        return self._fetched("bill.funds", "/v3/bill/fundflowbill", bill_date=day.isoformat(), account_type=account)

    def save(self, day: date, account: FundAccount | None, into: Path) -> bool:
        """Write a day's file, of trades where no account is named, as WeChat wrote it; no where the day is empty.

        The file never stands in memory whole: of a million lines it is some hundred megabytes, packed a tenth of that.
        """
        if account is None:
            found = self._packed("bill.trade", "/v3/bill/tradebill", bill_date=day.isoformat(), bill_type="ALL")
        else:
            found = self._packed("bill.funds", "/v3/bill/fundflowbill", bill_date=day.isoformat(), account_type=account)
        if found is None:
            return False
        offer, packed = found
        digest = hashlib.sha1(usedforsecurity=False)
        with into.open("wb") as file:
            for part in unpacked(packed, largest=LARGEST_FILE):
                digest.update(part)
                file.write(part)
        check_hash(offer, digest.hexdigest())
        return True

    def _fetched(self, verb: str, path: str, **query: str) -> Statement:
        found = self._packed(verb, path, **query)
        if found is None:
            return Statement((), {}, b"")
        offer, packed = found
        content = b"".join(unpacked(packed, largest=LARGEST_FILE))
        check_hash(offer, hashlib.sha1(content, usedforsecurity=False).hexdigest())
        return read(content)

    def _packed(self, verb: str, path: str, **query: str) -> tuple[Offer, bytes] | None:
        """What was offered, and the file as it came; none of an empty day. One that is not ready is `Retryable` (each
        half hour) [H]."""
        try:
            offer = self.pay.get(verb, path, Offer, per_second=PER_SECOND, tar_type="GZIP", **query)
        except Refused as refusal:
            if refusal.code == EMPTY_DAY:
                return None
            if refusal.code == NOT_YET:
                raise Retryable(NOT_YET, request_id=refusal.request_id) from refusal
            raise
        return offer, self.pay.download(f"{verb}.file", offer.download_url, largest=LARGEST_FILE)


def unpacked(packed: bytes, *, largest: int) -> Iterator[bytes]:
    """The file inside the gzip in parts, no larger than allowed; WeChat may also send it plain [M]."""
    if not packed.startswith(b"\x1f\x8b"):
        yield packed
        return
    size = 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            while part := file.read(PART_BYTES):
                size += len(part)
                if size > largest:
                    raise Retryable("too_large")
                yield part
    except (OSError, EOFError, zlib.error) as error:
        raise Retryable("bad_gzip") from error


def check_hash(offer: Offer, found: str) -> None:
    """SHA-1 over the uncompressed file: so does WeChat's own sample do it, no page says so [M]."""
    if offer.hash_type.upper() != "SHA1":
        raise Retryable("hash_type", offer.hash_type)
    if not hmac.compare_digest(found, offer.hash_value.lower()):
        raise Retryable("hash")


def read(content: bytes) -> Statement:
    """Header, rows with a backtick before every value, then a second header with one row of totals [H].

    A comma inside a merchant's text is written as backslash and space [H]; columns are taken by name, since they differ
    by kind of bill.
    """
    try:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), quoting=csv.QUOTE_NONE))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unusable("账单不是 UTF-8 的 CSV。") from error
    lines = [line for line in lines if any(cell.strip() for cell in line)]
    if len(lines) < 3:
        raise Unusable("账单不完整：缺少合计行。")
    *body, totals_header, totals = lines
    header, rows = body[0], body[1:]
    return Statement(tuple(_rows(header, rows)), dict(_row(totals_header, totals, len(lines))), content)


def to_fen(text: str) -> int:
    """Yuan with decimals as fen; parts of a fen, as fees have them, are refused."""
    if not _YUAN.fullmatch(text or "0"):
        raise Unusable(f"账单金额无法识别：{text[:20]}")
    fen = Decimal(text or "0") * 100
    if fen != int(fen):
        raise Unusable(f"账单金额不是整分：{text[:20]}")
    return int(fen)


def _rows(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Mapping[str, str]]:
    for number, cells in enumerate(rows, 2):
        if not cells[0].startswith("`"):
            raise Unusable(f"账单第 {number} 行不是明细：每个值前应有反引号。")
        yield dict(_row(header, cells, number))


def _row(header: Sequence[str], cells: Sequence[str], number: int) -> Iterator[tuple[str, str]]:
    if len(header) != len(cells):
        raise Unusable(f"账单第 {number} 行有 {len(cells)} 列，表头有 {len(header)} 列。")
    for name, cell in zip(header, cells, strict=True):
        yield name.strip(), cell.removeprefix("`").strip()
