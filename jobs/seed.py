"""Tagging seed candidates by their sales."""

from datetime import datetime
from typing import Any

from jobs.queue import Run, job
from models.operations import seed


@job(title="标记种子达人候选")
def tag_seeds(run: Run, *, at: str) -> dict[str, Any]:
    """Tag whoever sold enough in the seven days before the period began; a second run finds nobody new."""
    with run.transaction():
        return {"tagged": seed.tag(until=datetime.fromisoformat(at), at=run.at)}
