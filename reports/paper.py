"""A board on A4: its tiles, each chart drawn with lines and boxes, and the first lines of its table; no browser."""

import html
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fpdf import FPDF

from reports import lettering
from reports.charts import Cell, Chart, Column
from reports.figures import INK, MUTED, PALETTE
from reports.numbers import Unit, exact

MARGIN, WIDTH, BOTTOM = 14.0, 182.0, 283.0
POINT = 25.4 / 72
TILES_ACROSS = 5
STYLES = {"": lettering.REGULAR, "B": lettering.BOLD}
ROWS_SHOWN = 10
LINE = 4.4
PALE, RULE = "#f4f6fb", "#d5dce4"


@dataclass(frozen=True)
class Figure:
    """A figure on top of the page: what it is called, its value, what stands below it."""

    label: str
    value: str
    foot: str = ""


@dataclass(frozen=True)
class Sheet:
    """What is put on paper. ``lines`` say which rows, which days, as of when; ``rest`` how many lines are left out."""

    title: str
    lines: Sequence[str]
    figures: Sequence[Figure]
    charts: Sequence[Chart]
    rest: Callable[[int], str]


class Paper(FPDF):
    """A page and a pen; lengths in millimetres from the upper left corner, sizes of text in points."""

    def __init__(self, title: str, texts: Collection[str]) -> None:
        super().__init__()
        with TemporaryDirectory(prefix="qx-paper-") as folder:
            for style, weight in STYLES.items():
                path = Path(folder) / f"{weight}.ttf"
                path.write_bytes(lettering.font(texts, weight))
                self.add_font("cjk", style, path)
        self.set_auto_page_break(False)
        self.set_title(title)
        self.set_lang("zh-CN")
        self.named = title
        self.add_page()

    def number(self) -> None:
        """The board's name and the page's number at the foot of each page, once all are there."""
        for page in self.pages:
            # The font that the library remembers was said on another page: say it anew.
            self.page = page
            self.set_font_size(1)
            self.put(MARGIN, 287, self.named, 7, colour=MUTED)
            self.put(MARGIN + WIDTH, 287, f"{page} / {len(self.pages)}", 7, colour=MUTED, align="right")

    def put(
        self, x: float, y: float, text: str, size: float, *, colour: str = INK, bold: bool = False, align: str = "left"
    ) -> None:
        """One line of text whose top is at ``y``, from, around or up to ``x``."""
        self.set_font("cjk", "B" if bold else "", size)
        if align != "left":
            x -= self.get_string_width(text) / (2 if align == "middle" else 1)
        self.set_text_color(*rgb(colour))
        self.text(x, y + size * POINT * 0.88, text)

    def box(self, x: float, y: float, wide: float, tall: float, colour: str) -> None:
        """A filled rectangle."""
        self.set_fill_color(*rgb(colour))
        self.rect(x, y, wide, tall, style="F")

    def rule(self, points: Sequence[tuple[float, float]], colour: str = RULE, width: float = 0.2) -> None:
        """A line through points."""
        self.set_line_width(width)
        self.set_draw_color(*rgb(colour))
        for (x1, y1), (x2, y2) in zip(points, points[1:], strict=False):
            self.line(x1, y1, x2, y2)

    def fitted(self, text: str, size: float, width: float) -> str:
        """As much of a text as the width takes."""
        self.set_font("cjk", "", size)
        if self.get_string_width(text) <= width:
            return text
        while text and self.get_string_width(text + "…") > width:
            text = text[:-1]
        return text + "…"

    def folded(self, text: str, size: float, width: float) -> list[str]:
        """A text in lines no wider than this."""
        self.set_font("cjk", "", size)
        lines, wide = [""], 0.0
        for sign in text:
            step = self.get_string_width(sign)
            if wide + step > width:
                lines.append("")
                wide = 0.0
            lines[-1] += sign
            wide += step
        return lines


