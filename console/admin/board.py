"""数据看板: figures over own orders or imported rows, each leading to its rows, as picture, table and CSV."""

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from flask import Response, abort, g, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from console import formatting
from console.admin import slicing
from console.admin.base import SecureView
from console.admin.slicing import Asked
from console.auth import allowed, current_staff, permits
from console.catalogue import CHINESE, chosen
from reports import frames, numbers
from reports.board import Board
from reports.catalogue import Catalogue
from reports.charts import Cell, Chart, Line
from reports.metrics import Tile
from reports.numbers import Lang, Unit
from reports.paper import Figure, Sheet, printed
from reports.promoters import Promoters
from reports.region import Area
from reports.repurchase import Repurchase
from reports.sales import Sales
from reports.slices import Preset, Scope, Source

REFUNDED = {Source.IMPORT: "state=part_refunded&state=refunded", Source.OWN: "refunds=yes"}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
ROW_FILTERS = {
    Source.OWN: ("level", "rank", "scene", "province", "city", "category", "product", "network", "seller"),
    Source.IMPORT: ("sales_region", "province", "city", "category_group", "category", "product", "shop"),
}
ROW_LISTS = {Source.OWN: "orders.index_view", Source.IMPORT: "history.index_view"}


def scope() -> Scope:
    """Whose sales the person of this request may see: a merchant's staff only that merchant's."""
    staff = current_staff()
    if staff is None:
        abort(401)
    return Scope(staff.merchant_id)


def language() -> Lang:
    return Lang.ZH if chosen() == CHINESE else Lang.EN


class BoardView(SecureView):
    """A board: its filters in the address, its tiles and charts, a CSV of each chart."""

    section = "data"
    permission = "board.view"
    board: ClassVar[type[Board]]
    hint: ClassVar[Any] = ""

    only: ClassVar[Source | None] = None

    def asked(self) -> Asked:
        return slicing.read(
            request.args, scope=scope(), today=formatting.today(), lang=language(), only=self.only
        )  # fmt: skip

    @expose("/")
    @permits("board.view")
    def index_view(self) -> Any:
        """The board."""
        with frames.steady():
            asked = self.asked()
            board = self.board(asked.view)
            charts = [board.chart(key) for key in board.drawn]
            choices, tiles, notes = slicing.choices(asked), board.tiles(), board.notes()
            read_at = frames.read_at(asked.part.source)
        return self.render(
            "board/board.html",
            asked=asked,
            board=board,
            tiles=tiles,
            notes=notes,
            charts=[(chart, _drawn(chart, asked)) for chart in charts],
            choices=choices,
            slicing=slicing,
            sources=slicing.SOURCES if self.only is None else {},
            read_at=read_at,
            cleared=cleared,
            of_source=of_source,
            exact=numbers.exact,
            here=here,
            rows_address=rows_address,
            shown=shown,
            tile_address=tile_address,
        )

    @expose("/<chart>.csv")
    @permits("board.export")
    def table(self, chart: str) -> Response:
        """One chart's table as CSV."""
        with frames.steady():
            asked = self.asked()
            board = self.board(asked.view)
            made = board.chart(chart) if chart in board.drawn else abort(404)
        name = f"{self.board.key}-{chart}-{asked.part.period.start}-{asked.part.period.end}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(csv_of(made), content_type="text/csv; charset=utf-8", headers=headers)

    @expose("/board.pdf")
    @permits("board.export")
    def paper(self) -> Response:
        """The whole board on A4."""
        with frames.steady():
            asked = self.asked()
            board = self.board(asked.view)
            charts = [board.chart(key) for key in board.drawn]
            found = [(tile, shown(tile)) for tile in board.tiles()]
            lines = [*told(asked, frames.read_at(asked.part.source)), *board.notes()]
        return paper(self.name, lines, [_figure(tile, texts) for tile, texts in found], charts)


class BusinessBoard(BoardView):
    title = _l("Business")
    slug = "board-business"
    board = Sales
    hint = _l("What was paid, how much stayed, and where it came from.")


class RepurchaseBoard(BoardView):
    title = _l("Repurchase")
    slug = "board-repurchase"
    board = Repurchase
    hint = _l("Who comes back on another day, when, for what.")


class RegionBoard(BoardView):
    title = _l("Regions")
    slug = "board-region"
    board = Area
    hint = _l("Where the orders go.")


class CategoryBoard(BoardView):
    title = _l("Categories")
    slug = "board-category"
    board = Catalogue
    hint = _l("What sells, how it moves, what comes back.")


class PromoterBoard(BoardView):
    title = _l("Promoters")
    slug = "board-promoters"
    board = Promoters
    only = Source.OWN
    hint = _l("Who sells, how much of it so few of them sell, who is new.")


BOARDS: tuple[type[BoardView], ...] = (BusinessBoard, RepurchaseBoard, RegionBoard, CategoryBoard)
OWN_BOARDS: tuple[type[BoardView], ...] = (PromoterBoard,)


def paper(title: Any, lines: list[str], figures: list[Figure], charts: list[Chart]) -> Response:
    """A board as a PDF to keep; ``lines`` say what it shows."""
    at = formatting.shanghai(formatting.now())
    sheet = Sheet(
        title=f"{title}",
        lines=[*lines, _("Made on %(moment)s (Shanghai).", moment=at)],
        figures=figures,
        charts=charts,
        rest=lambda n: _("%(n)s more lines are in the CSV.", n=n),
    )
    name = f"{request.blueprint}-{formatting.today()}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(printed(sheet), content_type="application/pdf", headers=headers)


