"""收件箱: every case of one's queues with its clock; and a case's sheet, worked on by keys."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import abort, jsonify, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import Batch, ReadView, Viewer, form_id, staff_id, viewer
from console.admin.case import sheet, words
from console.admin.columns import Column, Kind
from console.admin.filters import LARGEST_ID, Days, Equals, OneOf
from console.auth import actor, permits
from models import Case, Staff, acting, transaction
from models.errors import DomainError
from models.operations import case_decision, casework
from models.operations.caseload import ANYBODY
from models.queries import case as queries
from models.queries import reviewer
from models.rules.case import MOST_TOGETHER, VERDICTS, State

NOW = sa.func.now()
FIRST_IN_LINE = 5
SNOOZES = {"4": _l("4 hours"), "24": _l("1 day"), "72": _l("3 days"), "168": _l("1 week")}
WHOSE = sa.case((Case.assignee_id.is_(None), "nobody"), else_="somebody")


def colleagues() -> dict[str, Any]:
    """To whom cases may be given: whoever has the fewest, or one by name."""
    here = [one for one in reviewer.workers(formatting.now()) if not one.is_away]
    named = {str(one.staff_id): _("%(name)s · %(n)s in hand", name=one.name, n=one.load) for one in here}
    return {ANYBODY: _("whoever has the fewest")} | named


class CaseView(ReadView):
    """收件箱: the queues, who is first in line, and every case ever."""

    model = Case
    section = "risk"
    title = _l("Inbox")
    slug = "cases"
    permission = "case.view"
    hint = _l("Take the next one with t. Nobody is given what concerns themselves or their own.")
    empty = _l("No case was opened yet.")
    list_template = "case/list.html"
    details_template = "case/detail.html"

    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Case no."), at=Case.id, kind=Kind.COUNT, sort=True, link=True),
        Column(key="queue", title=_l("Queue"), at=Case.queue, cell=words.queue_cell),
        Column(key="subject", title=_l("Subject"), at=Case.subject, cell=words.subject_cell),
        Column(key="state", title=_l("State"), at=Case.state, kind=Kind.BADGE, badges=words.STATES),
        Column(
            key="urgency", title=_l("Clock"), at=queries.urgency(), kind=Kind.MOMENT, sort=True, rises=True,
            exported=Case.due_at, cell=words.clock_cell,
            help=_l("Working time left. Sorted: what is due first, then what waits for somebody outside, then closed."),
        ),
        Column(
            key="priority", title=_l("Urgency"), at=queries.priority(NOW), kind=Kind.COUNT,
            help=_l("Score × yuan at stake × hours waited, doubled for each reason that lifts the case."),
        ),
        Column(key="stake_fen", title=_l("At stake"), at=Case.stake_fen, kind=Kind.MONEY),
        Column(key="score", title=_l("Score"), at=Case.score, kind=Kind.COUNT),
        Column(key="assignee", title=_l("Reviewer"), at=Staff.name),
        Column(key="opened_at", title=_l("Case opened"), at=Case.opened_at, kind=Kind.MOMENT),
        Column(key="rule_group", title=_l("Group of rules"), at=Case.rule_group, kind=Kind.CODE, shown=False),
        Column(key="second", title=_l("Second look"), at=Case.second, kind=Kind.BADGE, badges=words.SECONDS,
               shown=False),
        Column(key="closed_at", title=_l("Closed"), at=Case.closed_at, kind=Kind.MOMENT, shown=False),
        Column(key="reason", title=_l("Reason"), at=Case.reason, shown=False),
    )  # fmt: skip
    questions = (
        OneOf(key="queue", title=_l("Queue"), at=Case.queue, choices=words.QUEUES),
        OneOf(
            key="state", title=_l("State"), at=Case.state,
            choices={key: badge.label for key, badge in words.STATES.items()},
        ),
        OneOf(
            key="whose", title=_l("In whose hands"), at=WHOSE,
            choices={"nobody": _l("nobody's"), "somebody": _l("somebody's")},
        ),
        OneOf(
            key="second", title=_l("Second look"), at=Case.second,
            choices={key: badge.label for key, badge in words.SECONDS.items()},
        ),
        Equals(key="reviewer", title=_l("Reviewer's number"), at=Case.assignee_id),
        Equals(key="subject", title=_l("Subject, as kind:id"), at=Case.subject),
        Days(key="opened", title=_l("Case opened"), at=Case.opened_at),
    )  # fmt: skip

    def base(self) -> Select[Any]:
        return sa.select().select_from(Case).outerjoin(Staff, Staff.id == Case.assignee_id)

    def rows(self, viewer: Viewer, columns: tuple[Column, ...]) -> Select[Any]:
        """What the cells of the clock and the subject read beside their own column."""
        have = {column.key for column in columns}
        beside = {"subject": Case.subject, "queue": Case.queue, "state": Case.state, "due_at": Case.due_at}
        query = (
            super()
            .rows(viewer, columns)
            .add_columns(queries.label().label("ref"), Case.paused_at, Case.boosts, Case.snoozed_until)
        )
        return query.add_columns(*[at.label(key) for key, at in beside.items() if key not in have])

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        """The queues of one's roles, without what concerns oneself or one's own (R4)."""
        seen = [queue.value for queue in reviewer.sees(viewer.id)]
        return query.where(Case.queue.in_(seen), ~reviewer.ties(viewer.id).met())

    def heading(self, row: Row[Any]) -> str:
        return _("Case %(n)s · %(subject)s", n=row.row_id, subject=words.subject_name(row.subject, row.ref))

    def extras(self) -> dict[str, Any]:
        """The queues with their clocks, and who is first in line in the one that is looked at."""
        seen = sorted(queue.value for queue in reviewer.sees(staff_id()))
        hidden, at = reviewer.ties(staff_id()).met(), formatting.now()
        chosen = request.args.get("queue", "")
        looked_at = [chosen] if chosen in seen else seen
        counts = {row.queue: row for row in queries.by_queue(seen, hidden, at)}
        return {
            "tabs": [(queue, words.QUEUES[queue], counts.get(queue)) for queue in words.QUEUES if queue in seen],
            "chosen": chosen if chosen in seen else "",
            "urgent": queries.urgent(looked_at, hidden, at, limit=FIRST_IN_LINE),
            "words": words,
            "at": at,
            "me": staff_id(),
            "load": reviewer.load(staff_id()),
        }

    def around(self, row_id: int) -> dict[str, Any]:
        return sheet.of(self.found(row_id), viewer(), at=formatting.now())

    # Many at once

    batches = (
        Batch("assign", _l("Assign"), "case.assign", "case.assign", "case.assign", "stake_fen",
              choice=_l("To whom"), choices=colleagues),
        Batch("snooze", _l("Put to rest"), "case.work", "case.snooze", "case.snooze", "stake_fen",
              choice=_l("For how long"), choices=lambda: SNOOZES),
        Batch("clear", _l("Let go as honest"), "case.work", "case.clear", "case.clear", "stake_fen"),
    )  # fmt: skip

    # Taking

    @expose("/next", methods=["POST"])
    @permits("case.work")
    def next(self) -> Response:
        """Take the most urgent free case."""
        return self.perform(
            casework.take_next, staff_id=staff_id(), queue=request.form.get("queue") or None, at=formatting.now(),
            to=self._sheet,
        )  # fmt: skip

    @expose("/<int:row_id>/claim", methods=["POST"])
    @permits("case.work")
    def claim(self, row_id: int) -> Response:
        """Take this case, or take it anew."""
        self.found(row_id)
        return self.perform(
            casework.claim, case_id=row_id, staff_id=staff_id(), at=formatting.now(), to=self._sheet
        )  # fmt: skip

    @expose("/<int:row_id>/renew", methods=["POST"])
    @permits("case.work")
    def renew(self, row_id: int) -> Response:
        """The page is still worked on."""
        self.found(row_id)
        return self._told(casework.renew, case_id=row_id, lease=_lease())

    @expose("/<int:row_id>/draft", methods=["POST"])
    @permits("case.work")
    def draft(self, row_id: int) -> Response:
        """Keep what is written so far."""
        self.found(row_id)
        return self._told(
            casework.save_draft, case_id=row_id, verdict=request.form.get("verdict", ""),
            note=request.form.get("note", ""),
        )  # fmt: skip

    # Deciding

    @expose("/<int:row_id>/decide", methods=["POST"])
    @permits("case.work")
    def decide(self, row_id: int) -> Response:
        """Give a verdict, and take the next case."""
        found = self.found(row_id)
        verdict = request.form.get("verdict", "")
        if verdict not in VERDICTS:
            abort(400)
        reason = self.reason(sheet.reasons(found)[State(verdict)])
        return self.perform(
            case_decision.decide, case_id=row_id, staff_id=staff_id(), lease=_lease(), verdict=verdict, why=reason,
            reason=reason,
            at=formatting.now(), done=_("Decided: case %(n)s.", n=row_id), to=self._onward(found),
        )  # fmt: skip

    @expose("/<int:row_id>/alike", methods=["POST"])
    @permits("case.work")
    def alike(self, row_id: int) -> Response:
        """Clear this case and the ticked ones that rest on the very same evidence."""
        found = self.found(row_id)
        reason = self.reason("case.clear")
        others = [int(one) for one in request.form.getlist("others")[:MOST_TOGETHER] if _is_id(one)]
        return self.perform(
            case_decision.decide_alike, case_id=row_id, staff_id=staff_id(), lease=_lease(), others=others,
            why=reason, reason=reason, at=formatting.now(), done=_("%(n)s cases are cleared.", n=len(others) + 1),
            to=self._onward(found),
        )  # fmt: skip

    @expose("/<int:row_id>/look", methods=["POST"])
    @permits("case.work")
    def look(self, row_id: int) -> Response:
        """The second look at a decision that was drawn."""
        found = self.found(row_id)
        verdict = request.form.get("verdict", "")
        if verdict not in VERDICTS:
            abort(400)
        reason = self.reason(sheet.reasons(found)[State(verdict)])
        return self.perform(
            case_decision.look_again, case_id=row_id, staff_id=staff_id(), verdict=verdict, why=reason,
            reason=reason, at=formatting.now(),
            done=_("Thank you. The second look is noted; the first decision stands below."),
        )  # fmt: skip

    # Passing on

    @expose("/<int:row_id>/give-back", methods=["POST"])
    @permits("case.work")
    def give_back(self, row_id: int) -> Response:
        """Put the case back into its queue."""
        return self._step(row_id, casework.give_back, _("Given back; your draft stays."))

    @expose("/<int:row_id>/hand-over", methods=["POST"])
    @permits("case.work")
    def hand_over(self, row_id: int) -> Response:
        """Give the case to a colleague."""
        return self._step(row_id, casework.hand_over, _("Handed over."), to_id=form_id("to_id"), note=_note())

    @expose("/<int:row_id>/escalate", methods=["POST"])
    @permits("case.work")
    def escalate(self, row_id: int) -> Response:
        """Put the case before those who lead."""
        return self._step(row_id, casework.escalate, _("Escalated."), note=_note())

    @expose("/<int:row_id>/snooze", methods=["POST"])
    @permits("case.work")
    def snooze(self, row_id: int) -> Response:
        """Let the case rest for a while."""
        hours = request.form.get("hours", "")
        until = formatting.now() + timedelta(hours=int(hours) if hours in SNOOZES else 0)
        return self._step(row_id, casework.snooze, _("It rests and wakes by itself."), until=until, why=_note())

    @expose("/<int:row_id>/pause", methods=["POST"])
    @permits("case.work")
    def pause(self, row_id: int) -> Response:
        """Stop the clock: somebody outside has to answer."""
        return self._step(row_id, casework.pause, _("The clock stands still."), why=_note())

    @expose("/<int:row_id>/resume", methods=["POST"])
    @permits("case.work")
    def resume(self, row_id: int) -> Response:
        """The answer came."""
        self.found(row_id)
        return self.perform(
            casework.resume, case_id=row_id, at=formatting.now(), by=f"staff:{staff_id()}",
            done=_("The clock goes on."),
        )  # fmt: skip

    @expose("/<int:row_id>/note", methods=["POST"])
    @permits("case.work")
    def note(self, row_id: int) -> Response:
        """Add a note to the story."""
        self.found(row_id)
        return self.perform(
            casework.note, case_id=row_id, text=_note(), at=formatting.now(), by=f"staff:{staff_id()}",
            done=_("Noted."),
        )  # fmt: skip

    def _step(self, row_id: int, operation: Callable[..., Any], done: str, **values: Any) -> Response:
        found = self.found(row_id)
        return self.perform(
            operation, case_id=row_id, staff_id=staff_id(), lease=_lease(), at=formatting.now(), done=done,
            to=self._onward(found), **values,
        )  # fmt: skip

    def _sheet(self, case: Case) -> str:
        return self.address("detail", row_id=case.id)

    def _onward(self, case: Case) -> Callable[[Any], str]:
        """To the next case of the queue where the person wants it, else to the inbox."""
        queue = case.queue

        def onward(_result: Any) -> str:
            if request.form.get("onward") != "next":
                return self.address(queue=queue)
            try:
                return self._sheet(casework.take_next(staff_id=staff_id(), queue=queue, at=formatting.now()))
            except casework.NothingNext:
                return self.address(queue=queue)

        return onward

    def _told(self, operation: Callable[..., Any], **values: Any) -> Response:
        """Run an operation for the page that stays open: how long the lease runs, or why not."""
        at = formatting.now()
        try:
            with acting(actor(f"casework.{operation.__name__}")), transaction():
                made = operation(staff_id=staff_id(), at=at, **values)
                until = getattr(made, "lease_until", None)
                left = int((until - at).total_seconds()) if until else 0
        except DomainError as refusal:
            return _json({"refused": str(refusal)}, 409)
        return _json({"left": left}, 200)


def _json(told: dict[str, Any], status: int) -> Response:
    answer = jsonify(told)
    answer.status_code = status
    return answer


def _lease() -> int:
    text = request.form.get("lease", "")
    return int(text) if _is_id(text) else 0


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text[:20]) <= LARGEST_ID


def _note() -> str:
    return " ".join(request.form.get("note", "").split())[: casework.NOTE_LENGTH]