def printed(sheet: Sheet) -> bytes:
    """The sheet as PDF."""
    paper = Paper(sheet.title, _texts_of(sheet))
    paper.put(MARGIN, 13, sheet.title, 17, bold=True)
    y = 23.0
    for line in sheet.lines:
        for part in paper.folded(line, 8, WIDTH):
            paper.put(MARGIN, y, part, 8, colour=MUTED)
            y += 4.2
    y = _figures(paper, sheet.figures, y + 2)
    for chart in sheet.charts:
        y = _chart(paper, chart, sheet.rest, y + 6)
    paper.number()
    return bytes(paper.output())


def _texts_of(sheet: Sheet) -> list[str]:
    """Every text that the page may show."""
    found = [sheet.title, *sheet.lines, sheet.rest(0)]
    found += [text for one in sheet.figures for text in (one.label, one.value, one.foot)]
    for chart in sheet.charts:
        found += [chart.title, chart.note, *(column.title for column in chart.columns)]
        found += [cell for line in chart.lines[:ROWS_SHOWN] for cell in line.cells if isinstance(cell, str)]
        found += _strings(chart.figure)
    return found


def _strings(part: Any) -> list[str]:
    """The texts anywhere inside a figure."""
    if isinstance(part, str):
        return [html.unescape(part)]
    inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return [text for one in inside for text in _strings(one)]


def _figures(paper: Paper, figures: Sequence[Figure], y: float) -> float:
    gap, tall = 3.0, 17.0
    across = TILES_ACROSS if len(figures) % TILES_ACROSS != 1 else TILES_ACROSS + 1
    wide = (WIDTH - gap * (across - 1)) / across
    for place, one in enumerate(figures):
        x, top = MARGIN + place % across * (wide + gap), y + place // across * (tall + gap)
        paper.box(x, top, wide, tall, PALE)
        paper.put(x + 2.5, top + 2, paper.fitted(one.label, 7, wide - 5), 7, colour=MUTED)
        paper.put(x + 2.5, top + 6, paper.fitted(one.value, 12, wide - 5), 12, bold=True)
        paper.put(x + 2.5, top + 12.6, paper.fitted(one.foot, 6.5, wide - 5), 6.5, colour=MUTED)
    rows = (len(figures) + across - 1) // across
    return y + rows * (tall + gap) - gap if rows else y


def _chart(paper: Paper, chart: Chart, rest: Callable[[int], str], y: float) -> float:
    """A chart with its table from ``y`` on, on the next page where this one has no room; where it ends."""
    note = paper.folded(chart.note, 7, WIDTH)
    tall = _height(chart)
    rows = min(len(chart.lines), ROWS_SHOWN)
    needed = 7 + len(note) * 3.6 + tall + (rows + 1) * LINE
    if y + needed > BOTTOM:
        paper.add_page()
        y = 14.0
    paper.put(MARGIN, y, chart.title, 11, bold=True)
    y += 6
    for line in note:
        paper.put(MARGIN, y, line, 7, colour=MUTED)
        y += 3.6
    if chart.figure:
        draw(paper, chart.figure, (MARGIN, y + 1, WIDTH, tall - 4))
        y += tall
    return _table(paper, chart, rest, y) if chart.lines else y


def _height(chart: Chart) -> float:
    """How tall a chart is drawn: bars and cells by their number, curves all the same."""
    if not chart.figure:
        return 0.0
    trace = chart.figure["data"][0]
    if trace["type"] == "heatmap":
        return 7.0 * len(trace["z"]) + 10
    return 6.2 * len(trace["y"]) + 8 if trace.get("orientation") == "h" else 56.0


def _table(paper: Paper, chart: Chart, rest: Callable[[int], str], y: float) -> float:
    first = min(46.0, WIDTH / 3)
    wide = (WIDTH - first) / max(1, len(chart.columns) - 1)
    paper.box(MARGIN, y, WIDTH, LINE, PALE)
    _row(paper, [paper.fitted(column.title, 6.5, wide - 2) for column in chart.columns], (y, first, wide), MUTED)
    for line in chart.lines[:ROWS_SHOWN]:
        y += LINE
        _row(paper, _texts(line.cells, chart.columns), (y, first, wide), INK)
        paper.rule([(MARGIN, y + LINE), (MARGIN + WIDTH, y + LINE)], PALE)
    if len(chart.lines) > ROWS_SHOWN:
        y += LINE
        paper.put(MARGIN + 1, y + 0.9, rest(len(chart.lines) - ROWS_SHOWN), 6.5, colour=MUTED)
    return y + LINE


