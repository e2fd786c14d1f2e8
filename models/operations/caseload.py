"""Many cases at once, each by itself: dealt to somebody, put to rest, or let go where one person may say so.

Every step here is one row of a batch: it looks at its case anew under its lock, keeps to the relations of whoever acts
and of whoever is given it, and refuses in a sentence.
"""

from datetime import datetime

from models.errors import Conflict
from models.operations import case as cases
from models.operations import case_decision, casework
from models.queries import case as queries
from models.queries import reviewer
from models.queries.reviewer import Worker
from models.rules.case import Queue, State
from models.tables.case import Case

ANYBODY = "anybody"
"""Instead of a person: whoever has the fewest."""


class NeedsTwo(Conflict):
    """A decision that is not one person's, or that nobody takes without reading the case."""


class NobodyFits(Conflict):
    """Nobody works on this queue, is here, has room and is unrelated."""


def assign(*, case_id: int, staff_id: int, to: str, at: datetime) -> Case:
    """Give a case that nobody is working on to somebody, or to whoever has the fewest."""
    found = _idle(case_id, staff_id, at)
    able = [one for one in _candidates(to, at) if fits(one, found)]
    if not able:
        raise NobodyFits("该同事不负责此队列、正在请假、已达上限或须回避；请换一位，或先调整技能与上限。")
    chosen = min(able, key=lambda one: (one.load, one.staff_id))
    casework.deal(case=found, to_id=chosen.staff_id, at=at, by=f"staff:{staff_id}")
    return found


def snooze(*, case_id: int, staff_id: int, until: datetime, why: str, at: datetime) -> Case:
    """Let a case rest until then, when nobody else has it (R9)."""
    found = _taken(case_id, staff_id, at)
    casework.snooze(case_id=case_id, staff_id=staff_id, lease=found.lease, until=until, why=why, at=at)
    return found


def clear(*, case_id: int, staff_id: int, why: str, at: datetime) -> Case:
    """Let a case go as honest for one coded reason; never one that takes two people or hangs together with another."""
    found = _idle(case_id, staff_id, at)
    if case_decision.takes_two(found) or found.queue == Queue.APPEAL:
        raise NeedsTwo("规则 8.2：该个案金额达到双人审核线、会关闭橱窗或属于申诉，请打开个案单独审结。")
    if len(queries.open_on(found.subject)) > 1:
        raise NeedsTwo("规则 8.2：同一对象还有其他规则命中的未结个案，请打开个案单独审结。")
    taken = casework.take(found, staff_id=staff_id, at=at)
    return case_decision.decide(
        case_id=case_id, staff_id=staff_id, lease=taken.lease, verdict=State.CLEARED, why=why, at=at
    )


def fits(worker: Worker, case: Case) -> bool:
    """Whether a case may be given to somebody now: here, of their queues, within their cap, none of their own (R4)."""
    queue = Queue(case.queue)
    has_room = not worker.is_away and queue in worker.queues and worker.load < casework.room(worker, queue)
    return has_room and not worker.ties.meet(case)


def _candidates(to: str, at: datetime) -> list[Worker]:
    if to == ANYBODY:
        return reviewer.workers(at)
    found = reviewer.worker(int(to), at)
    return [found] if found is not None else []


def _taken(case_id: int, staff_id: int, at: datetime) -> Case:
    return casework.take(_idle(case_id, staff_id, at), staff_id=staff_id, at=at)


def _idle(case_id: int, staff_id: int, at: datetime) -> Case:
    """A live case that nobody else is at work on, that waits for nobody and is none of one's own."""
    found = cases.live(case_id)
    casework.check_works(found, staff_id=staff_id, at=at)
    if found.state == State.IN_REVIEW and found.assignee_id != staff_id:
        raise casework.NotYours("该个案正由另一位审核员处理，已跳过。")
    if found.paused_at is not None or case_decision.asked(case_id) is not None:
        raise casework.Waits("该个案正在等待外部回复或第二人审批，请先处理后再操作。")
    return found
