"""Evidence of admission purchases is read and judged, judged again when its record comes, and never left lying."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from flask import current_app

from jobs import ocr
from jobs.ocr import NoReader
from jobs.queue import Run, job
from models.operations import proof
from models.queries import proof as queries
from models.rules import reading
from models.rules.reading import Fields
from models.rules.shanghai import SHANGHAI
from models.tables.job import Queue

STUCK = timedelta(minutes=10)
AT_ONCE = 50

log = structlog.get_logger("jobs.proof")


def folder() -> Path:
    """Where kept pictures lie."""
    return Path(current_app.config["SETTINGS"].files) / "proofs"


@job(queue=Queue.PICTURE, title="识别准入凭证", max_attempts=4, seconds=180.0)
def read_proof(run: Run, *, proof_id: int) -> dict[str, Any]:
    """Read a picture and decide by rule; where it cannot be read, a person looks."""
    with run.transaction():
        found = queries.to_read(proof_id)
        name = found.picture if found else ""
    if not name:
        return {"read": False}
    fields = _fields(folder() / name)
    with run.transaction():
        made = proof.judge(proof_id=proof_id, read=fields, at=run.at)
        return {"read": fields is not None, "state": made.state, "code": made.code}


def _fields(path: Path) -> Fields | None:
    try:
        return reading.read(ocr.READER.read(path.read_bytes()), SHANGHAI)
    except (NoReader, FileNotFoundError) as error:
        log.warning("proof.unread", error=type(error).__name__, told=str(error))
        return None


@job(queue=Queue.PICTURE, title="补判准入凭证")
def recheck_proofs(run: Run, *, at: str) -> dict[str, Any]:
    """Read again whose order of record has come since; hand to a person what nothing has read."""
    with run.transaction():
        stuck = list(queries.stuck(run.at - STUCK, AT_ONCE))
        for proof_id in stuck:
            proof.judge(proof_id=proof_id, read=None, at=run.at)
        come = list(queries.recorded_since(AT_ONCE))
    for proof_id in come:
        run.check()
        read_proof(run, proof_id=proof_id)
    return {"read": len(come), "handed": len(stuck)}
