"""Money under fire: workers that settle orders, pay bills and send withdrawals are killed at random instants.

`python -m tests.bench.chaos_money [--kills 200] [--seed 0]`. Orders fall due, withdrawals are approved and months are
billed all the time; SIGKILL hits a worker's child, the worker or both. After every volley it is waited until all work
is done, and then ledger, outbox and channel must agree: nothing lost, nothing doubled, one transfer a withdrawal. The
channel is the simulator, in a process that is not killed, with one answer in eight lost, late or refused.
"""

import argparse
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from multiprocessing.managers import BaseManager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from flask import Flask

from console import create_app, logs
from console.config import from_environment
from console.embedded import Embedded
from jobs import timetable, worker
from jobs.gateways.simulator import Simulator
from jobs.gateways.transfer import Bill
from models import db, migrations, transaction
from models.operations import dividend, due, order, outbox, withdrawal
from models.queries import integrity
from models.queries import ledger as books
from models.queries import withdrawal as withdrawals
from models.rules import shanghai
from models.rules import withdrawal as rules
from models.rules.tax import Month
from models.tables.job import Job, Queue, State
from tests.bench.chaos_jobs import CREW, Crew, Tally, resumed, settings_of, strike
from tests.operations import races

KILLS = 200
VOLLEY = 20
PAUSE_SECONDS = 0.5
FEED_SECONDS = 0.4
NUDGE_SECONDS = 1.0
QUIET_SECONDS = 600
AHEAD = 12
ONE_IN = 8
PEOPLE = 5
MONTHS = 10
BEGIN = datetime(2026, 1, 2, tzinfo=UTC)
TERMS = races.TERMS | {"assess.target": 0}
KEY = b"chaos"

AGREES = {
    "orders not completed once": "SELECT o.number FROM shop_order o LEFT JOIN posting p ON p.subject = 'order:' ||"
    " o.number AND p.kind = 'settle' GROUP BY o.number, o.state HAVING count(p.id) <> 1 OR o.state <> 'completed'",
    "lines not paid once": "SELECT l.id::text FROM dividend_line l LEFT JOIN posting p ON p.id = l.posting_id"
    " GROUP BY l.id HAVING count(p.id) <> 1 OR min(l.state) <> 'paid'",
    "dividends without their line": "SELECT p.key FROM posting p WHERE p.kind = 'dividend'"
    " AND NOT EXISTS (SELECT FROM dividend_line l WHERE l.posting_id = p.id)",
    "withdrawals without their one end": "SELECT w.number FROM withdrawal w LEFT JOIN posting p"
    " ON p.key = 'payout:' || w.number GROUP BY w.number, w.state, w.ended_at HAVING count(p.id) <> 1"
    " OR w.ended_at IS NULL OR min(p.kind) <> CASE w.state WHEN 'SUCCESS' THEN 'payout' ELSE 'payout_back' END",
    "facts without their one job": "SELECT e.id::text FROM event e LEFT JOIN job j ON j.event_id = e.id"
    " WHERE e.name = 'withdrawal.approved' GROUP BY e.id HAVING count(j.id) <> 1",
}
ARRIVED = "SELECT number, amount_fen - tax_fen FROM withdrawal WHERE state = 'SUCCESS'"
LEFT = (
    "SELECT (SELECT count(*) FROM job WHERE finished_at IS NULL AND kind IN ('pay_out', 'pay_bill'))"
    " + (SELECT count(*) FROM event WHERE relayed_at IS NULL)"
    " + (SELECT count(*) FROM withdrawal WHERE ended_at IS NULL)"
    " + (SELECT count(*) FROM dividend_bill WHERE state <> 'paid')"
    " + (SELECT count(*) FROM shop_order WHERE confirm_at <= now() OR mature_at <= now())"
)


class Channels(BaseManager):
    """Where the processes under fire reach the one simulator."""


class Distant:
    """The channel of transfers as a worker sees it: each call a connection of its own, as over a network."""

    def __init__(self, address: str) -> None:
        self.address = address

    def _there(self) -> Any:
        channels = Channels(self.address, KEY)
        channels.connect()
        return channels.simulator()  # type: ignore[attr-defined]

    def send(self, *, number: str, payee: str, amount_fen: int) -> Bill:
        return self._there().send(number=number, payee=payee, amount_fen=amount_fen)

    def query(self, *, number: str) -> Bill | None:
        return self._there().query(number=number)


