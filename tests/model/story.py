"""A scenario told in code: events by name, each checked for what must hold at every instant."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from models.errors import DomainError
from models.rules import scenario
from models.rules.commission import RowKind
from models.rules.compliance import LEVELS_MAX
from models.rules.order import State
from models.rules.share import Bucket
from tests.model.state import World
from tests.model.world import advance, apply, show

SHANGHAI = timezone(timedelta(hours=8))
START = datetime(2026, 1, 1, 9, tzinfo=SHANGHAI)
OWN_BUCKETS = (Bucket.PENDING, Bucket.LOCKED, Bucket.FROZEN, Bucket.HELD)


class Story:
    """One matrix of ten and a clock that events move. ``lines`` are the accepted events as a scenario file has them."""

    def __init__(self, preset: str = "plan", template: str = "linear", **values: Any) -> None:
        self.at = START
        keys = {key.replace("__", "."): value for key, value in values.items()}
        line = {"at": self.at.isoformat(), "do": "policy", "preset": preset, "set": keys}
        self.lines = [json.dumps(line)]
        opening = scenario.parse(line)
        assert isinstance(opening, scenario.SetPolicy)
        self.world = World(opening.policy)
        self.do("matrix", matrix="M", merchant="shop", template=template)

    def wait(self, **span: float) -> "Story":
        """Move the clock; what is due happens with the next event."""
        self.at += timedelta(**span)
        return self

    def line(self, do: str, **values: Any) -> str:
        return json.dumps({"at": self.at.isoformat(), "do": do, **values})

    def event(self, do: str, **values: Any) -> scenario.Event:
        return scenario.parse(json.loads(self.line(do, **values)))

    def do(self, do: str, **values: Any) -> "Story":
        apply(self.world, self.event(do, **values))
        self.lines.append(self.line(do, **values))
        check(self.world)
        return self

    def refuse(self, do: str, match: str = ".", **values: Any) -> "Story":
        """The event must be refused, in words, and change nothing."""
        advance(self.world, self.at)
        before = show(self.world)
        with pytest.raises(DomainError, match=match):
            apply(self.world, self.event(do, **values))
        assert show(self.world) == before
        return self

    def tick(self) -> "Story":
        return self.do("tick")

    def join(self, *members: str, inviter: str | None = "M-10") -> "Story":
        """Members who register and qualify at once, all invited by one."""
        for member in members:
            self.do("register", member=member, inviter=inviter).do("qualify", member=member)
        return self

    def chain(self, *members: str) -> "Story":
        """Members of whom each invites the next."""
        inviter = "M-10"
        for member in members:
            self.join(member, inviter=inviter)
            inviter = member
        return self

    def order(self, code: str, seller: str, **values: Any) -> "Story":
        usual = {"paid": 9_900, "cost": 5_000, "commission": 2_000}
        return self.do("order", order=code, seller=seller, **{**usual, **values})

    def sell(self, code: str, seller: str, **values: Any) -> "Story":
        """An order that is paid and completed at once."""
        return self.order(code, seller, **values).do("complete", order=code)

    def member(self, code: str) -> dict[str, Any]:
        found: dict[str, Any] = show(self.world)["members"][code]
        return found

    def balances(self, member: str) -> dict[str, int]:
        """A member's buckets that are not zero."""
        start = f"member:{member}:"
        accounts = self.world.ledger.shown()
        return {name.removeprefix(start): amount for name, amount in accounts.items() if name.startswith(start)}

    def balance(self, account: str) -> int:
        return self.world.ledger.balances[account]


def check(world: World) -> None:
    """What holds after every event."""
    assert world.ledger.total() == 0
    _check_shares(world)
    _check_orders(world)
    _check_tree(world)


def _check_shares(world: World) -> None:
    lying: dict[str, int] = {}
    for order in world.orders.values():
        for row in order.rows:
            assert 0 <= row.reversed_fen <= row.amount_fen or row.kind is RowKind.MARGIN
            assert row.level is None or row.level <= LEVELS_MAX
            if row.bucket in OWN_BUCKETS:
                lying[row.account] = lying.get(row.account, 0) + row.left_fen
    for member in world.members:
        for bucket in OWN_BUCKETS:
            account = f"member:{member}:{bucket}"
            assert world.ledger.balances[account] == lying.get(account, 0), account
        owed = world.ledger.balances[f"member:{member}:debt"]
        assert owed <= 0
        assert not (owed and world.ledger.balances[f"member:{member}:available"])


def _check_orders(world: World) -> None:
    waiting = [one for one in world.orders.values() if one.state in (State.PAID, State.SHIPPED)]
    assert world.ledger.balances["clearing"] == sum(one.paid_fen - one.refunded_fen for one in waiting)
    for one in world.orders.values():
        assert 0 <= one.refunded_fen <= one.paid_fen
        assert (one.state is State.REFUNDED) == (one.refunded_fen == one.paid_fen)


def _check_tree(world: World) -> None:
    places = [(world.tree.parent[node], world.tree.slot[node]) for node in world.at_node if world.tree.slot[node]]
    assert len(set(places)) == len(places)
    for node, code in world.at_node.items():
        member = world.members[code]
        assert member.node == node
        assert bool(world.tree.open[node]) == member.open
        assert (world.tree.best[node], world.tree.distance[node]) == world.tree.pointer(node)
