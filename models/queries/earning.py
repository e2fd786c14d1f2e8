"""A member's earnings, each with its reason in words; and how far a file of them is."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.queries import policy as policies
from models.queries import portal
from models.rules import why
from models.rules.why import Booked, Booking, Why
from models.tables.earning import EarningExport
from models.tables.job import Job

AT_ONCE = 1_000
BEGINNING, END = datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
LAST = "~"
"""Comes after the key of every earning."""


def told(row: Any, code: str) -> Why:
    """Why a row of ``portal.earnings`` is what it is."""
    booked = Booked(
        kind="settle" if row.number else "dividend", order=row.number or "", version=row.policy_id,
        policy=policies.of(row.policy_id) if row.policy_id else None,
        facts={"of_month": row.month} if row.month else {},
    )  # fmt: skip
    is_whole = row.kind == "level" and row.order_kind == "admission"
    return why.explain(
        booked,
        Booking(
            account=f"member:{code}:{row.bucket}", amount_fen=row.amount_fen, cause=row.kind, level=row.level,
            rate_bps=None if is_whole else row.rate_bps, base_fen=None if is_whole else row.base_fen,
            reason=row.region_code or "",
        ),
    )  # fmt: skip


def batches(*, member_id: int, kind: str | None, span: tuple[datetime, datetime]) -> Iterator[Sequence[Any]]:
    """Everything somebody earned in [since, until), the newest first, a thousand rows at a time."""
    before: Any = [span[1], LAST]
    while True:
        found = portal.earnings(member_id=member_id, kind=kind, span=span, before=before, limit=AT_ONCE)
        if not found:
            return
        yield found
        before = [found[-1].at, found[-1].key]


def file_of(*, member_id: int, export_id: int) -> tuple[EarningExport, str | None] | None:
    """A member's file and the state of the job that writes it."""
    chosen = sa.select(EarningExport, Job.state).outerjoin(Job, Job.id == EarningExport.job_id)
    chosen = chosen.where(EarningExport.id == export_id, EarningExport.member_id == member_id)
    row = db.session.execute(chosen).one_or_none()
    return (row[0], row[1]) if row else None
