"""Whoever acted, as staff read it: `staff:12` by name, what the rules and the timetable did by itself in words."""

import sqlalchemy as sa
from flask import g
from flask_babel import gettext as _

from models import Staff, db


def actor(by: str | None) -> str:
    """The name of who acted; of two hands both. What is neither staff nor the system stands as it is."""
    hands = (by or "").replace("、", " ").split()
    return "、".join(map(_one, hands)) if all(":" in hand or hand == "rules" for hand in hands) else str(by)


def _one(name: str) -> str:
    kind, _colon, rest = name.partition(":")
    if kind == "staff":
        return _names().get(rest, name)
    if name.startswith("system:demo"):
        return _("Demonstration")
    return _("System") if kind in ("system", "job", "rules", "timetable") else name


def _names() -> dict[str, str]:
    """The staff by number, read once a page: there are never many of them."""
    if "staff_names" not in g:
        found = db.session.execute(sa.select(Staff.id, Staff.name))
        g.staff_names = {str(row.id): row.name for row in found}
    names: dict[str, str] = g.staff_names
    return names
