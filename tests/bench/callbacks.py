"""`python -m tests.bench.callbacks [CALLS]`: callbacks repeated, out of order and forged, beside a clean run.

One transfer for each twenty-five calls is waited for. The clean run tells each of them once, in order; the other tells
the same many times over, shuffled, with one call in five forged. Both must end in the same books. Printed: accepted
forgeries, whether the states are equal, and how long an answer took (kept in PostgreSQL before it is given).
"""

import logging
import os
import random
import sys
import time
from datetime import timedelta
from statistics import quantiles

import sqlalchemy as sa
import structlog
from flask import current_app

from console import replay
from jobs import queue, relay
from models import Inbound, InboundRefusal, Withdrawal, db, transaction
from models.operations import share, withdrawal
from models.queries import ledger as books
from models.rules.tax import Month
from models.rules.withdrawal import TransferState
from models.tables.order import Order
from tests.gateways import keys
from tests.gateways.wire import Wire, pay, signing
from tests.jobs.callbacks import notice
from tests.operations import world

CALLS, ABOUT_ONE_IN, FORGED_IN, EACH_FEN = 10_000, 25, 5, 100
AT = world.AT + timedelta(days=7)
FORGERIES = ({"signer": "forger"}, {"age": 301}, {"serial": "PUB_KEY_ID_ANOTHER"})


def set_up(transfers: int) -> None:
    """Transfers that wait for their payee."""
    with transaction():
        world.network()
        world.member("a")
        earned = transfers * EACH_FEN * 2
        world.completed("o1", "a", paid_fen=earned * 4, cost_fen=earned, commission_fen=earned)
        share.mature(order_id=db.session.scalars(sa.select(Order.id)).one(), at=AT)
    for n in range(transfers):
        with transaction():
            number = f"W{n:06}"
            withdrawal.request(number=number, code="a", amount_fen=EACH_FEN, month=Month(2026, 1), at=AT)
            withdrawal.approve(number=number, by="staff:1", at=AT)
            told = withdrawal.Told(state=TransferState.WAIT_USER_CONFIRM, package="P", made_at=AT)
            withdrawal.hear(number=number, told=told, at=AT)


def told(n: int) -> bytes:
    """How transfer n ended: one in seven failed."""
    state = {"state": "FAIL", "fail_reason": "OVERDUE_CLOSE"} if n % 7 == 0 else {"state": "SUCCESS"}
    resource = {"mchid": keys.MCHID, "out_bill_no": f"W{n:06}", "transfer_amount": EACH_FEN, "openid": "o"} | state
    return notice("MCHTRANSFER.BILL.FINISHED", resource, key=f"EV-{n}")


def call(client, body: bytes, **changed) -> tuple[int, float]:
    """The status of an answer, and the seconds it took."""
    headers = signing(body, **changed)
    began = time.perf_counter()
    answer = client.post("/webhooks/pay", data=body, headers=headers)
    return answer.status_code, time.perf_counter() - began


def decide() -> None:
    """Everything that was kept, decided."""
    queue.load()
    while relay.relay() + queue.drain(beating=False):
        pass


def ending() -> tuple:
    """What is left of it all: the withdrawals and every account."""
    rows = db.session.execute(sa.select(Withdrawal.number, Withdrawal.state).order_by(Withdrawal.number)).all()
    return tuple(map(tuple, rows)), tuple(sorted(books.balances().items()))


def run(transfers: int, calls: list[tuple[bytes, dict]]) -> tuple[tuple, list[float], int, int]:
    """One world told all of these; its end, the seconds of each answer, forgeries taken, genuine ones refused."""
    with replay.scratch():
        current_app.extensions["pay"] = pay(Wire())
        set_up(transfers)
        client, seconds, taken, refused = current_app.test_client(), [], 0, 0
        for body, changed in calls:
            status, took = call(client, body, **changed)
            seconds.append(took)
            taken += bool(changed) and status != 401
            refused += not changed and status != 204
        decide()
        kept = db.session.scalar(sa.select(sa.func.count(Inbound.id)))
        turned = db.session.scalar(sa.select(sa.func.sum(InboundRefusal.times))) or 0
        assert kept == transfers, (kept, transfers)
        assert turned == sum(1 for _body, changed in calls if changed)
        return ending(), seconds, taken, refused


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    dice, transfers = random.Random(20261130), max(1, calls // ABOUT_ONE_IN)
    clean = [(told(n), {}) for n in range(transfers)]
    dirty = list(clean)
    while len(dirty) < calls:
        body = told(dice.randrange(transfers))
        dirty.append((body, dice.choice(FORGERIES) if dice.randrange(FORGED_IN) == 0 else {}))
    dice.shuffle(dirty)
    expected, _seconds, _taken, _refused = run(transfers, clean)
    found, seconds, taken, refused = run(transfers, dirty)
    forged = sum(1 for _body, changed in dirty if changed)
    p50, p99 = quantiles(seconds, n=100)[49], quantiles(seconds, n=100)[98]
    sys.stdout.write(
        f"   {len(dirty)} calls about {transfers} transfers, {forged} forged: {taken} forgeries accepted, {refused}"
        f" genuine refused, state {'equal' if found == expected else 'DIFFERS'};"
        f" answer p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, load {os.getloadavg()[0]:.1f}\n"
    )


if __name__ == "__main__":
    main()
