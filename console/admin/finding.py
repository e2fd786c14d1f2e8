"""合规发现: what the lint and the watch have found, by severity and article, with owner and clock."""

from datetime import date, datetime, timedelta
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
from console.admin import subject
from console.admin.base import ReadView, staff_id
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import Days, Equals, OneOf, Prefix
from console.admin.policy import SEVERITIES
from console.auth import permits
from models import Finding, Staff
from models.operations import finding as operations
from models.operations import outbox
from models.rules import alert, law
from models.rules import finding as rules
from models.rules.finding import State

STATES = {
    State.OPEN.value: Badge(_l("nobody has taken it"), Tone.WARN),
    State.ACKNOWLEDGED.value: Badge(_l("taken"), Tone.BUSY),
    State.MUTED.value: Badge(_l("muted")),
    State.RESOLVED.value: Badge(_l("resolved"), Tone.GOOD),
}
LEVELS = {str(severity): badge for severity, badge in SEVERITIES.items()}
GROUPS = {
    "entry_fee": _l("Fees to join (Regulation 7.2)"),
    "headcount": _l("Pay by headcount (Regulation 7.1)"),
    "team_pay": _l("Pay by the team's sales (Regulation 7.3)"),
    "consumer": _l("Consumers' rights"),
    "copy": _l("What we say"),
    "money": _l("Money and tax"),
    "privacy": _l("Personal data and trail"),
    "structure": _l("Structure and ledger"),
    "business": _l("Business (rule 7.1)"),
}
STANDING = [State.OPEN.value, State.ACKNOWLEDGED.value, State.MUTED.value]
GROUP = sa.case(*((Finding.rule.in_(rules_of), key) for key, rules_of in rules.GROUPS.items()), else_="")


def _clock(row: Row[Any]) -> Markup:
    """Until when its owner has it mended."""
    if row.state in (State.RESOLVED, State.MUTED):
        return Markup('<span class="muted">–</span>')
    left = (row.due_at - formatting.now()).total_seconds()
    words = formatting.duration(abs(left))
    if left < 0:
        return Markup('<span class="badge bad">{}</span>').format(_("%(time)s over", time=words))
    tone = "warn" if left < timedelta(hours=4).total_seconds() else "plain"
    return Markup('<span class="badge {}">{}</span>').format(tone, _("%(time)s left", time=words))


class FindingView(ReadView):
    """合规发现: one row a rule and subject."""

    model = Finding
    section = "compliance"
    title = _l("Findings")
    slug = "findings"
    permission = "finding.view"
    hint = _l("Looked for every half hour; what is not seen any more resolves itself.")
    empty = _l("Nothing was found.")
    search_hint = _l("Rule or subject, from its beginning")
    list_template = "finding/list.html"
    details_template = "finding/detail.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Finding"), at=Finding.id, kind=Kind.COUNT, sort=True, link=True),
        Column(key="severity", title=_l("Severity"), at=Finding.severity, kind=Kind.BADGE, badges=LEVELS),
        Column(key="rule", title=_l("Rule"), at=Finding.rule, kind=Kind.CODE),
        Column(key="text", title=_l("What is wrong"), at=Finding.text),
        Column(key="subject", title=_l("Subject"), at=Finding.subject, cell=lambda row: subject.link(row.subject)),
        Column(key="evidence", title=_l("Evidence"), at=Finding.evidence),
        Column(key="article", title=_l("Article"), at=Finding.article, shown=False),
        Column(key="state", title=_l("State"), at=Finding.state, kind=Kind.BADGE, badges=STATES),
        Column(key="due_at", title=_l("To be mended"), at=Finding.due_at, kind=Kind.MOMENT, cell=_clock),
        Column(key="owner", title=_l("Owner"), at=Staff.name),
        Column(key="first_at", title=_l("First seen"), at=Finding.first_at, kind=Kind.MOMENT, shown=False),
        Column(key="last_at", title=_l("Seen again"), at=Finding.last_at, kind=Kind.MOMENT, shown=False),
        Column(key="reason", title=_l("Reason"), at=Finding.reason, shown=False),
        Column(key="resolved_at", title=_l("Resolved"), at=Finding.resolved_at, kind=Kind.MOMENT, shown=False),
    )
    questions = (
        OneOf(key="state", title=_l("State"), at=Finding.state, choices={k: one.label for k, one in STATES.items()}),
        OneOf(
            key="severity",
            title=_l("Severity"),
            at=Finding.severity,
            choices={key: one.label for key, one in LEVELS.items()},
        ),
        OneOf(key="group", title=_l("Lamp"), at=GROUP, choices=GROUPS),
        Equals(key="rule", title=_l("Rule"), at=Finding.rule),
        Equals(key="owner", title=_l("Owner's number"), at=Finding.owner_id),
        Days(key="first", title=_l("First seen"), at=Finding.first_at),
    )
    searches = (Prefix(Finding.rule), Prefix(Finding.subject))

    def base(self) -> Select[Any]:
        return sa.select().select_from(Finding).outerjoin(Staff, Staff.id == Finding.owner_id)

    def heading(self, row: Row[Any]) -> str:
        return f"{row.rule} · {subject.name(row.subject)}"

    def around(self, row_id: int) -> dict[str, Any]:
        one = self.found(row_id)
        return {
            "one": one,
            "states": STATES,
            "severities": LEVELS,
            "laws": law.of_rule(one.rule),
            "subject": subject.link(one.subject),
            "is_standing": one.state != State.RESOLVED,
            "until": (formatting.today() + timedelta(days=7)).isoformat(),
            "is_set_by_staff": one.rule in alert.TERMS,
            "latest": (formatting.today() + rules.MUTED_AT_MOST - timedelta(days=1)).isoformat(),
        }

    @expose("/look", methods=["POST"])
    @permits("finding.own")
    def look(self) -> Response:
        """Look now, in the background."""
        return self.perform(_look, done=_("The look is under way; it takes a few seconds."))

    @expose("/<int:row_id>/acknowledge", methods=["POST"])
    @permits("finding.own")
    def acknowledge(self, row_id: int) -> Response:
        """Take it."""
        self.found(row_id)
        return self.perform(
            operations.acknowledge,
            finding_id=row_id,
            words=request.form.get("words", ""),
            staff_id=staff_id(),
            done=_("It is yours now."),
        )

    @expose("/<int:row_id>/mute", methods=["POST"])
    @permits("finding.mute")
    def mute(self, row_id: int) -> Response:
        """Keep it quiet until a day."""
        self.found(row_id)
        return self.perform(
            operations.mute,
            finding_id=row_id,
            words=request.form.get("words", ""),
            until=_day(request.form.get("until", "")),
            at=formatting.now(),
            staff_id=staff_id(),
            done=_("Quiet until then; it comes back by itself."),
        )

    @expose("/<int:row_id>/reopen", methods=["POST"])
    @permits("finding.own")
    def reopen(self, row_id: int) -> Response:
        """End the mute, or give it back."""
        self.found(row_id)
        return self.perform(operations.reopen, finding_id=row_id, at=formatting.now(), done=_("It is open again."))


def _day(text: str) -> datetime:
    """The end of the Shanghai day that a form names; the past for anything that is no day."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return formatting.now()
    return formatting.day_end(found)


def _look() -> None:
    at = formatting.now().isoformat()
    outbox.request("lint_live", payload={"at": at}, title="合规检查", by=f"staff:{staff_id()}", lane="lint_live")
