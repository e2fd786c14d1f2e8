"""The rules of the business as they stand: what staff have set, the defaults for the rest, whose they are."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from models.base import db
from models.rules import alert as rules
from models.rules import permission
from models.tables.alert import AlertRule
from models.tables.staff import Staff, StaffState

OWNING = "finding.own"


@dataclass(frozen=True, slots=True)
class Standing:
    """A rule: its figures now, which of them staff have set, the row that says so, the name of its owner."""

    rule: str
    terms: Mapping[str, int]
    row: AlertRule | None
    owner: str

    def is_set(self, key: str) -> bool:
        return self.row is not None and getattr(self.row, key) is not None


def terms(rule: str) -> dict[str, int]:
    """The figures that a rule goes by."""
    return rules.in_force(rule, _kept(db.session.scalar(sa.select(AlertRule).where(AlertRule.rule == rule))))


def every() -> list[Standing]:
    """All rules in their order."""
    chosen = sa.select(AlertRule, Staff.name).outerjoin(Staff, Staff.id == AlertRule.owner_id)
    found = {row.rule: (row, name or "") for row, name in db.session.execute(chosen)}
    return [
        Standing(rule, rules.in_force(rule, _kept(row)), row, name)
        for rule in rules.TERMS
        for row, name in [found.get(rule, (None, ""))]
    ]


def owner(rule: str) -> int | None:
    """To whom a new alert is given: the rule's owner, as long as that person works here and may take findings."""
    chosen = sa.select(Staff.id, Staff.roles).join(AlertRule, AlertRule.owner_id == Staff.id)
    found = db.session.execute(chosen.where(AlertRule.rule == rule, Staff.state == StaffState.ACTIVE)).one_or_none()
    return found.id if found is not None and OWNING in permission.held_by(found.roles) else None


def owners() -> dict[int, str]:
    """Everybody who may own a rule, by name."""
    chosen = sa.select(Staff.id, Staff.name, Staff.roles).where(Staff.state == StaffState.ACTIVE)
    people = db.session.execute(chosen.order_by(Staff.name, Staff.id))
    return {one.id: one.name for one in people if OWNING in permission.held_by(one.roles)}


def _kept(row: AlertRule | None) -> dict[str, int | None]:
    return {} if row is None else {key: getattr(row, key) for key in ("days", "target_bps", "buyers_min", "loss_fen")}
