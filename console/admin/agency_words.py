"""The words of regional agencies: where an application stands, and the three levels of regions."""

from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from console.admin.columns import Badge, Tone
from models.rules import region_share as rules

STATES = {
    "applied": Badge(_l("Applied"), Tone.WARN),
    "active": Badge(_l("In office"), Tone.GOOD),
    "ended": Badge(_l("Ended")),
    "refused": Badge(_l("Refused"), Tone.BAD),
}
LEVELS = {
    rules.Level.PROVINCE.value: _l("Province"),
    rules.Level.CITY.value: _l("City"),
    rules.Level.DISTRICT.value: _l("District"),
}


def level_of(code: Any) -> sa.Case[str]:
    """A region code's level, one of ``LEVELS``, as a column of a list."""
    return sa.case((code.like("__0000"), "province"), (code.like("____00"), "city"), else_="district")
