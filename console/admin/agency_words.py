"""The words of regional agencies: where an application stands, and the three levels of regions."""

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
