"""`python -m tests.bench.payout_faults [PAYOUTS]`: transfers that break at every step, beside the bill of their day.

Each payout dies once at one of nine steps (before and after each transaction and each call), meets a fault of the
channel one time in eight, and is looked at every five minutes until it ends. Printed: doubled, lost, how long the
slowest was unknown, and, once the channel's fund-flow bill is taken, payouts with other than exactly one line.
"""

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace

import sqlalchemy as sa
from flask import current_app

from console import replay
from jobs import payout, reading
from jobs.gateways.simulator import Simulator
from models import Difference, StatementLine, Withdrawal, db, transaction
from models.operations import reckoning, share, statement, withdrawal
from models.queries import ledger as books
from models.rules import shanghai
from models.rules.statement import Account, Entry, Layout, Reader, recognise
from models.rules.tax import Month
from models.rules.withdrawal import TransferState
from models.tables.order import Order
from tests.operations import world

PAYOUTS, EACH_FEN, ONE_IN, LOOK = 1_000, 100, 8, timedelta(minutes=5)
STEPS = 9
AT = world.AT + timedelta(days=7)
SHANGHAI = timezone(timedelta(hours=8))
HEADER = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,"
    "备注,业务凭证号"
)


class Crash(Exception):
    """The process dies here."""


class Steps:
    """Counts the steps of one look, and dies at one of them."""

    def __init__(self, dies: int | None) -> None:
        self.n, self.dies = 0, dies

    def __call__(self) -> None:
        self.n += 1
        if self.n == self.dies:
            raise Crash


class Channel:
    """The simulator with a step before and after each call."""

    def __init__(self, simulator: Simulator, step: Steps) -> None:
        self.simulator, self.step = simulator, step

    def _told(self, call, **values):
        self.step()
        answer = call(**values)
        self.step()
        return answer

    def send(self, **values):
        return self._told(self.simulator.send, **values)

    def query(self, **values):
        return self._told(self.simulator.query, **values)


def run_of(at: datetime, step: Steps) -> SimpleNamespace:
    """One look, whose every transaction may die just before it commits."""

    @contextmanager
    def dying() -> Iterator[None]:
        with transaction():
            yield
            step()

    return SimpleNamespace(at=at, transaction=dying)


def set_up(payouts: int) -> None:
    """One member with enough to withdraw so many times."""
    with transaction():
        world.network()
        world.member("a")
        earned = payouts * EACH_FEN * 2
        world.completed("o1", "a", paid_fen=earned * 4, cost_fen=earned, commission_fen=earned)
        share.mature(order_id=db.session.scalars(sa.select(Order.id)).one(), at=AT)
    for n in range(payouts):
        with transaction():
            withdrawal.request(number=f"W{n:06}", code="a", amount_fen=EACH_FEN, month=Month(2026, 1), at=AT)
            withdrawal.approve(number=f"W{n:06}", by="staff:1", at=AT)


def pay(n: int, simulator: Simulator) -> tuple[int, bool]:
    """Look at one payout until it ends; how many looks, and whether it died on its way."""
    step, died = Steps(1 + n % STEPS), False
    for look in range(1, 300):
        current_app.extensions["transfers"] = Channel(simulator, step)
        at = AT + LOOK * look
        try:
            answer = payout.pay_out(run_of(at, step), number=f"W{n:06}")
        except Crash:
            db.session.rollback()
            died = True
            continue
        if answer["state"] in ("SUCCESS", "FAIL", "CANCELLED", "ended"):
            return look, died
    raise AssertionError(f"W{n:06} never ended")


