"""Frames to Plotly figures: one theme, Chinese fonts, axes in 万 and 亿, the exact number on hover.

They are plain dicts: Plotly's own classes would check every property on every page, which the tests do once.

A point's ``customdata`` is the index of its row in the chart's table, where its link stands.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reports.numbers import Lang, Unit, compact, exact, tick
from reports.slices import Grain

FONT = 'system-ui, -apple-system, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'
INK, MUTED, GRID = "#1a2233", "#566079", "#eef0f6"
BLUE, GOLD, GREEN, PLUM, RED, SLATE = "#4a6bd3", "#e2a02b", "#2f9678", "#8c68b8", "#c25b53", "#9aa5bf"
PALETTE = (BLUE, GOLD, GREEN, PLUM, RED, "#5b8fa8", SLATE)
SEQUENTIAL = [[0, "#eef2fd"], [0.5, "#b9c9f7"], [0.8, "#6f8de8"], [1, "#2c4cb0"]]
TICKS = 4

# Room at the end of a bar for its figure, as a part of the longest; the page's script widens it on a phone.
ROOM = 1.25
SHADED = {
    "type": "heatmap",
    "texttemplate": "%{text}",
    "hoverinfo": "text",
    "colorscale": SEQUENTIAL,
    "zmin": 0,
    "zmax": 1,
    "showscale": False,
    "hoverongaps": False,
}
MONTHS_EN = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


Figure = dict[str, Any]


@dataclass(frozen=True)
class Series:
    """One curve: its name, its values (None is a gap), how it is drawn (`bar`, `line`, `ghost`)."""

    name: str
    values: Sequence[float | None]
    look: str = "line"
    colour: str = BLUE


def over_time(buckets: Sequence[date], series: Sequence[Series], *, unit: Unit, grain: Grain, lang: Lang) -> Figure:
    """Bars and lines over buckets of time; a gap stays a gap."""
    labels = [day.isoformat() for day in buckets]
    highest = max((value for one in series for value in one.values if value is not None), default=0)
    shown = _spread(len(buckets), 12 if grain is Grain.MONTH else 7)
    layout = _layout(is_legend=len(series) > 1) | {"hovermode": "x unified", "bargap": 0.35}
    layout["xaxis"] |= {
        "type": "category",
        "tickvals": [labels[place] for place in shown],
        "ticktext": [_when(buckets[place], grain, lang, is_first=place == 0) for place in shown],
        "range": [-0.6, len(labels) - 0.4],
    }
    layout["yaxis"] |= _scale(highest, unit, lang)
    return {"data": [_trace(one, labels, unit) for one in series], "layout": layout}


def by_size(names: Sequence[str], series: Sequence[Series], *, unit: Unit, lang: Lang) -> Figure:
    """Bars side by side on an axis of powers of ten, where the least must be seen beside the most."""
    labels = [f"{place}" for place in range(len(names))]
    highest = max((value for one in series for value in one.values if value), default=10)
    powers = [10.0**power for power in range(math.ceil(math.log10(highest)) + 1)]
    layout = _layout(is_legend=True) | {"hovermode": "x unified", "barmode": "group", "bargap": 0.25}
    layout["xaxis"] |= {"type": "category", "tickvals": labels, "ticktext": [_safe(name) for name in names]}
    layout["yaxis"] |= {
        "type": "log",
        "tickvals": powers[::2],
        "ticktext": [tick(mark, unit, lang) for mark in powers[::2]],
        "range": [1, math.log10(highest) + 0.2],
    }
    return {"data": [_trace(one, labels, unit) for one in series], "layout": layout}


def ranked(names: Sequence[str], values: Sequence[float | None], *, unit: Unit, lang: Lang) -> Figure:
    """Horizontal bars, the first on top, each with its figure at its end."""
    labels = [f"{place}" for place in range(len(names))]
    hints = [f"{_safe(name)}<br><b>{exact(value, unit)}</b>" for name, value in zip(names, values, strict=True)]
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": list(values),
        "y": labels,
        "text": [compact(value, unit, lang) for value in values],
        "textposition": "outside",
        "cliponaxis": False,
        "textfont": {"color": INK},
        "hovertext": hints,
        "hoverinfo": "text",
        "marker": {"color": BLUE, "cornerradius": 3},
        "customdata": list(range(len(names))),
    }
    highest = max((value for value in values if value is not None), default=0)
    layout = _layout() | {"hovermode": "closest", "bargap": 0.38}
    layout["xaxis"] |= {"visible": False, "range": [0, highest * ROOM or 1]}
    layout["yaxis"] |= _names([_short(name) for name in names], labels) | {"tickfont": {"color": INK}}
    return {"data": [trace], "layout": layout}


def waterfall(names: Sequence[str], values: Sequence[float], *, unit: Unit, lang: Lang) -> Figure:
    """From the first amount, which stands, down through what is taken away, to what is left at the end.

    The steps lie on each other, so that their names and amounts have room in a narrow window too.
    """
    labels = [f"{place}" for place in range(len(names))]
    hints = [f"{_safe(name)}<br><b>{exact(value, unit)}</b>" for name, value in zip(names, values, strict=True)]
    trace = {
        "type": "waterfall",
        "orientation": "h",
        "x": [values[0], *(-value for value in values[1:-1]), 0],
        "y": labels,
        "measure": ["absolute", *["relative"] * (len(values) - 2), "total"],
        "text": [compact(value, unit, lang) for value in values],
        "textposition": "outside",
        "cliponaxis": False,
        "textfont": {"color": INK, "size": 12},
        "hovertext": hints,
        "hoverinfo": "text",
        "connector": {"line": {"color": SLATE, "width": 1, "dash": "dot"}},
        "decreasing": {"marker": {"color": GOLD}},
        "increasing": {"marker": {"color": GREEN}},
        "totals": {"marker": {"color": BLUE if values[-1] >= 0 else RED}},
    }
    layout = _layout() | {"hovermode": "closest", "bargap": 0.35}
    layout["xaxis"] |= {
        "visible": False,
        "range": [min(-values[0] * (ROOM - 1), values[-1] * 1.4), values[0] * ROOM or 1],
    }
    layout["yaxis"] |= _names(names, labels) | {"tickfont": {"color": INK}}
    return {"data": [trace], "layout": layout}


def rates_over_time(
    buckets: Sequence[date], rates: Sequence[float | None], hints: Sequence[str], *, grain: Grain, lang: Lang
) -> Figure:
    """A rate a bucket as bars with the percentage on top."""
    figure = over_time(buckets, [Series("", rates, "bar", BLUE)], unit=Unit.RATE, grain=grain, lang=lang)
    bars = figure["data"][0]
    bars["hovertext"] = [_safe(hint) for hint in hints]
    bars["hovertemplate"] = "%{hovertext}<extra></extra>"
    if len(rates) <= 16:
        bars["text"] = [f"{rate:.1%}" if rate is not None else "" for rate in rates]
        bars["textposition"], bars["cliponaxis"], bars["textfont"] = "outside", False, {"color": INK, "size": 12}
    return figure


def stacked(
    buckets: Sequence[date], series: Sequence[Series], *, unit: Unit, grain: Grain, lang: Lang
) -> dict[str, Any]:
    """Bars over time, one colour a part."""
    figure = over_time(buckets, series, unit=unit, grain=grain, lang=lang)
    heights = [sum(value or 0 for value in values) for values in zip(*(one.values for one in series), strict=True)]
    figure["layout"]["yaxis"].update(_scale(max(heights, default=0), unit, lang))
    figure["layout"]["barmode"] = "stack"
    return figure


def heat(
    rows: Sequence[str],
    columns: Sequence[str],
    values: Sequence[Sequence[float | None]],
    hints: Sequence[Sequence[str]],
    indexes: Sequence[Sequence[int | None]],
) -> Figure:
    """A table of rates in colour, with the percentage in each cell."""
    across, down = [f"{place}" for place in range(len(columns))], [f"{place}" for place in range(len(rows))]
    cells = {
        "x": across,
        "y": down,
        "z": [list(row) for row in values],
        "text": [["" if value is None else f"{value:.0%}" for value in row] for row in values],
        "hovertext": [[_safe(hint) for hint in row] for row in hints],
        "customdata": [list(row) for row in indexes],
        "xgap": 3,
        "ygap": 3,
    }
    layout = _layout() | {"hovermode": "closest"}
    layout["xaxis"] |= {"type": "category", "side": "top", "tickvals": across, "ticktext": list(columns)}
    layout["yaxis"] |= _names(rows, down)
    return {"data": [SHADED | cells], "layout": layout}


@dataclass(frozen=True)
class Square:
    """One place of the tile map: where it lies, what it is called, its figure and the index of its row."""

    row: int
    column: int
    name: str
    value: float | None
    hint: str
    index: int | None


def tiles(squares: Sequence[Square]) -> Figure:
    """One square a province, coloured by rank among those that sold: no outline is drawn, none can be wrong."""
    height, width = max(one.row for one in squares) + 1, max(one.column for one in squares) + 1
    blank = {"z": None, "text": "", "hovertext": "", "customdata": None}
    grid: dict[str, list[list[Any]]] = {name: [[of] * width for _ in range(height)] for name, of in blank.items()}
    order = sorted(one.value for one in squares if one.value)
    for one in squares:
        grid["z"][one.row][one.column] = (order.index(one.value) + 1) / len(order) if one.value else 0
        grid["text"][one.row][one.column] = _safe(one.name)
        grid["hovertext"][one.row][one.column] = _safe(one.hint)
        grid["customdata"][one.row][one.column] = one.index
    layout = _layout() | {"hovermode": "closest"}
    layout["xaxis"] |= {"visible": False}
    layout["yaxis"] |= {"visible": False, "autorange": "reversed"}
    return {"data": [SHADED | grid | {"xgap": 4, "ygap": 4}], "layout": layout}


def _trace(one: Series, labels: list[str], unit: Unit) -> dict[str, Any]:
    name = _safe(one.name)
    shared = {
        "name": name,
        "x": labels,
        "y": list(one.values),
        "hovertext": [exact(value, unit) for value in one.values],
        "hovertemplate": f"{name}  <b>%{{hovertext}}</b><extra></extra>",
        "customdata": list(range(len(labels))),
    }
    if one.look == "bar":
        return shared | {"type": "bar", "marker": {"color": one.colour, "cornerradius": 3}}
    is_ghost = one.look == "ghost"
    line = {"color": one.colour, "width": 1.5 if is_ghost else 2.5, "dash": "dot" if is_ghost else "solid"}
    look = {"mode": "lines" if is_ghost else "lines+markers", "line": line, "marker": {"size": 6}}
    return shared | look | {"type": "scatter", "connectgaps": False}


def _names(names: Sequence[str], values: Sequence[str]) -> dict[str, Any]:
    """A vertical axis of names, the first on top."""
    return {
        "type": "category",
        "autorange": "reversed",
        "tickvals": list(values),
        "ticktext": [_safe(name) for name in names],
        "showgrid": False,
        "ticks": "outside",
        "ticklen": 6,
        "tickcolor": "rgba(0,0,0,0)",
    }


def _layout(*, is_legend: bool = False) -> dict[str, Any]:
    return {
        "font": {"family": FONT, "size": 13, "color": MUTED},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 4, "r": 4, "t": 28 if is_legend else 8, "b": 4},
        "showlegend": is_legend,
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"color": INK}},
        "hoverlabel": {"bgcolor": "#ffffff", "bordercolor": "#d5dce4", "font": {"family": FONT, "color": INK}},
        "dragmode": False,
        "xaxis": {"automargin": True, "fixedrange": True, "showgrid": False, "zeroline": False, "tickangle": 0},
        "yaxis": {"automargin": True, "fixedrange": True, "zeroline": False, "gridcolor": GRID},
    }


def _scale(highest: float, unit: Unit, lang: Lang) -> dict[str, Any]:
    """An axis from zero with a few round marks."""
    step = _step(highest / TICKS) if highest > 0 else 1.0
    if unit is Unit.COUNT:
        step = max(step, 1.0)
    marks = [step * place for place in range(math.ceil(highest / step) + 1)] if highest > 0 else [0.0]
    top = max(marks[-1], highest) or 1
    return {"tickvals": marks, "ticktext": [tick(mark, unit, lang) for mark in marks], "range": [0, top * 1.06]}


def _step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= least * 0.999)


def _spread(length: int, most: int) -> list[int]:
    """Indexes of at most so many labels, evenly far apart."""
    every = max(1, math.ceil(length / most))
    return list(range(0, length, every))


def _when(day: date, grain: Grain, lang: Lang, *, is_first: bool) -> str:
    if grain is not Grain.MONTH:
        return f"{day:%m-%d}"
    month = f"{day.month}月" if lang is Lang.ZH else MONTHS_EN[day.month - 1]
    return f"{month}<br>{day.year}" if is_first or day.month == 1 else month


def _short(name: str, most: int = 18) -> str:
    """As much of a name as the margin takes; a Chinese character is as wide as two letters."""
    wide = 0
    for place, character in enumerate(name):
        wide += 1 if character.isascii() else 2
        if wide > most:
            return name[:place] + "…"
    return name


def _safe(text: str) -> str:
    """Plotly reads a few tags in its texts; names from files are not ours to trust."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("%{", "% {")
