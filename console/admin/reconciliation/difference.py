"""差异: what the two sides tell differently; each has an owner, an age, a note, and a reason when it is cleared."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, back, staff_id
from console.admin.columns import Column, Kind
from console.admin.filters import Days, ExactOrNone, OneOf, Prefix
from console.admin.money.words import TEMPLATES, words
from console.admin.reconciliation import words as named
from console.auth import permits
from models import Approval, Difference, Posting, Staff, StatementLine, db
from models.operations import reckoning as operations

LATE_DAYS = 3


def _age(row: Row[Any]) -> Markup:
    """How long a difference has been, or had been, open."""
    waited = (row.ended_at or formatting.now()) - row.found_at
    tone = "plain" if row.ended_at else "bad" if waited.days >= LATE_DAYS else "warn"
    return Markup('<span class="badge {}">{}</span>').format(tone, formatting.duration(waited.total_seconds()))


OWNER = sa.select(Staff.name).where(sa.func.concat("staff:", Staff.id) == Difference.owner).scalar_subquery()


class DifferenceView(ReadView):
    """差异: the queue of exceptions."""

    section = "money"
    title = _l("Differences")
    slug = "differences"
    permission = "reconciliation.view"
    model = Difference
    hint = _l("Take one on, find out why, and clear it with its reason. What books a correction takes two people.")
    empty = _l("Both sides tell the same: nothing to clear.")
    search_hint = _l("Withdrawal, order or refund number, from its beginning")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=Difference.id, kind=Kind.CODE, sort=True, link=True),
        Column(key="day", title=_l("Day"), at=Difference.day, kind=Kind.DAY),
        Column(key="kind", title=_l("What differs"), at=Difference.kind, kind=Kind.BADGE, badges=named.KINDS),
        Column(
            key="business", title=_l("Line of business"), at=Difference.business, kind=Kind.BADGE, badges=named.BUSINESS
        ),
        Column(key="number", title=_l("Channel's or our number"), at=Difference.number, kind=Kind.CODE),
        Column(key="subject", title=_l("Ours"), at=Difference.subject, kind=Kind.CODE, cell=named.about),
        Column(key="ours", title=_l("Our amount"), at=Difference.ours_fen, kind=Kind.MONEY),
        Column(key="theirs", title=_l("Their amount"), at=Difference.theirs_fen, kind=Kind.MONEY),
        Column(key="state", title=_l("State"), at=Difference.state, kind=Kind.BADGE, badges=named.STATES),
        Column(key="age", title=_l("Age"), at=Difference.found_at, kind=Kind.MOMENT, cell=_age),
        Column(key="owner", title=_l("In whose hands"), at=OWNER),
        Column(key="note", title=_l("Note"), at=Difference.note, shown=False),
        Column(key="resolution", title=_l("Cleared because"), at=Difference.resolution, shown=False),
        Column(key="resolved_by", title=_l("Cleared by"), at=Difference.resolved_by, kind=Kind.ACTOR, shown=False),
        Column(key="ended_at", title=_l("Ended"), at=Difference.ended_at, kind=Kind.MOMENT, shown=False),
    )
    questions = (
        OneOf(key="state", title=_l("State"), at=Difference.state, choices=words(named.STATES)),
        OneOf(key="kind", title=_l("What differs"), at=Difference.kind, choices=words(named.KINDS)),
        OneOf(
            key="business", title=_l("Line of business"), at=Difference.business,
            choices={key: named.BUSINESS[key].label for key in ("payout", "payment", "refund", "balance")},
        ),
        Days(key="day", title=_l("Day"), at=Difference.day),
        ExactOrNone(key="owner", title=_l("In whose hands"), at=Difference.owner),
    )  # fmt: skip
    searches = (Prefix(Difference.number),)
    list_template = "reconciliation/differences.html"
    details_template = "reconciliation/difference.html"

    def rows(self, viewer: Any, columns: tuple[Column, ...]) -> Select[Any]:
        """What the cells lead to and count from is read in any case."""
        more = {"found_at": Difference.found_at, "ended_at": Difference.ended_at, "subject": Difference.subject}
        known = {column.key for column in columns}
        extra = [at.label(key) for key, at in more.items() if key not in known]
        return super().rows(viewer, columns).add_columns(*extra)

    def heading(self, row: Row[Any]) -> str:
        return f"{row.day} · {row.number}"

    def extras(self) -> dict[str, Any]:
        mine = sa.select(sa.func.count()).where(
            Difference.state == "open", Difference.owner == f"staff:{staff_id()}"
        )  # fmt: skip
        nobodys = sa.select(sa.func.count()).where(Difference.state == "open", Difference.owner.is_(None))
        return {"mine": db.session.scalar(mine), "nobodys": db.session.scalar(nobodys), "me": f"staff:{staff_id()}"}

    def around(self, row_id: int) -> dict[str, Any]:
        found = self.found(row_id)
        lines = sa.select(StatementLine).where(StatementLine.number == found.number).order_by(StatementLine.at)
        postings = sa.select(Posting).where(Posting.subject == found.subject).order_by(Posting.id)
        asked = sa.select(Approval).where(
            Approval.kind == "difference.correct", Approval.payload["difference_id"].astext == str(found.id)
        )
        return {
            "found": found,
            "lines": db.session.scalars(lines.limit(20)).all() if found.business != "balance" else [],
            "postings": db.session.scalars(postings.limit(20)).all() if found.subject else [],
            "approvals": db.session.scalars(asked.order_by(Approval.id.desc())).all(),
            "named": named,
            "templates": TEMPLATES,
            "me": f"staff:{staff_id()}",
            "following": self._next(row_id),
        }

    def _next(self, row_id: int) -> int | None:
        """The oldest other difference that this person could clear."""
        free = Difference.owner.is_(None) | (Difference.owner == f"staff:{staff_id()}")
        chosen = sa.select(Difference.id).where(Difference.state == "open", free, Difference.id != row_id)
        return db.session.scalar(chosen.order_by(Difference.id).limit(1))

    @expose("/<int:row_id>/own", methods=("POST",))
    @permits("reconciliation.resolve")
    def own(self, row_id: int) -> Response:
        """Take a difference on."""
        return self.perform(
            operations.own, difference_id=self.found(row_id).id, by=f"staff:{staff_id()}", at=formatting.now(),
            done=_("It is yours to clear."),
        )  # fmt: skip

    @expose("/<int:row_id>/release", methods=("POST",))
    @permits("reconciliation.resolve")
    def release(self, row_id: int) -> Response:
        """Let it go again."""
        return self.perform(
            operations.release, difference_id=self.found(row_id).id, by=f"staff:{staff_id()}", done=_("Let go.")
        )

    @expose("/<int:row_id>/note", methods=("POST",))
    @permits("reconciliation.resolve")
    def note(self, row_id: int) -> Response:
        """Write down what was found out."""
        written = request.form.get("words", "")[:1_000]
        return self.perform(operations.note, difference_id=self.found(row_id).id, words=written, done=_("Noted."))

    @expose("/<int:row_id>/resolve", methods=("POST",))
    @permits("reconciliation.resolve")
    def resolve(self, row_id: int) -> Response:
        """Clear it with a reason, nothing booked."""
        reason = self.reason("difference.resolve")
        return self.perform(
            operations.resolve, difference_id=self.found(row_id).id, resolution=reason, by=f"staff:{staff_id()}",
            at=formatting.now(), reason=reason, done=_("Cleared."), to=self._onward,
        )  # fmt: skip

    def _onward(self, done: Difference) -> str:
        following = self._next(done.id)
        return self.address("detail", row_id=following) if following else self.address(state="open")

    @expose("/<int:row_id>/correct", methods=("POST",))
    @permits("adjust.ask")
    def correct(self, row_id: int) -> Any:
        """Ask a second person for a correction of the ledger that clears it."""
        amount = formatting.to_fen(request.form.get("amount", ""))
        if amount is None:
            flash(_("%(text)s is no amount in yuan", text=request.form.get("amount", "")), "refused")
            return redirect(back(self.address()))
        reason = self.reason("ledger.adjust")
        correction = {
            "template": request.form.get("template", ""), "amount_fen": amount,
            "member": request.form.get("member", "").strip() or None,
        }  # fmt: skip
        return self.perform(
            operations.ask_correction, difference_id=self.found(row_id).id, correction=correction, why=reason,
            reason=reason, by=f"staff:{staff_id()}", at=formatting.now(),
            done=_("Asked for. Somebody else decides under Approvals."),
        )  # fmt: skip
