"""投诉: the desk with the 24-hour clock that only a human answer stops, and what the law says beside each case."""

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, staff_id
from console.admin.columns import Badge, Column, Kind, Tone, member_link
from console.admin.filters import Days, Equals, OneOf, Prefix
from console.auth import permits
from models import Complaint, Member, Staff, db
from models.operations import complaint as operations
from models.queries import complaint as queries
from models.rules import complaint as rules
from models.rules import law
from models.rules.complaint import Category, State

STATES = {
    State.OPEN.value: Badge(_l("waits for an answer"), Tone.WARN),
    State.ANSWERED.value: Badge(_l("answered"), Tone.GOOD),
    State.CLOSED.value: Badge(_l("closed")),
}
CATEGORIES = {
    Category.PLATFORM.value: _l("The platform"),
    Category.MERCHANT.value: _l("A merchant or goods"),
    Category.INCOME_CLAIM.value: _l("Promised income"),
    Category.ENTRY_FEE.value: _l("Fees or purchases to join"),
    Category.REFUND.value: _l("Returns and refunds"),
    Category.ACCOUNT.value: _l("A frozen account or a decision"),
    Category.PRIVACY.value: _l("Personal data"),
    Category.OTHER.value: _l("Something else"),
}
CLOCK = sa.case(
    (Complaint.answered_at > Complaint.due_at, "answered_late"),
    (Complaint.answered_at.is_not(None), "in_time"),
    (Complaint.due_at <= sa.func.now(), "late"),
    (Complaint.due_at <= sa.func.now() + rules.WARN_BEFORE, "near"),
    else_="running",
)
CLOCKS = {
    "late": _l("over, nobody has answered"),
    "near": _l("under four hours left"),
    "running": _l("running"),
    "answered_late": _l("answered too late"),
    "in_time": _l("answered in time"),
}


def clock(due_at: datetime, answered_at: datetime | None) -> Markup:
    """How much of the 24 hours is left or was used, as a badge."""
    until = answered_at or formatting.now()
    left = formatting.duration(abs((due_at - until).total_seconds()))
    is_over = until > due_at
    if answered_at is not None:
        words = _("answered %(time)s late", time=left) if is_over else _("answered with %(time)s left", time=left)
        return Markup('<span class="badge {}">{}</span>').format("bad" if is_over else "good", words)
    tone = "bad" if is_over else "warn" if rules.is_near(due_at, at=until) else "plain"
    words = _("%(time)s over", time=left) if is_over else _("%(time)s left", time=left)
    return Markup('<span class="badge {}">{}</span>').format(tone, words)


def _text(name: str) -> str:
    return request.form.get(name, "").strip()


