"""The audit trail as the database keeps it."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from models import Audit, db


class TestTrail:
    @pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
    def test_is_refused_to_the_owner_too(self, owner, statement):
        with pytest.raises(ProgrammingError, match="append-only"):
            owner.execute(sa.text(statement))

    def test_takes_a_note_but_no_row_of_the_application(self, session):
        session.execute(sa.text("SELECT audit_note('sign_in', 'wang', '{\"why\": \"wrong\"}')"))
        assert db.session.scalars(sa.select(Audit.after)).all() == [{"why": "wrong"}]
        with pytest.raises(ProgrammingError, match="permission denied"):
            session.execute(sa.text("INSERT INTO audit (kind, table_name, row_id) VALUES ('note', 'x', 'y')"))