def _row(paper: Paper, texts: Sequence[str], at: tuple[float, float, float], colour: str) -> None:
    y, first, wide = at
    paper.put(MARGIN + 1, y + 0.9, paper.fitted(texts[0], 6.5, first - 2), 6.5, colour=colour)
    for place, text in enumerate(texts[1:], 1):
        paper.put(MARGIN + first + place * wide - 1, y + 0.9, text, 6.5, colour=colour, align="right")


def _texts(cells: Sequence[Cell], columns: Sequence[Column]) -> list[str]:
    return [
        cell if isinstance(cell, str) else exact(cell, column.unit if column.unit is not Unit.TEXT else Unit.COUNT)
        for cell, column in zip(cells, columns, strict=True)
    ]


Box = tuple[float, float, float, float]


def draw(paper: Paper, figure: dict[str, Any], box: Box) -> None:
    """A figure of `reports.figures` inside a box (left, top, width, height)."""
    trace = figure["data"][0]
    if trace["type"] == "heatmap":
        _cells(paper, trace, figure["layout"], box)
    elif trace.get("orientation") == "h":
        _bars(paper, trace, figure["layout"], box)
    else:
        _curves(paper, figure, box)


def _bars(paper: Paper, trace: dict[str, Any], layout: dict[str, Any], box: Box) -> None:
    x, y, wide, tall = box
    names, step, left = layout["yaxis"]["ticktext"], tall / len(trace["y"]), 42.0
    most = layout["xaxis"]["range"][1] or 1
    for place, value in enumerate(trace["x"]):
        top = y + place * step
        paper.put(x + left - 2, top + step / 2 - 1.4, _plain(names[place]), 7, align="right")
        length = max(0.0, (value or 0) / most * (wide - left))
        paper.box(x + left, top + step * 0.18, length, step * 0.64, trace["marker"]["color"])
        paper.put(x + left + length + 1.5, top + step / 2 - 1.4, trace["text"][place], 7)


def _cells(paper: Paper, trace: dict[str, Any], layout: dict[str, Any], box: Box) -> None:
    x, y, wide, tall = box
    across, down = layout["xaxis"].get("ticktext", []), layout["yaxis"].get("ticktext", [])
    left, top = (20.0 if down else 0.0), (5.0 if across else 0.0)
    step = min((wide - left) / len(trace["z"][0]), 18.0)
    line = (tall - top) / len(trace["z"])
    for place, name in enumerate(across):
        paper.put(x + left + (place + 0.5) * step, y, _plain(name), 7, colour=MUTED, align="middle")
    for row, values in enumerate(trace["z"]):
        if down:
            paper.put(x + left - 2, y + top + row * line + line / 2 - 1.4, _plain(down[row]), 7, align="right")
        for column, value in enumerate(values):
            if value is None:
                continue
            at = (x + left + column * step, y + top + row * line)
            paper.box(*at, step - 0.8, line - 0.8, _shade(value, trace["colorscale"]))
            paper.put(
                at[0] + step / 2, at[1] + line / 2 - 1.6, _plain(trace["text"][row][column]), 6.5,
                colour="#ffffff" if value > 0.75 else INK, align="middle",
            )  # fmt: skip


