"""证据包与报送: sealed files for authorities, courts and the tax bureau, each with its reason, digest and end."""

from datetime import timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import abort, request, send_file, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin import subject
from console.admin.base import ReadView, staff_id
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import Days, OneOf, Prefix
from console.auth import actor, permits
from jobs.handout import folder
from models import Handout, Job, Staff, acting, transaction
from models.errors import DomainError
from models.operations import handout as operations
from models.tables.job import State

KINDS = {
    "member": _l("Evidence: a member"),
    "order": _l("Evidence: an order"),
    "complaint": _l("Evidence: a complaint"),
    "period": _l("Evidence: a span of days"),
    "withholding": _l("Withholding of a month"),
    "platform_income": _l("Income of a quarter"),
    "platform_identity": _l("Identities of a month"),
}
STATES = {
    "working": Badge(_l("under work"), Tone.BUSY),
    "ready": Badge(_l("to be fetched"), Tone.GOOD),
    "gone": Badge(_l("gone")),
    "failed": Badge(_l("went wrong"), Tone.BAD),
}
STATE = sa.case(
    (Handout.removed_at.is_not(None) | (Handout.expires_at <= sa.func.now()), "gone"),
    (Handout.ready_at.is_not(None), "ready"),
    (Job.id.is_(None) | Job.state.in_([State.DEAD, State.CANCELLED]), "failed"),
    else_="working",
)


def _fetch_link(row: Row[Any]) -> str:
    if row.state != "ready" or row.staff_id != staff_id():
        return Markup('<span class="muted">–</span>')
    link = Markup('<a class="button small primary" href="{}">{}</a>')
    return link.format(url_for("handouts.fetch", row_id=row.row_id), _("Download"))


def _about(row: Row[Any]) -> str:
    """Whom or what a pack is about, leading there; the span of days or the month of the others."""
    if row.kind not in ("member", "order", "complaint"):
        return Markup("<code>{}</code>").format(row.subject)
    return subject.link(f"{row.kind}:{row.subject}")


class HandoutView(ReadView):
    """证据包与报送: one row a file."""

    model = Handout
    section = "compliance"
    title = _l("Evidence and reports")
    slug = "handouts"
    permission = "handout.view"
    hint = _l("ZIP files with a manifest of digests; `qianxing verify-pack` proves them. The link lives for 24 hours.")
    empty = _l("No file has been made yet.")
    search_hint = _l("Member, order or month, from its beginning")
    list_template = "handout/list.html"
    has_detail = False
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=Handout.id, kind=Kind.COUNT, sort=True),
        Column(key="kind", title=_l("Kind"), at=Handout.kind, cell=lambda row: str(KINDS.get(row.kind, row.kind))),
        Column(key="subject", title=_l("Subject"), at=Handout.subject, kind=Kind.CODE, cell=_about),
        Column(key="state", title=_l("State"), at=STATE, kind=Kind.BADGE, badges=STATES),
        Column(key="fetch", title=_l("File"), at=sa.literal(""), cell=_fetch_link),
        Column(key="reason", title=_l("Reason"), at=Handout.reason, kind=Kind.REASON),
        Column(key="is_masked", title=_l("Masked"), at=Handout.is_masked, kind=Kind.FLAG),
        Column(key="rows", title=_l("Rows"), at=Handout.rows, kind=Kind.COUNT),
        Column(key="bytes", title=_l("Size"), at=Handout.bytes, cell=lambda row: formatting.size(row.bytes)),
        Column(key="digest", title=_l("SHA-256 of the manifest"), at=Handout.digest, kind=Kind.CODE, shown=False),
        Column(key="asked_by", title=_l("Asked by"), at=Staff.name),
        Column(key="created_at", title=_l("Asked at"), at=Handout.created_at, kind=Kind.MOMENT),
        Column(key="expires_at", title=_l("Expires at"), at=Handout.expires_at, kind=Kind.MOMENT),
        Column(key="staff_id", title=_l("Owner no."), at=Handout.staff_id, shown=False),
    )
    questions = (
        OneOf(key="kind", title=_l("Kind"), at=Handout.kind, choices=KINDS),
        OneOf(key="state", title=_l("State"), at=STATE, choices={key: one.label for key, one in STATES.items()}),
        Days(key="created", title=_l("Asked at"), at=Handout.created_at),
    )
    searches = (Prefix(Handout.subject),)

    def base(self) -> Select[Any]:
        joined = sa.select().select_from(Handout).join(Staff, Staff.id == Handout.staff_id)
        return joined.outerjoin(Job, Job.id == Handout.job_id)

    def rows(self, viewer: Any, columns: tuple[Column, ...]) -> Select[Any]:
        """Whose a file is stands beside each row, for its link."""
        owner = next(column for column in self.columns if column.key == "staff_id")
        return super().rows(viewer, columns if owner in columns else (*columns, owner))

    def extras(self) -> dict[str, Any]:
        today = formatting.today()
        last = today.replace(day=1) - timedelta(days=1)
        quarter = (today.month - 1) // 3
        return {
            "packs": {key: KINDS[key] for key in ("member", "order", "complaint", "period")},
            "filings": {key: KINDS[key] for key in ("withholding", "platform_income", "platform_identity")},
            "month": f"{last:%Y-%m}",
            "quarter": f"{today.year}Q{quarter}" if quarter else f"{today.year - 1}Q4",
            "span": f"{last.replace(day=1)}..{last}",
        }

    @expose("/make", methods=["POST"])
    @permits("pack.make")
    def make(self) -> Response:
        """Ask for an evidence pack with personal data masked."""
        return self._make(is_masked=True)

    @expose("/make-unmasked", methods=["POST"])
    @permits("pack.make", "pii.reveal")
    def make_unmasked(self) -> Response:
        """Ask for an evidence pack with personal data readable."""
        return self._make(is_masked=False)

    def _make(self, *, is_masked: bool) -> Response:
        kind, reason = request.form.get("kind", ""), self.reason("pack.make")
        if kind not in operations.PACKS:
            abort(400)
        return self._ask(kind, reason, is_masked)

    @expose("/file", methods=["POST"])
    @permits("filing.make")
    def file(self) -> Response:
        """Ask for a report to the tax authority; it names people, as the law asks."""
        kind = request.form.get("kind", "")
        if kind not in operations.FILINGS:
            abort(400)
        return self._ask(kind, "statutory: 个人所得税法第9条；国务院令第810号", True)

    def _ask(self, kind: str, why: str, is_masked: bool) -> Response:
        return self.perform(
            operations.ask,
            kind=kind,
            subject=request.form.get("subject", "").strip()[:64],
            why=why,
            is_masked=is_masked,
            staff_id=staff_id(),
            at=formatting.now(),
            reason=why,
            done=_("The file is being made; it appears here."),
            to=self.address(),
        )

    @expose("/<int:row_id>/fetch")
    @permits("handout.view")
    def fetch(self, row_id: int) -> Any:
        """One's own file."""
        try:
            with acting(actor("handout.fetch")), transaction():
                made = operations.fetch(handout_id=row_id, staff_id=staff_id(), at=formatting.now())
                name, path = f"{made.kind}-{made.subject}.zip", folder() / (made.file or "")
        except DomainError:
            abort(404)
        return send_file(path, as_attachment=True, download_name=name.replace("/", "-"))
