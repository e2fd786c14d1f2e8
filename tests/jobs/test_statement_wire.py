"""Statements fetched over the wire: the job, the real client, HTTP over a socket, the simulated Pay behind it."""

from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy as sa

from console import wechat as wiring
from jobs import statement as jobs
from jobs.gateways.simulator.app import Simulated
from jobs.gateways.simulator.server import Server
from jobs.gateways.wechat import WeChat
from models import Job, Statement, StatementLine, transaction
from models.operations import outbox
from tests import simulated
from tests.gateways.simulation import AT, TRADE, create, from_control

MORNING = 19 * 3_600 + 3_000
"""From the day of the business, two in the afternoon, to ten to ten of the next."""


@pytest.fixture
def pay(app) -> Iterator[Server]:
    """A Pay at a port of its own, on a day with a payment and a payout; this application's clients speak to it."""
    before = dict(app.extensions)
    server = Server(Simulated(simulated.world(at=AT))).start()
    wechat = WeChat(simulated.credentials(host=server.address), sleep=lambda _: None)
    wiring.connect(app, wechat)
    wechat.trades.create(TRADE)
    from_control(server.program, "pay", number="QX10001")
    create(wechat)
    from_control(server.program, "confirm", number="WD1")
    from_control(server.program, "advance", seconds=1)
    from_control(server.program, "advance", seconds=MORNING)
    yield server
    server.stop()
    app.extensions.clear()
    app.extensions.update(before)


@pytest.fixture
def fetch(session, work):
    """What the job says of a period."""

    def fetched(clock: str) -> list[str]:
        with transaction():
            job = outbox.request("fetch_statements", payload={"at": f"2026-06-16T{clock}:00+08:00"}, key=clock)
        work()
        return session.get_one(Job, job.id, populate_existing=True).result["waiting"]

    return fetched


class TestFetching:
    def test_waits_for_files_asks_again_for_a_spoilt_one_and_takes_each_once(self, session, pay, fetch):
        kept = set(jobs.folder().glob("*"))
        assert fetch("10:00") == [f"2026-06-15 {one} STATEMENT_CREATING" for one in ("TRADE", "BASIC", "OPERATION")]
        pay.program.world.clock.advance(1_800)
        pay.program.world.faults.script("bill.file", "spoiled")
        assert fetch("10:30") == ["2026-06-15 TRADE bad_gzip"]
        assert fetch("11:00") == []
        taken = session.execute(
            sa.select(Statement.account, Statement.state, Statement.lines_new, Statement.in_fen, Statement.out_fen)
            .where(Statement.first_on == date(2026, 6, 15)).order_by(Statement.account)
        ).all()  # fmt: skip
        assert [tuple(row) for row in taken] == [
            ("BASIC", "taken", 1, 7_400, 0), ("OPERATION", "taken", 1, 0, 18_000), ("TRADE", "taken", 1, 7_400, 0),
        ]  # fmt: skip
        numbers = set(session.scalars(sa.select(StatementLine.number)))
        assert numbers == {"QX10001", "WD1"}
        asked = len(pay.program.world.files)
        assert fetch("11:30") == []
        assert len(pay.program.world.files) == asked
        assert {path.suffix for path in set(jobs.folder().iterdir()) - kept} == {".csv"}

    def test_says_what_the_channel_refuses(self, pay, fetch):
        pay.program.world.faults.script("bill.funds", "refuse", code="NO_AUTH", status=403, times=6)
        pay.program.world.clock.advance(1_800)
        assert fetch("10:30") == [
            f"2026-06-{day} {account} 脚本拒绝（NO_AUTH）" for day in (13, 14, 15) for account in ("BASIC", "OPERATION")
        ]
