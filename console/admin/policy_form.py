"""The policy as a form: what each key is called, in what unit people type it, and how it is read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from console import formatting
from console.admin.columns import Text
from models.rules import policy as rules
from models.rules.policy import EarnerMode, Effect, LevelsBy, Metric, RankBy, RefundEffect, TaxMethod


class Unit(StrEnum):
    """How people type and read a key."""

    COUNT = "count"
    DAYS = "days"
    PERCENT = "percent"
    YUAN = "yuan"
    CHOICE = "choice"
    FLAG = "flag"


@dataclass(frozen=True)
class Field:
    """One key of the policy on the form. ``parts`` names the items of a key that is a row of numbers."""

    key: str
    title: Text
    unit: Unit
    parts: tuple[Text, ...] = ()
    choices: Mapping[str, Text] | None = None

    @property
    def rule(self) -> str:
        return str(rules.FIELDS[self.key].metadata["rule"])

    def typed(self, value: Any) -> list[str]:
        """A value as its inputs hold it."""
        return [self._one(item) for item in (value if self.parts else [value])]

    def _one(self, value: Any) -> str:
        if self.unit in (Unit.PERCENT, Unit.YUAN):
            return f"{Decimal(value) / 100:.2f}"
        return ("yes" if value else "no") if self.unit is Unit.FLAG else str(value)

    def says(self, value: Any) -> str:
        """A value as people read it."""
        return " / ".join(self._said(item) for item in (value if self.parts else [value]))

    def _said(self, value: Any) -> str:
        if self.unit is Unit.PERCENT:
            return formatting.bps(value)
        if self.unit is Unit.YUAN:
            return formatting.yuan(value)
        if self.unit is Unit.FLAG:
            return str(_("yes") if value else _("no"))
        if self.choices:
            return str(self.choices.get(value, value))
        return formatting.count(value) if isinstance(value, int) else str(value)

    def read(self, texts: Sequence[str]) -> Any:
        """The value that the inputs hold; ValueError when one holds none."""
        if len(texts) != max(len(self.parts), 1):
            raise ValueError
        found = [self._read(text.strip()) for text in texts]
        return found if self.parts else found[0]

    def _read(self, text: str) -> Any:
        if self.unit is Unit.FLAG:
            return {"yes": True, "no": False}[text] if text in ("yes", "no") else _nothing()
        if self.unit is Unit.CHOICE:
            return text if self.choices and text in self.choices else _nothing()
        if self.unit is Unit.YUAN:
            fen = formatting.to_fen(text)
            return _nothing() if fen is None else fen
        return _hundredths(text) if self.unit is Unit.PERCENT else _whole(text)


def _nothing() -> Any:
    raise ValueError


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise ValueError
    return int(text)


def _hundredths(text: str) -> int:
    """A percentage with at most two decimals, in bps."""
    try:
        found = Decimal(text.removesuffix("%")) * 100
    except InvalidOperation:
        raise ValueError from None
    if not found.is_finite() or found != int(found) or abs(found) > 10**6:
        raise ValueError
    return int(found)


_LEVELS = (_l("level 1"), _l("level 2"), _l("level 3"))
_RANKS = (_l("Expert"), _l("Leader"), _l("Founder"), _l("Centre"))
_REGIONS = (_l("Province"), _l("City"), _l("District"))
_EFFECTS = {Effect.FREEZE.value: _l("freeze"), Effect.REMIND.value: _l("remind")}

GROUPS: tuple[tuple[Text, tuple[Field, ...]], ...] = (
    (
        _l("Shares"),
        (
            Field("levels", _l("Paid levels"), Unit.COUNT),
            Field("split_bps", _l("Share of the commission"), Unit.PERCENT, _LEVELS),
            Field(
                "levels_by",
                _l("Levels follow"),
                Unit.CHOICE,
                choices={LevelsBy.PLACEMENT.value: _l("the placement tree"), LevelsBy.SPONSOR.value: _l("sponsors")},
            ),
            Field("region_bps", _l("Region shares of the price"), Unit.PERCENT, _REGIONS),
            Field("seed_bonus_bps", _l("Seed bonus"), Unit.PERCENT),
            Field("seed_bonus_days", _l("Seed bonus runs"), Unit.DAYS),
            Field("dividend_bps", _l("Team dividend"), Unit.PERCENT, (_l("Founder"), _l("Centre"))),
            Field("reserve_bps", _l("Reserve of the margin"), Unit.PERCENT),
            Field("flow.pays", _l("Flow pays stand-ins"), Unit.FLAG),
        ),
    ),
    (
        _l("Admission and unlock"),
        (
            Field("admission.orders", _l("Admission orders"), Unit.COUNT),
            Field(
                "admission.refund_effect",
                _l("A refunded admission order"),
                Unit.CHOICE,
                choices={
                    RefundEffect.CLOSE_SHOWCASE.value: _l("closes the showcase"),
                    RefundEffect.NONE.value: _l("changes nothing"),
                },
            ),
            Field("candidate_days", _l("A candidate lapses after"), Unit.DAYS),
            Field("unlock.directs", _l("Directs that unlock levels 2 and 3"), Unit.COUNT),
        ),
    ),
    (
        _l("Assessment and ranks"),
        (
            Field("cycle_days", _l("Length of a cycle"), Unit.DAYS),
            Field(
                "assess.metric",
                _l("A cycle counts"),
                Unit.CHOICE,
                choices={Metric.RECRUITS.value: _l("recruits"), Metric.ORDERS.value: _l("own sales")},
            ),
            Field("assess.target", _l("Target of a cycle"), Unit.COUNT),
            Field("assess.effect", _l("A missed target"), Unit.CHOICE, choices=_EFFECTS),
            Field("revive.orders", _l("Orders that revive"), Unit.COUNT),
            Field(
                "rank.by",
                _l("Ranks count"),
                Unit.CHOICE,
                choices={RankBy.TEAM.value: _l("the team"), RankBy.OWN.value: _l("own sales")},
            ),
            Field("rank.team_size", _l("Team size of a rank"), Unit.COUNT, _RANKS),
            Field("rank.sales_fen", _l("Sales of a rank"), Unit.YUAN, _RANKS),
        ),
    ),
    (
        _l("Orders, money and tax"),
        (
            Field("return_days", _l("Days to return"), Unit.DAYS),
            Field("auto_confirm_days", _l("A receipt confirms itself after"), Unit.DAYS),
            Field(
                "high_earner.mode",
                _l("High earners without an own order"),
                Unit.CHOICE,
                choices={EarnerMode.HOLD.value: _l("withdrawals wait"), EarnerMode.REMIND.value: _l("are reminded")},
            ),
            Field("high_earner.step_fen", _l("An own order is asked for each"), Unit.YUAN),
            Field("withdraw.min", _l("Least withdrawal"), Unit.YUAN),
            Field("withdraw.second_approval", _l("Second approval from"), Unit.YUAN),
            Field(
                "tax.method",
                _l("Withholding"),
                Unit.CHOICE,
                choices={
                    TaxMethod.NONE.value: _l("none"),
                    TaxMethod.MONTHLY.value: _l("by the month"),
                    TaxMethod.CUMULATIVE.value: _l("cumulative"),
                },
            ),
            Field("risk.enabled", _l("Risk holds"), Unit.FLAG),
        ),
    ),
)
FIELDS = tuple(field for _title, fields in GROUPS for field in fields)


@dataclass(frozen=True)
class Filled:
    """What a form held: the typed texts by key, the terms that could be read, the titles of what could not."""

    texts: dict[str, list[str]]
    terms: dict[str, Any]
    wrong: tuple[Text, ...]


def filled(form: MultiDict[str, str]) -> Filled:
    """Read every key of the form."""
    texts = {field.key: form.getlist(field.key) for field in FIELDS}
    terms: dict[str, Any] = {}
    wrong: list[Text] = []
    for field in FIELDS:
        try:
            terms[field.key] = field.read(texts[field.key])
        except ValueError:
            wrong.append(field.title)
    return Filled(texts, terms, tuple(wrong))


def of(terms: Mapping[str, Any]) -> dict[str, list[str]]:
    """The inputs' texts for a policy's terms."""
    return {field.key: field.typed(terms[field.key]) for field in FIELDS}


@dataclass(frozen=True)
class Difference:
    """One key beside another policy's."""

    field: Field
    before: str
    after: str

    @property
    def is_changed(self) -> bool:
        return self.before != self.after


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Every key of two policies, in the form's order."""
    return [Difference(field, field.says(before[field.key]), field.says(after[field.key])) for field in FIELDS]
