"""The reference world: plays a scenario through the rules, in memory, and shows what came out."""

import heapq
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from models.errors import DomainError
from models.rules import scenario
from tests.model import payouts, people, shares, trade
from tests.model.state import Due, Member, World

ACTIONS: dict[type[scenario.Event], Callable[[World, Any], None]] = {
    scenario.MakeMatrix: people.make_matrix,
    scenario.Register: people.register,
    scenario.Qualify: people.qualify,
    scenario.PlaceOrder: trade.place,
    scenario.Ship: lambda world, event: trade.ship(world, event.order, event.at),
    scenario.Complete: lambda world, event: trade.complete(world, event.order, event.at),
    scenario.Refund: trade.refund,
    scenario.Appoint: payouts.appoint,
    scenario.NameSeed: people.name_seed,
    scenario.Hold: lambda world, event: trade.hold(world, event.order, event.at),
    scenario.Clear: lambda world, event: trade.clear(world, event.order, event.at),
    scenario.ConfirmFraud: lambda world, event: trade.confirm_fraud(world, event.order),
    scenario.PayDividend: payouts.pay_dividend,
    scenario.Withdraw: payouts.withdraw,
    scenario.EndPayout: payouts.end_payout,
    scenario.Tick: lambda world, event: None,
}


class NotRefused(Exception):
    """An event that must be refused was accepted."""


class Stopped(Exception):
    """The line at which a replay ends, and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"第 {line} 行：{reason}")
        self.line = line


def advance(world: World, at: datetime) -> None:
    """Everything due at or before an instant happens, in order of due instant."""
    while world.due and world.due[0][0] <= at:
        instant, kind, _, subject = heapq.heappop(world.due)
        world.now = instant
        if kind is Due.LAPSE:
            people.lapse(world, *subject)
        elif kind is Due.CONFIRM:
            trade.complete(world, subject, instant)
        elif kind is Due.MATURE:
            shares.mature(world, subject, instant)
        else:
            people.end_cycle(world, *subject)
    world.now = at


def apply(world: World, event: scenario.Event) -> None:
    """One event after everything due before it; a refusal changes nothing else."""
    advance(world, event.at)
    ACTIONS[type(event)](world, event)


def play(lines: Iterable[str], watch: Callable[[World, scenario.Event], None] | None = None) -> World:
    """A whole scenario; stops at the first line that the rules or the format refuse."""
    world: World | None = None
    for number, line in enumerate(lines, 1):
        try:
            found = scenario.load(line)
        except DomainError as refusal:
            raise Stopped(number, str(refusal)) from refusal
        try:
            world = _play_line(world, found)
        except DomainError as refusal:
            if not found.get("refused", False):
                raise Stopped(number, str(refusal)) from refusal
        except NotRefused as wrong:
            raise Stopped(number, str(wrong)) from wrong
        if watch is not None and world is not None:
            watch(world, scenario.parse(found))
    if world is None:
        raise Stopped(0, "空文件：第一行应为 policy。")
    return world


def _play_line(world: World | None, found: dict[str, Any]) -> World:
    event = scenario.parse(found)
    scenario.check_sequence(event, first=world is None, now=None if world is None else world.now)
    if isinstance(event, scenario.SetPolicy):
        world = World(event.policy)
        world.now = event.at
    else:
        assert world is not None
        apply(world, event)
    if event.refused:
        raise NotRefused("此事件应被拒绝，却被接受了。")
    return world


def show(world: World) -> dict[str, Any]:
    """The resulting world exactly as scenario files print it."""
    members = {code: _show_member(world, one) for code, one in sorted(world.members.items()) if not one.preset}
    orders = {code: str(order.state) for code, order in sorted(world.orders.items())}
    return {"accounts": world.ledger.shown(), "members": members, "orders": orders}


def _show_member(world: World, member: Member) -> dict[str, Any]:
    placed = member.node is not None
    parent = next(world.ancestors(member), None) if placed else None
    return {
        "depth": world.tree.depth(member.node) if placed and member.node is not None else None,
        "directs": len(world.directs(member)),
        "failures": member.failures,
        "parent": parent.code if parent else None,
        "rank": None if member.rank is None else str(member.rank),
        "showcase": str(member.showcase),
        "slot": world.tree.slot[member.node] if placed and member.node is not None else None,
        "sponsor": member.sponsor,
        "standing": str(member.standing),
        "team_size": sum(1 for _ in world.team(member)),
        "unlocked": member.unlocked,
    }