def rows_address(asked: Asked, narrow: Mapping[str, str] | None = None) -> str:
    """The list of the rows behind a figure: the board's filters, narrowed to the figure's own."""
    narrow = narrow or {}
    if "member" in narrow and allowed("member.view"):
        return url_for("members.detail", row_id=narrow["member"])
    if "members" in narrow and allowed("member.view"):
        return url_for("members.index_view", rank=narrow["members"])
    period = asked.part.period
    values = {
        "paid_from": narrow.get("from", period.start.isoformat()),
        "paid_to": narrow.get("to", period.end.isoformat()),
    }
    for name in ROW_FILTERS[asked.part.source]:
        value = narrow.get(name, getattr(asked.part, name, None))
        if value is not None:
            values[name] = str(value)
    return f"{_rows_list(asked.part.source)}?{urlencode(values)}"


def _rows_list(source: Source) -> str:
    """The address of the list, built once a request: a board has hundreds of links to it."""
    if "rows_list" not in g:
        g.rows_list = url_for(ROW_LISTS[source])
    return str(g.rows_list)


def tile_address(asked: Asked, tile: Tile) -> str:
    """The rows behind a tile; behind refunds those with one."""
    address = rows_address(asked)
    return f"{address}&{REFUNDED[asked.part.source]}" if tile.metric.key in ("refund", "refund_rate") else address


def told(asked: Asked, read_at: datetime | None) -> list[str]:
    """Which rows a board shows, in words: whose orders, which days, narrowed how, as of when."""
    period, before = asked.part.period, asked.part.period.before()
    words = [f"{_('Which orders')}：{slicing.SOURCES[asked.part.source]}", f"{period.start} – {period.end}"]
    words.append(f"{_('compared with')} {before.start} – {before.end}")
    if read_at is not None:
        words.append(f"{_('as of')} {formatting.shanghai(read_at)}")
    chosen = [f"{one.title}：{one.options.get(one.chosen, one.chosen)}" for one in slicing.choices(asked) if one.chosen]
    return [" · ".join(words), *([" · ".join(chosen)] if chosen else [])]


def _figure(tile: Tile, texts: Mapping[str, str]) -> Figure:
    before = f"{_('before')} {texts['before']}" if texts["before"] else ""
    return Figure(tile.metric.title(language()), texts["short"], f"{texts['change']} {before}".strip())


def here(asked: Asked, **changes: str) -> str:
    """This board's address with some parameters changed, or dropped where the change is empty."""
    values = {name: value for name, value in (asked.parameters() | changes).items() if value}
    if values.get("period") != Preset.CUSTOM:
        values = {name: value for name, value in values.items() if name not in ("from", "to")}
    return f"{request.path}?{urlencode(values)}"


def cleared(asked: Asked) -> str:
    """This board's address with its period alone."""
    return here(asked, **dict.fromkeys(asked.filters, ""))


def of_source(asked: Asked, source: Source) -> str:
    """This board's address over the other orders, without the filters that these have."""
    return here(asked, **dict.fromkeys(asked.filters, ""), source=source.value)


def shown(tile: Tile) -> dict[str, str]:
    """A tile's texts: short figure, exact figure, the period before, the change."""
    lang, unit = language(), tile.metric.unit
    return {
        "short": numbers.compact(tile.value, unit, lang) if tile.value is not None else _("unknown"),
        "exact": numbers.exact(tile.value, unit),
        "before": numbers.compact(tile.before, unit, lang) if tile.before is not None else "",
        "change": _change(tile),
    }


def _change(tile: Tile) -> str:
    if tile.change is None:
        return ""
    text = f"{tile.change * 100:+.1f}"
    if text in ("+0.0", "-0.0"):
        return _("unchanged")
    return f"{text}pp" if tile.metric.unit is Unit.RATE else f"{text}%"


def _drawn(chart: Chart, asked: Asked) -> dict[str, Any] | None:
    """What the page's script needs to draw a chart: the figure, and the address behind each point."""
    if chart.figure is None:
        return None
    return {
        "figure": chart.figure,
        "links": [rows_address(asked, line.narrow) if line.narrow else "" for line in chart.lines],
    }


def csv_of(chart: Chart) -> str:
    """The chart's table for a spreadsheet: a byte order mark, money in yuan, no cell that could be a formula."""
    target = io.StringIO()
    target.write("\ufeff")
    writer = csv.writer(target)
    writer.writerow([neutral(column.title) for column in chart.columns])
    writer.writerows(_row(chart, line) for line in chart.lines)
    return target.getvalue()


def _row(chart: Chart, line: Line) -> list[Any]:
    return [_plain(cell, column.unit) for cell, column in zip(line.cells, chart.columns, strict=True)]


def _plain(cell: Cell, unit: Unit) -> Any:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return neutral(cell)
    if unit is Unit.YUAN:
        return f"{cell / 100:.2f}"
    return f"{cell:.6f}" if unit in (Unit.RATE, Unit.RATIO) else f"{cell:.0f}"


def neutral(text: str) -> str:
    """A text a spreadsheet shows instead of computing it."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
