"""Which money jobs are stopped."""

from collections.abc import Sequence

import sqlalchemy as sa

from models.base import db
from models.rules import switch as rules
from models.rules.switch import MoneyJob
from models.tables.switch import MoneySwitch


def every() -> Sequence[MoneySwitch]:
    """All switches, in the order of the jobs."""
    found = db.session.scalars(sa.select(MoneySwitch).execution_options(populate_existing=True)).all()
    return sorted(found, key=lambda one: list(MoneyJob).index(MoneyJob(one.job)))


def is_off(job: MoneyJob) -> bool:
    """Whether a money job is stopped now."""
    return bool(db.session.scalar(sa.select(MoneySwitch.is_off).where(MoneySwitch.job == job)))


def check(job: MoneyJob) -> None:
    """Refuse to go on with a job that is stopped."""
    rules.check(job, is_off=is_off(job))
