"""审核员: who works on what, how much they have, when they are away, whom they must not judge; how well they agree."""

from datetime import datetime
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
from models import Member, Merchant, db
from models.operations import reviewer as operations
from models.queries import casefile
from models.queries import reviewer as queries
from models.rules import case as rules
from models.rules.case import Queue

TIES = {"member": _l("Member's code"), "merchant": _l("Merchant's code"), "region": _l("Region's code")}
NOT_A_NUMBER = -1


class ReviewerView(SecureView):
    """审核员: one card a person."""

    title = _l("Reviewers")
    section = "risk"
    slug = "reviewers"
    permission = "reviewer.view"

    @expose("/")
    @permits("reviewer.view")
    def index_view(self) -> Any:
        """Everybody who works on cases."""
        at = formatting.now()
        observed, kappa = rules.agreement(casefile.second_looks())
        return self.render(
            "case/reviewers.html",
            people=[self._card(worker, at) for worker in queries.workers(at)],
            looks=len(casefile.second_looks()),
            observed=observed,
            kappa=kappa,
            figures=casefile.by_reviewer(since=formatting.day_start(formatting.today())),
            queues=words.QUEUES,
            ties=TIES,
        )

    def _card(self, worker: queries.Worker, at: datetime) -> dict[str, Any]:
        return {
            "worker": worker,
            "queues": [queue for queue in Queue if queue in worker.queues],
            "absences": queries.absences(worker.staff_id, since=at),
            "ties": [(one, _tied(one)) for one in queries.listed_ties(worker.staff_id)],
        }

    @expose("/skills", methods=["POST"])
    @permits("reviewer.manage")
    def skills(self) -> Response:
        """Set what somebody works on and how many cases they may have."""
        return self.perform(
            operations.set_skills, of_id=form_id("of_id"), queues=request.form.getlist("queues"), cap=_number("cap"),
            at=formatting.now(), by=_by(), done=_("Set."),
        )  # fmt: skip

    @expose("/away", methods=["POST"])
    @permits("reviewer.manage")
    def away(self) -> Response:
        """Note when somebody is away."""
        return self.perform(
            operations.set_away, of_id=form_id("of_id"), since=_moment("since"), until=_moment("until"),
            note=request.form.get("note", ""), at=formatting.now(), by=_by(), done=_("Noted."),
        )  # fmt: skip

    @expose("/back", methods=["POST"])
    @permits("reviewer.manage")
    def back(self) -> Response:
        """Somebody is back."""
        return self.perform(operations.end_away, away_id=form_id(), at=formatting.now(), done=_("Welcome back."))

    @expose("/tie", methods=["POST"])
    @permits("reviewer.manage")
    def tie(self) -> Response:
        """Note whom somebody is related to."""
        return self.perform(
            operations.tie, of_id=form_id("of_id"), kind=request.form.get("kind", ""),
            ref=request.form.get("ref", ""), note=request.form.get("note", ""), at=formatting.now(), by=_by(),
            done=_("Noted. They see none of those cases from now on."),
        )  # fmt: skip

    @expose("/untie", methods=["POST"])
    @permits("reviewer.manage")
    def untie(self) -> Response:
        """A relation is over."""
        return self.perform(
            operations.untie, tie_id=form_id(), at=formatting.now(), by=_by(), done=_("The relation is over.")
        )


def _by() -> str:
    return f"staff:{staff_id()}"


def _number(name: str) -> int:
    text = request.form.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else NOT_A_NUMBER


def _moment(name: str) -> datetime:
    """A moment as the browser's own field sends it, by the clocks of Shanghai."""
    try:
        read = datetime.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return formatting.now()
    return read if read.tzinfo else read.replace(tzinfo=formatting.SHANGHAI)


def _tied(one: Any) -> str:
    if one.region_code:
        return str(one.region_code)
    if one.member_id:
        return str(db.session.scalar(sa.select(Member.code).where(Member.id == one.member_id)))
    return str(db.session.scalar(sa.select(Merchant.name).where(Merchant.id == one.merchant_id)))
