"""Structure watch (rules 8.3): what is broken becomes findings, and money stops by itself until two people say go."""

from collections.abc import Sequence
from datetime import datetime

from models.operations import finding, outbox, switch
from models.operations.finding import Recorded
from models.queries import structure
from models.queries import switch as switches
from models.rules.finding import Hit

BY = "job:watch_structure"


def judge(*, hits: Sequence[Hit], is_whole: bool, at: datetime) -> Recorded:
    """Record what a look found; anything at all stops every money job that still runs.

    Only a look at everything may resolve what an earlier one found: a partial look has not seen it.
    """
    kept = finding.record(hits=hits, covered=structure.RULES, at=at) if is_whole else finding.add(hits=hits, at=at)
    if hits:
        stop(why=f"结构监测：{hits[0].evidence}", at=at)
    return kept


def stop(*, why: str, at: datetime) -> int:
    """Switch off every money job that still runs; how many that were."""
    running = [one.job for one in switches.every() if not one.is_off]
    for job in running:
        switch.off(job=job, why=why[:200], at=at, by=BY)
    if running:
        outbox.emit("structure.broken", subject="structure", jobs=running)
    return len(running)
