"""What regional agents earned in a month: ranked, and as squares of provinces."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports import figures
from reports.charts import Chart, Column, Line
from reports.figures import Square
from reports.numbers import Lang, Unit, compact
from reports.region import PROVINCES

SHOWN = 12


@dataclass(frozen=True)
class Earned:
    """One agency's month; amounts in fen, ``net_fen`` less what refunds took back."""

    region_code: str
    place: str
    member: str
    orders: int
    sold_fen: int
    net_fen: int


def ranking(rows: Sequence[Earned], lang: Lang) -> Chart:
    """The agencies by income, the highest first."""

    def say(zh: str, en: str) -> str:
        return zh if lang is Lang.ZH else en

    ordered = sorted(rows, key=lambda row: (-row.net_fen, row.region_code))
    top = ordered[:SHOWN]
    columns = (
        Column("place", say("地区", "Region"), Unit.TEXT),
        Column("member", say("代理", "Agent"), Unit.TEXT),
        Column("orders", say("订单", "Orders"), Unit.COUNT),
        Column("sold", say("销售额", "Sold"), Unit.YUAN),
        Column("net", say("区域收入", "Income"), Unit.YUAN),
    )
    return Chart(
        key="agents",
        title=say("代理收入排行", "Agents by income"),
        note=say(
            "当月完成订单的区域分润，已扣除退款收回。", "Region shares of the month's completed orders, net of refunds."
        ),
        columns=columns,
        lines=tuple(
            Line(
                (row.place, row.member, row.orders, row.sold_fen, row.net_fen),
                {"region": row.region_code, "member": row.member},
            )
            for row in ordered
        ),
        figure=figures.ranked([row.place for row in top], [row.net_fen for row in top], unit=Unit.YUAN, lang=lang)
        if top
        else None,
        height=max(160, 34 * len(top) + 40),
    )


def squares(rows: Sequence[Earned], lang: Lang) -> Chart:
    """Income by province, whatever the level of the agency."""

    def say(zh: str, en: str) -> str:
        return zh if lang is Lang.ZH else en

    sums: Mapping[str, int] = _by_province(rows)
    ordered = sorted(sums, key=lambda code: -sums[code])
    names = {code: say(zh, en) for code, _row, _column, zh, en in PROVINCES}
    drawn = [_square(place, sums, ordered, lang) for place in PROVINCES]
    return Chart(
        key="provinces",
        title=say("各省区域收入", "Income by province"),
        note=say(
            "每格一个省级行政区，颜色按名次由浅到深；不是地图，不表示边界。",
            "One square a province, shaded by rank; not a map.",
        ),
        columns=(
            Column("province", say("省份", "Province"), Unit.TEXT),
            Column("net", say("区域收入", "Income"), Unit.YUAN),
        ),
        lines=tuple(Line((names.get(code, code), sums[code]), {"region": code[:2]}) for code in ordered),
        figure=figures.tiles(drawn) if ordered else None,
        height=420,
    )


def _by_province(rows: Sequence[Earned]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        sums[row.region_code[:2] + "0000"] += row.net_fen
    return dict(sums)


def _square(place: tuple[str, int, int, str, str], sums: Mapping[str, int], ordered: list[str], lang: Lang) -> Square:
    code, line, column, zh, en = place
    name, value = zh if lang is Lang.ZH else en, sums.get(code)
    hint = f"{name} {compact(value, Unit.YUAN, lang)}" if value is not None else name
    return Square(line, column, name, value, hint, ordered.index(code) if code in sums else None)
