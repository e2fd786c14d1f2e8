"""The earnings simulator's picture and file: theory beside what the cap pays, never without their texts."""

import csv
import io
import json
from collections.abc import Collection

from models.rules import simulation
from models.rules.compliance import DISCLAIMERS
from models.rules.simulation import Projection
from reports import figures
from reports.charts import Chart, Column, Line
from reports.figures import Series
from reports.numbers import Lang, Unit

FIELDS = {
    "width": "宽度",
    "depth": "层数",
    "fen": "每单佣金（分）",
    "orders": "理论单数",
    "theoretical_fen": "理论金额（分）",
    "widest": "最宽一层人数",
    "capped_orders": "计酬上限内单数",
    "capped_fen": "计酬上限最多支付（分）",
    "mean_fen": "人均（分）",
    "median_fen": "中位数（分）",
    "alone_bps": "下方无人者占比（万分之一）",
    "statement": "说明",
}
"""What an exported file calls each figure."""


def chart(projection: Projection, lang: Lang) -> Chart:
    """Layer by layer: what theory adds up, and what is ever paid."""

    def say(zh: str, en: str) -> str:
        return zh if lang is Lang.ZH else en

    theory, paid = say("理论累加", "Added up in theory"), say("上限内实付", "Paid under the cap")
    names = [say(f"第 {layer.level} 层", f"Level {layer.level}") for layer in projection.layers]
    series = [
        Series(theory, [layer.theoretical_fen for layer in projection.layers], look="bar", colour=figures.SLATE),
        Series(paid, [layer.paid_fen or None for layer in projection.layers], look="bar", colour=figures.GREEN),
    ]
    columns = (
        Column("level", say("层", "Level"), Unit.TEXT),
        Column("orders", say("单数", "Orders"), Unit.COUNT),
        Column("theory", theory, Unit.YUAN),
        Column("paid", paid, Unit.YUAN),
    )
    return Chart(
        key="layers",
        title=say("每层的理论金额与上限内实付", "Theory and what the cap pays, by level"),
        note=say("纵轴为对数刻度；第 3 层以下一律不付。", "A logarithmic axis; nothing below level 3 is ever paid."),
        columns=columns,
        lines=tuple(
            Line((name, layer.orders, layer.theoretical_fen, layer.paid_fen))
            for name, layer in zip(names, projection.layers, strict=True)
        ),
        figure=figures.by_size(names, series, unit=Unit.YUAN, lang=lang),
        is_wide=True,
    )


def as_json(projection: Projection, *, shown: Collection[str]) -> str:
    """The figures with their texts; refused where the texts are not shown (rules §9)."""
    return json.dumps(simulation.export(projection, shown=shown), ensure_ascii=False, indent=2) + "\n"


def as_csv(projection: Projection, *, shown: Collection[str]) -> str:
    """The same for a spreadsheet: the disclaimers stand above the figures."""
    found = simulation.export(projection, shown=shown)
    target = io.StringIO()
    target.write("\ufeff")
    writer = csv.writer(target)
    writer.writerows((name, DISCLAIMERS[name]) for name in projection.disclaimers)
    writer.writerows((title, found[key]) for key, title in FIELDS.items())
    return target.getvalue()
