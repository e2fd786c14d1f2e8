"""What every made file has in common: so many an hour, fetched by whoever asked within a day, gone after."""

from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Missing
from models.tables.earning import EarningExport
from models.tables.handout import Handout
from models.tables.view import Export

KEPT = timedelta(hours=24)
HOURLY = 10

File = TypeVar("File", Export, Handout, EarningExport)


class TooOften(Conflict):
    """More files in an hour than a person needs."""


class NoFile(Missing):
    """The file is not there, is another person's, or is over."""


class NotReady(Conflict):
    """The file is still being written."""


def check_pace(table: type[File], *, by: sa.ColumnElement[bool], at: datetime) -> None:
    """Refuse one more file to somebody who asked for enough of them within the hour."""
    recent = sa.select(sa.func.count()).where(by, table.created_at > at - timedelta(hours=1))
    if (db.session.scalar(recent) or 0) >= HOURLY:
        raise TooOften(f"每小时最多生成 {HOURLY} 个文件，请稍后再试。")


def stand(made: File, *, file: str, rows: int, octets: int, at: datetime) -> None:
    """The file stands; it may be fetched for a day from now."""
    made.file, made.rows, made.bytes = file, rows, octets
    made.ready_at, made.expires_at = at, at + KEPT


def opened(table: type[File], file_id: int, *, by: sa.ColumnElement[bool], at: datetime) -> File:
    """One's own file; refused while it is written, when its day is over, and to everybody else."""
    made = db.session.scalars(sa.select(table).where(table.id == file_id, by)).one_or_none()
    if made is None:
        raise NoFile("这个文件不存在，或不属于您。")
    if made.expires_at is None:
        raise NotReady("文件还没有生成好，请稍后再试。")
    if made.expires_at <= at or made.removed_at is not None:
        raise NoFile("文件已过期（24 小时），请重新生成。")
    return made


def expire(table: type[File], *, at: datetime, limit: int = 100) -> list[str]:
    """Mark files whose day is over as removed; their names."""
    over = db.session.scalars(
        sa.select(table)
        .where(table.ready_at.is_not(None), table.removed_at.is_(None), table.expires_at <= at)
        .order_by(table.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for made in over:
        made.removed_at = at
    db.session.flush()
    return [made.file for made in over if made.file]
