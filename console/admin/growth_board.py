"""会员增长: who came, qualified, froze and left, beside the period before; how concentrated earnings are."""

from collections.abc import Mapping
from dataclasses import dataclass
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
from console.admin.filters import LARGEST_ID
from console.admin.member.words import RANKS
from console.auth import permits
from models.queries import movement, sold
from models.queries.movement import NO_RANK, Part
from reports import frames, numbers
from reports import growth as report
from reports.charts import Chart
from reports.frames import Key
from reports.paper import Figure
from reports.slices import ABSENT, Scope, Source

PERIODS = (7, 30, 90)
USUAL = 30
LONGEST = 366
CHARTS = ("joined", "left", "concentration")
TILES = {"registered": "good", "qualified": "good", "frozen": "bad", "exited": "bad", "revived": "good"}
"""The steps that are told as figures, and whether more of them is good news."""


@dataclass(frozen=True)
class Asked:
    """What the address asks: the days (``days`` 0 where they are days of one's own) and whose steps."""

    days: int
    first: date
    last: date
    part: Part
    problem: str = ""

    @property
    def period(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    @property
    def before(self) -> list[date]:
        """As many days right before."""
        return [day - timedelta(days=len(self.period)) for day in self.period]

    @property
    def narrow(self) -> dict[str, str]:
        """Whose steps, as the address and the log say it."""
        told = {key: value for key, value in self.part.told().items() if value is not None}
        return {key: ABSENT if value == NO_RANK else str(value) for key, value in told.items()}

    def parameters(self, **changes: str) -> dict[str, str]:
        """The address of this view with some parameters changed, or dropped where the change is empty."""
        days = {"days": str(self.days)} if self.days else {"from": f"{self.first}", "to": f"{self.last}"}
        return {name: value for name, value in (days | self.narrow | changes).items() if value}


class GrowthBoard(SecureView):
    """会员增长: its period and filters in the address, its tiles and charts, a CSV of each chart."""

    section = "data"
    title = _l("Growth of the membership")
    slug = "board-growth"
    permission = "member.view"

    @expose("/")
    @permits("member.view")
    def index_view(self) -> Any:
        """The board."""
        asked = read()
        moved, earlier = counted(asked.period, asked.part), counted(asked.before, asked.part)
        return self.render(
            "board/growth.html",
            view=asked,
            periods=PERIODS,
            choices=choices(asked),
            tiles=[
                (word, up_is, total(moved, kind), total(earlier, kind), rows_of((kind,), asked))
                for kind, up_is in TILES.items()
                for word in [report.word(kind, language())]
            ],
            charts=[chart_of(key, asked, moved) for key in CHARTS],
            exact=numbers.exact,
            asked=None,
            rows_address=lambda _asked, narrow: narrowed(asked, narrow),
            linked=lambda chart: [narrowed(asked, line.narrow) if line.narrow else "" for line in chart.lines],
        )

    @expose("/<chart>.csv")
    @permits("member.view", "export.create")
    def table(self, chart: str) -> Response:
        """One chart's table as CSV."""
        if chart not in CHARTS:
            abort(404)
        asked = read()
        name = f"growth-{chart}-{asked.first}-{asked.last}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        made = chart_of(chart, asked, counted(asked.period, asked.part))
        return Response(csv_of(made), content_type="text/csv; charset=utf-8", headers=headers)

    @expose("/board.pdf")
    @permits("member.view", "export.create")
    def paper(self) -> Response:
        """The whole board on A4."""
        asked = read()
        moved, earlier = counted(asked.period, asked.part), counted(asked.before, asked.part)
        figures = [
            Figure(
                report.word(kind, language()),
                formatting.count(total(moved, kind)),
                f"{_('before')} {formatting.count(total(earlier, kind))}",
            )
            for kind in TILES
        ]
        before = asked.before
        lines = [f"{asked.first} – {asked.last} · {_('compared with')} {before[0]} – {before[-1]}"]
        chosen = [f"{title}：{options[value]}" for _name, title, options, value in choices(asked) if value]
        lines += [" · ".join(chosen)] if chosen else []
        return paper(self.name, lines, figures, [chart_of(key, asked, moved) for key in CHARTS])


def read() -> Asked:
    """What the address asks for; what cannot be read is the usual thirty days of everybody, and is said."""
    first, last = _day("from"), _day("to")
    part = Part(network=_number("network"), level=_number("level"), rank=_rank())
    if first and last and first <= last and (last - first).days < LONGEST:
        return Asked(0, first, last, part)
    problem = str(_("Give the first and the last day, a year apart at most.")) if first or last else ""
    days = next((days for days in PERIODS if str(days) == request.args.get("days", "")), USUAL)
    today = formatting.today()
    return Asked(days, today - timedelta(days=days - 1), today, part, problem)


def _day(name: str) -> date | None:
    try:
        found = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return found if 2000 <= found.year < 2100 else None


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and int(text[:20]) <= LARGEST_ID else None


def _rank() -> str | None:
    text = request.args.get("rank", "")
    return NO_RANK if text == ABSENT else text if text in RANKS else None


def choices(asked: Asked) -> list[tuple[str, Any, dict[str, str], str]]:
    """The lists to choose from: name, title, options, what is chosen."""
    everybody = Scope(None)
    sold_from = {int(n) for n in frames.ever(everybody, Source.OWN, Key.LEVEL)}
    levels = sorted(sold_from if asked.part.level is None else sold_from | {asked.part.level})
    found: list[tuple[str, Any, dict[str, str]]] = [
        ("network", _l("Network"), {str(key): name for key, name in frames.networks(everybody).items()}),
        ("level", _l("Level in the tree"), {f"{n}": str(_("level %(n)s below the root", n=n)) for n in levels}),
        ("rank", _l("Rank"), {key: str(one.label) for key, one in RANKS.items()} | {ABSENT: str(_("No rank"))}),
    ]
    return [
        (name, title, options, value if (value := asked.narrow.get(name, "")) in options else "")
        for name, title, options in found
    ]


def counted(period: list[date], part: Part) -> report.Moved:
    since, until = formatting.day_start(period[0]), formatting.day_end(period[-1])
    return movement.moved(since=since, until=until, of=part)


def total(moved: report.Moved, kind: str) -> int:
    return sum(n for (_day, of), n in moved.items() if of == kind)


def chart_of(key: str, asked: Asked, moved: report.Moved) -> Chart:
    """One of ``CHARTS``."""
    lang = language()
    if key == "concentration":
        since, until = formatting.day_start(asked.first), formatting.day_end(asked.last)
        return report.concentration(*sold.earned(since=since, until=until, of=asked.part), lang)
    drawn = report.joined if key == "joined" else report.left
    return drawn(asked.period, moved, lang)


def rows_of(kinds: tuple[str, ...], asked: Asked, first: date | None = None, last: date | None = None) -> str:
    """The log rows behind a figure."""
    days = [("at_from", (first or asked.first).isoformat()), ("at_to", (last or asked.last).isoformat())]
    values = [*(("kind", kind) for kind in kinds), *days, *asked.narrow.items()]
    return f"{url_for('standing_log.index_view')}?{urlencode(values)}"


def narrowed(asked: Asked, narrow: Mapping[str, str]) -> str:
    """The log rows behind a line of a table."""
    first, last = date.fromisoformat(narrow["from"]), date.fromisoformat(narrow["to"])
    return rows_of(tuple(narrow["kinds"].split(",")), asked, first, last)
