"""批量操作: one action over many rows of a list: previewed, started with a reason, worked on, told row by row."""

from typing import Any, ClassVar
from urllib.parse import parse_qsl

import sqlalchemy as sa
from flask import abort, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select
from werkzeug.datastructures import MultiDict

from console import formatting
from console.admin import lists
from console.admin.base import ReadView, Viewer, form_id, peers, staff_id, viewer
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import LARGEST_ID, Equals, OneOf
from console.auth import permits, require
from models import Batch, BatchRow, Job, Staff, db
from models.operations import batch as operations
from models.queries import batch as queries
from models.tables.batch import Outcome
from models.tables.job import FINAL, State

OUTCOMES = {
    Outcome.WAITING.value: Badge(_l("not tried yet"), Tone.PLAIN),
    Outcome.DONE.value: Badge(_l("done"), Tone.GOOD),
    Outcome.REFUSED.value: Badge(_l("not possible"), Tone.BAD),
    Outcome.CANCELLED.value: Badge(_l("left out by cancelling"), Tone.WARN),
}
STATES = {
    "working": Badge(_l("under way"), Tone.BUSY),
    "done": Badge(_l("done"), Tone.GOOD),
    "cancelled": Badge(_l("cancelled"), Tone.WARN),
    "dead": Badge(_l("stopped by a failure"), Tone.BAD),
}
STATE = sa.case(
    (Job.state == State.DEAD, "dead"),
    (Job.state == State.CANCELLED, "cancelled"),
    (Batch.ended_at.is_not(None), "done"),
    else_="working",
)
SAMPLE = 10
SEES_ALL = "audit.view"


def _own(query: Select[Any], viewer: Viewer) -> Select[Any]:
    """One's own batches; all of them for whoever reads the trail."""
    return query if SEES_ALL in viewer.permissions else query.where(Batch.staff_id == viewer.id)


class Chosen:
    """The rows that a list's form chose: ticked ones, or all that answer the filter, as this person may see them."""

    def __init__(self) -> None:
        view = peers().get(request.form.get("page", ""))
        if not isinstance(view, ReadView):
            abort(404)
        self.view = view
        self.batch = next((each for each in view.offered() if each.key == request.form.get("key")), None) or abort(404)
        self.query = request.form.get("query", "")
        self.is_filter = request.form.get("is_filter") == "yes"
        self.asked = view.shape.read(MultiDict(parse_qsl(self.query)))
        if self.asked.problems:
            abort(400)
        texts = [text for text in request.form.getlist("ids") if text.isascii() and text.isdigit() and len(text) < 20]
        self.ids = [] if self.is_filter else sorted({int(text) for text in texts if int(text) <= LARGEST_ID})

    def _narrowed(self, rows: Select[Any]) -> Select[Any]:
        if self.is_filter:
            return self.view.shape.narrowed(rows, self.asked)
        return rows.where(self.view.identity.in_(self.ids))

    def picked(self, *columns: Any) -> Select[Any]:
        """The chosen rows with some columns, in no order."""
        scoped = self._narrowed(self.view.scope(self.view.base(), viewer()))
        return scoped.add_columns(self.view.identity.label("row_id"), *columns)

    def shown(self) -> Select[Any]:
        """The chosen rows as the list reads them: every column, since a shown cell may be drawn from others."""
        return self._narrowed(self.view.rows(viewer(), self.view.columns))

    @property
    def ordered(self) -> list[Any]:
        return lists.Order(self.asked.sort, self.view.identity, self.asked.descending).by()

    @property
    def amount(self) -> Any:
        """What the preview sums up, row by row."""
        summed = self.view.shape.column(self.batch.sum_column) if self.batch.sum_column else None
        return (summed.at if summed else sa.null().cast(sa.BigInteger)).label("amount_fen")

    @property
    def choices(self) -> dict[str, Any]:
        """What else the action needs to know, as people choose it."""
        return dict(self.batch.choices()) if self.batch.choices else {}

    def named(self) -> tuple[str, str]:
        """The batch's operation and title with what was chosen for it."""
        title = f"{self.view.title} · {self.batch.title}"
        if self.batch.choices is None:
            return self.batch.operation, title
        choice = request.form.get("choice", "")
        words = self.choices.get(choice) or abort(400)
        return f"{self.batch.operation}:{choice}", f"{title} · {words}"

    def totals(self) -> tuple[int, int | None]:
        """How many rows there are, counted, and the sum of the batch's column."""
        rows = self.picked(self.amount).subquery()
        count, amount = db.session.execute(sa.select(sa.func.count(), sa.func.sum(rows.c.amount_fen))).one()
        return count, None if amount is None else int(amount)

    def taken(self) -> Select[Any]:
        """What the operation takes down: the row and its amount, in the order of the list."""
        return self.picked(self.amount).order_by(*self.ordered)


