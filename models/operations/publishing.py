"""What publishing and undoing write: a whole import appears at once, and leaves at once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.operations import outbox, staging
from models.rules import intake
from models.rules.intake import State
from models.tables.importing import ImportRun
from models.tables.merchant import Shop

STEP_ROWS = 50_000

_COLUMNS = ", ".join(("import_id", "row_number", *staging.LINE))
_MOVE = sa.text(
    f"INSERT INTO history_line (shop_id, {_COLUMNS})"
    f" SELECT :shop, {_COLUMNS} FROM staged_line"
    " WHERE import_id = :id AND row_number > :after AND row_number <= :upto ORDER BY row_number"
    " ON CONFLICT (shop_id, row_key) DO NOTHING"
)
_LAST = sa.text("SELECT max(row_number) FROM staged_line WHERE import_id = :id")


def move_rows(*, run: ImportRun, told: Callable[[int], None]) -> None:
    """Take every staged row into history; ``told`` hears after each step how many rows are through.

    Imports of one shop pass one after the other: the shop's row lock is held until the transaction ends, so that a row
    which an import published in between already holds is found and named instead of silently dropped.
    """
    db.session.execute(sa.select(Shop.id).where(Shop.id == run.shop_id).with_for_update())
    last = db.session.execute(_LAST, {"id": run.id}).scalar() or 0
    moved = 0
    for after in range(0, last, STEP_ROWS):
        step: Any = db.session.execute(
            _MOVE, {"shop": run.shop_id, "id": run.id, "after": after, "upto": after + STEP_ROWS}
        )
        moved += step.rowcount
        told(moved)
    if moved != run.rows_ready:
        staging.refuse_held(run=run)
        staging.count(run=run, table="history_line")
    run.rows_published = moved


def settle(*, run: ImportRun, at: datetime) -> None:
    """The staged rows are gone into history; the import is done."""
    db.session.execute(sa.text("DELETE FROM staged_line WHERE import_id = :id"), {"id": run.id})
    run.state = intake.move(State(run.state), State.DONE)
    run.published_at = at
    outbox.emit("import.published", subject=f"import:{run.id}", import_id=run.id, rows=run.rows_published)


def withdraw(*, run: ImportRun, at: datetime) -> int:
    """Take every row of the import out of history; the number of rows that left."""
    gone: Any = db.session.execute(sa.text("DELETE FROM history_line WHERE import_id = :id"), {"id": run.id})
    db.session.execute(sa.text("DELETE FROM raw_line WHERE import_id = :id"), {"id": run.id})
    run.state = intake.move(State(run.state), State.UNDONE)
    run.undone_at = at
    outbox.emit("import.undone", subject=f"import:{run.id}", import_id=run.id, rows=gone.rowcount)
    return int(gone.rowcount)
