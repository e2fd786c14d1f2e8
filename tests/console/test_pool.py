"""Connections of the pool: found dead after a rest, limited in requests, and not limited outside of them."""

import pytest
import sqlalchemy as sa

from console import pool
from models import Actor, acting, db, reading, transaction
from models.base import WrittenInRead

MINE = sa.text("SELECT pg_backend_pid()")
LIMIT = sa.text("SHOW statement_timeout")


def rested(seconds: float = 2 * pool.REST_SECONDS) -> None:
    """Everything in the pool was left so long ago."""
    with db.engine.connect() as connection:
        info = connection.info
    info["left_at"] -= seconds


class TestPool:
    def test_replaces_what_died_while_it_rested(self, own_app):
        with own_app.app_context():
            with db.engine.connect() as connection:
                dead = connection.scalar(MINE)
            rested()
            address = sa.make_url(own_app.config["SQLALCHEMY_DATABASE_URI"])
            other = sa.create_engine(address, poolclass=sa.NullPool)
            with other.connect() as connection:
                connection.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": dead})
            with db.engine.connect() as connection:
                assert connection.scalar(MINE) != dead

    def test_limits_statements_in_a_request_and_there_alone(self, own_app):
        with own_app.test_request_context():
            assert db.session.scalar(LIMIT) == "5s"
            db.session.rollback()
            with db.engine.connect() as connection:
                assert connection.scalar(LIMIT) == "5s"
            db.session.remove()
        with own_app.app_context(), db.engine.connect() as connection:
            assert connection.scalar(LIMIT) == "0"

    def test_ends_reads_of_the_mini_program_sooner_and_lets_its_writes_stand_in_line(self, own_app):
        told = {}
        for method in ("GET", "POST"):
            with own_app.test_request_context("/api/v1/me", method=method):
                told[method] = db.session.scalar(LIMIT)
                db.session.remove()
        assert told == {"GET": "2s", "POST": "5s"}


class TestReading:
    def test_begins_no_transaction_and_leaves_none_behind_for_whoever_is_next(self, own_app):
        with own_app.app_context():
            with reading():
                pid = db.session.scalar(MINE)
                driver = db.session.connection().connection.driver_connection
                assert (driver.autocommit, driver.info.transaction_status.name) == (True, "IDLE")
            db.session.remove()
            with acting(Actor("system:test")), transaction():
                assert db.session.scalar(MINE) == pid
                assert (driver.autocommit, driver.info.transaction_status.name) == (False, "INTRANS")
                assert db.session.scalar(sa.text("SELECT current_setting('qianxing.actor')")) == "system:test"

    def test_never_writes(self, own_app):
        with own_app.app_context(), reading(), pytest.raises(WrittenInRead), transaction():
            db.session.scalar(MINE)