def _curves(paper: Paper, figure: dict[str, Any], box: Box) -> None:
    layout, traces = figure["layout"], figure["data"]
    x, y, wide, tall = box
    if layout.get("showlegend"):
        at = x + 14
        for trace in traces:
            paper.box(at, y + 0.7, 2.4, 2.4, _colour(trace))
            paper.put(at + 3.4, y + 0.6, _plain(trace["name"]), 7)
            at += 3.4 + paper.get_string_width(_plain(trace["name"])) + 5
        y, tall = y + 5, tall - 5
    inner = (x + 14, y, wide - 14, tall - 7)
    low, high = layout["yaxis"]["range"]
    for mark, text in zip(layout["yaxis"]["tickvals"], layout["yaxis"]["ticktext"], strict=True):
        level = inner[1] + inner[3] * (1 - (mark - low) / (high - low))
        paper.rule([(inner[0], level), (inner[0] + inner[2], level)], "#eef0f6")
        paper.put(inner[0] - 1.5, level - 1.3, _plain(text), 6.5, colour=MUTED, align="right")
    labels = traces[0]["x"]
    for label, text in zip(layout["xaxis"]["tickvals"], layout["xaxis"]["ticktext"], strict=True):
        for line, part in enumerate(text.split("<br>")):
            at = _across(inner, labels.index(label), len(labels))
            paper.put(at, inner[1] + inner[3] + 1 + line * 2.8, _plain(part), 6.5, colour=MUTED, align="middle")
    bars = [trace for trace in traces if trace["type"] == "bar"]
    _columns(paper, bars, inner, (low, high), is_stacked=layout.get("barmode") == "stack")
    for trace in traces:
        if trace["type"] == "scatter":
            _line(paper, trace, inner, (low, high))


def _columns(
    paper: Paper, bars: Sequence[dict[str, Any]], inner: Box, span: tuple[float, float], *, is_stacked: bool
) -> None:
    if not bars:
        return
    count = len(bars[0]["x"])
    slot = inner[2] / count * 0.65
    wide = slot if is_stacked else slot / len(bars)
    reached = [0.0] * count
    for place, trace in enumerate(bars):
        for index, value in enumerate(trace["y"]):
            if not value or value < 0:
                continue
            tall = inner[3] * value / (span[1] - span[0])
            left = _across(inner, index, count) - slot / 2 + (0 if is_stacked else place * wide)
            paper.box(left, inner[1] + inner[3] - reached[index] - tall, wide, tall, _colour(trace))
            reached[index] += tall if is_stacked else 0


def _line(paper: Paper, trace: dict[str, Any], inner: Box, span: tuple[float, float]) -> None:
    run: list[tuple[float, float]] = []
    runs = [run]
    for index, value in enumerate(trace["y"]):
        if value is None:
            run = []
            runs.append(run)
        else:
            level = inner[1] + inner[3] * (1 - (max(value, span[0]) - span[0]) / (span[1] - span[0]))
            run.append((_across(inner, index, len(trace["y"])), level))
    is_ghost = trace["line"]["dash"] == "dot"
    for run in runs:
        paper.rule(run, _colour(trace), 0.25 if is_ghost else 0.5)
        for x, y in [] if is_ghost else run:
            paper.box(x - 0.6, y - 0.6, 1.2, 1.2, _colour(trace))


def _across(inner: Box, index: int, count: int) -> float:
    return inner[0] + inner[2] * (index + 0.6) / (count + 0.2)


def _colour(trace: dict[str, Any]) -> str:
    found: str = trace["marker"]["color"] if trace["type"] == "bar" else trace["line"]["color"]
    return found if found.startswith("#") else PALETTE[0]


def _shade(value: float, scale: Sequence[Sequence[Any]]) -> str:
    """The colour between two marks of a scale."""
    for (low, dark), (high, light) in zip(scale, scale[1:], strict=False):
        if value <= high:
            part = (value - low) / (high - low)
            mixed = (round(a + (b - a) * part) for a, b in zip(rgb(dark), rgb(light), strict=True))
            return "#" + "".join(f"{one:02x}" for one in mixed)
    return str(scale[-1][1])


def rgb(colour: str) -> tuple[int, int, int]:
    """`#rrggbb` as its three parts."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _plain(text: str) -> str:
    """A text of a figure without Plotly's tags and escapes."""
    return html.unescape(text.replace("<br>", " "))
