"""Saved views of a page, and the right in which an export is read."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Row

from models.base import db
from models.rules import permission
from models.tables.job import Job
from models.tables.staff import Staff, StaffState
from models.tables.view import Export, SavedView


@dataclass(frozen=True)
class Viewer:
    """A person as far as rows are concerned: whose they are and what they may."""

    id: int
    merchant_id: int | None
    permissions: frozenset[str]


def viewer(*, staff_id: int) -> Viewer | None:
    """An active person with the permissions of this moment; None for one who is gone."""
    row = db.session.execute(
        sa.select(Staff.id, Staff.merchant_id, Staff.roles).where(
            Staff.id == staff_id, Staff.state == StaffState.ACTIVE
        )
    ).one_or_none()
    return Viewer(row.id, row.merchant_id, permission.held_by(row.roles)) if row else None


def shared() -> sa.ColumnElement[bool]:
    """A view that somebody still here shows to the house: nobody could change or remove that of one who left."""
    here = sa.select(Staff.id).where(Staff.state == StaffState.ACTIVE).correlate(None)
    return sa.and_(SavedView.is_shared, SavedView.staff_id.in_(here))


def saved(*, page: str, staff_id: int, sees_shared: bool) -> Sequence[SavedView]:
    """The views of a page that a person may choose from: their own first, then what others of the house share."""
    mine = SavedView.staff_id == staff_id
    return db.session.scalars(
        sa.select(SavedView)
        .where(SavedView.page == page, mine | shared() if sees_shared else mine)
        .order_by(mine.desc(), SavedView.name, SavedView.id)
        .limit(100)
    ).all()


def exports_under_way(*, staff_id: int) -> Sequence[Row[int, str, int, int, str]]:
    """One's exports that are still being written, newest first: id, title and how far each is."""
    return db.session.execute(
        sa.select(Export.id, Export.title, Job.done, Job.total, Job.state)
        .join(Job, Job.id == Export.job_id)
        .where(Export.staff_id == staff_id, Export.ready_at.is_(None), Job.finished_at.is_(None))
        .order_by(Export.id.desc())
        .limit(20)
    ).all()
