"""Figures of products are counted every hour; every week they propose what to drop and what to add."""

from datetime import datetime, timedelta
from typing import Any

from jobs.queue import Run, job
from models.errors import DomainError
from models.operations import curation
from models.queries import curation as figures
from models.queries import policy as policies
from models.rules import curation as rules
from models.rules import shanghai
from models.rules.curation import DAYS


def first_moment(at: datetime) -> datetime:
    """The first moment of the thirty days of the business that end with the day of a moment."""
    return shanghai.begins(shanghai.day_of(at) - timedelta(days=DAYS - 1))


@job(title="统计商品指标", max_attempts=3)
def count_products(run: Run, *, at: str = "") -> dict[str, Any]:
    """Count every product's figures anew; ``at`` only names the period."""
    with run.transaction():
        _, policy = policies.in_force(run.at)
        counted = figures.counted(begin=first_moment(run.at), at=run.at)
        kept = curation.keep(counted=counted, policy=policy, at=run.at)
    return {"products": kept}


@job(title="每周换新建议", max_attempts=3)
def propose_refresh(run: Run, *, at: str = "") -> dict[str, Any]:
    """Propose what the figures counted last say; ``at`` is the beginning of the period."""
    moment = datetime.fromisoformat(at) if at else run.at
    with run.transaction():
        week = rules.monday(shanghai.day_of(moment))
        made = curation.propose(week=week, at=run.at)
    return {"proposals": made}


@job(title="执行换新建议")
def apply_proposal(run: Run, *, proposal_id: int) -> dict[str, Any]:
    """Carry an approved proposal out; where it cannot be any more, the refusal is kept with it."""
    try:
        with run.transaction():
            state = curation.apply(proposal_id=proposal_id, at=run.at).state
    except DomainError as refusal:
        with run.transaction():
            curation.give_up(proposal_id=proposal_id, refusal=refusal)
        return {"state": "refused"}
    return {"state": str(state)}
