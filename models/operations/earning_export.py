"""The life of a member's earnings as a file: asked for, ready for a day, removed."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Invalid
from models.operations import audit, download, outbox
from models.queries import member as members
from models.tables.earning import EarningExport
from models.tables.job import Queue


class Backward(Invalid):
    """The last day comes before the first."""


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
    download.check_pace(EarningExport, by=EarningExport.member_id == member_id, at=at)
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
    download.stand(made, file=file, rows=rows, octets=octets, at=at)
    db.session.flush()
    return made


def fetch(*, export_id: int, member_id: int, at: datetime) -> EarningExport:
    """One's own file while its day lasts; leaves a note that it was fetched."""
    made = download.opened(EarningExport, export_id, by=EarningExport.member_id == member_id, at=at)
    audit.note(what="earning_export.fetched", about=f"earning_export:{made.id}", rows=made.rows)
    return made


def forget(*, member_id: int, at: datetime) -> None:
    """Who leaves has nothing left to fetch: the files go at the next sweep."""
    mine = sa.update(EarningExport).where(EarningExport.member_id == member_id, EarningExport.expires_at > at)
    db.session.execute(mine.values(expires_at=at))