class BatchView(ReadView):
    """批量操作: what was started over many rows, how far it is, what came of it."""

    model = Batch
    section = "system"
    slug = "batches"
    title = _l("Batches")
    permission = "batch.view"
    hint = _l("One action over many rows of a list. Each row is tried once and keeps its own result.")
    empty = _l("No batch yet. Tick rows of a list, or take all rows of its filter.")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=Batch.id, kind=Kind.COUNT, sort=True),
        Column(key="title", title=_l("Action"), at=Batch.title, link=True),
        Column(key="state", title=_l("State"), at=STATE, kind=Kind.BADGE, badges=STATES),
        Column(key="rows", title=_l("Rows"), at=Batch.rows, kind=Kind.COUNT),
        Column(key="amount_fen", title=_l("Sum"), at=Batch.amount_fen, kind=Kind.MONEY),
        Column(key="reason", title=_l("Reason"), at=Batch.reason, kind=Kind.REASON),
        Column(key="who", title=_l("Started by"), at=Staff.name),
        Column(key="made_at", title=_l("Started"), at=Batch.made_at, kind=Kind.MOMENT),
        Column(key="ended_at", title=_l("Ended"), at=Batch.ended_at, kind=Kind.MOMENT),
        Column(key="operation", title=_l("Operation"), at=Batch.operation, kind=Kind.CODE, shown=False),
        Column(key="page", title=_l("List"), at=Batch.page, kind=Kind.CODE, shown=False),
        Column(key="query", title=_l("Filter"), at=Batch.query, kind=Kind.CODE, shown=False),
        Column(key="is_filter", title=_l("All rows of the filter"), at=Batch.is_filter, kind=Kind.FLAG, shown=False),
    )
    questions = (
        OneOf(key="state", title=_l("State"), at=STATE, choices={key: badge.label for key, badge in STATES.items()}),
        Equals(key="operation", title=_l("Operation"), at=Batch.operation),
    )
    details_template = "batch/detail.html"

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(Batch)
            .join(Staff, Staff.id == Batch.staff_id)
            .outerjoin(Job, Job.id == Batch.job_id)
        )

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return _own(query, viewer)

    def heading(self, row: Row[Any]) -> str:
        return f"{row.title} #{row.row_id}"

    def around(self, row_id: int) -> dict[str, Any]:
        batch = self.found(row_id)
        job = db.session.get(Job, batch.job_id) if batch.job_id else None
        counts = queries.outcomes(row_id)
        return {
            "batch": batch,
            "job": job,
            "counts": counts,
            "tried": batch.rows - counts[Outcome.WAITING],
            "outcomes": OUTCOMES,
            "is_over": batch.ended_at is not None or job is None or job.state in FINAL,
        }

    @expose("/<int:row_id>/progress")
    @permits("batch.view")
    def progress(self, row_id: int) -> Any:
        """How far one batch is, for the page that stays open."""
        return self.render("batch/progress.html", **self.around(row_id))

    @expose("/preview", methods=("POST",))
    @permits("batch.start")
    def preview(self) -> Any:
        """What would happen: how many rows, their sum, the first of them; nothing is written."""
        chosen = Chosen()
        turned_away = require(chosen.batch.permission)
        if turned_away is not None:
            return turned_away
        count, amount = chosen.totals()
        operations.check_size(count)
        shown = tuple(column for column in chosen.view.columns if column.listed and column.shown)
        sample = db.session.execute(chosen.shown().order_by(*chosen.ordered).limit(SAMPLE)).all()
        return self.render(
            "batch/preview.html", chosen=chosen, count=count, amount=amount, sample=sample, columns=shown
        )

    @expose("/start", methods=("POST",))
    @permits("batch.start")
    def start(self) -> Any:
        """Take the rows of the preview down and begin."""
        chosen = Chosen()
        turned_away = require(chosen.batch.permission)
        if turned_away is not None:
            return turned_away
        reason, amount = self.reason(chosen.batch.reason), request.form.get("amount_fen", "")
        operation, title = chosen.named()
        wish = operations.Wish(
            page=chosen.view.endpoint,
            title=title,
            operation=operation,
            permission=chosen.batch.permission,
            query=chosen.query,
            is_filter=chosen.is_filter,
            reason=reason,
            rows=form_id("rows"),
            amount_fen=int(amount) if amount.lstrip("-").isdigit() else None,
        )
        return self.perform(
            operations.start,
            wish=wish,
            rows=chosen.taken(),
            staff_id=staff_id(),
            at=formatting.now(),
            reason=reason,
            done=_("The batch has begun."),
            to=lambda batch: self.address("detail", row_id=batch.id),
        )

    @expose("/<int:row_id>/cancel", methods=("POST",))
    @permits("batch.start")
    def cancel(self, row_id: int) -> Any:
        """Stop before the next rows; what is done stays done."""
        self.found(row_id)
        return self.perform(
            operations.cancel, batch_id=row_id, at=formatting.now(), done=_("The batch stops before its next rows.")
        )


