"""Tax withheld by member and month, with its cumulation."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import Withdrawal, db
from models.operations import withdrawal
from models.queries import tax as queries
from models.rules import tax
from models.rules.policy import TaxMethod
from models.rules.tax import Month, Payment
from tests.operations import world

WITHDRAWN = st.lists(
    st.tuples(
        st.integers(1, 6), st.integers(1, 3_000_000), st.sampled_from(["SUCCESS", "SUCCESS", "requested", "rejected"])
    ),
    min_size=1, max_size=8,
)  # fmt: skip


def put(member_id: int, rows: list[tuple[int, int, str]]) -> None:
    """Withdrawals of months of 2026, each taxed as it came."""
    for n, (month, amount_fen, state) in enumerate(sorted(rows, key=lambda row: row[0])):
        due = tax.withhold_fen(
            amount_fen=amount_fen, month=Month(2026, month), paid=withdrawal.paid(member_id),
            method=TaxMethod.CUMULATIVE,
        )  # fmt: skip
        db.session.add(
            Withdrawal(number=f"t{n}", member_id=member_id, amount_fen=amount_fen, tax_fen=due, state=state,
                       month=date(2026, month, 1), requested_at=datetime(2026, month, 9, tzinfo=UTC))
        )  # fmt: skip
        db.session.flush()


def check(member_id: int, rows: list[tuple[int, int, str]]) -> None:
    """The database's cumulation of these withdrawals against the rule's."""
    put(member_id, rows)
    query = (
        sa.select(Withdrawal.month, *queries.WORKED.c).select_from(Withdrawal)
        .join(queries.WORKED, sa.true()).where(queries.LAST)
    )  # fmt: skip
    found = {row.month.month: row for row in db.session.execute(query)}
    kept = [row for row in rows if row[2] != "rejected"]
    assert set(found) == {row[0] for row in kept}
    for month, row in found.items():
        paid = [Payment(Month(2026, one), fen, 0) for one, fen, _state in kept]
        run, months = tax.run_of(Month(2026, month), paid)
        income = sum(one.gross_fen for one in run)
        assert (row.income_fen, row.months) == (income, months)
        assert row.due_fen == tax.cumulative_fen(income, months)
        assert row.month_fen == sum(fen for one, fen, _state in kept if one == month)


@pytest.fixture
def member(session, plan) -> int:
    return world.member("a").id


class TestCumulation:
    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(WITHDRAWN)
    def test_in_the_database_says_what_the_rule_says(self, member, rows):
        trial = db.session.begin_nested()
        try:
            check(member, rows)
        finally:
            trial.rollback()


class TestPage:
    def test_shows_the_vector_of_three_months_with_its_working(self, staff, member, session):
        put(member, [(1, 300_000, "SUCCESS"), (2, 300_000, "SUCCESS"), (3, 4_000_000, "SUCCESS")])
        session.commit()
        page = staff("finance").get("/taxes/?month=2026-03-01").text
        for text in ("¥654.00", "¥46,000.00", "¥15,000.00", "¥21,800.00", "2026-04-15"):
            assert text in page
        last = session.scalars(sa.select(sa.func.max(Withdrawal.id))).one()
        detail = staff("auditor").get(f"/taxes/{last}").text
        for text in ("¥654.00", "3% − ", "2026-01", "t0"):
            assert text in detail

    def test_counts_nothing_that_came_back(self, staff, member, session):
        put(member, [(1, 2_000_000, "FAIL")])
        session.commit()
        assert "还没有提现" in staff("finance").get("/taxes/").text

    def test_is_for_finance_and_the_auditor(self, staff):
        assert staff("operator").get("/taxes/").status_code == 403
