"""Structure watch on a database that an intruder with every right has broken: money stops by itself (rules 8.3)."""

import dataclasses
import uuid
from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from console import create_app
from jobs import queue
from models import Finding, Job, MoneySwitch, db, transaction
from models.operations import order
from models.rules.switch import SwitchedOff
from tests.conftest import superuser
from tests.jobs.conftest import ask
from tests.operations import world
from tests.operations.world import AT


@pytest.fixture
def broken(services, settings, tmp_path) -> Iterator[tuple[Flask, psycopg.Connection]]:
    """A database of its own with four members and an order paid and one completed, and an intruder on it."""
    name = f"broken_{uuid.uuid4().hex[:8]}"
    with superuser(services) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE pristine OWNER qianxing_owner".encode())

    def named(url: str) -> str:
        return sa.make_url(url).set(database=name).render_as_string(False)

    app = create_app(
        dataclasses.replace(
            settings, database_url=named(settings.database_url), files=tmp_path,
            owner_database_url=named(settings.owner_database_url), redis_url=f"{settings.redis_url}?db=6",
        )
    )  # fmt: skip
    queue.load()
    with app.app_context():
        with transaction():
            world.network()
            for code in ("a", "b", "c", "d"):
                world.member(code)
            world.completed("o1")
            order.place(purchase=world.purchase("o2"), at=AT)
        with superuser(services, name) as intruder:
            intruder.execute("SET session_replication_role = replica")
            yield app, intruder
        db.session.remove()
        db.engine.dispose()
    with superuser(services) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def look(kind: str) -> dict:
    """Run one look as the timetable does; what it answered."""
    db.session.rollback()
    number = ask(kind, queue="money")
    queue.drain(("money",))
    db.session.expire_all()
    done = db.session.get_one(Job, number)
    assert done.state == "done", done.error
    return dict(done.result or {})


def findings() -> list[tuple[str, str]]:
    chosen = sa.select(Finding.rule, Finding.subject).where(Finding.resolved_at.is_(None)).order_by(Finding.id)
    return [tuple(row) for row in db.session.execute(chosen)]


def stopped() -> int:
    return db.session.scalar(sa.select(sa.func.count()).where(MoneySwitch.is_off)) or 0


def four_children(intruder: psycopg.Connection) -> str:
    intruder.execute("ALTER TABLE seat DROP CONSTRAINT uq_seat_parent_id_slot")
    parent = intruder.execute("SELECT parent_id FROM seat ORDER BY id DESC LIMIT 1").fetchone()[0]
    first = intruder.execute("SELECT id FROM seat WHERE parent_id IS NOT NULL ORDER BY id LIMIT 1").fetchone()[0]
    last = "SELECT id FROM seat ORDER BY id DESC LIMIT 4"
    intruder.execute(f"UPDATE seat SET parent_id = %s, slot = 3 WHERE id IN ({last})".encode(), [first])
    assert parent is not None
    return f"seat:{first}"


def cycle(intruder: psycopg.Connection) -> str:
    child, parent = intruder.execute("SELECT id, parent_id FROM seat ORDER BY id DESC LIMIT 1").fetchone()
    intruder.execute("ALTER TABLE seat DROP CONSTRAINT uq_seat_parent_id_slot")
    intruder.execute("UPDATE seat SET parent_id = %s WHERE id = %s", [child, parent])
    return f"seat:{parent}"


def fourth_level(intruder: psycopg.Connection) -> str:
    intruder.execute("ALTER TABLE share DROP CONSTRAINT ck_share_three_levels")
    intruder.execute("UPDATE share SET level = 4 WHERE level = 1")
    return "order:o1"


def uneven(intruder: psycopg.Connection) -> str:
    intruder.execute("UPDATE leg SET amount_fen = amount_fen + 1 WHERE n = 1")
    return "ledger"


class TestWatch:
    def test_of_a_whole_structure_finds_nothing_and_stops_nothing(self, broken):
        assert look("watch_structure")["standing"] == 0
        assert look("check_structure")["standing"] == 0
        assert (findings(), stopped()) == ([], 0)

    @pytest.mark.parametrize(
        ("break_", "rule", "kind"),
        [
            (four_children, "S01", "watch_structure"),
            (cycle, "S02", "watch_structure"),
            (fourth_level, "S03", "watch_structure"),
            (uneven, "S04", "watch_structure"),
            (uneven, "S04", "check_structure"),
        ],
    )
    def test_stops_money_and_says_what_is_broken(self, broken, break_, rule, kind):
        subject = break_(broken[1])
        look(kind)
        assert (rule, subject) in findings()
        assert stopped() == 4
        assert all(one.mend for one in db.session.scalars(sa.select(Finding).where(Finding.rule == rule)))
        with transaction():
            order.ship(number="o2", at=AT)
        with pytest.raises(SwitchedOff), transaction():
            order.complete(number="o2", at=AT)

    def test_says_where_the_log_had_put_a_seat(self, broken):
        cycle(broken[1])
        look("watch_structure")
        mends = db.session.scalars(sa.select(Finding.mend).where(Finding.rule == "S02")).all()
        assert any(mend.startswith("按排位日志恢复：上级位置") for mend in mends)

    def test_looks_at_what_came_since(self, broken):
        assert look("watch_structure")["mark"]["posting"] > 0
        assert look("watch_structure")["standing"] == 0

    def test_leaves_the_switches_to_two_people_once_it_is_mended(self, broken):
        fourth_level(broken[1])
        look("watch_structure")
        broken[1].execute("UPDATE share SET level = 1 WHERE level = 4")
        look("check_structure")
        assert findings() == []
        assert stopped() == 4
