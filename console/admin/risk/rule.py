"""规则实验室: rules as data, their own cases, their back-tests, their shadow, and the way live and back."""

import re
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, staff_id
from console.admin.columns import Column, Kind
from console.admin.filters import OneOf, Starts
from console.admin.risk import form
from console.admin.risk.form import Typed
from console.admin.risk.words import GROUPS, STATES, WORDS
from console.auth import actor, permits
from models import Approval, RiskBacktest, RiskDecision, RiskRule, RiskRuleset, acting, db, transaction
from models.errors import DomainError
from models.operations import backtest
from models.operations import risk_rule as operations
from models.rules import risk as rules
from models.rules import risk_text
from models.rules.risk import Terms, compiled, parse
from models.rules.risk_feature import FEATURES

DAYS = (30, 60, 90, 180)
TITLES = {
    "on": _l("Looks at"), "group": _l("Group"), "weight": _l("Weight"), "reason": _l("Reason shown"),
    "when": _l("Condition"), "hits": _l("Cases that must hit"), "misses": _l("Cases that must miss"),
}  # fmt: skip


# Where a reason says a feature of the event.
PLACE = re.compile(r"\{\w+\}")


def _at(name: str) -> Any:
    return RiskRule.terms[name].astext


def shown(reason: str) -> str:
    """A rule's reason where no event has filled its places yet."""
    return PLACE.sub("N", reason or "")


class RuleView(ReadView):
    """One row a version of a rule."""

    title = _l("Rules lab")
    section = "risk"
    slug = "risk-rules"
    permission = "risk_rule.view"
    model = RiskRule
    hint = _l(
        "Draft, own cases, back-test over 30 days, a day in shadow, a second person: no rule goes live otherwise."
    )
    empty = _l("No rule yet: the shipped ones come with the first event.")
    search_hint = _l("Code of a rule, from its beginning")
    list_template = "risk/rules.html"
    details_template = "risk/rule.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=RiskRule.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="code", title=_l("Rule code"), at=RiskRule.code, kind=Kind.CODE, link=True),
        Column(key="version", title=_l("Version"), at=RiskRule.version, kind=Kind.COUNT),
        Column(key="state", title=_l("State"), at=RiskRule.state, kind=Kind.BADGE, badges=STATES),
        Column(key="group", title=_l("Group"), at=_at("group"), cell=lambda row: str(GROUPS.get(row.group, row.group))),
        Column(key="weight", title=_l("Weight"), at=sa.cast(_at("weight"), sa.Integer), kind=Kind.COUNT),
        Column(key="reason", title=_l("Reason shown"), at=_at("reason"), cell=lambda row: shown(row.reason)),
        Column(key="live_at", title=_l("Live since"), at=RiskRule.live_at, kind=Kind.MOMENT),
        Column(key="made_by", title=_l("Author of a rule"), at=RiskRule.made_by, kind=Kind.ACTOR, shown=False),
        Column(key="made_at", title=_l("Drafted at"), at=RiskRule.made_at, kind=Kind.MOMENT, shown=False),
        Column(key="note", title=_l("Note"), at=RiskRule.note, shown=False),
    )
    questions = (
        OneOf(
            key="state", title=_l("State"), at=RiskRule.state, choices={key: one.label for key, one in STATES.items()}
        ),
        OneOf(key="group", title=_l("Group"), at=_at("group"), choices=GROUPS),
        Starts(key="code", title=_l("Rule code"), at=RiskRule.code),
    )

    def heading(self, row: Row[Any]) -> str:
        return f"{row.code} v{row.version}"

    def extras(self) -> dict[str, Any]:
        sets = db.session.scalars(sa.select(RiskRuleset).order_by(RiskRuleset.id.desc()).limit(5)).all()
        return {"sets": sets}

    def around(self, row_id: int) -> dict[str, Any]:
        rule = self.found(row_id)
        terms = parse(rule.terms)
        live = _live(rule)
        waiting = sa.select(Approval.id).where(
            Approval.kind == "risk.publish", Approval.state == "open",
            Approval.payload["rule_id"].as_integer() == row_id,
        )  # fmt: skip
        text, tried, problem = request.args.get("try", ""), [], ""
        try:
            tried = form.tried(terms, text, compiled(terms.when))
        except DomainError as refusal:
            problem = str(refusal)
        backtests = _backtests(row_id)
        return {
            **WORDS,
            "steps": _steps(rule, terms, backtests),
            "rule": rule,
            "terms": terms,
            "condition": risk_text.written(terms.when),
            "cases": _cases(terms),
            "live": live,
            "differences": form.differences(parse(live.terms) if live else None, terms),
            "titles": TITLES,
            "backtests": backtests,
            "days": DAYS,
            "waiting": db.session.scalar(waiting),
            "refusal": _refusal(rule),
            "shadow_hits": _shadow_hits(rule),
            "try_text": text,
            "tried": tried,
            "problem": problem,
            "features": FEATURES,
        }

    @expose("/new", methods=["GET", "POST"])
    @permits("risk_rule.draft")
    def new(self) -> Any:
        """The editor: a new rule, or the next version of one."""
        if request.method == "POST":
            return self._sent()
        source = request.args.get("from", "")
        rule = self.get_one(source) if source else None
        return self._form(form.of(parse(rule.terms), rule.note) if rule else Typed())

    def _sent(self) -> Any:
        """Run the cases, or keep the draft as well; what was typed stays when something of it cannot be."""
        typed = form.typed(request.form)
        try:
            terms = form.terms(typed)
            failing = rules.failing(parse(terms))
            if failing or request.form.get("what") != "keep":
                return self._form(typed, tuple(failing), is_checked=not failing)
            with acting(actor(action="risk_rule.draft")), transaction():
                made = operations.draft(terms=terms, note=typed.note, at=formatting.now(), by=f"staff:{staff_id()}")
                target = self.address("detail", row_id=made.id)
        except DomainError as refusal:
            return self._form(typed, (str(refusal),))
        flash(_("The draft is kept; now try it on history."), "done")
        return redirect(target)

    def _form(self, typed: Typed, problems: tuple[str, ...] = (), *, is_checked: bool = False) -> Any:
        return self.render(
            "risk/form.html", **WORDS, typed=typed, problems=problems, is_checked=is_checked, features=FEATURES,
            caps=rules.GROUPS, threshold=rules.SUSPICIOUS,
        )  # fmt: skip

    @expose("/<int:row_id>/backtest", methods=["POST"])
    @permits("risk_rule.draft")
    def backtest(self, row_id: int) -> Response:
        """Have the rule tried on history."""
        self.found(row_id)
        text = request.form.get("days", "")
        return self.perform(
            backtest.ask,
            rule_id=row_id,
            days=int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            done=_("The back-test is under way."),
        )

    @expose("/<int:row_id>/backtests")
    @permits("risk_rule.view")
    def backtests(self, row_id: int) -> Any:
        """The part of a rule's page that refreshes itself while history is read."""
        rule = self.found(row_id)
        return self.render("risk/backtests.html", **WORDS, rule=rule, backtests=_backtests(row_id))

    @expose("/<int:row_id>/shadow", methods=["POST"])
    @permits("risk_rule.draft")
    def shadow(self, row_id: int) -> Response:
        """Evaluate it on what happens, without acting."""
        return self._step(operations.shadow, row_id, _("It runs in shadow from now on."))

    @expose("/<int:row_id>/drop", methods=["POST"])
    @permits("risk_rule.draft")
    def drop(self, row_id: int) -> Response:
        """Give the version up."""
        return self._step(operations.drop, row_id, _("The version is given up."))

    def _step(self, operation: Any, row_id: int, done: str) -> Response:
        self.found(row_id)
        return self.perform(operation, rule_id=row_id, at=formatting.now(), by=f"staff:{staff_id()}", done=done)

    @expose("/<int:row_id>/publish", methods=["POST"])
    @permits("risk_rule.draft")
    def publish(self, row_id: int) -> Response:
        """Ask a second person to let it count."""
        self.found(row_id)
        reason = self.reason("risk_rule.publish")
        return self.perform(
            operations.ask,
            rule_id=row_id,
            why=reason,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            reason=reason,
            done=_("Asked for: a second person decides."),
            to=lambda asked: url_for("approvals.detail", row_id=asked.id),
        )

    @expose("/<int:row_id>/roll-back", methods=["POST"])
    @permits("risk_rule.roll_back")
    def roll_back(self, row_id: int) -> Response:
        """Take it out at once; the version before counts again."""
        self.found(row_id)
        reason = self.reason("risk_rule.roll_back")
        return self.perform(
            operations.roll_back,
            rule_id=row_id,
            why=reason,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            reason=reason,
            done=_("Rolled back: the version before counts again."),
        )


