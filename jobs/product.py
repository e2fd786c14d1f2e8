"""Figures of products are counted every hour."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from jobs.queue import Run, job
from models.operations import curation
from models.queries import curation as figures
from models.queries import policy as policies
from models.rules.curation import DAYS

SHANGHAI = ZoneInfo("Asia/Shanghai")


def first_moment(at: datetime) -> datetime:
    """The first moment of the thirty days of the business that end with the day of a moment."""
    day = at.astimezone(SHANGHAI).date() - timedelta(days=DAYS - 1)
    return datetime.combine(day, time.min, SHANGHAI)


@job(title="统计商品指标", max_attempts=3)
def count_products(run: Run, *, at: str = "") -> dict[str, Any]:
    """Count every product's figures anew; ``at`` only names the period."""
    with run.transaction():
        _, policy = policies.in_force(run.at)
        counted = figures.counted(begin=first_moment(run.at), at=run.at)
        kept = curation.keep(counted=counted, policy=policy, at=run.at)
    return {"products": kept}
