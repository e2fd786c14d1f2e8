"""What the dry run writes: rows of a file by the thousand, then what only the whole file can tell."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import copy_rows, db
from models.operations import outbox
from models.rules import intake
from models.rules.importing import Line, mend
from models.rules.intake import State
from models.tables.importing import ImportIssue, ImportRun

LINE = Line._fields
ISSUE = ("import_id", "row_number", "column_name", "value", "repaired", "kind", "code", "reason")

# What makes two rows of one key different, in the words of the report.
COMPARED = {
    "order_number": "订单编号",
    "buyer": "买家",
    "ordered_at": "下单时间",
    "paid_at": "付款时间",
    "region_text": "地区",
    "sales_region": "大区",
    "product_code": "商品编码",
    "product_name": "商品名称",
    "quantity": "数量",
    "unit_price_fen": "单价",
    "placed_fen": "订单金额",
    "paid_fen": "实付金额",
    "refund_fen": "退款金额",
}
_MOMENTS, _MONEY = ("ordered_at", "paid_at"), ("unit_price_fen", "placed_fen", "paid_fen", "refund_fen")


class Stale(intake.NotNow):
    """The job no longer speaks for the import: it was cancelled or asked for anew."""


@dataclass
class Chunk:
    """The outcome of some thousand rows: good lines, the cells of every row, findings, and the last row's number."""

    last_row: int
    lines: list[Sequence[Any]] = field(default_factory=list)
    cells: list[tuple[int, str]] = field(default_factory=list)
    issues: list[Sequence[Any]] = field(default_factory=list)
    read: int = 0
    refused: int = 0
    repaired: int = 0


def take(*, import_id: int, job_id: int, state: State) -> ImportRun:
    """The import under its row lock, if this job still speaks for it in this state."""
    query = sa.select(ImportRun).where(ImportRun.id == import_id).with_for_update()
    run = db.session.scalar(query.execution_options(populate_existing=True))
    if run is None or run.job_id != job_id or run.state != state:
        raise Stale("该导入已被取消或重新发起，本任务不再继续")
    return run


def begin(*, run: ImportRun) -> None:
    """A dry run that starts from the first row leaves nothing of an earlier one."""
    clear(import_id=run.id)
    run.checkpoint = run.rows_read = run.rows_ready = run.rows_refused = run.rows_repaired = 0


def clear(*, import_id: int) -> None:
    """Drop what a dry run wrote: staged rows, cells and findings."""
    for table in ("staged_line", "raw_line", "import_issue"):
        db.session.execute(sa.text(f"DELETE FROM {table} WHERE import_id = :id"), {"id": import_id})


def write(*, run: ImportRun, chunk: Chunk) -> None:
    """Put one chunk down, with the checkpoint that says so, in the caller's one transaction."""
    copy_rows("staged_line", ("import_id", "row_number", *LINE), ((run.id, *line) for line in chunk.lines))
    copy_rows("raw_line", ("import_id", "row_number", "cells"), ((run.id, *row) for row in chunk.cells))
    copy_rows("import_issue", ISSUE, ((run.id, *issue) for issue in chunk.issues))
    run.checkpoint = chunk.last_row
    run.rows_read += chunk.read
    run.rows_ready += len(chunk.lines)
    run.rows_refused += chunk.refused
    run.rows_repaired += chunk.repaired


def mend_words(*, run: ImportRun, column: str) -> None:
    """Mend a slip of the pen among the sales regions where the whole file leaves one choice; note it where not."""
    names = {"id": run.id, "column": column}
    pairs = {(province, word): count for province, word, count in db.session.execute(sa.text(_WORDS), names)}
    for slip in mend(pairs):
        values = {**names, "province": slip.province_code, "written": slip.written, "meant": slip.meant}
        db.session.execute(sa.text(_SLIP), values)
        if slip.meant is not None:
            db.session.execute(sa.text(_MEND), values)


def refuse_repeats(*, run: ImportRun) -> None:
    """Leave out every row whose key the file itself or an earlier import already holds, with the difference if any."""
    db.session.execute(sa.text("SET LOCAL work_mem = '128MB'"))
    db.session.execute(sa.text(_WITHIN), {"id": run.id})
    refuse_held(run=run)


def refuse_held(*, run: ImportRun) -> None:
    """Leave out what another import of the shop holds."""
    db.session.execute(sa.text(_HELD), {"id": run.id, "shop": run.shop_id})


def finish(*, run: ImportRun, at: datetime) -> None:
    """Count what stands and what was found; the import now waits for a person."""
    count(run=run, table="staged_line")
    run.state = intake.move(State(run.state), State.STAGED)
    run.staged_at = at
    outbox.emit("import.staged", subject=f"import:{run.id}", import_id=run.id, rows=run.rows_ready)


def count(*, run: ImportRun, table: str) -> None:
    """Sum up the rows that stand in `staged_line` or `history_line`, and the findings."""
    totals = db.session.execute(sa.text(_TOTALS.format(table=table)), {"id": run.id}).mappings().one()
    for name, value in totals.items():
        setattr(run, name, value)
    run.rows_refused, run.rows_repaired = (_rows(run.id, kind) for kind in ("refused", "repaired"))
    run.findings = [dict(row) for row in db.session.execute(sa.text(_FINDINGS), {"id": run.id}).mappings()]


def fail(*, run: ImportRun, failure: str) -> None:
    """The file cannot be read to its end: say why and keep nothing of it."""
    begin(run=run)
    run.state = intake.move(State(run.state), State.FAILED)
    run.failure = failure
    outbox.emit("import.failed", subject=f"import:{run.id}", import_id=run.id)


