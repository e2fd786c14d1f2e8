"""队列设置: clocks, hours, caps, the second look, when two people are needed; and the calendar."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import SecureView, form_id, staff_id
from console.admin.case import words
from console.auth import permits
from models import BusinessDay, db
from models.operations import reviewer as operations
from models.queries import case as queries
from models.rules.case import Queue, Terms

NOT_A_NUMBER = -1


class QueueView(SecureView):
    """队列设置: one form a queue, and the days that are not what they seem."""

    title = _l("Queue settings")
    section = "risk"
    slug = "review-queues"
    permission = "queue.view"

    @expose("/")
    @permits("queue.view")
    def index_view(self) -> Any:
        """Every queue with its terms."""
        days = sa.select(BusinessDay).where(BusinessDay.day >= formatting.today()).order_by(BusinessDay.day)
        return self.render(
            "case/queues.html",
            queues=[(queue.value, words.QUEUES[queue], queries.terms(queue)) for queue in Queue],
            days=db.session.scalars(days).all(),
            clock=_clock,
        )

    @expose("/set", methods=["POST"])
    @permits("queue.manage")
    def set(self) -> Response:
        """Set a queue's terms; open cases keep their clocks."""
        return self.perform(
            operations.set_queue, queue=request.form.get("queue", ""), terms=_terms(), at=formatting.now(), by=_by(),
            done=_("Set. Open cases keep the clock they have."),
        )  # fmt: skip

    @expose("/day", methods=["POST"])
    @permits("queue.manage")
    def day(self) -> Response:
        """Note a holiday, or a weekend day that is worked on."""
        try:
            day = date.fromisoformat(request.form.get("day", ""))
        except ValueError:
            day = formatting.today()
        return self.perform(
            operations.set_day, day=day, is_worked=request.form.get("is_worked") == "yes",
            name=request.form.get("name", ""), at=formatting.now(), by=_by(), done=_("Noted."),
        )  # fmt: skip

    @expose("/drop-day", methods=["POST"])
    @permits("queue.manage")
    def drop_day(self) -> Response:
        """A day is what its weekday says again."""
        return self.perform(operations.drop_day, day_id=form_id(), done=_("The day is an ordinary one again."))


def _by() -> str:
    return f"staff:{staff_id()}"


def _terms() -> Terms:
    """The terms as the form sends them; what cannot be read is refused by the operation."""
    fen = formatting.to_fen(request.form.get("two_people", ""))
    expires = request.form.get("expires_days", "").strip()
    return Terms(
        sla_minutes=_number("sla_minutes"), opens=_minutes("opens"), closes=_minutes("closes"),
        every_day=request.form.get("every_day") == "yes", cap=_number("cap"),
        lease_minutes=_number("lease_minutes"), second_look_bps=_number("second_look") * 100,
        two_people_fen=NOT_A_NUMBER if fen is None else fen,
        expires_days=_number("expires_days") if expires else None, deals=request.form.get("deals") == "yes",
    )  # fmt: skip


def _number(name: str) -> int:
    text = request.form.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else NOT_A_NUMBER


def _minutes(name: str) -> int:
    """`9:30` as minutes after midnight."""
    hours, _sep, minutes = request.form.get(name, "").partition(":")
    if not (hours.isascii() and hours.isdigit() and minutes.isascii() and minutes.isdigit() and len(minutes) == 2):
        return NOT_A_NUMBER
    return int(hours[:3]) * 60 + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
