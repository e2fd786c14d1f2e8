"""经营预警: findings of the business, with owner, mute and re-arm; 预警规则: when each rule speaks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import SecureView, staff_id
from console.admin.finding import STANDING, FindingView
from console.auth import permits
from models import Audit, Finding, Staff, db
from models.operations import alert as operations
from models.queries import alert as queries
from models.queries import lamp
from models.rules import alert as rules
from models.rules import finding
from models.rules.alert import Term, Unit

REMEMBERED = 8
NOT_A_NUMBER = -1
LARGEST = 10**9

TITLES = {
    rules.REPURCHASE: (
        _l("Repurchase falls"),
        _l("Buyers with paid orders on two or more days of the window, of all its buyers; speaks below the line."),
    ),
    rules.MARGIN: (
        _l("Orders that lose money"),
        _l("Settled orders of the window with a negative margin; speaks once they lose more than the line."),
    ),
}
FIGURES = {
    "target_bps": _l("Line, percent"),
    "days": _l("Window, days"),
    "buyers_min": _l("Buyers at least"),
    "loss_fen": _l("Line, yuan lost"),
}


class AlertView(FindingView):
    """经营预警: what 合规发现 lists, narrowed to what the business itself watches."""

    section = "data"
    title = _l("Alerts")
    slug = "alerts"
    permission = "finding.view"
    hint = _l("Repurchase and margin, looked at every half hour. Take one, keep it quiet until a day, or arm it again.")
    empty = _l("The business stands within its limits.")
    list_template = "finding/alerts.html"

    def base(self) -> Select[Any]:
        return super().base().where(Finding.rule.in_(finding.GROUPS["business"]))


@dataclass(frozen=True)
class Change:
    """Once a rule was set: by whom, when, why, and each figure before and after."""

    at: datetime
    who: str
    reason: str
    figures: Sequence[tuple[Any, str, str]]


class AlertRuleView(SecureView):
    """预警规则: each rule with its figures, their defaults, its owner and how it was set before."""

    section = "data"
    title = _l("Alert rules")
    slug = "alert-rules"
    permission = "finding.view"

    @expose("/")
    @permits("finding.view")
    def index_view(self) -> Any:
        """Every rule as it stands."""
        people, standing = queries.owners(), queries.every()
        return self.render(
            "finding/alert_rules.html",
            standing=standing,
            terms=rules.TERMS,
            titles=TITLES,
            figures=FIGURES,
            typed=_typed,
            said=said,
            people=people,
            changes={one.rule: _changes(one) for one in standing},
            open_ones=_open_ones(),
            states=STANDING,
            looked=lamp.looked().get("lint_live"),
            articles={rule: finding.told(rule)[0] for rule in rules.TERMS},
        )

    @expose("/<rule>", methods=["POST"])
    @permits("alert.manage")
    def change(self, rule: str) -> Response:
        """Set a rule's figures and owner; an empty figure is the default again."""
        why = self.reason("alert.change")
        return self.perform(
            operations.change,
            rule=rule,
            terms={term.key: _read(term) for term in rules.TERMS.get(rule, ())},
            owner_id=_number(request.form.get("owner_id", "")),
            why=why,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            reason=why,
            done=_("Set. The figures are looked at anew."),
            to=self.address(),
        )


def _typed(term: Term, value: int) -> str:
    """A figure as its input holds it."""
    return f"{value / 100:.2f}" if term.unit in (Unit.RATE, Unit.MONEY) else str(value)


def _read(term: Term) -> int | None:
    """The figure that the form sends, None where it is left empty; what is no number lies out of every bound."""
    text = request.form.get(term.key, "").strip().removesuffix("%")
    if not text:
        return None
    if term.unit in (Unit.RATE, Unit.MONEY):
        found = formatting.to_fen(text)
        return NOT_A_NUMBER if found is None else found
    return _number(text)


def _number(text: str) -> int | None:
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < len(str(LARGEST)) else NOT_A_NUMBER


def _open_ones() -> dict[str, int]:
    """How many alerts stand of each rule."""
    chosen = sa.select(Finding.rule, sa.func.count()).where(
        Finding.resolved_at.is_(None), Finding.rule.in_(finding.GROUPS["business"])
    )
    return {row[0]: row[1] for row in db.session.execute(chosen.group_by(Finding.rule))}


def _changes(one: queries.Standing) -> list[Change]:
    """How a rule was set, the last time first, as the trail has it."""
    if one.row is None:
        return []
    chosen = sa.select(Audit, Staff.name).outerjoin(Staff, Audit.actor == sa.func.concat("staff:", Staff.id))
    chosen = chosen.where(Audit.table_name == "alert_rule", Audit.row_id == str(one.row.id))
    rows = db.session.execute(chosen.order_by(Audit.id.desc()).limit(REMEMBERED))
    return [Change(row.at, name or row.actor, row.reason, _figures(one.rule, row)) for row, name in rows]


def _figures(rule: str, row: Audit) -> list[tuple[Any, str, str]]:
    before, after = row.before or {}, row.after or {}
    return [
        (FIGURES[term.key], said(term, before.get(term.key)), said(term, after.get(term.key)))
        for term in rules.terms_of(rule)
        if before.get(term.key) != after.get(term.key)
    ]


def said(term: Term, value: int | None) -> str:
    """A figure as people read it in their own language, the default where none is set."""
    at = term.default if value is None else value
    if term.unit is Unit.RATE:
        return formatting.bps(at)
    if term.unit is Unit.MONEY:
        return formatting.yuan(at)
    return str(_("%(n)s d", n=at)) if term.unit is Unit.DAYS else formatting.count(at)
