"""Whether a layout fits a file, in sentences for the person who chose it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from models.rules.importing.layout import ALWAYS_REQUIRED, TITLES, Field, Layout, SheetInfo


def validate(layout: Layout, sheets: Sequence[SheetInfo]) -> list[str]:
    """What keeps this file from being read under this layout; empty when nothing does."""
    problems = _named(layout.sheet, layout.header_row, layout.columns, sheets)
    if layout.products is not None:
        problems += _named(layout.products.sheet, layout.products.header_row, layout.products.columns, sheets)
        if Field.PRODUCT_CODE not in layout.products.columns:
            problems.append("商品信息表没有指定商品编号一列")
    return problems + indispensable(layout)


def fit(layout: Layout, sheets: Sequence[SheetInfo]) -> Layout:
    """The layout moved to where its columns stand in this file: a preamble grows, a lone sheet gets another name."""
    if not validate(layout, sheets):
        return layout
    wanted = set(layout.columns.values())
    same_name = [sheet for sheet in sheets if sheet.name == layout.sheet]
    for sheet in same_name or sheets:
        for number, _ in sheet.sample:
            moved = replace(layout, sheet=sheet.name, header_row=number)
            if wanted <= set(sheet.columns(number)) and not validate(moved, sheets):
                return moved
    return layout


def _named(name: str, header_row: int, columns: Mapping[Field, str], sheets: Sequence[SheetInfo]) -> list[str]:
    sheet = next((sheet for sheet in sheets if sheet.name == name), None)
    if sheet is None:
        return [f"文件中没有“{name}”这个工作表，现有：{'、'.join(sheet.name for sheet in sheets)}"]
    header = sheet.columns(header_row)
    if not header:
        return [f"工作表“{name}”的第 {header_row} 行是空行，不能作为表头"]
    return [
        f"工作表“{name}”的第 {header_row} 行中没有“{column}”这一列（{TITLES[field]}）"
        for field, column in columns.items()
        if column not in header
    ]


def indispensable(layout: Layout) -> list[str]:
    """What no layout can do without, whatever the file."""
    given = layout.columns
    problems = [f"没有指定{TITLES[field]}一列" for field in ALWAYS_REQUIRED if field not in given]
    if Field.AMOUNT not in given and not {Field.QUANTITY, Field.UNIT_PRICE} <= given.keys():
        problems.append("没有指定金额一列，也没有可以相乘的数量和单价")
    twice = [name for name in set(given.values()) if list(given.values()).count(name) > 1]
    return problems + [f"“{name}”一列被指定了两种含义" for name in sorted(twice)]
