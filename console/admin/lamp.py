"""合规灯: the lights of the compliance desk as the workbench shows them, one line a lamp."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _

from console import formatting
from console.admin.base import Viewer
from console.admin.columns import Text, Tone
from console.admin.finding import GROUPS, STANDING
from models.queries import lamp as queries
from models.rules.finding import Light

TONES = {Light.GREEN: Tone.GOOD, Light.AMBER: Tone.WARN, Light.RED: Tone.BAD}


@dataclass(frozen=True)
class Lamp:
    """One light: what it watches, its colour, a sentence of what it saw, the page that tells more."""

    title: Text
    tone: Tone
    says: Text
    url: str = ""


@dataclass(frozen=True)
class Watch:
    """A source of lights, for whoever holds its permission."""

    permission: str
    look: Callable[[datetime], Iterable[Lamp]]


def _groups(at: datetime) -> Iterator[Lamp]:
    """The lamps by what was last found: the lint itself runs as a job, never while a page is opened."""
    if "lint_live" not in queries.looked():
        yield Lamp(_("Rules over live data"), Tone.WARN, _("not looked yet"), url_for("lamps.index_view"))
    for one in queries.lamps():
        since = _("since %(moment)s", moment=formatting.shanghai(one.since)) if one.since else _("in order")
        url = url_for("findings.index_view", group=one.key, state=STANDING)
        yield Lamp(GROUPS[one.key], TONES[one.light], since, url)


# Each watch of the compliance desk adds its lines.
WATCHES: tuple[Watch, ...] = (Watch("lamp.view", _groups),)


def lit(person: Viewer, *, at: datetime) -> list[Lamp]:
    """The lights that this person may see, in the order of the watches."""
    return [lamp for watch in WATCHES if watch.permission in person.permissions for lamp in watch.look(at)]
