"""A file for somebody outside: asked for with a reason, written by a job, fetched within a day, gone after."""

import re
from datetime import date, datetime, timedelta

from models.base import db
from models.errors import Invalid
from models.operations import audit, download, outbox
from models.queries import pack
from models.tables.handout import Handout
from models.tables.job import Queue

PACKS = frozenset({"member", "order", "complaint", "period"})
FILINGS = frozenset({"withholding", "platform_income", "platform_identity"})
SPAN_DAYS = 92
_SPAN = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")
_MONTH = re.compile(r"(20\d{2})-(0[1-9]|1[0-2])")
_QUARTER = re.compile(r"(20\d{2})Q([1-4])")


class NoSubject(Invalid):
    """What the file should be about is not there, or cannot be read."""


def span(subject: str) -> tuple[date, date]:
    """The first and the last day of `2026-11-01..2026-11-30`."""
    found = _SPAN.fullmatch(subject)
    try:
        first, last = (date.fromisoformat(one) for one in found.groups()) if found else (date.max, date.min)
    except ValueError:
        first, last = date.max, date.min
    if not first <= last <= first + timedelta(days=SPAN_DAYS):
        raise NoSubject(f"请写成 2026-11-01..2026-11-30 这样的起止日期，最长 {SPAN_DAYS} 天。")
    return first, last


def months(subject: str) -> tuple[date, date]:
    """The first day of the first month and the first day behind the last, of `2026-11` or `2026Q4`."""
    if found := _MONTH.fullmatch(subject):
        first, length = date(int(found[1]), int(found[2]), 1), 1
    elif found := _QUARTER.fullmatch(subject):
        first, length = date(int(found[1]), int(found[2]) * 3 - 2, 1), 3
    else:
        raise NoSubject("请写成 2026-11（月）或 2026Q4（季度）。")
    after = first.month - 1 + length
    return first, date(first.year + after // 12, after % 12 + 1, 1)


def _check_subject(kind: str, subject: str) -> None:
    if kind == "period":
        span(subject)
    elif kind in FILINGS:
        months(subject)
        if (kind == "platform_income") != ("Q" in subject):
            raise NoSubject("收入信息按季度报送（如 2026Q4），扣缴明细和身份信息按月（如 2026-11）。")
    elif kind not in PACKS or not pack.is_there(kind, subject):
        raise NoSubject("没有找到这个会员、订单或投诉，请核对编号。")


def ask(*, kind: str, subject: str, why: str, is_masked: bool, staff_id: int, at: datetime) -> Handout:
    """Ask for a file; a job of the export queue writes it."""
    _check_subject(kind, subject)
    download.check_pace(Handout, by=Handout.staff_id == staff_id, at=at)
    made = Handout(kind=kind, subject=subject, reason=why, staff_id=staff_id, is_masked=is_masked, created_at=at)
    db.session.add(made)
    db.session.flush()
    job = outbox.request(
        "write_pack" if kind in PACKS else "write_filing",
        queue=Queue.EXPORT,
        payload={"handout_id": made.id},
        subject=f"handout:{made.id}",
        title=f"生成文件 {kind} {subject}",
        by=f"staff:{staff_id}",
        max_attempts=3,
    )
    made.job_id = job.id
    db.session.flush()
    return made


def record_ready(*, handout_id: int, file: str, digest: str, rows: int, octets: int, at: datetime) -> Handout:
    """The file stands; its link lives for a day. Leaves a note of what went into it."""
    made = db.session.get_one(Handout, handout_id, with_for_update=True)
    made.digest = digest
    download.stand(made, file=file, rows=rows, octets=octets, at=at)
    audit.note(
        what="handout.ready", about=f"handout:{made.id}", kind=made.kind, subject=made.subject, digest=digest, rows=rows
    )
    db.session.flush()
    return made


def fetch(*, handout_id: int, staff_id: int, at: datetime) -> Handout:
    """One's own file while its link lives; leaves a note that it was fetched."""
    made = download.opened(Handout, handout_id, by=Handout.staff_id == staff_id, at=at)
    audit.note(what="handout.fetched", about=f"handout:{made.id}", kind=made.kind, subject=made.subject)
    return made