def bill(simulator: Simulator, into: Path) -> None:
    """The fund-flow bill of the day: a line for each transfer that went out, another for each that came back."""
    moment = AT.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    rows, left, n = [HEADER], 10**9, 0
    for number, one in simulator.bills.items():
        ways = [("支出", -1)] if one.state is TransferState.SUCCESS else [("支出", -1), ("收入", 1)]
        for way, sign in ways:
            n, left = n + 1, left + sign * one.amount_fen
            amount, rest = f"{one.amount_fen / 100:.2f}", f"{left / 100:.2f}"
            rows.append(
                f"`{moment},`1{n:08},`2{n:08},`商家转账,`商家转账,`{way},`{amount},`{rest},`API,`佣金,`{number}"
            )
    into.write_text("\r\n".join([*rows, "资金流水总笔数", f"`{n}"]) + "\r\n")


def take(path: Path) -> None:
    """The bill read and taken as the jobs do it."""
    found = recognise(reading.open_sheets(path))
    reader = Reader(found)
    said = [(n, reader.read(cells)) for n, cells in reading.rows(path, found.sheet, found.header_row)]
    with transaction():
        made = statement.bring(
            brought=statement.Brought(
                source="upload", layout=Layout.FUNDFLOW, account=Account.OPERATION, file_name=path.name,
                stored_name=path.name, sha256="bench", size_bytes=1,
            ), by="bench", at=AT,
        )  # fmt: skip
        statement.write(found=made, entries=[one for one in said if isinstance(one[1], Entry)], refused=[])
        statement.finish_reading(found=made, claimed=None, at=AT)
        statement.take(statement_id=made.id, by="bench")
        statement.finish_taking(found=made, at=AT)


def main() -> None:
    payouts = int(sys.argv[1]) if len(sys.argv) > 1 else PAYOUTS
    began, cpu = time.perf_counter(), time.process_time()
    with replay.scratch(), tempfile.TemporaryDirectory() as folder:
        simulator = Simulator(seed=20261130, one_in=ONE_IN)
        set_up(payouts)
        looks, died = Counter(), 0
        for n in range(payouts):
            took, is_dead = pay(n, simulator)
            looks[took] += 1
            died += is_dead
        bill(simulator, Path(folder) / "fundflow_operation.csv")
        take(Path(folder) / "fundflow_operation.csv")
        wrong = judged(payouts, simulator)
    slowest = max(looks) * LOOK.total_seconds() / 60
    sys.stdout.write(
        f"   {payouts} payouts, {died} died at one of {STEPS} steps, 1 in {ONE_IN} met a fault: {wrong};"
        f" slowest unknown for {slowest:.0f} min; {time.perf_counter() - began:.0f} s,"
        f" CPU {time.process_time() - cpu:.0f} s, load {os.getloadavg()[0]:.1f}\n"
    )


def judged(payouts: int, simulator: Simulator) -> str:
    """What is wrong, counted."""
    done = {w.number: w for w in db.session.scalars(sa.select(Withdrawal))}
    paid = {number: w.amount_fen - w.tax_fen for number, w in done.items() if w.state == "SUCCESS"}
    doubled = sum(1 for number in simulator.paid if number not in paid)
    lost = payouts - len(done) + sum(1 for w in done.values() if w.ended_at is None)
    if dict(simulator.paid) != paid or sum(books.balances().values()):
        lost += 1
    lines = Counter(db.session.scalars(sa.select(StatementLine.number).where(StatementLine.business == "payout")))
    off = sum(1 for number in paid if lines[number] != 1)
    with transaction():
        for day in (shanghai.day_of(AT), shanghai.day_of(AT + LOOK * 300)):
            reckoning.reckon(day=day, at=datetime.now(UTC))
    apart = db.session.scalar(
        sa.select(sa.func.count()).where(Difference.state == "open", Difference.business == "payout")
    )
    again = sum(sends - 1 for sends in simulator.sends.values())
    return (
        f"{doubled} doubled, {lost} lost, {off} without exactly one line of the bill, {apart} differences"
        f" ({len(paid)} arrived, {payouts - len(paid)} came back, {again} asked for again under their number)"
    )


if __name__ == "__main__":
    main()
