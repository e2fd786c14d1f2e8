"""Opening order files: what kind they are, which sheets they have, and their rows one by one in bounded memory."""

from collections.abc import Iterator
from pathlib import Path

from jobs import delimited, workbook
from jobs.refusals import EmptyFile, NotASpreadsheet, TooLarge
from models.rules.importing import Cell, SheetInfo

FILE_BYTES_MAX = 150 * 2**20

_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKUP = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")
_ENCRYPTED = "文件加了密码，请取消密码后重新上传"
_OLD_KIND = "这是旧版 .xls 文件，请用 Excel 或 WPS 另存为 .xlsx 后重新上传"
_OTHERS = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"{\\rtf")


def open_sheets(path: Path) -> list[SheetInfo]:
    """The sheets of a file with their first rows; a file that cannot be read is refused with what to do."""
    return workbook.sheets(path) if _is_workbook(path) else delimited.sheets(path)


def rows(path: Path, sheet: str, header_row: int) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    """The rows below the header with their row numbers as a spreadsheet shows them; blank rows are left out."""
    if _is_workbook(path):
        return workbook.rows(path, sheet, header_row)
    return delimited.rows(path, sheet, header_row)


def _is_workbook(path: Path) -> bool:
    size = path.stat().st_size
    if size > FILE_BYTES_MAX:
        raise TooLarge(f"文件超过 {FILE_BYTES_MAX // 2**20} MB，请按月份拆分后分别上传")
    with path.open("rb") as file:
        head = file.read(4096)
        if head.startswith(_OLE):
            # Both an old workbook and an encrypted new one are such containers.
            encrypted = "EncryptedPackage".encode("utf-16-le") in head + file.read(2**20)
            raise NotASpreadsheet(_ENCRYPTED if encrypted else _OLD_KIND)
    if not head.strip():
        raise EmptyFile("文件是空的，请重新导出后上传")
    if head.lstrip().lower().startswith(_MARKUP):
        raise NotASpreadsheet("这其实是一个网页文件，请用 Excel 或 WPS 打开并另存为 .xlsx 后重新上传")
    if head.startswith(_OTHERS):
        raise NotASpreadsheet("这不是表格文件，请上传 .xlsx 或 .csv")
    return head.startswith(_ZIPS)
