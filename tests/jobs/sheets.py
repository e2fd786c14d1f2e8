"""Files of orders for the tests that read them."""

import zipfile
from pathlib import Path

from jobs import delimited, reading

HEADER = ["订单编号", "总金额", "收货地址 ", "备注"]
ROWS = [["1", "178.8", "上海", "轻放"], ["2", "21.0", "内蒙古自治区", ""], ["3", "5", "莱芜市", "亳州、衢州"]]


def text(rows=(HEADER, *ROWS), delimiter=",", newline="\n"):
    return newline.join(delimiter.join(row) for row in rows) + newline


def everything(path: Path, sheet: str = delimited.SHEET, header_row: int = 1):
    return list(reading.rows(path, sheet, header_row))


def rewrite(path: Path, out: Path, name: str, change) -> None:
    """A copy of an archive with one entry changed."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content = source.read(entry)
            target.writestr(entry.filename, change(content) if entry.filename == name else content)
