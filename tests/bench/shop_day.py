"""`python -m tests.bench.shop_day [ORDERS] [KILLS]`: a day of shop orders synchronised while workers are killed.

The shop tells every order as received, in one or two parcels; each process knows it by arithmetic, so none of them is
spared. Two buyers in three come once, the others twice; every third address has two of them. The timetable's first poll
asks for all of them, workers fold them in, and SIGKILL hits a worker's child, the worker or both, again and again.
Printed: lost, taken in twice, parcels and pieces, how long it took until none was left, how far behind the reading was,
the workers' CPU.
"""

import os
import random
import resource
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from console import create_app, logs
from console.config import from_environment
from console.embedded import Embedded
from jobs import timetable, worker
from models import db, migrations, transaction
from models.operations import shop_order
from models.rules.shop_order import Kind
from tests import factories
from tests.bench.chaos_jobs import Crew, Tally, settings_of, strike
from tests.jobs.shops import goods, parcel, told
from tests.operations import world

ORDERS, KILLS, PAUSE_SECONDS, QUIET_SECONDS = 50_000, 40, 1.0, 3_600
SELLERS = 40
FIRST = 3_731_000_000_000_000_000
LEFT = "SELECT count(*) FROM job WHERE finished_at IS NULL AND kind IN ('poll_orders', 'sync_order', 'sync_orders')"
POLLED = "SELECT count(*) FROM job WHERE kind = 'poll_orders'"


class Arithmetic:
    """A shop whose n-th order is known to everybody: paid, sent and received within the day before."""

    def __init__(self, orders: int) -> None:
        self.orders = orders

    def changed(self, *, begins: int, ends: int) -> Iterator[str]:
        """Everything to whoever looks back a day; nothing to the polls after it."""
        if begins > ends - 86_400:
            return
        yield from (str(FIRST + n) for n in range(self.orders))

    created = changed

    def order(self, number: str) -> Mapping[str, Any]:
        at = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
        n = int(number) - FIRST
        at += timedelta(seconds=n % 80_000)
        buyer = n * 7 % max(1, self.orders * 3 // 4)
        one = told(
            number, at, status=100, told=int(at.timestamp()) + 60, finder=f"sph{n % SELLERS}", openid=f"oB{buyer}",
            product_infos=goods(a=2, b=1),
        )  # fmt: skip
        detail = one["order_detail"]
        detail["delivery_info"]["address_info"]["hash_code"] = f"h{buyer * 3 // 4}"
        boxes = [parcel(f"SF{n:010}", at, a=2, b=1)] if n % 2 else [
            parcel(f"SF{n:010}", at, a=1), parcel(f"YT{n:010}", at + timedelta(seconds=30), a=1, b=1)
        ]  # fmt: skip
        detail["delivery_info"]["delivery_product_info"] = boxes
        detail["ext_info"]["confirm_receipt_time"] = int(at.timestamp()) + 60
        return one

    def cases(self, *, begins: int, ends: int) -> Iterator[str]:
        return iter(())

    def case(self, number: str) -> Mapping[str, Any]:
        raise KeyError(number)

    product = case


def play(role: str) -> None:
    """Be one of the crew, with the same shop as everybody."""
    logs.configure()
    settings = from_environment()
    app = create_app(settings)
    app.extensions["shop"] = Arithmetic(int((settings.files.parent / "orders").read_text()))
    if role != "timetable":
        return worker.run(app, queues=worker.POOLS[role])
    return timetable.run(app, stop=threading.Event())


def set_up() -> None:
    """Sellers by their finders' accounts and the product that is sold."""
    with transaction():
        matrix = world.network()
        factories.product(
            merchant_id=matrix.merchant_id, code="P-1001", price_fen=9_900, cost_fen=4_000, commission_fen=3_000
        )
    for n in range(SELLERS):
        with transaction():
            seller = world.member(f"a{n}")
            shop_order.bind(member_id=seller.id, kind=Kind.FINDER, account=f"sph{n}", by="bench", at=world.AT)


def run(servers: Embedded, orders: int, kills: int) -> int:
    services = servers.start()
    migrations.upgrade(services.owner_database_url)
    address = sa.make_url(services.owner_database_url).set(drivername="postgresql").render_as_string(False)
    settings = settings_of(services, servers.root)
    (settings.files.parent / "orders").write_text(str(orders))
    app = create_app(settings)
    with app.app_context():
        set_up()
        db.session.remove()
    tally, crew = Tally(), Crew(settings, servers.root / "crew.log", "tests.bench.shop_day")
    began, done = time.monotonic(), 0
    try:
        with psycopg.connect(address, autocommit=True) as connection:
            while time.monotonic() - began < QUIET_SECONDS and waits(connection):
                if done < kills:
                    done += strike(crew, tally, address)
                time.sleep(PAUSE_SECONDS * 2 * random.random())
                crew.replace_the_dead()
            seconds = time.monotonic() - began
            crew.stop()
            return report(connection, orders, done, seconds)
    finally:
        crew.stop()


def waits(connection: psycopg.Connection) -> bool:
    """Whether the day's first poll is still to come or anything it asked for is not taken in."""
    return connection.execute(POLLED).fetchone() == (0,) or connection.execute(LEFT).fetchone() != (0,)


def report(connection: psycopg.Connection, orders: int, kills: int, seconds: float) -> int:
    """Print what is missing and how long it took."""
    one = "SELECT (SELECT count(*) FROM shop_order), (SELECT count(*) FROM posting WHERE kind = 'settle'),"
    one += " (SELECT count(*) FROM stray_order), (SELECT coalesce(sum(amount_fen), 0) FROM leg),"
    one += " (SELECT count(*) FROM job WHERE state = 'dead'), (SELECT count(*) FROM parcel),"
    one += " (SELECT coalesce(sum(pieces), 0) FROM parcel_item),"
    one += " (SELECT extract(epoch FROM max(finished_at) - min(created_at)) FROM job WHERE kind LIKE 'sync_order%')"
    taken, settled, strays, off, dead, parcels, pieces, span = connection.execute(one).fetchone() or (0,) * 8
    (waiting,) = connection.execute(LEFT).fetchone() or (0,)
    missing = f"{orders - taken} " + (f"not read when time ran out ({waiting} jobs wait)" if waiting else "lost")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    sys.stdout.write(
        f"   {orders} orders, {kills} kills: {missing}, {settled - taken} settled twice, {strays} stray,"
        f" {dead} dead jobs, {parcels} parcels with {pieces} pieces, ledger off by {off}\n"
        f"   all in after {seconds:.0f} s ({taken / max(seconds, 1):.0f} a second), the last {float(span or 0):.0f} s"
        f" behind the poll; workers' CPU {used.ru_utime + used.ru_stime:.0f} s, the largest process"
        f" {used.ru_maxrss / 1024:.0f} MB, load {os.getloadavg()[0]:.1f}\n"
    )
    return int(taken != orders or settled != orders or off != 0 or pieces != 3 * orders)


def main() -> int:
    if "--role" in sys.argv:
        play(sys.argv[sys.argv.index("--role") + 1])
        return 0
    given = [int(one) for one in sys.argv[1:]]
    orders, kills = (given + [ORDERS, KILLS][len(given) :])[:2]
    random.seed(20261130)
    root = Path(tempfile.mkdtemp(prefix="qx-shop-"))
    servers = Embedded(root)
    try:
        return run(servers, orders, kills)
    finally:
        servers.stop()
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
