"""What the database refuses by itself on the tables of members, trade and money: every CHECK, key and trigger."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

TABLES = (
    "account", "posting", "leg", "snapshot", "block", "matrix", "member", "seat", "frontier", "move", "policy_version",
    "agreement", "consent", "admission_task", "team", "standing_change", "obligation", "shop_order", "order_line",
    "refund", "share", "region_agent", "dividend_bill", "dividend_line", "withdrawal",
)  # fmt: skip
# Filled by the hundred thousand: their trigger of each row sees changes alone, another one each statement that inserts.
FOUNDED_IN_BULK = {"member", "seat"}
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

# What a row needs beside dull values of each type to be right.
ROW: Mapping[str, Mapping[str, Any]] = {
    "account": {"bucket": "pending", "is_hot": False, "balance_fen": 0},
    "admission_task": {"seller_ids": [1]},
    "agreement": {"text": "", "sha256": EMPTY_SHA256},
    "dividend_bill": {"state": "built"},
    "dividend_line": {"state": "due"},
    "matrix": {"template": "linear"},
    "member": {"standing": "active", "showcase": "open", "position": None},
    "move": {"kind": "place"},
    "policy_version": {"preset": "plan", "state": "draft", "terms": Jsonb({"levels": 3})},
    "region_agent": {"state": "applied", "region_code": "330106"},
    "seat": {"parent_id": None, "slot": None, "depth": 0},
    "share": {"kind": "cost"},
    "shop_order": {"kind": "normal", "scene": "live", "state": "paid", "deposit_fen": 0, "refunded_fen": 0},
    "standing_change": {"kind": "seed"},
    "withdrawal": {"state": "requested"},
}

# The columns by which each CHECK is broken, and nothing else is.
BROKEN: Mapping[str, Mapping[str, Any]] = {
    "ck_account_bucket": {"bucket": "wallet"},
    "ck_account_floor": {"balance_fen": -1},
    "ck_account_hot": {"is_hot": True},
    "ck_admission_task_sellers": {"seller_ids": []},
    "ck_agreement_digest": {"text": "another"},
    "ck_block_hash": {"hash": b"short"},
    "ck_dividend_bill_confirmed": {"confirmed_by": "staff:2"},
    "ck_dividend_bill_month": {"month": "2026-01-02"},
    "ck_dividend_bill_state": {"state": "lost", "confirmed_by": "staff:2"},
    "ck_dividend_bill_two_people": {"state": "confirmed", "built_by": "staff:1", "confirmed_by": "staff:1"},
    "ck_dividend_line_amount": {"amount_fen": 0},
    "ck_dividend_line_posted": {"state": "paid"},
    "ck_dividend_line_state": {"state": "lost"},
    "ck_frontier_best": {"best_id": 1},
    "ck_frontier_taken": {"taken": 8},
    "ck_leg_amount": {"amount_fen": 0},
    "ck_leg_three_levels": {"level": 4},
    "ck_matrix_template": {"template": "square"},
    "ck_member_counts": {"failures": -1},
    "ck_member_cycle": {"cycle_start": "2026-02-01Z", "cycle_end": "2026-01-01Z"},
    "ck_member_position": {"position": 11},
    "ck_member_rank": {"rank": "king"},
    "ck_member_showcase": {"showcase": "ajar"},
    "ck_member_sponsor": {"id": 5, "sponsor_id": 5},
    "ck_member_standing": {"standing": "lost"},
    "ck_move_kind": {"kind": "jump"},
    "ck_obligation_met": {"met_at": "2025-01-01Z"},
    "ck_order_line_amounts": {"quantity": 0},
    "ck_policy_version_approved": {"state": "approved"},
    "ck_policy_version_preset": {"preset": "wild"},
    "ck_policy_version_state": {"state": "lost"},
    "ck_policy_version_three_levels": {"terms": Jsonb({"levels": 4})},
    "ck_policy_version_two_people": {"state": "approved", "made_by": "staff:1", "approved_by": "staff:1"},
    "ck_posting_digest": {"digest": b"short"},
    "ck_refund_amount": {"amount_fen": 0},
    "ck_region_agent_deposit": {"deducted_fen": 2},
    "ck_region_agent_region": {"region_code": "3301"},
    "ck_region_agent_state": {"state": "lost"},
    "ck_region_agent_term": {"begins_at": "2026-02-01Z", "ends_at": "2026-01-01Z"},
    "ck_seat_no_cycle": {"id": 5, "parent_id": 5, "slot": 1, "depth": 1},
    "ck_seat_root": {"depth": 1},
    "ck_seat_slot": {"parent_id": 7, "slot": 4, "depth": 1},
    "ck_share_bucket": {"bucket": "wallet", "member_id": 1},
    "ck_share_kind": {"kind": "gift"},
    "ck_share_owner": {"bucket": "pending"},
    "ck_share_reversed": {"reversed_fen": 2},
    "ck_share_three_levels": {"level": 4},
    "ck_shop_order_completed": {"settled_fen": 1},
    "ck_shop_order_deposit": {"deposit_fen": 1},
    "ck_shop_order_kind": {"kind": "gift"},
    "ck_shop_order_refunded": {"refunded_fen": 2},
    "ck_shop_order_risk": {"is_held": True, "is_fraud": True},
    "ck_shop_order_scene": {"scene": "dream"},
    "ck_shop_order_settled": {"settled_fen": 2, "completed_at": "2026-01-01Z"},
    "ck_shop_order_state": {"state": "lost"},
    "ck_shop_order_terms": {"cost_fen": -1},
    "ck_standing_change_kind": {"kind": "lost"},
    "ck_withdrawal_amounts": {"tax_fen": 2},
    "ck_withdrawal_state": {"state": "lost"},
    "ck_withdrawal_two_people": {"approved_by": "staff:1", "second_by": "staff:1"},
}

# What two rows share where a key looks at some rows alone.
SHARED: Mapping[str, Mapping[str, Any]] = {
    "uq_seat_parent_id_slot": {"parent_id": 7, "slot": 1, "depth": 1},
    "uq_region_agent_active": {"state": "active"},
    "uq_member_matrix_id_position": {"position": 1},
}

DULL: Mapping[str, Any] = {
    "bigint": 1, "smallint": 1, "text": "x", "boolean": False, "bytea": bytes(32), "jsonb": Jsonb({}),
    "timestamp with time zone": "2026-01-01Z", "date": "2026-01-01", "bigint[]": [1],
}  # fmt: skip

_CONSTRAINTS = """
    SELECT c.relname, i.conname, i.contype FROM pg_constraint i JOIN pg_class c ON c.oid = i.conrelid
    WHERE c.relname = ANY (%s) AND i.contype = 'c'
    UNION ALL
    SELECT c.relname, x.relname, 'u' FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    JOIN pg_class x ON x.oid = i.indexrelid WHERE c.relname = ANY (%s) AND i.indisunique
    UNION ALL
    SELECT c.relname, t.tgname, 't' FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relname = ANY (%s) AND NOT t.tgisinternal
    ORDER BY 1, 3, 2
