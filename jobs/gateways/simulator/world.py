"""The state of the simulated WeChat: who exists, what was asked for, what moved, and what waits to be called back."""

import hashlib
import random
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from jobs.gateways.keyring import Identity
from jobs.gateways.simulator.clock import Clock
from jobs.gateways.simulator.fault import Faults
from models.rules.shanghai import SHANGHAI


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How the simulated world behaves when no script says otherwise.

    ``confirm_seconds`` after which payees confirm by themselves (None: never), ``deaf_in``: one payee in so many never
    does, ``unlucky_in``: one transfer in so many fails. ``single_max_fen`` bounds a transfer, ``balance_fen`` is what
    the operation account begins with, ``decodes`` the addresses a day.
    """

    confirm_seconds: float | None = None
    settle_seconds: float = 1.0
    deaf_in: int = 0
    unlucky_in: int = 0
    single_max_fen: int = 20_000_00
    balance_fen: int = 100_000_000_00
    decodes: int = 30
    token_seconds: int = 7_200
    mixes_ids: bool = True


@dataclass(slots=True, kw_only=True)
class Movement:
    """Money of one of our accounts: positive in, negative out; one line of a fund flow bill."""

    account: str
    at: float
    business: str
    fen: int
    balance_fen: int
    number: str
    wx_number: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Shelved:
    """A product that stood in a window before the simulator began."""

    product_id: str
    source: str


class Beginnings(Protocol):
    """What existed before: a shop's goods, and what stands in whose window."""

    def catalogue(self) -> Iterable[dict[str, Any]]:
        """Products as `product/get` tells them."""

    def shelves(self, openid: str) -> Sequence[Shelved]:
        """The window of a person."""


class Nothing:
    """A world that begins empty."""

    def catalogue(self) -> Iterable[dict[str, Any]]:
        return ()

    def shelves(self, openid: str) -> Sequence[Shelved]:
        return ()


@dataclass(slots=True)
class World:
    """Everything, under one lock: a simulator's requests wait for each other, which no test depends on."""

    identity: Identity
    clock: Clock = field(default_factory=Clock)
    habits: Habits = field(default_factory=Habits)
    beginnings: Beginnings = field(default_factory=Nothing)
    seed: int = 0
    push_address: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)
    faults: Faults = field(default_factory=Faults)
    tokens: dict[str, Any] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)
    bills: dict[str, Any] = field(default_factory=dict)
    trades: dict[str, Any] = field(default_factory=dict)
    refunds: dict[str, Any] = field(default_factory=dict)
    sharings: dict[str, Any] = field(default_factory=dict)
    movements: list[Movement] = field(default_factory=list)
    files: dict[str, tuple[float, bytes]] = field(default_factory=dict)
    orders: dict[str, Any] = field(default_factory=dict)
    cases: dict[str, Any] = field(default_factory=dict)
    products: dict[str, Any] = field(default_factory=dict)
    windows: dict[str, dict[str, Any]] = field(default_factory=dict)
    grants: dict[str, bool] = field(default_factory=dict)
    agency_orders: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    shipped: dict[str, Any] = field(default_factory=dict)
    waybills: dict[str, Any] = field(default_factory=dict)
    dropships: dict[str, Any] = field(default_factory=dict)
    counts: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    queue: list[Any] = field(default_factory=list)
    steps: list[Callable[["World"], None]] = field(default_factory=list)
    numbers: int = 0

    def learn(self) -> None:
        """Take in what the shop has meanwhile; what was changed here stays as it is here."""
        for one in self.beginnings.catalogue():
            self.products.setdefault(one["product_id"], one)

    @property
    def now(self) -> float:
        return self.clock.now()

    def number(self, prefix: str, length: int) -> str:
        """The next number of ours, in the length that WeChat's have."""
        self.numbers += 1
        return f"{prefix}{self.numbers:0{length - len(prefix)}d}"

    def balance(self, account: str) -> int:
        """What an account holds, in fen."""
        begins = self.habits.balance_fen if account == "OPERATION" else 0
        return begins + sum(one.fen for one in self.movements if one.account == account)

    def move(self, account: str, business: str, fen: int, *, number: str, wx_number: str, remark: str = "") -> None:
        """Write one movement down."""
        self.movements.append(
            Movement(
                account=account, at=self.now, business=business, fen=fen, balance_fen=self.balance(account) + fen,
                number=number, wx_number=wx_number, remark=remark,
            )
        )  # fmt: skip

    def falls(self, *parts: str, one_in: int) -> bool:
        """A lot that follows from the seed and the parts, in any process alike."""
        if not one_in:
            return False
        drawn = hashlib.sha256("\x1f".join((str(self.seed), *parts)).encode()).digest()
        return int.from_bytes(drawn[:4]) % one_in == 0

    def chance(self, *parts: str) -> random.Random:
        """Numbers that follow from the seed and the parts."""
        return random.Random("\x1f".join((str(self.seed), *parts)))

    def settle(self) -> None:
        """Let whatever time brings happen."""
        for step in self.steps:
            step(self)


def day_of(at: float) -> date:
    """The day in Shanghai."""
    return datetime.fromtimestamp(at, SHANGHAI).date()


def rfc(at: float) -> str:
    """RFC 3339 at +08:00."""
    return datetime.fromtimestamp(at, SHANGHAI).isoformat(timespec="seconds")
