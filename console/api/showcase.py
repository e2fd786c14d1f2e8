"""One's showcase: where it stands, which one it is, and what to do next."""

from typing import Annotated, Any

from pydantic import Field

from console.api.route import Call, route
from console.api.schema import Answer, Body, Instant
from models.operations import binding
from models.queries import binding as queries
from models.rules import binding as rules
from models.rules.binding import State
from models.rules.standing import Showcase

AT = "2026-11-24T08:00:00.000+08:00"
NAMED = {
    "finder_id": "sphA1b2C3d4E5", "state": "waiting", "words": "", "stated_at": AT, "ended_at": None,
}  # fmt: skip
GIVES = {
    "showcase": "pending", "has_real_name": False, "finder_id": None, "binding": NAMED,
    "guide": rules.GUIDES[Showcase.PENDING, False],
}  # fmt: skip


class Naming(Body):
    """Which showcase is one's own: the finder id that the video channel's assistant shows."""

    finder_id: Annotated[str, Field(min_length=1, max_length=64, description="视频号 ID，以 sph 开头")]


class Named(Answer):
    """What was said last, and what came of it; ``words`` tell why it was refused."""

    finder_id: str
    state: State
    words: str
    stated_at: Instant
    ended_at: Instant | None


class Window(Answer):
    """One's showcase and how far it is bound; ``finder_id`` is by what the shop's orders find it."""

    showcase: str
    has_real_name: bool
    finder_id: str | None
    binding: Named | None
    guide: str


@route("GET", "/me/showcase", "showcase.read", "我的橱窗", answer=Window, gives=GIVES)
def read(call: Call) -> Window:
    """Where it stands, and what to do next."""
    return _window(call)


@route(
    "POST", "/me/showcase", "showcase.state", "申报我的视频号，核对后绑定橱窗", body=Naming, answer=Window, status=202,
    keyed=True, example={"finder_id": "sphA1b2C3d4E5"}, gives=GIVES,
)  # fmt: skip
def state(call: Call) -> Window:
    """Checked by a person before it credits anybody with anything (rules §3.4); until then it may be corrected."""
    binding.state(member_id=call.member_id, account=call.body.finder_id, at=call.at)
    return _window(call)


def _window(call: Call) -> Window:
    found = queries.window(call.member_id)
    showcase = Showcase(found.showcase)
    return Window(
        showcase=showcase, has_real_name=found.real_name_at is not None, finder_id=found.finder,
        binding=_named(found) if found.state else None,
        guide=rules.guide(
            showcase=showcase, is_bound=found.finder is not None, is_waiting=found.state == State.WAITING
        ),
    )  # fmt: skip


def _named(found: Any) -> Named:
    return Named(
        finder_id=found.account, state=State(found.state), words=found.words, stated_at=found.asked_at,
        ended_at=found.ended_at,
    )  # fmt: skip
