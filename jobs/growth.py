"""What members grow by, kept up: boards counted, challenges closed, words held against a newer list of phrases."""

from typing import Any

from jobs.queue import Run, job
from models.operations import board, challenge, content, story
from models.queries import challenge as challenges
from models.rules.leaderboard import Board

AT_ONCE = 200


@job(title="统计榜单", max_attempts=2)
def count_boards(run: Run, *, at: str) -> dict[str, Any]:
    """Count every board anew, each in a transaction of its own."""
    for one in Board:
        run.check()
        with run.transaction():
            board.count(board=one, at=run.at)
    return {"boards": len(Board)}


@job(title="公布挑战结果", max_attempts=3)
def close_challenges(run: Run, *, at: str) -> dict[str, Any]:
    """Close the challenges whose days for returns are over."""
    with run.transaction():
        closing = challenges.closing(run.at)
    placed = 0
    for challenge_id in closing:
        run.check()
        with run.transaction():
            placed += challenge.close(challenge_id=challenge_id, at=run.at)
    return {"closed": len(closing), "placed": placed}


@job(title="复扫已发布的内容", max_attempts=3)
def rescan_copy(run: Run, *, at: str) -> dict[str, Any]:
    """Hold all that is out against the list in force, where it has changed; what is not clean is taken back."""
    held = pulled = 0
    for step in (content.rescan, story.rescan, challenge.rescan):
        while True:
            run.check()
            with run.transaction():
                seen, back = step(at=run.at, limit=AT_ONCE)
            held, pulled = held + seen, pulled + back
            if seen < AT_ONCE:
                break
    return {"held": held, "pulled": pulled}