"""
_COLUMNS = "SELECT attname, format_type(atttypid, -1), attnotnull FROM pg_attribute WHERE attrelid = %s::regclass"
_KEYS = """
    SELECT x.relname, array_agg(a.attname::text) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE i.indrelid = %s::regclass AND i.indisunique GROUP BY x.relname
"""

Guard = tuple[str, str, str]
"""A table, the name of what guards it, and its kind: c(heck), u(nique), t(rigger)."""


def standing(connection: psycopg.Connection) -> list[Guard]:
    """Every guard that the database has on these tables."""
    return [tuple(row) for row in connection.execute(_CONSTRAINTS, [list(TABLES)] * 3)]  # type: ignore[misc]


def drop(connection: psycopg.Connection, guard: Guard) -> None:
    """Take one guard away."""
    table, name, kind = guard
    names = {"table": sql.Identifier(table), "name": sql.Identifier(name)}
    if kind == "t":
        connection.execute(sql.SQL("DROP TRIGGER {name} ON {table}").format(**names))
    elif connection.execute("SELECT 1 FROM pg_constraint WHERE conname = %s", [name]).fetchone():
        connection.execute(sql.SQL("ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE").format(**names))
    else:
        connection.execute(sql.SQL("DROP INDEX {name}").format(**names))


def holds(connection: psycopg.Connection, guard: Guard) -> bool:
    """Whether the guard does what it is there for; the attempt is undone."""
    table, name, kind = guard
    with connection.transaction(force_rollback=True):
        if kind == "t":
            return _trigger_holds(connection, table, name)
        connection.execute("SET LOCAL session_replication_role = replica")
        try:
            if kind == "c":
                _insert(connection, table, 1, BROKEN[name])
            else:
                _insert_twice(connection, table, name)
        except psycopg.errors.IntegrityError as refusal:
            return refusal.diag.constraint_name == name
        return False


def _insert_twice(connection: psycopg.Connection, table: str, name: str) -> None:
    columns = dict(connection.execute(_KEYS, [table]).fetchall()).get(name, [])
    shared = SHARED.get(name, {})
    first = _insert(connection, table, 1, shared)
    _insert(connection, table, 2, {**{column: first[column] for column in columns}, **shared})


def _insert(connection: psycopg.Connection, table: str, n: int, values: Mapping[str, Any]) -> dict[str, Any]:
    types = {row[0]: row[1:] for row in connection.execute(f"{_COLUMNS} AND attnum > 0".encode(), [table])}
    keys = {column for _, columns in connection.execute(_KEYS, [table]) for column in columns}
    row = {column: DULL[kind] for column, (kind, is_needed) in types.items() if is_needed}
    row |= {column: _numbered(types[column][0], n) for column in keys}
    row |= {**ROW.get(table, {}), **values}
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        ),
        list(row.values()),
    )
    return row


def _numbered(kind: str, n: int) -> Any:
    return {"text": f"{n:06}", "date": f"2026-{n:02}-01"}.get(kind, 1_000 + n)


def _trigger_holds(connection: psycopg.Connection, table: str, name: str) -> bool:
    if name.startswith("audit_"):
        return _is_recorded(connection, table, name.removeprefix(f"audit_{table}").removeprefix("_"))
    if name == "posting_open":
        _without_references(connection, table)
        _insert(connection, table, 1, {})
        shared = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND mode = 'ShareLock'"
        return connection.execute(shared).fetchone() is not None
    try:
        if name == "account_fixed":
            _insert(connection, table, 1, {"balance_fen": 1})
        elif name == "leg_balance":
            _without_references(connection, table)
            _insert(connection, table, 1, {})
        else:
            column = connection.execute(f"{_COLUMNS} AND attnum = 2".encode(), [table]).fetchone()
            assert column is not None
            connection.execute(f'UPDATE {table} SET "{column[0]}" = "{column[0]}"'.encode())
    except psycopg.DatabaseError:
        return True
    return False


def _is_recorded(connection: psycopg.Connection, table: str, verb: str) -> bool:
    """Whether a row that came, changed or went leaves a row of the trail."""
    verb = verb or ("delete" if table in FOUNDED_IN_BULK else "insert")
    _without_references(connection, table)
    since = _newest(connection)
    _insert(connection, table, 1, {})
    if verb in ("update", "delete"):
        since = _newest(connection)
    if verb == "update":
        column, value = {"admission_task": ("seller_ids", "'{2}'"), "obligation": ("since", "'2026-01-02Z'"),
                         "order_line": ("quantity", "2"), "shop_order": ("state", "'shipped'"),
                         "member": ("code", "'x2'"), "share": ("amount_fen", "2")}[table]  # fmt: skip
        connection.execute(f"UPDATE {table} SET {column} = {value}".encode())
    elif verb == "delete":
        connection.execute(f"DELETE FROM {table}".encode())
    found = "SELECT 1 FROM audit WHERE table_name = %s AND kind = %s AND id > %s"
    return connection.execute(found, [table, verb, since]).fetchone() is not None


def _newest(connection: psycopg.Connection) -> int:
    found = connection.execute("SELECT coalesce(max(id), 0) FROM audit").fetchone()
    return int(found[0]) if found else 0


def _without_references(connection: psycopg.Connection, table: str) -> None:
    found = connection.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'", [table]
    ).fetchall()
    for (name,) in found:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}".encode())
