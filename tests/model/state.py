"""The whole world as plain records: what the database will hold in tables."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

from models.errors import Missing
from models.rules.commission import Kind, RowKind
from models.rules.order import State
from models.rules.placement import Sponsor, Tree, is_open
from models.rules.policy import LevelsBy, Policy
from models.rules.share import Bucket, Marks, Person
from models.rules.standing import QUALIFIED, Cycle, Rank, Showcase, Standing
from models.rules.tax import Month
from models.rules.withdrawal import Obligation
from tests.model.ledger import Ledger


class Due(IntEnum):
    """Kinds of what is due, in the order in which they happen at one instant."""

    LAPSE = 0
    CONFIRM = 1
    MATURE = 2
    CYCLE = 3


@dataclass
class Member:
    code: str
    network: str
    node: int | None
    sponsor: str | None
    registered_at: datetime
    sequence: int
    preset: bool = False
    promotes: bool = False
    standing: Standing = Standing.CANDIDATE
    showcase: Showcase = Showcase.NONE
    tasks: tuple[str, ...] = ()
    qualified_at: datetime | None = None
    unlocked: bool = False
    failures: int = 0
    cycle: Cycle | None = None
    since: datetime | None = None
    rank: Rank | None = None
    seed_at: datetime | None = None
    strikes: int = 0
    earnings_fen: int = 0
    obligations: list[Obligation] = field(default_factory=list)

    @property
    def qualified(self) -> bool:
        return self.standing in QUALIFIED

    @property
    def open(self) -> bool:
        return is_open(preset=self.preset, promotes=self.promotes, standing=self.standing, showcase=self.showcase)

    def person(self) -> Person:
        return Person(
            code=self.code,
            standing=self.standing,
            showcase=self.showcase,
            unlocked=self.unlocked,
            preset=self.preset,
            seed_at=self.seed_at,
        )


@dataclass
class Booked:
    """A row of a settlement and where it lies now."""

    kind: RowKind
    account: str
    amount_fen: int
    reversed_fen: int = 0
    member: str | None = None
    level: int | None = None
    bucket: Bucket | None = None
    """None: with the house, a supplier or the platform."""

    @property
    def left_fen(self) -> int:
        return self.amount_fen - self.reversed_fen

    @property
    def is_region(self) -> bool:
        return self.kind is RowKind.REGION


@dataclass
class Order:
    code: str
    seller: str
    buyer: str | None
    kind: Kind
    paid_fen: int
    cost_fen: int
    commission_fen: int
    region: str | None
    body: tuple[Any, ...]
    paid_at: datetime
    state: State = State.PAID
    shipped_at: datetime | None = None
    completed_at: datetime | None = None
    settled_fen: int = 0
    refunds: list[tuple[datetime, int]] = field(default_factory=list)
    rows: list[Booked] = field(default_factory=list)
    held: bool = False
    fraud: bool = False

    @property
    def marks(self) -> Marks:
        return Marks(self.held, self.fraud)

    @property
    def refunded_fen(self) -> int:
        return sum(amount for _, amount in self.refunds)

    @property
    def refunded_after_fen(self) -> int:
        """What was refunded since the settlement."""
        return self.refunded_fen - (self.paid_fen - self.settled_fen)

    def net_fen(self) -> int:
        """What a completed order brought, less every refund so far."""
        return 0 if self.completed_at is None else self.paid_fen - self.refunded_fen


@dataclass
class Withdrawal:
    code: str
    member: str
    amount_fen: int
    tax_fen: int
    month: Month
    body: tuple[Any, ...]
    state: str | None = None


@dataclass
class Line:
    """A dividend of a month and member, with what was booked for it so far."""

    month: Month
    member: str
    bps: int
    booked_fen: int


@dataclass
class Matrix:
    code: str
    merchant: str
    nodes: list[int]


class World:
    """Everything there is, and look-ups over it."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.now: datetime | None = None
        self.tree = Tree()
        self.ledger = Ledger()
        self.matrices: dict[str, Matrix] = {}
        self.members: dict[str, Member] = {}
        self.at_node: dict[int, str] = {}
        self.orders: dict[str, Order] = {}
        self.withdrawals: dict[str, Withdrawal] = {}
        self.agents: dict[str, str] = {}
        self.lines: list[Line] = []
        self.billed: set[Month] = set()
        self.due: list[tuple[datetime, Due, Any, Any]] = []
        self.placed = 0

    def member(self, code: str) -> Member:
        if code not in self.members:
            raise Missing(f"没有代码为 {code} 的成员。")
        return self.members[code]

    def order(self, code: str) -> Order:
        if code not in self.orders:
            raise Missing(f"没有编号为 {code} 的订单。")
        return self.orders[code]

    def withdrawal(self, code: str) -> Withdrawal:
        if code not in self.withdrawals:
            raise Missing(f"没有编号为 {code} 的提现。")
        return self.withdrawals[code]

    def plan(self, at: datetime, kind: Due, key: Any, subject: Any) -> None:
        """Something will be due; whether it still holds is asked when it is."""
        heapq.heappush(self.due, (at, kind, key, subject))

    def look(self, code: str) -> Sponsor:
        person = self.member(code)
        return Sponsor(code, person.sponsor, person.qualified, person.open)

    def ancestors(self, member: Member) -> Iterator[Member]:
        """Who stands above in the placement tree, nearest first."""
        if member.node is not None:
            for node in self.tree.ancestors(member.node):
                yield self.members[self.at_node[node]]

    def upline(self, member: Member, levels: int) -> list[Member]:
        """The member and who earns from its sales, by placement or by sponsor."""
        people = [member]
        while len(people) < levels:
            above = self._above(people[-1])
            if above is None:
                break
            people.append(above)
        return people

    def _above(self, member: Member) -> Member | None:
        if self.policy.levels_by is LevelsBy.PLACEMENT:
            return next(self.ancestors(member), None)
        return None if member.sponsor is None else self.members[member.sponsor]

    def directs(self, member: Member) -> list[Member]:
        """Members whose sponsor it is and who have qualified."""
        return [one for one in self.members.values() if one.sponsor == member.code and one.qualified]

    def team(self, member: Member) -> Iterator[Member]:
        """The member and the qualified members at most ten levels below, closed showcases not counted."""
        if not member.qualified or member.node is None:
            return
        for node, distance in self.tree.within(member.node, 10):
            one = self.members[self.at_node[node]]
            if distance == 0 or (one.qualified and one.showcase is not Showcase.CLOSED):
                yield one

    def sold_fen(self, sellers: set[str]) -> int:
        """Net paid amount of completed orders sold by these people."""
        return sum(order.net_fen() for order in self.orders.values() if order.seller in sellers)
