"""Windows that live nowhere: every answer follows from the seed, the window and the product, in any process alike."""

import hashlib
from collections import Counter
from collections.abc import Sequence

import structlog

from jobs.gateways.showcase import Known, Refused, Reported, Silent, Unauthorised
from models.rules import listing
from models.rules.listing import Outcome, Shown, Source

log = structlog.get_logger("jobs.gateways")

UNAUTHORISED_IN = 14
PROMOTERS_OWN_IN = 11
SHOPS_OWN_IN = 6
REFUSED_IN = 60
BANNED_IN = 90
SOLD_OUT_IN = 40
REPRICED_IN = 50


class WindowsSimulator:
    """One in so many windows has not authorised us, one in so many products was put there by its promoter or shop.

    ``silent_in``: one first call in so many gets no answer (0: each does); asked again it answers.
    """

    def __init__(self, *, seed: int = 0, silent_in: int = 25) -> None:
        self.calls: Counter[tuple[str, str, str]] = Counter()
        self._warned: set[str] = set()
        self._seed, self._silent_in = seed, silent_in

    def add(self, *, window: str, product: str) -> Source:
        """The source that this window and product have."""
        self._answer("add", window, product)
        if not self.is_authorised(window):
            raise Unauthorised
        if self._falls("refused", window, product, one_in=REFUSED_IN):
            raise Refused("类目未申请，不能加入橱窗（10024021）")
        return self.source(window, product)

    def remove(self, *, window: str, product: str) -> Outcome:
        """One of the four ends."""
        self._answer("remove", window, product)
        return listing.end_of(self.source(window, product), is_authorised=self.is_authorised(window))

    def look(self, *, window: str, products: Sequence[Known]) -> Sequence[Reported]:
        """What we know, but for a few that are banned, sold out or at another price there."""
        self._answer("look", window, "")
        if not self.is_authorised(window):
            raise Unauthorised
        return [self._reported(window, known) for known in products]

    def is_authorised(self, window: str) -> bool:
        return not self._falls("authorised", window, one_in=UNAUTHORISED_IN)

    def source(self, window: str, product: str) -> Source:
        if self._falls("promoter", window, product, one_in=PROMOTERS_OWN_IN):
            return Source.PROMOTER
        return Source.SHOP if self._falls("shop", product, one_in=SHOPS_OWN_IN) else Source.AGENCY

    def _reported(self, window: str, known: Known) -> Reported:
        where = window, known.product
        is_repriced = self._falls("price", *where, one_in=REPRICED_IN)
        return Reported(
            product=known.product,
            shown=Shown.BANNED if self._falls("banned", *where, one_in=BANNED_IN) else Shown.ON,
            stock=0 if self._falls("stock", *where, one_in=SOLD_OUT_IN) else known.stock,
            price_fen=known.price_fen * 9 // 10 if is_repriced else known.price_fen,
        )

    def _answer(self, verb: str, window: str, product: str) -> None:
        """Count the call, warn once a verb that nothing real happens, and stay silent where the seed says so."""
        call = verb, window, product
        self.calls[call] += 1
        if verb not in self._warned:
            self._warned.add(verb)
            log.warning("simulator.used", gateway="windows", verb=verb)
        is_silent = self._silent_in and self._falls("silent", *call, one_in=self._silent_in)
        if self.calls[call] == 1 and is_silent:
            raise Silent

    def _falls(self, *parts: str, one_in: int) -> bool:
        drawn = hashlib.sha256("\x1f".join((str(self._seed), *parts)).encode()).digest()
        return int.from_bytes(drawn[:4]) % one_in == 0
