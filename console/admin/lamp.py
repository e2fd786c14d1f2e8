"""合规灯: the lights of the compliance desk as the workbench shows them, one line a watch."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _

from console.admin.base import Viewer
from console.admin.columns import Text, Tone
from models import PolicyVersion, db
from models.operations import policy as operations
from models.queries import policy as policies
from models.rules import lint


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


def _policy(at: datetime) -> Iterator[Lamp]:
    """What the lint says of the policy in force."""
    version_id, _policy = policies.in_force(at)
    version = db.session.get_one(PolicyVersion, version_id)
    found = operations.findings(version, at=at)
    red = lint.red(found)
    says = _("%(red)s red findings, %(all)s in all", red=len(red), all=len(found))
    tone = Tone.BAD if red else Tone.WARN if found else Tone.GOOD
    yield Lamp(_("The policy in force"), tone, says, url_for("policies.detail", row_id=version_id))


# Each watch of the compliance desk adds its line.
WATCHES: tuple[Watch, ...] = (Watch("policy.view", _policy),)


def lit(person: Viewer, *, at: datetime) -> list[Lamp]:
    """The lights that this person may see, in the order of the watches."""
    return [lamp for watch in WATCHES if watch.permission in person.permissions for lamp in watch.look(at)]