def play(role: str) -> None:
    """Be one of the crew; what never arrived may be sent again at once, so that nobody waits half an hour."""
    logs.configure()
    Channels.register("simulator")
    rules.LOST_MINUTES = 0
    settings = from_environment()
    app = create_app(settings)
    app.extensions["transfers"] = Distant(f"\0{settings.files.parent}")
    if role != "timetable":
        return worker.run(app, queues=worker.POOLS[role])
    return timetable.run(app, stop=threading.Event())


class Business:
    """Sells, withdraws and bills without end; remembers what was promised."""

    def __init__(self, app: Flask, chance: random.Random) -> None:
        self.app, self.chance = app, chance
        self.turn = 0
        self.orders: list[str] = []
        self.withdrawals: list[str] = []
        self.months = [date(BEGIN.year, n, 1) for n in range(1, MONTHS + 1)]
        self.is_feeding = threading.Event()

    def set_up(self) -> None:
        """A network of people who sold something in every month of a year."""
        with self.app.app_context():
            races.tell("policy", BEGIN, preset="plan", set=TERMS)
            races.tell("matrix", BEGIN, matrix="M", merchant="shop", template="triple")
            for n in range(PEOPLE):
                races.tell("register", BEGIN, member=f"p{n}", inviter=f"p{n - 1}" if n else "M-10")
                races.tell("qualify", BEGIN, member=f"p{n}")
            for month in self.months:
                for n in range(PEOPLE):
                    at = datetime(month.year, month.month, 3, tzinfo=UTC)
                    races.sell(f"{month:%y%m}-p{n}", f"p{n}", at)
                    races.tell("complete", at, order=f"{month:%y%m}-p{n}")
            now, left = datetime.now(UTC), True
            while left:
                with transaction():
                    found = due.first(now)
                    left = found is not None
                    if found:
                        due.run(found)

    def keep_on(self, stop: threading.Event) -> None:
        """One thing after another while feeding; what waits for a next look is looked at in any case."""
        nudged = 0.0
        with self.app.app_context():
            while not stop.wait(FEED_SECONDS):
                if self.is_feeding.is_set() and self._under_way() < AHEAD:
                    self.turn += 1
                    self._trade(datetime.now(UTC))
                if time.monotonic() - nudged > NUDGE_SECONDS:
                    nudged = time.monotonic()
                    self._nudge(datetime.now(UTC))

    def _under_way(self) -> int:
        """How many transfers have not ended: a slow machine is not fed more than it can eat."""
        with transaction():
            return len(withdrawals.unended(before=datetime.now(UTC), limit=AHEAD))

    def _trade(self, at: datetime) -> None:
        number, seller = f"n{self.turn}", f"p{self.chance.randrange(PEOPLE)}"
        with transaction():
            purchase = order.Purchase(
                number=number, seller=seller, paid_fen=9_900, cost_fen=5_000, commission_fen=2_003
            )
            order.place(purchase=purchase, at=at - timedelta(days=20))
            order.ship(number=number, at=at - timedelta(days=20))
        self.orders.append(number)
        with transaction():
            month = Month(at.year, at.month)
            withdrawal.request(number=f"w{self.turn}", code=seller, amount_fen=100, month=month, at=at)
            withdrawal.approve(number=f"w{self.turn}", by="staff:1", at=at)
        self.withdrawals.append(f"w{self.turn}")
        if self.turn % 20 == 1 and self.months:
            self._bill(self.months.pop(0), at)

    def _bill(self, month: date, at: datetime) -> None:
        with transaction():
            bill = dividend.build(month=month, bounds=shanghai.month_bounds, at=at, by="staff:1")
            dividend.confirm(bill_id=bill.id, at=at, by="staff:2")
            dividend.ask_to_pay(bill_id=bill.id, at=at, by="staff:2")

    def _nudge(self, at: datetime) -> None:
        """What the timetable and people ask for, more often: what is due, and how transfers stand."""
        with transaction():
            waiting = set(db.session.scalars(sa.select(Job.kind).where(Job.state == State.WAITING)))
            for kind in {"run_due", "ask_again"} - waiting:
                outbox.request(kind, queue=Queue.MONEY, payload={"at": at.isoformat()}, key=f"{kind}:{at.isoformat()}")


def disagreements(connection: psycopg.Connection, business: Business, simulator: Simulator) -> Iterator[str]:
    """Whatever ledger, outbox, channel and promises do not agree on, once all is quiet."""
    with business.app.app_context():
        yield from integrity.differences()
        if total := sum(books.balances().values()):
            yield f"the ledger comes to {total}"
        db.session.rollback()
    for what, query in AGREES.items():
        yield from (f"{what}: {row[0]}" for row in connection.execute(query.encode()))
    for table, promised in (("shop_order", business.orders), ("withdrawal", business.withdrawals)):
        there = {row[0] for row in connection.execute(f"SELECT number FROM {table}".encode())}
        yield from (f"lost: {number}" for number in promised if number not in there)
    if dict(connection.execute(ARRIVED).fetchall()) != simulator.paid:
        yield "what the channel paid is not what the books say"


