"""What is looked at by the clock: the lint over live data, the structure that money stands on, complaints' clocks."""

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from jobs import seals
from jobs.queue import Run, job
from models import Job, db
from models.operations import complaint, finding, structure
from models.queries import structure as structures
from models.queries import watched
from models.queries import wording as wordings
from models.rules import wording
from models.tables.job import Queue, State

WATCH = "watch_structure"
# Numbers are given before their rows commit: what a slow transaction had not shown yet is looked at again.
LOOK_BACK = 1_000


@job(title="合规检查")
def lint_live(run: Run, *, at: str = "", complaint_id: int = 0, rule: str = "") -> dict[str, Any]:
    """Look at the policy in force and at every rule that the tables can answer; keep what is found."""
    with run.transaction():
        kept = finding.record(hits=watched.hits(run.at), covered=watched.COVERED, at=run.at)
    return asdict(kept)


@job(title="文案扫描")
def scan_copy(run: Run, *, at: str = "") -> dict[str, Any]:
    """Scan every text that goes out, whatever table keeps it: banned phrases and bare figures become findings."""
    with run.transaction():
        texts = list(wordings.every())
        hits = [hit for one in texts for hit in wording.broken(one.subject, one.text, one.kind)]
        kept = finding.record(hits=hits, covered={"R16", "R17"}, at=run.at)
    return {"texts": len(texts), **asdict(kept)}


@job(queue=Queue.MONEY, title="结构监测", max_attempts=3)
def watch_structure(run: Run, *, at: str = "") -> dict[str, Any]:
    """Look at what came since the look before; anything broken stops money in the same transaction (rules 8.3)."""
    with run.transaction():
        now = structures.now()
        kept = structure.judge(hits=list(structures.recent(_before())), is_whole=False, at=run.at)
    return {"mark": asdict(now), **asdict(kept)}


@job(queue=Queue.MONEY, title="结构全量检查", max_attempts=3)
def check_structure(run: Run, *, at: str = "") -> dict[str, Any]:
    """Look at everything, the chain against its heads outside the database included."""
    with run.transaction():
        kept = structure.judge(hits=list(structures.whole(seals.kept())), is_whole=True, at=run.at)
    return asdict(kept)


@job(title="投诉时钟")
def watch_complaints(run: Run, *, at: str = "") -> dict[str, Any]:
    """Tell of complaints whose 24 hours ran out without a human answer."""
    with run.transaction():
        return {"breached": complaint.tell_breached(at=run.at)}


def _before() -> structures.Mark:
    """Where the last look ended."""
    chosen = sa.select(Job.result).where(Job.kind == WATCH, Job.state == State.DONE)
    result = db.session.scalar(chosen.order_by(Job.id.desc()).limit(1))
    marked = result["mark"] if result else {}
    return structures.Mark(**{name: max(0, place - LOOK_BACK) for name, place in marked.items()})
