"""The editor of a risk rule: what was typed, as a form of conditions or as one line of text, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from models.rules import risk_text
from models.rules.risk import All, AnyOf, Compare, Node, Terms, parse

ROWS = 8
NUMBER_LENGTH = 13


@dataclass(frozen=True)
class Row:
    """One condition of the form, as typed."""

    feature: str = ""
    op: str = ">="
    value: str = ""


@dataclass
class Typed:
    """What stands in the editor's fields."""

    code: str = ""
    on: list[str] = field(default_factory=lambda: ["place"])
    group: str = "place"
    weight: str = "30"
    reason: str = ""
    mode: str = "form"
    join: str = "all"
    rows: list[Row] = field(default_factory=list)
    text: str = ""
    hits: str = ""
    misses: str = ""
    note: str = ""

    @property
    def lines(self) -> list[Row]:
        """The form's rows, padded with empty ones."""
        return [*self.rows, *[Row()] * (ROWS - len(self.rows))]


def of(terms: Terms, note: str = "") -> Typed:
    """The fields of a rule; a condition that no row of comparisons can say is text."""
    join, rows = _flat(terms.when)
    return Typed(
        code=terms.code, on=list(terms.on), group=terms.group, weight=str(terms.weight), reason=terms.reason,
        mode="form" if rows else "text", join=join, rows=rows, text=risk_text.written(terms.when),
        hits=risk_text.cased(terms.hits), misses=risk_text.cased(terms.misses), note=note,
    )  # fmt: skip


def _flat(node: Node) -> tuple[str, list[Row]]:
    if isinstance(node, Compare):
        return "all", [_row(node)]
    if isinstance(node, All | AnyOf):
        parts: Sequence[Node] = node.all if isinstance(node, All) else node.any
        if len(parts) <= ROWS and all(isinstance(one, Compare) for one in parts):
            return "all" if isinstance(node, All) else "any", [_row(one) for one in parts if isinstance(one, Compare)]
    return "all", []


def _row(node: Compare) -> Row:
    return Row(node.feature, node.op, str(node.value))


def typed(form: MultiDict[str, str]) -> Typed:
    """What a person sent."""
    columns = zip(form.getlist("feature"), form.getlist("op"), form.getlist("value"), strict=False)
    rows = [Row(feature, op, value.strip()) for feature, op, value in columns if feature]
    return Typed(
        code=form.get("code", "").strip(), on=form.getlist("on"), group=form.get("group", ""),
        weight=form.get("weight", "").strip(), reason=" ".join(form.get("reason", "").split()),
        mode="text" if form.get("mode") == "text" else "form", join="any" if form.get("join") == "any" else "all",
        rows=rows[:ROWS], text=form.get("text", "").strip(), hits=form.get("hits", "").strip(),
        misses=form.get("misses", "").strip(), note=" ".join(form.get("note", "").split())[:400],
    )  # fmt: skip


def terms(found: Typed) -> dict[str, Any]:
    """The rule's terms as plain JSON; refused with a sentence where they cannot be."""
    when = risk_text.read(found.text) if found.mode == "text" else _when(found)
    made = {
        "code": found.code, "on": found.on, "group": found.group, "weight": _number(found.weight),
        "reason": found.reason, "when": when, "hits": risk_text.cases(found.hits),
        "misses": risk_text.cases(found.misses),
    }  # fmt: skip
    parse(made)
    return made


def _when(found: Typed) -> dict[str, Any]:
    parts = [{"feature": row.feature, "op": row.op, "value": _number(row.value)} for row in found.rows]
    return parts[0] if len(parts) == 1 else {found.join: parts}


def _number(text: str) -> int | str:
    """A whole number; anything else stays as it is and is refused where the terms are read."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= NUMBER_LENGTH else text


def differences(before: Terms | None, after: Terms) -> list[tuple[str, str, str]]:
    """(field, before, after) of everything that a version changes."""
    if before is None:
        return []
    rows = [(name, _shown(before, name), _shown(after, name)) for name in FIELDS]
    return [row for row in rows if row[1] != row[2]]


FIELDS = ("on", "group", "weight", "reason", "when", "hits", "misses")


def _shown(one: Terms, name: str) -> str:
    value = getattr(one, name)
    if name == "when":
        return risk_text.written(value)
    if name in ("hits", "misses"):
        return risk_text.cased(value)
    return "、".join(value) if name == "on" else str(value)


def tried(one: Terms, text: str, test: Any) -> list[tuple[Mapping[str, int], bool]]:
    """Each case of a text and whether the rule hits it."""
    return [(case, bool(test(case))) for case in risk_text.cases(text)] if text.strip() else []
