"""The life of an export: asked for, ready for a day, removed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Invalid, Missing
from models.operations import audit, outbox
from models.tables.job import Queue
from models.tables.view import Export, Format

KEPT = timedelta(hours=24)
HOURLY = 10
QUERY_LENGTH = 2000


class NothingChosen(Invalid):
    """An export without a column, or in a format we do not make."""


class TooOften(Conflict):
    """More exports in an hour than a person needs."""


class NoExport(Missing):
    """The export is not there, is another person's, or is over."""


@dataclass(frozen=True)
class Wish:
    """What of which list, as a file of which kind; ``query`` is the query part of the list's address."""

    page: str
    title: str
    query: str
    columns: tuple[str, ...]
    format: str
    is_masked: bool
    language: str


def ask(*, wish: Wish, staff_id: int, at: datetime) -> Export:
    """Ask for a list as a file; a job of the export queue writes it."""
    if not wish.columns or wish.format not in set(Format):
        raise NothingChosen("请至少选择一列，并选择 CSV 或 XLSX 格式")
    if len(wish.query) > QUERY_LENGTH:
        raise NothingChosen("筛选条件太长，无法导出；请减少条件后再试")
    recent = sa.select(sa.func.count()).where(Export.staff_id == staff_id, Export.created_at > at - timedelta(hours=1))
    if (db.session.scalar(recent) or 0) >= HOURLY:
        raise TooOften(f"每人每小时最多导出 {HOURLY} 次，请稍后再试")
    export = Export(
        staff_id=staff_id,
        page=wish.page,
        title=wish.title,
        query=wish.query,
        columns=list(wish.columns),
        format=wish.format,
        is_masked=wish.is_masked,
        language=wish.language,
        created_at=at,
    )
    db.session.add(export)
    db.session.flush()
    job = outbox.request(
        "export_list",
        queue=Queue.EXPORT,
        payload={"export_id": export.id},
        subject=f"export:{export.id}",
        title=f"导出 {wish.title}",
        by=f"staff:{staff_id}",
        max_attempts=3,
    )
    export.job_id = job.id
    db.session.flush()
    return export


def record_ready(*, export_id: int, file: str, rows: int, octets: int, at: datetime) -> Export:
    """The file stands; its link lives for a day from now. Leaves a note of how many rows went out."""
    export = db.session.get_one(Export, export_id, with_for_update=True)
    export.file, export.rows, export.bytes = file, rows, octets
    export.ready_at, export.expires_at = at, at + KEPT
    audit.note(
        what="export.ready", about=f"export:{export.id}", page=export.page, rows=rows, is_masked=export.is_masked
    )
    db.session.flush()
    return export


def fetch(*, export_id: int, staff_id: int, at: datetime) -> Export:
    """One's own file while its link lives; leaves a note that it was fetched."""
    export = db.session.get(Export, export_id)
    if export is None or export.staff_id != staff_id:
        raise NoExport("这个导出不存在，或是别人的")
    if export.expires_at is None:
        raise NoExport("文件还没有生成好，请稍候")
    if export.expires_at <= at or export.removed_at is not None:
        raise NoExport("下载链接已过期（24 小时），请重新导出")
    audit.note(what="export.fetched", about=f"export:{export.id}", page=export.page, rows=export.rows)
    return export


def expire(*, at: datetime, limit: int = 100) -> list[str]:
    """Mark exports whose day is over as removed; the names of their files."""
    over = db.session.scalars(
        sa.select(Export)
        .where(Export.ready_at.is_not(None), Export.removed_at.is_(None), Export.expires_at <= at)
        .order_by(Export.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for export in over:
        export.removed_at = at
    db.session.flush()
    return [export.file for export in over if export.file]
