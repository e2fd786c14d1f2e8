"""渠道账单: statements fetched or uploaded, each read on trial before it counts; and every line of them."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from console import files, formatting
from console.admin.base import ReadView, staff_id
from console.admin.columns import Column, Kind
from console.admin.filters import Days, Equals, OneOf, Prefix, Yuan
from console.admin.money.words import words
from console.admin.reconciliation import words as named
from console.auth import permits
from jobs import statement as jobs
from models import Statement, StatementDraft, StatementLine, db
from models.errors import DomainError
from models.operations import statement as operations
from models.operations.statement import Brought
from models.tables.job import Job

SUFFIXES = (".csv", ".xlsx", ".zip")
BUSY = ("reading", "taking")
SHOWN = 50


def _claimed(row: Row[Any]) -> Markup:
    """How many lines were read, and whether the file's own summary says the same."""
    read = row.lines_read + row.lines_refused
    if row.lines_claimed is None or row.lines_claimed == read:
        return Markup('<span class="num">{}</span>').format(read)
    return Markup('<span class="num">{}</span> <span class="badge warn">{}</span>').format(
        read, _("claims %(n)s", n=row.lines_claimed)
    )


class ChannelBillView(ReadView):
    """渠道账单: each file with its account, its days and what came of it."""

    section = "money"
    title = _l("Channel statements")
    slug = "channel-bills"
    permission = "reconciliation.view"
    model = Statement
    hint = _l("Fetched every morning, or uploaded. A file is read on trial first; the same line never counts twice.")
    empty = _l("No statement was fetched or uploaded yet.")
    search_hint = _l("File name, from its beginning")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=Statement.id, kind=Kind.CODE, sort=True, link=True),
        Column(key="file_name", title=_l("File"), at=Statement.file_name),
        Column(key="layout", title=_l("Layout"), at=Statement.layout, kind=Kind.BADGE, badges=named.LAYOUTS),
        Column(key="account", title=_l("Account"), at=Statement.account, kind=Kind.BADGE, badges=named.ACCOUNTS),
        Column(key="state", title=_l("State"), at=Statement.state, kind=Kind.BADGE, badges=named.BILL_STATES),
        Column(key="first_on", title=_l("First day"), at=Statement.first_on, kind=Kind.DAY),
        Column(key="last_on", title=_l("Last day"), at=Statement.last_on, kind=Kind.DAY),
        Column(key="lines_read", title=_l("Lines"), at=Statement.lines_read, kind=Kind.COUNT, cell=_claimed),
        Column(key="lines_refused", title=_l("Unreadable lines"), at=Statement.lines_refused, kind=Kind.COUNT),
        Column(key="lines_new", title=_l("New lines"), at=Statement.lines_new, kind=Kind.COUNT),
        Column(key="in_fen", title=_l("Money in"), at=Statement.in_fen, kind=Kind.MONEY),
        Column(key="out_fen", title=_l("Money out"), at=Statement.out_fen, kind=Kind.MONEY),
        Column(key="source", title=_l("Brought by"), at=Statement.source, kind=Kind.BADGE, badges=named.SOURCES),
        Column(key="created_at", title=_l("Brought at"), at=Statement.created_at, kind=Kind.MOMENT),
        Column(key="created_by", title=_l("By whom"), at=Statement.created_by, kind=Kind.ACTOR, shown=False),
        Column(key="taken_at", title=_l("Counts since"), at=Statement.taken_at, kind=Kind.MOMENT, shown=False),
        Column(key="sha256", title="SHA-256", at=Statement.sha256, kind=Kind.CODE, listed=False),
    )
    questions = (
        OneOf(key="state", title=_l("State"), at=Statement.state, choices=words(named.BILL_STATES)),
        OneOf(key="account", title=_l("Account"), at=Statement.account, choices=words(named.ACCOUNTS)),
        Days(key="day", title=_l("First day"), at=Statement.first_on),
    )
    searches = (Prefix(Statement.file_name),)
    list_template = "reconciliation/bills.html"
    details_template = "reconciliation/bill.html"

    def rows(self, viewer: Any, columns: tuple[Column, ...]) -> Select[Any]:
        """What the count of lines is compared with is read in any case."""
        known = {column.key for column in columns}
        more = [
            getattr(Statement, name).label(name) for name in ("lines_claimed", "lines_refused") if name not in known
        ]
        return super().rows(viewer, columns).add_columns(*more)

    def heading(self, row: Row[Any]) -> str:
        return str(row.file_name)

    def around(self, row_id: int) -> dict[str, Any]:
        found = self.found(row_id)
        drafts = sa.select(StatementDraft).where(StatementDraft.statement_id == row_id).order_by(StatementDraft.n)
        lines = sa.select(StatementLine).where(StatementLine.statement_id == row_id).order_by(StatementLine.n)
        chosen: Select[Any] = drafts if found.state in ("read", "taking") else lines
        return {
            "found": found,
            "lines": db.session.scalars(chosen.limit(SHOWN)).all(),
            "named": named,
            **self._standing(found),
        }

    def _standing(self, found: Statement) -> dict[str, Any]:
        job = db.session.get(Job, found.job_id) if found.job_id else None
        return {"found": found, "job": job, "is_busy": found.state in BUSY, "states": named.BILL_STATES}

    @expose("/<int:row_id>/progress")
    @permits("reconciliation.view")
    def progress(self, row_id: int) -> Any:
        """The part of the page that refreshes itself while a job works."""
        return self.render("reconciliation/progress.html", is_poll=True, **self._standing(self.found(row_id)))

    @expose("/new")
    @permits("reconciliation.upload")
    def new(self) -> Any:
        """Where a statement is brought."""
        return self.render("reconciliation/new.html", largest=files.LARGEST_BYTES, accounts=named.ACCOUNTS)

    @expose("/new", methods=("POST",))
    @permits("reconciliation.upload")
    def receive(self) -> Response:
        """Keep the file, recognise it, start reading it on trial; a file that is refused leaves nothing."""
        sent = request.files.get("file")
        if sent is None or not sent.filename:
            flash(_("Choose a file first."), "refused")
            return redirect(self.address("new"))
        try:
            kept = files.keep(sent.stream, called=sent.filename, folder=jobs.folder(), suffixes=SUFFIXES)
        except DomainError as refusal:
            flash(str(refusal), "refused")
            return redirect(self.address("new"))
        return self._enter(sent, kept)

    def _enter(self, sent: FileStorage, kept: files.Kept) -> Response:
        entered: list[Statement] = []
        name = "".join(sign for sign in sent.filename or "" if sign.isprintable())[-200:]

        def onward(made: Statement) -> str:
            entered.append(made)
            return self.address("detail", row_id=made.id)

        try:
            layout = jobs.look(jobs.folder() / kept.name).layout
            chosen = request.form.get("account", "")
            account = operations.account_of(layout, chosen=chosen, file_name=name)
            brought = Brought(
                source="upload", layout=layout, account=account, file_name=name, stored_name=kept.name,
                sha256=kept.sha256, size_bytes=kept.size_bytes,
            )  # fmt: skip
            return self.perform(
                operations.bring, brought=brought, by=f"staff:{staff_id()}", at=formatting.now(), to=onward
            )
        except DomainError as refusal:
            flash(str(refusal), "refused")
            return redirect(self.address("new"))
        finally:
            if not entered:
                files.drop(kept.name, folder=jobs.folder())

    @expose("/<int:row_id>/take", methods=("POST",))
    @permits("reconciliation.upload")
    def take(self, row_id: int) -> Response:
        """Let the lines that were read on trial count."""
        return self.perform(
            operations.take, statement_id=self.found(row_id).id, by=f"staff:{staff_id()}",
            done=_("The lines are being taken. The days they cover are reckoned right after."),
        )  # fmt: skip

    @expose("/<int:row_id>/cancel", methods=("POST",))
    @permits("reconciliation.upload")
    def cancel(self, row_id: int) -> Response:
        """Give a file up that does not count yet."""
        return self.perform(operations.cancel, statement_id=self.found(row_id).id, done=_("Given up."))


