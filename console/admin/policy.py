"""策略: versions, the editor with its differences, what the lint says of one, what it would have paid."""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row
from werkzeug.wrappers import Response

from console import formatting
from console.admin import policy_form
from console.admin.base import ReadView, staff_id
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import Days, OneOf
from console.admin.order_names import ROWS
from console.auth import actor, permits
from models import Job, PolicyVersion, acting, db, transaction
from models.errors import DomainError
from models.operations import outbox
from models.operations import policy as operations
from models.queries import policy as policies
from models.rules import lint
from models.rules import policy as rules
from models.rules.lint import Severity
from models.tables.job import Queue

STATES = {
    "draft": Badge(_l("Draft, to be approved"), Tone.WARN),
    "approved": Badge(_l("Approved"), Tone.GOOD),
    "withdrawn": Badge(_l("Withdrawn")),
}
PRESETS = {"plan": _l("plan (as written)"), "steady": _l("steady (default)")}
SEVERITIES = {
    Severity.BLOCK: Badge(_l("forbidden"), Tone.BAD),
    Severity.CRIT: Badge(_l("critical"), Tone.BAD),
    Severity.FREEZE: Badge(_l("freezes"), Tone.WARN),
    Severity.WARN: Badge(_l("warning"), Tone.WARN),
}
KINDS = {**ROWS, "margin": _l("Margin of the platform")}
LONGEST_NOTE = 400