def wait(connection: psycopg.Connection) -> float:
    """Seconds until nothing is left to do."""
    began = time.monotonic()
    while connection.execute(LEFT.encode()).fetchone() != (0,) and time.monotonic() - began < QUIET_SECONDS:
        time.sleep(0.1)
    return time.monotonic() - began


def fire(crew: Crew, tally: Tally, kills: int, address: str) -> None:
    """Kill at random instants; whoever is dead is replaced at once."""
    done = 0
    while done < kills:
        done += strike(crew, tally, address)
        time.sleep(PAUSE_SECONDS * 2 * random.random())
        crew.replace_the_dead()


def run(servers: Embedded, kills: int, chance: random.Random) -> int:
    """The whole story on servers of its own."""
    services = servers.start()
    migrations.upgrade(services.owner_database_url)
    address = sa.make_url(services.owner_database_url).set(drivername="postgresql").render_as_string(False)
    settings = settings_of(services, servers.root)
    simulator = Simulator(seed=chance.randrange(2**31), one_in=ONE_IN)
    Channels.register("simulator", callable=lambda: simulator, exposed=("send", "query"))
    channel = Channels(f"\0{servers.root}", KEY).get_server()
    threading.Thread(target=channel.serve_forever, daemon=True).start()
    business, tally, stop = Business(create_app(settings), chance), Tally(), threading.Event()
    business.set_up()
    crew = Crew(settings, servers.root / "crew.log", "tests.bench.chaos_money")
    feeding = threading.Thread(target=business.keep_on, args=(stop,))
    feeding.start()
    wrong: list[str] = []
    try:
        with psycopg.connect(address, autocommit=True) as connection:
            for begun in range(0, kills, VOLLEY):
                business.is_feeding.set()
                fire(crew, tally, min(VOLLEY, kills - begun), address)
                business.is_feeding.clear()
                quiet = wait(connection)
                wrong += disagreements(connection, business, simulator)
                sys.stdout.write(
                    f"   {min(begun + VOLLEY, kills)} kills: quiet after {quiet:.1f} s, {len(wrong)} differences\n"
                )
                sys.stdout.flush()
            report(connection, tally, business, simulator)
    finally:
        stop.set()
        feeding.join()
        crew.stop()
    sys.stdout.write("".join(f"   WRONG {one}\n" for one in wrong))
    return len(wrong)


def report(connection: psycopg.Connection, tally: Tally, business: Business, simulator: Simulator) -> None:
    """Print the figures."""
    counts = "SELECT (SELECT count(*) FROM dividend_line WHERE state = 'paid'), (SELECT count(*) FROM dividend_bill)"
    lines, bills = connection.execute(counts).fetchone() or (0, 0)
    again = sum(sends - 1 for sends in simulator.sends.values())
    states = dict(connection.execute("SELECT state, count(*) FROM job GROUP BY state").fetchall())
    hit = connection.execute("SELECT kind, count(*) FROM job WHERE id = ANY (%s) GROUP BY kind", [
        [job_id for _, job_id, _ in tally.hits]]).fetchall()  # fmt: skip
    sys.stdout.write(
        f"   {len(business.orders)} orders settled, {lines} lines of {bills} bills, {len(business.withdrawals)}"
        f" withdrawals: {len(simulator.paid)} arrived, {len(business.withdrawals) - len(simulator.paid)} came back,"
        f" {len(simulator.bills)} transfers, {again} asked for again under their number\n"
        f"   jobs {states}, hit at work: {dict(hit)}\n"
    )
    for who in ("child", "worker", "both"):
        if seconds := sorted(resumed(connection, tally, who)):
            sys.stdout.write(
                f"   killed {who}: {len(seconds)} at work, seconds until it went on:"
                f" p50 {seconds[len(seconds) // 2]:.1f}, max {seconds[-1]:.1f}\n"
            )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--role", choices=CREW)
    asked = parser.parse_args()
    if asked.role:
        play(asked.role)
        return 0
    random.seed(asked.seed)
    sys.stdout.write(f"   seed {asked.seed}\n")
    root = Path(tempfile.mkdtemp(prefix="qx-chaos-"))
    servers = Embedded(root)
    try:
        return run(servers, asked.kills, random.Random(asked.seed))
    finally:
        servers.stop()
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