class ChannelLineView(ReadView):
    """渠道流水: every line that counts, leading to our order or transfer of its number."""

    section = "money"
    title = _l("Channel lines")
    slug = "channel-lines"
    permission = "reconciliation.view"
    model = StatementLine
    order = "-at"
    hint = _l("What the channels say, line by line, as they say it. Never changed.")
    empty = _l("No statement counts yet.")
    search_hint = _l("Our number or the channel's, from its beginning")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=StatementLine.id, kind=Kind.CODE, sort=True, shown=False),
        Column(key="at", title=_l("When"), at=StatementLine.at, kind=Kind.MOMENT, sort=True, link=True),
        Column(key="account", title=_l("Account"), at=StatementLine.account, kind=Kind.BADGE, badges=named.ACCOUNTS),
        Column(
            key="business", title=_l("Line of business"), at=StatementLine.business, kind=Kind.BADGE,
            badges=named.BUSINESS,
        ),
        Column(key="way", title=_l("Which way"), at=StatementLine.way, kind=Kind.BADGE, badges=named.WAYS),
        Column(key="amount", title=_l("Amount"), at=StatementLine.amount_fen, kind=Kind.MONEY),
        Column(key="number", title=_l("Our number"), at=StatementLine.number, kind=Kind.CODE, cell=named.ours),
        Column(key="reference", title=_l("Channel's number"), at=StatementLine.reference, kind=Kind.CODE),
        Column(key="words", title=_l("In their words"), at=StatementLine.words),
        Column(key="state", title=_l("Their state"), at=StatementLine.state),
        Column(key="balance", title=_l("Left in the account"), at=StatementLine.balance_fen, kind=Kind.MONEY),
        Column(
            key="statement", title=_l("Statement"), at=StatementLine.statement_id, kind=Kind.CODE,
            cell=lambda row: Markup('<a href="{}">#{}</a>').format(
                url_for("channel_bills.detail", row_id=row.statement), row.statement
            ),
        ),
        Column(key="n", title=_l("Row of the file"), at=StatementLine.n, kind=Kind.COUNT, shown=False),
    )  # fmt: skip
    questions = (
        Days(key="at", title=_l("When"), at=StatementLine.at),
        OneOf(key="account", title=_l("Account"), at=StatementLine.account, choices=words(named.ACCOUNTS)),
        OneOf(
            key="business", title=_l("Line of business"), at=StatementLine.business,
            choices={key: badge.label for key, badge in named.BUSINESS.items() if key != "balance"},
        ),
        OneOf(key="way", title=_l("Which way"), at=StatementLine.way, choices=words(named.WAYS)),
        Yuan(key="amount", title=_l("Amount"), at=StatementLine.amount_fen),
        Equals(key="statement", title=_l("Statement"), at=StatementLine.statement_id),
    )  # fmt: skip
    searches = (Prefix(StatementLine.number), Prefix(StatementLine.reference))

    def rows(self, viewer: Any, columns: tuple[Column, ...]) -> Select[Any]:
        """What a number leads to depends on the business of its line."""
        known = {column.key for column in columns}
        more = [] if "business" in known else [StatementLine.business.label("business")]
        return super().rows(viewer, columns).add_columns(*more)

    def heading(self, row: Row[Any]) -> str:
        return str(row.reference or row.number or f"#{row.row_id}")
