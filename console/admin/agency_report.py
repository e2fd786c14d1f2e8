"""区域报表: what the agents of a month earned, as a table that leads to the orders, as bars and as squares."""

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import request
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from console import formatting
from console.admin.agency import outstanding
from console.admin.agency_income import following, rows_of
from console.admin.agency_words import LEVELS
from console.admin.base import SecureView
from console.admin.board import csv_of, language
from console.admin.order import place
from console.auth import permits
from models.queries import region_agent as queries
from models.rules import region_share
from reports import agency as report
from reports import numbers
from reports.agency import Earned

MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


def month_of(text: str) -> date:
    """The first day of the month asked for, of this one when it is none."""
    if MONTH.fullmatch(text):
        return date.fromisoformat(f"{text}-01")
    return formatting.today().replace(day=1)


class AgencyReportView(SecureView):
    """One month of the regional agents."""

    section = "region"
    title = _l("Region report")
    slug = "region-report"
    permission = "agency.view"

    @expose("/")
    @permits("agency.view")
    def index_view(self) -> Any:
        """The month's income by agent."""
        month = month_of(request.args.get("month", ""))
        rows, earlier = self.rows(month), self.rows(following(month, -1))
        charts = [report.squares(rows, language()), report.ranking(rows, language())]
        return self.render(
            "agency/report.html",
            month=month,
            before=following(month, -1),
            after=following(month),
            last_day=following(month) - timedelta(days=1),
            rows=sorted(rows, key=lambda row: (-row.net_fen, row.region_code)),
            levels=LEVELS,
            level_of=region_share.level_of,
            prefix=prefix,
            charts=charts,
            exact=numbers.exact,
            income_fen=sum(row.net_fen for row in rows),
            sold_fen=sum(row.sold_fen for row in rows),
            agents=len({row.member for row in rows}),
            income_before_fen=sum(row.net_fen for row in earlier),
            sold_before_fen=sum(row.sold_fen for row in earlier),
            agents_before=len({row.member for row in earlier}),
            deposits_fen=outstanding(),
            asked=None,
            linked=lambda chart: [rows_of(month, line.narrow) for line in chart.lines],
            rows_address=lambda _asked, narrow: rows_of(month, narrow),
            all_rows=rows_of(month, {}),
        )

    @expose("/agents.csv")
    @permits("agency.view", "board.export")
    def table(self) -> Response:
        """The month's income by agent as CSV."""
        month = month_of(request.args.get("month", ""))
        headers = {"Content-Disposition": f'attachment; filename="region-{month:%Y-%m}.csv"'}
        text = csv_of(report.ranking(self.rows(month), language()))
        return Response(text, content_type="text/csv; charset=utf-8", headers=headers)

    def rows(self, month: date) -> list[Earned]:
        """The month's agencies with what they earned."""
        found = queries.income(since=_begin(month), until=_begin(following(month)))
        return [
            Earned(
                region_code=row.region_code,
                place=place(row.region_code),
                member=row.member,
                orders=row.orders,
                sold_fen=row.sold_fen,
                net_fen=row.amount_fen - row.reversed_fen,
            )
            for row in found
        ]


def prefix(code: str) -> str:
    """How the region codes of the addresses inside a region begin."""
    return {"province": code[:2], "city": code[:4]}.get(region_share.level_of(code), code)


def _begin(month: date) -> datetime:
    return datetime.combine(month, time.min, tzinfo=formatting.SHANGHAI)
