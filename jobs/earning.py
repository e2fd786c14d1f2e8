"""A member's earnings written to a file that its owner alone may fetch.

A sheet, since a mini-program opens one (`wx.openDocument`) and no CSV. Every row carries the disclaimer, so that no
figure is cut from it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xlsxwriter

from jobs.export import XLSX_ROWS, TooManyRows, fresh, neutral
from jobs.queue import Run, job
from models import EarningExport, Member, db
from models.operations import earning_export as operations
from models.queries import earning
from models.rules import shanghai
from models.rules.compliance import DISCLAIMERS
from models.rules.why import BUCKETS

KINDS = {"level": "层级佣金", "region": "区域佣金", "seed": "种子奖励", "dividend": "团队分红"}
HEADINGS = ("时间", "种类", "订单号", "级别", "金额（元）", "已冲回（元）", "所在余额", "规则", "原因", "收入说明")
DISCLAIMER = DISCLAIMERS["D-03"]


@job(queue="export", title="导出收入明细", max_attempts=3)
def export_earnings(run: Run, *, export_id: int) -> dict[str, Any]:
    """Write what was asked for, the newest first; done twice the second file takes the place of the first."""
    made = db.session.get_one(EarningExport, export_id)
    member = db.session.get_one(Member, made.member_id)
    span = (made.since or earning.BEGINNING, made.until or earning.END)
    found = (
        [_cells(row, member.code) for row in rows]
        for rows in earning.batches(member_id=member.id, kind=made.kind, span=span)
    )
    with fresh("xlsx") as path:
        rows = _write(run, found, path)
        with run.transaction():
            operations.record_ready(
                export_id=export_id, file=path.name, rows=rows, octets=path.stat().st_size, at=run.at
            )
            run.complete({"rows": rows})
    return {"rows": rows}


def _write(run: Run, found: Iterator[list[list[Any]]], path: Path) -> int:
    rows = 0
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet, yuan = book.add_worksheet("收入明细"), book.add_format({"num_format": "#,##0.00"})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(HEADINGS) - 1, 18)
        for place, heading in enumerate(HEADINGS):
            sheet.write_string(0, place, heading, book.add_format({"bold": True}))
        for cells in found:
            if rows + len(cells) > XLSX_ROWS:
                raise TooManyRows("超过 1,048,575 行，一张工作表放不下；请缩小日期范围后再导出")
            for row in cells:
                rows += 1
                _write_row(sheet, rows, row, yuan)
            run.check()
            run.progress(rows, rows, "")
    return rows


def _write_row(sheet: Any, number: int, row: list[Any], yuan: Any) -> None:
    """Texts are typed as texts and have no live first sign: no cell runs here, nor once it is saved as CSV."""
    for place, cell in enumerate(row):
        if isinstance(cell, str):
            sheet.write_string(number, place, neutral(cell))
        elif cell is not None:
            sheet.write_number(number, place, cell, yuan if HEADINGS[place].endswith("（元）") else None)


def _cells(row: Any, code: str) -> list[Any]:
    told = earning.told(row, code)
    return [
        f"{row.at.astimezone(shanghai.SHANGHAI):%Y-%m-%d %H:%M:%S}", KINDS[row.kind], row.number, row.level,
        row.amount_fen / 100, row.reversed_fen / 100, BUCKETS.get(row.bucket, row.bucket), told.rule, told.sentence,
        DISCLAIMER,
    ]  # fmt: skip