class PolicyView(ReadView):
    """策略: one row a version."""

    model = PolicyVersion
    section = "compliance"
    title = _l("Policy")
    slug = "policies"
    permission = "policy.view"
    hint = _l("One person drafts, another approves; an order keeps the version that was in force when it was paid.")
    list_template = "policy/list.html"
    details_template = "policy/detail.html"

    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Version"), at=PolicyVersion.id, kind=Kind.COUNT, sort=True, link=True),
        Column(
            key="preset", title=_l("From the preset"), at=PolicyVersion.preset, cell=lambda r: str(PRESETS[r.preset])
        ),
        Column(key="state", title=_l("State"), at=PolicyVersion.state, kind=Kind.BADGE, badges=STATES),
        Column(key="effective_at", title=_l("In force from"), at=PolicyVersion.effective_at, kind=Kind.MOMENT),
        Column(key="made_by", title=_l("Drafted by"), at=PolicyVersion.made_by, kind=Kind.ACTOR),
        Column(key="made_at", title=_l("Drafted at"), at=PolicyVersion.made_at, kind=Kind.MOMENT),
        Column(key="approved_by", title=_l("Approved by"), at=PolicyVersion.approved_by, kind=Kind.ACTOR),
        Column(key="approved_at", title=_l("Approved at"), at=PolicyVersion.approved_at, kind=Kind.MOMENT, shown=False),
        Column(key="opinion_until", title=_l("Opinion until"), at=PolicyVersion.opinion_until, kind=Kind.MOMENT),
        Column(key="note", title=_l("Note"), at=PolicyVersion.note),
    )
    questions = (
        OneOf(
            key="state", title=_l("State"), at=PolicyVersion.state, choices={k: one.label for k, one in STATES.items()}
        ),
        Days(key="effective", title=_l("In force from"), at=PolicyVersion.effective_at),
    )

    def heading(self, row: Row[Any]) -> str:
        return _("Policy version %(n)s", n=row.row_id)

    def extras(self) -> dict[str, Any]:
        current_id, _policy = policies.in_force(formatting.now())
        return {"current_id": current_id, "presets": PRESETS}

    def around(self, row_id: int) -> dict[str, Any]:
        version, at = self.found(row_id), formatting.now()
        current_id, current = policies.in_force(at)
        found = operations.findings(version, at=at, opinion_until=version.opinion_until)
        red = lint.red(found)
        return {
            "version": version,
            "current_id": current_id,
            "differences": policy_form.differences(rules.plain(current), rules.plain(policies.of(version.id))),
            "findings": found,
            "red": red,
            "severities": SEVERITIES,
            "is_mine": version.made_by == f"staff:{staff_id()}",
            "effect": _effect(version.id),
            "kinds": KINDS,
            "states": STATES,
            "presets": PRESETS,
            "opinion_day": (formatting.today() + timedelta(days=365)).isoformat(),
        }

    @expose("/new", methods=["GET", "POST"])
    @permits("policy.draft")
    def new(self) -> Any:
        """The editor: a preset or a version with some keys changed."""
        if request.method == "POST":
            return self._draft()
        name, source = request.args.get("preset", ""), request.args.get("from", "")
        if source.isascii() and source.isdigit() and (version := self.get_one(source)) is not None:
            name, terms = version.preset, rules.plain(policies.of(version.id))
        else:
            name = name if name in rules.PRESETS else "steady"
            terms = rules.plain(rules.preset(name))
        return self._form(name, policy_form.of(terms))

    def _form(self, preset: str, texts: dict[str, list[str]], problems: tuple[str, ...] = ()) -> Any:
        current_id, current = policies.in_force(formatting.now())
        return self.render(
            "policy/form.html",
            preset=preset,
            presets=PRESETS,
            texts=texts,
            groups=policy_form.GROUPS,
            now=rules.plain(current),
            current_id=current_id,
            problems=problems,
            tomorrow=(formatting.today() + timedelta(days=1)).isoformat(),
        )

    def _draft(self) -> Any:
        """Keep what was typed when something of it cannot be."""
        preset, found = request.form.get("preset", ""), policy_form.filled(request.form)
        problems = [_("%(field)s: this cannot be read", field=title) for title in found.wrong]
        effective = _instant(request.form.get("effective", ""))
        if effective is None:
            problems.append(_("Choose the day from which it is in force."))
        if not problems and effective is not None:
            try:
                with acting(actor(action="policy.propose")), transaction():
                    version = operations.propose(
                        preset=preset,
                        terms=found.terms,
                        effective_at=effective,
                        at=formatting.now(),
                        by=f"staff:{staff_id()}",
                        note=" ".join(request.form.get("note", "").split())[:LONGEST_NOTE],
                    )
                    _measure(version.id)
                flash(_("The draft is kept; another person approves it."), "done")
                return redirect(self.address("detail", row_id=version.id))
            except DomainError as refusal:
                problems.append(str(refusal))
        return self._form(preset if preset in rules.PRESETS else "steady", found.texts, tuple(problems))

    @expose("/<int:row_id>/approve", methods=["POST"])
    @permits("policy.approve")
    def approve(self, row_id: int) -> Response:
        """A second person puts the draft in force."""
        self.found(row_id)
        return self.perform(
            operations.approve,
            version_id=row_id,
            digest=_digest(request.form.get("digest", "")),
            acknowledged=request.form.getlist("acknowledged"),
            opinion_until=_instant(request.form.get("opinion", "")),
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            done=_("Approved; it is in force from its instant."),
        )

    @expose("/<int:row_id>/withdraw", methods=["POST"])
    @permits("policy.draft")
    def withdraw(self, row_id: int) -> Response:
        """The maker takes the draft back."""
        self.found(row_id)
        return self.perform(
            operations.withdraw, version_id=row_id, by=f"staff:{staff_id()}", done=_("The draft is withdrawn.")
        )

    @expose("/<int:row_id>/measure", methods=["POST"])
    @permits("policy.draft")
    def measure(self, row_id: int) -> Response:
        """Work out again what it would have paid."""
        self.found(row_id)
        return self.perform(_measure, version_id=row_id, done=_("The figures are being worked out."))

    @expose("/<int:row_id>/effect")
    @permits("policy.view")
    def effect(self, row_id: int) -> Any:
        """The part of a version's page that refreshes itself while the figures are worked out."""
        self.found(row_id)
        return self.render("policy/effect.html", effect=_effect(row_id), kinds=KINDS)


def _measure(version_id: int) -> None:
    outbox.request(
        "measure_policy",
        queue=Queue.EXPORT,
        payload={"version_id": version_id},
        subject=f"policy:{version_id}",
        by=f"staff:{staff_id()}",
    )


def _effect(version_id: int) -> Job | None:
    """The newest job that worked out what a version would have paid."""
    found = sa.select(Job).where(Job.kind == "measure_policy", Job.subject == f"policy:{version_id}")
    return db.session.scalars(found.order_by(Job.id.desc()).limit(1)).one_or_none()


def _instant(text: str) -> datetime | None:
    """The beginning of the Shanghai day that a form names."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return formatting.day_start(day) if 2000 <= day.year <= 2200 else None


def _digest(text: str) -> bytes:
    """The digest of what the approver saw; none when it is no digest."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