def _live(rule: RiskRule) -> RiskRule | None:
    """The version that counts, when that is another one."""
    chosen = sa.select(RiskRule).where(RiskRule.code == rule.code, RiskRule.state == "live", RiskRule.id != rule.id)
    return db.session.scalars(chosen).one_or_none()


def _backtests(rule_id: int) -> list[RiskBacktest]:
    chosen = sa.select(RiskBacktest).where(RiskBacktest.rule_id == rule_id).order_by(RiskBacktest.id.desc()).limit(5)
    return list(db.session.scalars(chosen))


def _steps(rule: RiskRule, terms: Terms, backtests: list[RiskBacktest]) -> dict[str, bool]:
    """Which steps of the way live are behind a rule; what ships was tried before it was shipped."""
    is_shipped = rule.made_by == operations.MAKER
    return {
        "draft": True,
        "cases": not rules.failing(terms),
        "history": is_shipped or any(one.ended_at for one in backtests),
        "shadow": is_shipped or rule.shadow_at is not None,
        "live": rule.live_at is not None,
    }


def _cases(terms: Terms) -> list[tuple[dict[str, int], bool, bool]]:
    """(case, must hit, hits) of the rule's own cases."""
    test = compiled(terms.when)
    wanted = [(case, True) for case in terms.hits] + [(case, False) for case in terms.misses]
    return [(case, must, test(case)) for case, must in wanted]


def _refusal(rule: RiskRule) -> str:
    """Why a rule in shadow could not be published now; nothing when it could."""
    if rule.state != "shadow":
        return ""
    try:
        operations.check_ready(rule, at=formatting.now())
    except DomainError as refusal:
        return str(refusal)
    return ""


def _shadow_hits(rule: RiskRule) -> int:
    """How often a rule in shadow would have hit."""
    if rule.shadow_at is None:
        return 0
    hit = sa.literal(rule.id) == sa.any_(RiskDecision.shadow)
    return db.session.scalar(sa.select(sa.func.count()).where(hit, sa.text("shadow <> '{}'"))) or 0
