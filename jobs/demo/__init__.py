"""The demonstration's world as a job: day by day, each once, going on where it was stopped."""

from datetime import datetime
from typing import Any

from flask import current_app

from jobs.demo import world
from jobs.demo.plan import DAYS, Day, Plan
from jobs.queue import Run, job
from models.errors import Conflict
from models.tables.job import Queue


class NotADemo(Conflict):
    """Invented members and money exist in a demonstration alone."""


# A queue of its own workers: imports and money never stand behind it.
@job(queue=Queue.EXPORT, title="建立演示世界")
def build_world(run: Run, *, members: int, seed: int, at: str, days: int = DAYS) -> dict[str, Any]:
    """Write a world of so many members that ends at ``at``; while it is under way nothing else that is due runs."""
    if current_app.config["SETTINGS"].environment != "demo":
        raise NotADemo("演示世界只能建在演示环境里（QIANXING_ENV=demo）")
    plan = Plan(members=members, seed=seed, ends_at=datetime.fromisoformat(at), days=days)

    def told(day: Day) -> None:
        run.check()
        run.progress(day.n, days, f"{day.on:%Y-%m-%d}")

    world.build(plan, edge=run.transaction, told=told)
    run.progress(days, days, "")
    return {"members": members, "days": days}
