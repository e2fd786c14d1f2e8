"""The night's erasing of what is kept no longer."""

from datetime import datetime
from typing import Any

from jobs import proof
from jobs.queue import Run, job
from models.operations import retention


@job(title="删除到期的个人信息", max_attempts=3)
def erase_due(run: Run, *, at: str = "") -> dict[str, Any]:
    """Erase kind by kind, batch by batch, until nothing is over any more."""
    gone = dict.fromkeys(retention.ERASED, 0)
    for place, key in enumerate(gone):
        rows = retention.BATCH
        while rows == retention.BATCH:
            run.check()
            with run.transaction():
                rows = retention.erase(key=key, at=run.at)
            gone[key] += rows
        run.progress(place + 1, len(gone), key)
    return gone


@job(title="删除到期的凭证图片", max_attempts=3)
def forget_pictures(run: Run, *, at: str) -> dict[str, Any]:
    """Remove the files of pictures whose time is over: first the row lets go, then the file goes."""
    gone, over = 0, [""]
    while over:
        run.check()
        with run.transaction():
            over = retention.forget_pictures(at=datetime.fromisoformat(at))
        for name in filter(None, over):
            (proof.folder() / name).unlink(missing_ok=True)
        gone += len(over)
    return {"removed": gone}