def _rows(import_id: int, kind: str) -> int:
    query = sa.select(sa.func.count(ImportIssue.row_number.distinct()))
    query = query.where(ImportIssue.import_id == import_id, ImportIssue.kind == kind, ImportIssue.row_number > 0)
    return db.session.scalar(query) or 0


def _shown(column: str, alias: str) -> str:
    name = f"{alias}.{column}"
    if column in _MOMENTS:
        name = f"to_char({name} AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS')"
    elif column in _MONEY:
        name = f"to_char({name} / 100.0, 'FM999999999990.00')"
    return f"coalesce(({name})::text, '空')"


def _difference(new: str, old: str) -> str:
    """SQL that names every compared column in which two rows differ, empty when they are the same."""
    parts = (
        f"CASE WHEN {new}.{column} IS DISTINCT FROM {old}.{column}"
        f" THEN '{title} ' || {_shown(column, old)} || ' → ' || {_shown(column, new)} END"
        for column, title in COMPARED.items()
    )
    return f"concat_ws('；', {', '.join(parts)})"


def _refused(source: str, *, held_by: str) -> str:
    """SQL that turns repeated rows into findings and takes them off the staged ones.

    ``source`` gives import_id, row_number, order_number, difference, where_ (words) and, if ``held_by``, the import.
    """
    return f"""
        WITH repeated AS MATERIALIZED ({source}), gone AS (
            DELETE FROM staged_line s USING repeated r
            WHERE s.import_id = r.import_id AND s.row_number = r.row_number
        ), said AS (
            INSERT INTO import_issue
                (import_id, row_number, column_name, value, kind, code, reason, other_import_id)
            SELECT import_id, row_number, '订单编号', order_number, 'refused',
                CASE WHEN difference = '' THEN '{{0}}' ELSE 'conflict' END,
                CASE WHEN difference = '' THEN '与' || where_ || '完全相同，不重复导入'
                     ELSE '与' || where_ || '编号相同但内容不同，请核对：' || difference END,
                {held_by}
            FROM repeated ORDER BY row_number
        )
        SELECT count(*) FROM repeated
    """


_WITHIN = _refused(
    f"""
    SELECT s.import_id, s.row_number, s.order_number, {_difference("s", "f")} AS difference,
        '本文件第 ' || f.row_number || ' 行' AS where_
    FROM (
        SELECT row_number, min(row_number) OVER (PARTITION BY row_key) AS first
        FROM staged_line WHERE import_id = :id
    ) k
    JOIN staged_line s ON s.import_id = :id AND s.row_number = k.row_number
    JOIN staged_line f ON f.import_id = :id AND f.row_number = k.first
    WHERE k.row_number <> k.first
    """,
    held_by="NULL",
).replace("{0}", "repeated_row")

_HELD = _refused(
    f"""
    SELECT s.import_id, s.row_number, s.order_number, {_difference("s", "h")} AS difference,
        '导入 #' || h.import_id || ' 第 ' || h.row_number || ' 行' AS where_, h.import_id AS other
    FROM staged_line s JOIN history_line h ON h.shop_id = :shop AND h.row_key = s.row_key
    WHERE s.import_id = :id AND h.import_id <> :id
    """,
    held_by="other",
).replace("{0}", "already_imported")

_WORDS = """
    SELECT province_code, sales_region, count(*) FROM staged_line WHERE import_id = :id GROUP BY 1, 2
"""

_AT = """
    import_id = :id AND sales_region = :written AND province_code IS NOT DISTINCT FROM CAST(:province AS text)
"""

_SLIP = f"""
    INSERT INTO import_issue (import_id, row_number, column_name, value, repaired, kind, code, reason)
    SELECT import_id, row_number, :column, sales_region, CAST(:meant AS text),
        CASE WHEN CAST(:meant AS text) IS NULL THEN 'noted' ELSE 'repaired' END, 'slip',
        CASE WHEN CAST(:meant AS text) IS NULL THEN '可能是笔误，但看不出应为哪一个，已照原样导入，请核对'
             ELSE '笔误：本文件中该省份的其他订单都属于“' || CAST(:meant AS text) || '”' END
    FROM staged_line WHERE {_AT} ORDER BY row_number
"""

_MEND = f"UPDATE staged_line SET sales_region = :meant WHERE {_AT}"

_TOTALS = """
    SELECT count(*) AS rows_ready, count(DISTINCT order_number) AS orders, coalesce(sum(quantity), 0) AS pieces,
        coalesce(sum(placed_fen), 0) AS placed_fen, coalesce(sum(paid_fen), 0) AS paid_fen,
        coalesce(sum(refund_fen), 0) AS refund_fen, min(ordered_on) AS first_on, max(ordered_on) AS last_on
    FROM {table} WHERE import_id = :id
"""

# Of each group its size and its first row, which shows what is meant; the most frequent first within a kind.
_FINDINGS = """
    SELECT g.kind, g.code, g.column_name AS column, g.count, i.value, i.repaired, i.reason
    FROM (
        SELECT kind, code, column_name, count(*) AS count, min(id) AS first
        FROM import_issue WHERE import_id = :id GROUP BY 1, 2, 3
    ) g
    JOIN import_issue i ON i.id = g.first
    ORDER BY g.kind = 'refused' DESC, g.kind = 'repaired' DESC, g.count DESC, g.code, g.column_name
"""
