"""Every CHECK, key and trigger of the database does what it is there for, and is missed when it is gone."""

import pytest

from models import db
from tests.conftest import superuser
from tests.operations import guards
from tests.operations.guard_rows import APPEND_ONLY, BROKEN, OF_THEIR_OWN, RECORDED, RECORDED_IN_BULK, UNIQUE


@pytest.fixture
def connection(services):
    with superuser(services, "pristine") as connection:
        yield connection


class TestGuards:
    def test_are_these(self, connection):
        triggers = {f"append_only_{table}" for table in APPEND_ONLY} | {f"audit_{table}" for table in RECORDED}
        triggers |= {f"audit_{table}_{verb}" for table in RECORDED_IN_BULK for verb in guards.VERBS} | OF_THEIR_OWN
        keys = UNIQUE | {f"pk_{table}" for table in db.metadata.tables}
        # A guard that is new needs its line in guard_rows.py or a module of guarded, a CHECK how it is broken.
        assert {name for _, name, _ in guards.standing(connection)} == triggers | keys | set(BROKEN)

    def test_refuse_what_would_be_accepted_without_them(self, connection):
        assert [guard for guard in guards.standing(connection) if not guards.is_proved(connection, guard)] == []
