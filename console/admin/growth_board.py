"""会员增长: who came, qualified, froze and left, beside the period before; how concentrated earnings are."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from console import formatting
from console.admin.base import SecureView
from console.admin.board import csv_of, language, paper
from console.auth import permits
from models.queries import movement, sold
from reports import growth as report
from reports import numbers
from reports.charts import Chart
from reports.paper import Figure

PERIODS = (7, 30, 90)
USUAL = 30
CHARTS = ("joined", "left", "concentration")
TILES = {"registered": "good", "qualified": "good", "frozen": "bad", "exited": "bad", "revived": "good"}
"""The steps that are told as figures, and whether more of them is good news."""


class GrowthBoard(SecureView):
    """会员增长: its period in the address, its tiles and charts, a CSV of each chart."""

    section = "data"
    title = _l("Growth of the membership")
    slug = "board-growth"
    permission = "member.view"

    @expose("/")
    @permits("member.view")
    def index_view(self) -> Any:
        """The board."""
        days = asked_days()
        period, before = span(days), span(days, back=days)
        moved, earlier = counted(period), counted(before)
        return self.render(
            "board/growth.html",
            days=days,
            periods=PERIODS,
            first=period[0],
            last=period[-1],
            tiles=[
                (word, up_is, total(moved, kind), total(earlier, kind), rows_of((kind,), period[0], period[-1]))
                for kind, up_is in TILES.items()
                for word in [report.word(kind, language())]
            ],
            charts=[chart_of(key, period, moved) for key in CHARTS],
            exact=numbers.exact,
            asked=None,
            rows_address=lambda _asked, narrow: narrowed(narrow),
        )

    @expose("/<chart>.csv")
    @permits("member.view", "export.create")
    def table(self, chart: str) -> Response:
        """One chart's table as CSV."""
        if chart not in CHARTS:
            abort(404)
        period = span(asked_days())
        name = f"growth-{chart}-{period[0]}-{period[-1]}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        made = chart_of(chart, period, counted(period))
        return Response(csv_of(made), content_type="text/csv; charset=utf-8", headers=headers)

    @expose("/board.pdf")
    @permits("member.view", "export.create")
    def paper(self) -> Response:
        """The whole board on A4."""
        days = asked_days()
        period, before = span(days), span(days, back=days)
        moved, earlier = counted(period), counted(before)
        figures = [
            Figure(
                report.word(kind, language()),
                formatting.count(total(moved, kind)),
                f"{_('before')} {formatting.count(total(earlier, kind))}",
            )
            for kind in TILES
        ]
        lines = [f"{period[0]} – {period[-1]} · {_('compared with')} {before[0]} – {before[-1]}"]
        return paper(self.name, lines, figures, [chart_of(key, period, moved) for key in CHARTS])


def asked_days() -> int:
    """How many days the address asks for, the usual thirty where it asks for none that is offered."""
    asked = request.args.get("days", "")
    return next((days for days in PERIODS if str(days) == asked), USUAL)


def span(days: int, *, back: int = 0) -> list[date]:
    """So many days up to today, or up to ``back`` days before."""
    last = formatting.today() - timedelta(days=back)
    return [last - timedelta(days=n) for n in reversed(range(days))]


def counted(period: list[date]) -> report.Moved:
    return movement.moved(since=formatting.day_start(period[0]), until=formatting.day_end(period[-1]))


def total(moved: report.Moved, kind: str) -> int:
    return sum(n for (_day, of), n in moved.items() if of == kind)


def chart_of(key: str, period: list[date], moved: report.Moved) -> Chart:
    """One of ``CHARTS``."""
    lang = language()
    if key == "concentration":
        since, until = formatting.day_start(period[0]), formatting.day_end(period[-1])
        return report.concentration(*sold.earned(since=since, until=until), lang)
    drawn = report.joined if key == "joined" else report.left
    return drawn(period, moved, lang)


def rows_of(kinds: tuple[str, ...], first: date, last: date) -> str:
    """The log rows behind a figure."""
    asked = [*(("kind", kind) for kind in kinds), ("at_from", first.isoformat()), ("at_to", last.isoformat())]
    return f"{url_for('standing_log.index_view')}?{urlencode(asked)}"


def narrowed(narrow: Mapping[str, str]) -> str:
    """The log rows behind a line of a table."""
    first, last = date.fromisoformat(narrow["from"]), date.fromisoformat(narrow["to"])
    return rows_of(tuple(narrow["kinds"].split(",")), first, last)
