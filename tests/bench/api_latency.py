"""``python -m tests.bench.api_latency [SECONDS]``: two reads and a write against a bare Flask endpoint.

The same gunicorn with the same settings serves both, one process of 16 threads; four connections ask, turn by turn in
short rounds, so that a busy machine is as busy for the one as for the other. The bar (quality): at least 0.30 of the
bare endpoint's throughput, a p99 of at most four times its own.
"""

import dataclasses
import http.client
import itertools
import json
import logging
import os
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import structlog

from console import config, create_app, embedded, installation, machine
from console.supervisor import Child, Supervisor
from models import migrations, transaction
from models.operations import notice
from tests import live, simulated
from tests.bench.fuzz import Patient
from tests.console.api.phone import Phone
from tests.operations import world

SECONDS, ROUNDS, CONNECTIONS, PEOPLE = 2.0, 6, 4, 90
AT = datetime.now(UTC)
BARE = [sys.executable, "-m", "gunicorn", "-c", "python:console.server", "tests.bench.bare:application"]
Ask = Callable[[http.client.HTTPConnection], None]


def asks(connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str], body: str) -> None:
    """One request on a kept connection, its answer read whole."""
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    told = answer.read()
    if answer.status >= 300:
        raise RuntimeError(f"{path}: {answer.status} {told[:200]!r}")


def round_of(port: int, ask: Ask, seconds: float) -> list[float]:
    """Milliseconds of each request that so many connections made in a while."""
    times: list[float] = []

    def run() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        ask(connection)
        until = time.perf_counter() + seconds
        while (began := time.perf_counter()) < until:
            ask(connection)
            times.append((time.perf_counter() - began) * 1e3)
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(CONNECTIONS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return times


def tell(name: str, ours: list[float], bare: list[float], seconds: float) -> None:
    whole = seconds * ROUNDS
    p99, bare_p99 = quantiles(ours, n=100)[98], quantiles(bare, n=100)[98]
    sys.stdout.write(
        f"{name}: {len(ours) / whole:,.0f} a second against {len(bare) / whole:,.0f},"
        f" {len(ours) / len(bare):.2f} of bare (bar 0.30);"
        f" p99 {p99:.1f} against {bare_p99:.1f} ms, {p99 / bare_p99:.1f} × (bar 4);"
        f" load {os.getloadavg()[0]:.1f}\n"
    )


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    supervisor = Supervisor()
    with tempfile.TemporaryDirectory() as name, embedded.running(Path(name)) as services:
        folder = Path(name)
        migrations.upgrade(services.owner_database_url)
        settings = installation.of_folder(folder, services)
        app = create_app(settings)
        simulated.connect(app)
        app.extensions["pace"] = Patient()
        with app.app_context():
            with transaction():
                world.network()
                people = [world.member(f"W{n}", f"W{(n - 1) // 3}" if n else "M-10", AT) for n in range(PEOPLE)]
                for one in people:
                    told = {"template": "rank.reached", "values": {"day": "2026-01-01"}, "about": "r", "at": AT}
                    notice.tell(member_id=one.id, **told)
            tokens = [Phone(app).as_member(one).tokens["access_token"] for one in people]
        try:
            _measure(supervisor, dataclasses.replace(settings, proxies=1), folder, tokens, seconds)
        finally:
            supervisor.stop()


def _started(supervisor: Supervisor, settings: config.Settings, folder: Path) -> dict[str, int]:
    """Both servers, each under the same gunicorn settings; their ports."""
    ports = {}
    for name, command in (("ours", machine.WEB), ("bare", BARE)):
        ports[name] = live.free_port()
        environment = config.to_environment(settings) | {
            "HOST": "127.0.0.1", "PORT": str(ports[name]), "WEB_CONCURRENCY": "1",
        }  # fmt: skip
        supervisor.add(Child(name, command, environment, folder / f"{name}.log"))
    for port in ports.values():
        live.wait_for(port, folder)
    return ports


class Caller:
    """Another person from another address each time: nobody asks more often than anybody may."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.turns = tokens, itertools.count()

    def headers(self) -> dict[str, str]:
        n = next(self.turns)
        return {
            "Authorization": f"Bearer {self.tokens[n % PEOPLE]}", "X-Forwarded-For": f"10.1.{n % 200}.{n % 7 + 1}",
        }  # fmt: skip

    def read(self, connection: http.client.HTTPConnection) -> None:
        asks(connection, "GET", "/api/v1/me", self.headers(), "")

    def row(self, connection: http.client.HTTPConnection) -> None:
        asks(connection, "GET", "/api/v1/me/showcase", self.headers(), "")

    def write(self, connection: http.client.HTTPConnection) -> None:
        keyed = {**self.headers(), "Idempotency-Key": uuid.uuid4().hex, "Content-Type": "application/json"}
        asks(connection, "POST", "/api/v1/me/notices/read", keyed, json.dumps({"until": 1}))


def bare(connection: http.client.HTTPConnection) -> None:
    asks(connection, "GET", "/bare", {}, "")


def _measure(
    supervisor: Supervisor, settings: config.Settings, folder: Path, tokens: list[str], seconds: float
) -> None:
    ports, caller = _started(supervisor, settings, folder), Caller(tokens)
    for name, ask in (
        ("read GET /me/showcase", caller.row), ("read GET /me", caller.read),
        ("write POST /me/notices/read", caller.write),
    ):  # fmt: skip
        ours: list[float] = []
        plain: list[float] = []
        for _ in range(ROUNDS):
            plain += round_of(ports["bare"], bare, seconds)
            ours += round_of(ports["ours"], ask, seconds)
        tell(name, ours, plain, seconds)


if __name__ == "__main__":
    main()
