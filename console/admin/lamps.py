"""合规灯: each rule green, amber or red, by what, since when; never one figure for all of it."""

from collections.abc import Sequence
from typing import Any

from flask_admin import expose
from flask_babel import lazy_gettext as _l

from console.admin.base import SecureView
from console.admin.finding import GROUPS, STANDING
from console.admin.lamp import TONES
from console.auth import permits
from models.queries import lamp as queries
from models.queries.lamp import Lamp
from models.rules.finding import Light

WORDS = {Light.GREEN: _l("in order"), Light.AMBER: _l("to be watched"), Light.RED: _l("broken")}
LOOKS = {
    "lint_live": _l("Rules over live data"),
    "scan_copy": _l("What we say"),
    "watch_structure": _l("Structure, what is new"),
    "check_structure": _l("Structure, everything"),
}


def shown() -> dict[str, Any]:
    """What a page needs to draw the lamps."""
    lamps: Sequence[Lamp] = queries.lamps()
    return {"law_lamps": lamps, "law_groups": GROUPS, "law_standing": STANDING, "law_tones": TONES, "law_words": WORDS}


class LampView(SecureView):
    """合规灯: the lamps with their rules."""

    section = "compliance"
    title = _l("Lamps")
    slug = "lamps"
    permission = "lamp.view"

    @expose("/")
    @permits("lamp.view")
    def index_view(self) -> Any:
        """Every lamp, its rules, and when anybody last looked."""
        return self.render("finding/lamps.html", looked=queries.looked(), looks=LOOKS, **shown())
