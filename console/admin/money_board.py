"""资金看板: what is owed to members month by month, what it was paid out of, and whether it agrees with the books."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from console import formatting
from console.admin.base import SecureView
from console.admin.board import csv_of, language, paper
from console.admin.money.words import BUCKETS
from console.auth import permits
from models.queries import turnover as queries
from models.queries.turnover import Moved
from models.rules.compliance import DISCLAIMERS
from reports import frames, numbers
from reports import money as report
from reports.money import Books, Month
from reports.paper import Figure
from reports.slices import Grain, Period, Slice, Source, opening

SPANS = (6, 12, 24)
USUAL = 12
LISTS = {
    "postings": ("postings.index_view", "at"),
    "earnings": ("statements.index_view", "at"),
    "orders": ("orders.index_view", "paid"),
    "withdrawals": ("withdrawals.index_view", "requested"),
}
NARROWED = {"earnings": {"kind": "settle"}}


class MoneyBoard(SecureView):
    """资金看板: its months in the address, its tiles and charts, a CSV of each chart."""

    section = "data"
    title = _l("Money of members")
    slug = "board-money"
    permission = "ledger.view"

    @expose("/")
    @permits("ledger.view")
    def index_view(self) -> Any:
        """The board, and whether its months add up to the trial balance."""
        moved, off = queries.tied()
        books = books_of(moved, asked_months())
        return self.render(
            "board/money.html",
            months=len(books.months),
            spans=SPANS,
            now=books.months[-1],
            before=books.months[-2],
            gmv=books.gmv,
            charts=[books.chart(key) for key in report.CHARTS],
            off=off,
            buckets=BUCKETS,
            label=DISCLAIMERS[report.LABEL],
            exact=numbers.exact,
            share=share,
            asked=None,
            rows_address=lambda _asked, narrow: narrowed(narrow),
        )

    @expose("/<chart>.csv")
    @permits("ledger.view", "export.create")
    def table(self, chart: str) -> Response:
        """One chart's table as CSV."""
        if chart not in report.CHARTS:
            abort(404)
        books = books_of(queries.months(), asked_months())
        name = f"money-{chart}-{books.days[0]:%Y-%m}-{books.days[-1]:%Y-%m}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(csv_of(books.chart(chart)), content_type="text/csv; charset=utf-8", headers=headers)

    @expose("/board.pdf")
    @permits("ledger.view", "export.create")
    def paper(self) -> Response:
        """The whole board on A4, with the label of what is income."""
        moved, off = queries.tied()
        books = books_of(moved, asked_months())
        agrees = _("Every figure adds up to the trial balance, to the fen.") if off == {} else ""
        lines = [f"{books.days[0]:%Y-%m} – {books.days[-1]:%Y-%m}", agrees, DISCLAIMERS[report.LABEL]]
        charts = [books.chart(key) for key in report.CHARTS]
        return paper(self.name, [line for line in lines if line], figures_of(books), charts)


def figures_of(books: Books) -> list[Figure]:
    """The figures on top of the page, this month and beside it the one before."""
    now, before = books.months[-1], books.months[-2]
    found = [
        (_("Earned this month"), now.earned_fen, before.earned_fen),
        (_("Paid out this month"), -now.steps["paid"], -before.steps["paid"]),
        (_("Owed to members"), now.steps["closing"], before.steps["closing"]),
        *(
            (BUCKETS[key].label, now.held.get(key, 0), before.held.get(key, 0))
            for key in ("held", "debt", "reserve")
        ),
    ]  # fmt: skip
    told = [(name, formatting.yuan(this), formatting.yuan(last)) for name, this, last in found]
    told.append((_("Commission of GMV"), share(now, books.gmv), share(before, books.gmv)))
    return [Figure(f"{name}", this, f"{_('before')} {last}") for name, this, last in told]


def asked_months() -> int:
    """How many months the address asks for, the usual twelve where it asks for none that is offered."""
    asked = request.args.get("months", "")
    return next((months for months in SPANS if str(months) == asked), USUAL)


def books_of(moved: list[Moved], count: int) -> Books:
    """So many months up to this one."""
    this = formatting.today().replace(day=1)
    firsts = [_months_before(this, n) for n in reversed(range(count))]
    part = Slice(Period(firsts[0], formatting.today()), source=Source.OWN)
    (paid,) = frames.summed(part, (Grain.MONTH,))
    gmv = {opening(day, Grain.MONTH): int(fen) for day, fen in zip(paid["bucket"], paid["paid_fen"], strict=True)}
    return Books(report.months(moved, firsts), gmv, queries.withdrawn(firsts[0]), language())


def _months_before(month: date, n: int) -> date:
    whole = month.year * 12 + month.month - 1 - n
    return date(whole // 12, whole % 12 + 1, 1)


def share(month: Month, gmv: Mapping[date, int]) -> str:
    """What members earned of what was paid in a month."""
    paid = gmv.get(month.first)
    return formatting.NOTHING if not paid else formatting.percent(month.earned_fen / paid)


def narrowed(narrow: Mapping[str, str]) -> str:
    """The list behind a month of a chart."""
    endpoint, days = LISTS[narrow["to"]]
    asked = NARROWED.get(narrow["to"], {}) | {f"{days}_from": narrow["first"], f"{days}_to": narrow["last"]}
    return f"{url_for(endpoint)}?{urlencode(asked)}"
