"""The life of a member's earnings as a file: asked for, ready for a day, removed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Invalid, Missing
from models.operations import audit, outbox
from models.queries import member as members
from models.tables.earning import EarningExport
from models.tables.job import Queue

KEPT = timedelta(hours=24)
HOURLY = 10


class Backward(Invalid):
    """The last day comes before the first."""


class TooOften(Conflict):
    """More files in an hour than a person needs."""


class NoFile(Missing):
    """The file is not there, is another member's, or is over."""


class NotReady(Conflict):
    """The file is still being written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which earnings: of one kind, in [since, until); none of these means all."""

    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def ask(*, member_id: int, wish: Wish, at: datetime) -> EarningExport:
    """Ask for one's earnings as a file; a job of the export queue writes it."""
    if wish.since and wish.until and wish.since >= wish.until:
        raise Backward("开始日期不能晚于结束日期，请调整后再导出。")
    member = members.locked([member_id])[member_id]
    recent = sa.select(sa.func.count()).where(
        EarningExport.member_id == member_id, EarningExport.created_at > at - timedelta(hours=1)
    )
    if (db.session.scalar(recent) or 0) >= HOURLY:
        raise TooOften(f"每小时最多导出 {HOURLY} 次，请稍后再试。")
    made = EarningExport(member_id=member_id, kind=wish.kind, since=wish.since, until=wish.until, created_at=at)
    db.session.add(made)
    db.session.flush()
    job = outbox.request(
        "export_earnings", queue=Queue.EXPORT, payload={"export_id": made.id}, subject=f"member:{member.code}",
        title="导出收入明细", by=f"member:{member.code}", max_attempts=3,
    )  # fmt: skip
    made.job_id = job.id
    db.session.flush()
    return made


def record_ready(*, export_id: int, file: str, rows: int, octets: int, at: datetime) -> EarningExport:
    """The file stands; it may be fetched for a day from now."""
    made = db.session.get_one(EarningExport, export_id, with_for_update=True)
    made.file, made.rows, made.bytes = file, rows, octets
    made.ready_at, made.expires_at = at, at + KEPT
    db.session.flush()
    return made


def fetch(*, export_id: int, member_id: int, at: datetime) -> EarningExport:
    """One's own file while its day lasts; leaves a note that it was fetched."""
    made = db.session.get(EarningExport, export_id)
    if made is None or made.member_id != member_id:
        raise NoFile("没有找到，或不属于您。")
    if made.expires_at is None:
        raise NotReady("文件还没有生成好，请稍后再试。")
    if made.expires_at <= at or made.removed_at is not None:
        raise NoFile("文件已过期（24 小时），请重新导出。")
    audit.note(what="earning_export.fetched", about=f"earning_export:{made.id}", rows=made.rows)
    return made


def forget(*, member_id: int, at: datetime) -> None:
    """Who leaves has nothing left to fetch: the files go at the next sweep."""
    mine = sa.update(EarningExport).where(EarningExport.member_id == member_id, EarningExport.expires_at > at)
    db.session.execute(mine.values(expires_at=at))


def expire(*, at: datetime, limit: int = 100) -> list[str]:
    """Mark files whose day is over as removed; their names."""
    over = db.session.scalars(
        sa.select(EarningExport)
        .where(EarningExport.ready_at.is_not(None), EarningExport.removed_at.is_(None), EarningExport.expires_at <= at)
        .order_by(EarningExport.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for made in over:
        made.removed_at = at
    db.session.flush()
    return [made.file for made in over if made.file]
