"""准备金: what is set aside for losses, day by day, and what it was used for."""

from datetime import date, timedelta
from typing import Any

from flask_admin import expose
from flask_babel import lazy_gettext as _l

from console import formatting
from console.admin.base import SecureView, peers
from console.admin.board import language
from console.auth import permits
from models.queries import balance as queries
from reports import numbers
from reports import reserve as report

ACCOUNT = "platform:reserve"
SHOWN_DAYS = 60
BESIDE_DAYS = 30


class ReserveView(SecureView):
    """准备金: the trend of sixty days, the last thirty beside the thirty before."""

    section = "money"
    title = _l("The reserve")
    slug = "reserve"
    permission = "ledger.view"

    @expose("/")
    @permits("ledger.view")
    def index_view(self) -> Any:
        """The reserve of this moment and of the last sixty days."""
        today = formatting.today()
        days = trend(today)
        last, before = days[-BESIDE_DAYS:], days[:-BESIDE_DAYS]
        return self.render(
            "money/reserve.html",
            chart=report.trend(days, language()),
            held_fen=days[-1].held_fen,
            held_before_fen=before[-1].held_fen,
            came=(_came(last), _came(before)),
            went=(_went(last), _went(before)),
            days=BESIDE_DAYS,
            account=ACCOUNT,
            exact=numbers.exact,
            peers=peers(),
        )


def trend(today: date) -> list[report.Day]:
    """The last sixty days to today, each with what the reserve held at its end."""
    first = today - timedelta(days=SHOWN_DAYS - 1)
    moved = {day.on: day for day in queries.moved(ACCOUNT, since=formatting.day_start(first))}
    held = queries.reserve_fen() - sum(day.came_fen - day.went_fen for day in moved.values())
    days = []
    for on in (first + timedelta(days=n) for n in range(SHOWN_DAYS)):
        day = moved.get(on, queries.Moved(on, 0, 0))
        held += day.came_fen - day.went_fen
        days.append(report.Day(on, day.came_fen, day.went_fen, held))
    return days


def _came(days: list[report.Day]) -> int:
    return sum(day.came_fen for day in days)


def _went(days: list[report.Day]) -> int:
    return sum(day.went_fen for day in days)
