"""A channel of transfers that lives in this process: the same story by the same seed, or by a script of faults."""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum

from jobs.gateways.transfer import Bill, Refused, Uncertain
from models.rules.withdrawal import FINAL, TransferState


class Fault(StrEnum):
    """What may go wrong with a transfer."""

    NONE = "none"
    LOST = "lost"  # no answer, and nothing arrived
    TIMEOUT = "timeout"  # no answer, though the bill was made
    LATE = "late"  # no answer, and the bill appears some queries later
    REFUSED = "refused"  # no bill, with a reason
    FAILED = "failed"  # the bill was made and fails
    SLOW = "slow"  # the bill takes many queries to succeed


FAULTS = tuple(Fault)
LATE_QUERIES = 2
SLOW_QUERIES = 5


class Simulator:
    """Bills by number, with every send counted. Each query moves a bill one step nearer to its end.

    ``script`` says what happens to the first sends, ``deaf`` which of the first queries get no answer; then ``seed``
    decides, one fault in ``one_in`` (0: none).
    """

    def __init__(
        self, *, seed: int = 0, script: Iterable[Fault] = (), deaf: Iterable[bool] = (), one_in: int = 0
    ) -> None:
        self.bills: dict[str, Bill] = {}
        self.sends: Counter[str] = Counter()
        self._endings: dict[str, tuple[int, TransferState]] = {}
        self._hidden: dict[str, int] = {}
        self._random = random.Random(seed)
        self._script, self._deaf, self._one_in = iter(script), iter(deaf), one_in

    @property
    def paid(self) -> dict[str, int]:
        """What arrived, in fen by number."""
        return {one.number: one.amount_fen for one in self.bills.values() if one.state is TransferState.SUCCESS}

    def send(self, *, number: str, payee: str, amount_fen: int) -> Bill:
        """Make a bill, unless the number has one: then the answer is that bill."""
        self.sends[number] += 1
        fault = self._next_fault()
        if fault is Fault.LOST:
            raise Uncertain("no answer")
        if fault is Fault.REFUSED and number not in self.bills:
            raise Refused("收款方账户异常")
        there = self.bills.get(number)
        if there is not None and there.amount_fen != amount_fen:
            raise Refused("单号已用于另一笔转账")
        if there is None:
            self.bills[number] = Bill(number=number, amount_fen=amount_fen, state=TransferState.ACCEPTED)
            ending = TransferState.FAIL if fault is Fault.FAILED else TransferState.SUCCESS
            self._endings[number] = (SLOW_QUERIES if fault is Fault.SLOW else 1, ending)
        if fault in (Fault.TIMEOUT, Fault.LATE):
            self._hidden[number] = LATE_QUERIES if fault is Fault.LATE else 0
            raise Uncertain("no answer")
        return self.bills[number]

    def query(self, *, number: str) -> Bill | None:
        """The bill as it stands, one step on."""
        if next(self._deaf, False):
            raise Uncertain("no answer")
        if self._hidden.get(number, 0) > 0:
            self._hidden[number] -= 1
            return None
        bill = self.bills.get(number)
        if bill is not None and bill.state not in FINAL:
            self.bills[number] = bill = self._step(bill)
        return bill

    def _step(self, bill: Bill) -> Bill:
        left, ending = self._endings[bill.number]
        if left > 0:
            self._endings[bill.number] = (left - 1, ending)
            return replace(bill, state=TransferState.PROCESSING)
        return replace(bill, state=ending, reason="收款方拒收" if ending is TransferState.FAIL else "")

    def _next_fault(self) -> Fault:
        scripted = next(self._script, None)
        if scripted is not None:
            return scripted
        if self._one_in and self._random.randrange(self._one_in) == 0:
            return self._random.choice(FAULTS[1:])
        return Fault.NONE
