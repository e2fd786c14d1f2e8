"""Random stories in bursts of one kind, as a rush of sign-ups and sales makes them, some of them with a slip."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

TERMS: dict[str, tuple[Any, ...]] = {
    "admission.orders": (0, 0, 2), "unlock.directs": (0, 1, 2, 3), "levels_by": ("placement", "sponsor"),
    "candidate_days": (3, 7), "cycle_days": (1, 30), "return_days": (1, 7), "rank.team_size": ([2, 3, 5, 8],),
    "rank.sales_fen": ([5_000, 15_000, 30_000, 90_000],), "high_earner.step_fen": (3_000, 500_000),
}  # fmt: skip
STEPS = (0, 0, 1, 40, 3_600)


class Bursts:
    """A story in the making: ``lines`` are a scenario file."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.at = datetime(2026, 1, 1, 1, tzinfo=UTC)
        self.lines: list[str] = []
        self.people = ["M-10", "M-9"]
        self.waiting: list[str] = []
        self.orders: list[str] = []
        self.count = 0
        terms = {key: self.dice.choice(values) for key, values in TERMS.items()}
        self.tell("policy", preset="plan", set=terms)
        self.tell("matrix", matrix="M", merchant="shop", template="triple")

    def tell(self, do: str, **values: Any) -> None:
        self.lines.append(json.dumps({"at": self.at.isoformat(), "do": do, **values}))

    def name(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def passes(self) -> None:
        self.at += timedelta(seconds=self.dice.choice(STEPS))

    def signs_up(self) -> None:
        anybody = [*self.people, *self.people, *self.waiting[-5:]]
        code = self.name("m")
        self.tell("register", member=code, inviter=self.dice.choice([*anybody, None]))
        self.waiting.append(code)

    def qualifies(self) -> None:
        if self.waiting:
            code = self.waiting.pop(self.dice.randrange(len(self.waiting)))
            self.tell("qualify", member=code)
            self.people.append(code)

    def buys(self) -> None:
        number, paid = self.name("o"), self.dice.randrange(1_000, 20_000)
        self.tell("order", order=number, seller=self.dice.choice(self.people), paid=paid, cost=paid // 3,
                  commission=paid // 4, buyer=self.dice.choice([*self.people, *self.waiting, None]),
                  region=self.dice.choice(["310115", None]))  # fmt: skip
        self.orders.append(number)

    def receives(self) -> None:
        if self.orders:
            self.tell("complete", order=self.dice.choice(self.orders[-12:]))

    def ships(self) -> None:
        if self.orders:
            self.tell("ship", order=self.dice.choice(self.orders[-12:]))

    def slips(self) -> None:
        """One event that may not pass: a stranger, somebody twice, an order of nobody's."""
        self.dice.choice((
            lambda: self.tell("register", member=self.dice.choice(self.people), inviter=None),
            lambda: self.tell("register", member=self.name("m"), inviter="nobody"),
            lambda: self.tell("qualify", member="nobody"),
            lambda: self.tell("complete", order="nothing"),
            lambda: self.tell("order", order=self.name("o"), seller="nobody", paid=100, cost=1, commission=1),
        ))()  # fmt: skip


def story(seed: int, bursts: int = 14, length: int = 9) -> list[str]:
    """The lines of a random story: one in three stops somewhere."""
    told = Bursts(seed)
    kinds = (told.signs_up, told.qualifies, told.buys, told.receives, told.ships)
    slip = told.dice.randrange(3 * bursts)
    for burst in range(bursts):
        kind = kinds[burst % len(kinds)] if burst < len(kinds) else told.dice.choice(kinds)
        for _ in range(told.dice.randrange(1, length)):
            told.passes()
            kind()
        if burst == slip:
            told.slips()
    return told.lines
