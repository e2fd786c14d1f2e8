"""Every CHECK, key and trigger on the tables of members, trade and money does what it is there for."""

import pytest

from tests.conftest import superuser
from tests.operations import guards

# Who is guarded from change, who is recorded; the rest are the ledger's own.
APPEND_ONLY = {"agreement", "block", "consent", "leg", "move", "posting", "refund", "snapshot", "standing_change"}
RECORDED = {
    "dividend_bill", "dividend_line", "matrix", "member", "policy_version", "region_agent", "seat",
    "withdrawal",
}  # fmt: skip
RECORDED_IN_BULK = {"admission_task", "obligation", "order_line", "share", "shop_order"}
UNIQUE = {
    "uq_account_code", "uq_agreement_version", "uq_block_last_posting_id", "uq_consent_member_id_agreement_id",
    "uq_dividend_bill_month", "uq_dividend_line_bill_id_member_id_of_month", "uq_matrix_code", "uq_member_code",
    "uq_member_matrix_id_position", "uq_posting_key", "uq_region_agent_active", "uq_seat_member_id",
    "uq_seat_parent_id_slot", "uq_seat_root", "uq_shop_order_number", "uq_withdrawal_number",
}  # fmt: skip


@pytest.fixture
def connection(services):
    with superuser(services, "pristine") as connection:
        yield connection


class TestGuards:
    def test_are_these(self, connection):
        verbs = ("insert", "update", "delete")
        triggers = {f"append_only_{table}" for table in APPEND_ONLY} | {f"audit_{table}" for table in RECORDED}
        triggers |= {f"audit_{table}_{verb}" for table in RECORDED_IN_BULK for verb in verbs}
        triggers |= {f"audit_{table}_insert" for table in guards.FOUNDED_IN_BULK}
        triggers |= {"audit_member_update"}
        triggers |= {"account_fixed", "leg_balance", "posting_open"}
        keys = UNIQUE | {f"pk_{table}" for table in guards.TABLES}
        assert {name for _, name, _ in guards.standing(connection)} == triggers | keys | set(guards.BROKEN)

    def test_hold_each(self, connection):
        assert [name for table, name, kind in guards.standing(connection)
                if not guards.holds(connection, (table, name, kind))] == []  # fmt: skip