def _row_link(row: Row[Any]) -> Markup:
    """The list's row, where its page may be opened."""
    view = peers().get(row.page)
    if not isinstance(view, ReadView) or not view.has_detail:
        return Markup("<code>#{}</code>").format(row.target)
    return Markup('<a href="{}">#{}</a>').format(url_for(f"{row.page}.detail", row_id=row.target), row.target)


class BatchRowView(ReadView):
    """批量结果: the rows of batches, each with its one result."""

    model = BatchRow
    section = "system"
    slug = "batch-rows"
    title = _l("Batch results")
    permission = "batch.view"
    has_detail = False
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=BatchRow.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="batch_id", title=_l("Batch"), at=BatchRow.batch_id, kind=Kind.COUNT),
        Column(key="what", title=_l("Action"), at=Batch.title),
        Column(key="target", title=_l("Row"), at=BatchRow.row_id, cell=_row_link),
        Column(key="outcome", title=_l("Result"), at=BatchRow.outcome, kind=Kind.BADGE, badges=OUTCOMES),
        Column(key="result", title=_l("In words"), at=BatchRow.result),
        Column(key="amount_fen", title=_l("Amount"), at=BatchRow.amount_fen, kind=Kind.MONEY),
        Column(key="ended_at", title=_l("Ended"), at=BatchRow.ended_at, kind=Kind.MOMENT),
        Column(key="page", title=_l("List"), at=Batch.page, kind=Kind.CODE, shown=False),
    )
    questions = (
        Equals(key="batch", title=_l("Batch"), at=BatchRow.batch_id),
        OneOf(
            key="outcome",
            title=_l("Result"),
            at=BatchRow.outcome,
            choices={key: badge.label for key, badge in OUTCOMES.items()},
        ),
        Equals(key="row", title=_l("Row"), at=BatchRow.row_id),
    )
    order = "id"

    def base(self) -> Select[Any]:
        return sa.select().select_from(BatchRow).join(Batch, Batch.id == BatchRow.batch_id)

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return _own(query, viewer)

    def listed(self) -> tuple[Column, ...]:
        """The page of a row's list is read always, since the link to the row needs it."""
        return self.columns