class ComplaintView(ReadView):
    """投诉台: the queue by its clock, and one page a complaint."""

    model = Complaint
    section = "compliance"
    title = _l("Complaints")
    slug = "complaints"
    permission = "complaint.view"
    hint = _l("A person answers within 24 hours; the automatic receipt does not count.")
    empty = _l("Nobody has complained.")
    search_hint = _l("Member code or what it is about, from its beginning")
    list_template = "complaint/list.html"
    details_template = "complaint/detail.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Complaint"), at=Complaint.id, kind=Kind.COUNT, sort=True, link=True),
        Column(key="state", title=_l("State"), at=Complaint.state, kind=Kind.BADGE, badges=STATES),
        Column(
            key="due_at", title=_l("24 hours"), at=Complaint.due_at, kind=Kind.MOMENT,
            cell=lambda row: clock(row.due_at, row.answered_at),
        ),
        Column(
            key="category", title=_l("About"), at=Complaint.category,
            cell=lambda row: str(CATEGORIES.get(row.category, row.category)),
        ),
        Column(key="words", title=_l("What they wrote"), at=sa.func.left(Complaint.words, 60)),
        Column(key="subject", title=_l("Concerns"), at=Complaint.subject, kind=Kind.CODE),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="owner", title=_l("Owner"), at=Staff.name),
        Column(key="opened_at", title=_l("Came in"), at=Complaint.opened_at, kind=Kind.MOMENT),
        Column(key="answered_at", title=_l("Answered at"), at=Complaint.answered_at, kind=Kind.MOMENT),
        Column(key="outcome", title=_l("Outcome"), at=Complaint.outcome, shown=False),
    )  # fmt: skip
    questions = (
        OneOf(key="state", title=_l("State"), at=Complaint.state, choices={k: one.label for k, one in STATES.items()}),
        OneOf(key="clock", title=_l("24 hours"), at=CLOCK, choices=CLOCKS),
        OneOf(key="category", title=_l("About"), at=Complaint.category, choices=CATEGORIES),
        Equals(key="owner", title=_l("Owner's number"), at=Complaint.owner_id),
        Days(key="opened", title=_l("Came in"), at=Complaint.opened_at),
    )
    searches = (Prefix(Member.code), Prefix(Complaint.subject))

    def base(self) -> Select[Any]:
        joined = sa.select().select_from(Complaint).outerjoin(Member, Member.id == Complaint.member_id)
        return joined.outerjoin(Staff, Staff.id == Complaint.owner_id)

    def heading(self, row: Row[Any]) -> str:
        return _("Complaint %(n)s · %(about)s", n=row.row_id, about=CATEGORIES.get(row.category, row.category))

    def extras(self) -> dict[str, Any]:
        """The one whose clock is nearest to its end."""
        waiting = sa.select(Complaint.id).where(Complaint.answered_at.is_(None))
        return {"next_id": db.session.scalar(waiting.order_by(Complaint.due_at).limit(1)), "categories": CATEGORIES}

    def around(self, row_id: int) -> dict[str, Any]:
        one = self.found(row_id)
        said = queries.messages(row_id)
        return {
            "one": one,
            "said": said,
            "names": _names([message.by for message in said]),
            "states": STATES,
            "categories": CATEGORIES,
            "clock": clock(one.due_at, one.answered_at),
            "laws": law.of_topic(one.category),
            "me": staff_id(),
        }

    @expose("/new", methods=["POST"])
    @permits("complaint.answer")
    def new(self) -> Response:
        """Take in what came by telephone, letter or an authority."""
        category = request.form.get("category", "")
        return self.perform(
            operations.open_,
            member_id=None,
            category=Category(category) if category in set(Category) else Category.OTHER,
            subject=_text("subject")[:64],
            words=_text("words"),
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            done=_("Taken in; the 24 hours run from now."),
            to=lambda made: self.address("detail", row_id=made.id),
        )

    @expose("/<int:row_id>/take", methods=["POST"])
    @permits("complaint.answer")
    def take(self, row_id: int) -> Response:
        """Make it one's own."""
        self.found(row_id)
        return self.perform(operations.take, complaint_id=row_id, staff_id=staff_id(), done=_("It is yours now."))

    @expose("/<int:row_id>/answer", methods=["POST"])
    @permits("complaint.answer")
    def answer(self, row_id: int) -> Response:
        """Answer in words that the complainant reads."""
        self.found(row_id)
        return self.perform(
            operations.answer,
            complaint_id=row_id,
            words=_text("words"),
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            done=_("Answered; the clock has stopped."),
        )

    @expose("/<int:row_id>/note", methods=["POST"])
    @permits("complaint.answer")
    def note(self, row_id: int) -> Response:
        """A word among staff."""
        self.found(row_id)
        return self.perform(
            operations.note,
            complaint_id=row_id,
            words=_text("words"),
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            done=_("Noted; it answers nothing."),
        )

    @expose("/<int:row_id>/close", methods=["POST"])
    @permits("complaint.answer")
    def close(self, row_id: int) -> Response:
        """Close it with its outcome."""
        self.found(row_id)
        return self.perform(
            operations.close, complaint_id=row_id, outcome=_text("words"), at=formatting.now(), done=_("Closed.")
        )


def _names(actors: list[str]) -> dict[str, str]:
    """The names of staff by how the messages call them."""
    ids = {int(one.partition(":")[2]) for one in actors if one.startswith("staff:")}
    rows = db.session.execute(sa.select(Staff.id, Staff.name).where(Staff.id.in_(ids)))
    return {f"staff:{row.id}": row.name for row in rows}
