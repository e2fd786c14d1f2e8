"""Working on cases: taken under a lease that renews itself, handed over, escalated, put to rest, paused."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Forbidden, Invalid
from models.operations import case as cases
from models.operations import docket, outbox
from models.queries import case as queries
from models.queries import casefile, reviewer
from models.queries.reviewer import Worker
from models.rules import case as rules
from models.rules.case import WARNING_PERCENT, Boost, Queue, State
from models.tables.case import Case, CaseDraft, CaseSnooze, CaseStep

NOTE_LENGTH = 2_000


class NotYours(Forbidden):
    """Another reviewer works on the case, or nobody does."""


class StaleLease(Conflict):
    """The lease of this page has ended, or the case was taken anew since."""


class MayNotWork(Forbidden):
    """Somebody who does not work on cases, not on this queue, or is away."""


class Full(Conflict):
    """As many cases as somebody may have at once."""


class NothingNext(Conflict):
    """No case waits for this person."""


class Waits(Conflict):
    """A case that is asleep or waits for somebody outside."""


class NotWaiting(Conflict):
    """A clock that does not stand still."""


class Unsaid(Invalid):
    """A step without the note that it needs."""


def take_next(*, staff_id: int, queue: str | None, at: datetime) -> Case:
    """Take the most urgent free case of one's queues, or of one queue; no two people ever get the same (R3).

    What somebody else is taking at this instant is passed over, and waited for only where nothing else is left. Cases
    dealt to oneself come first; what one has escalated oneself is somebody else's to take.
    """
    worker = _worker(staff_id, at)
    chosen = [one for one in Queue if one in worker.queues and queue in (None, one.value)]
    own = sa.and_(Case.state == State.ASSIGNED, Case.assignee_id == staff_id)
    passed_up = sa.exists().where(
        CaseStep.case_id == Case.id, CaseStep.kind == "escalated", CaseStep.by == f"staff:{staff_id}"
    )
    free = sa.and_(Case.state == State.OPEN, ~passed_up, ~worker.ties.met(), Case.queue.in_(_with_room(worker, chosen)))
    waiting = (
        sa.select(Case)
        .where(Case.queue.in_(chosen), queries.LIVE, queries.is_awake(at), sa.or_(own, free))
        .order_by(sa.case((own, 0), else_=1), queries.priority(at).desc(), Case.id)
        .limit(1).execution_options(populate_existing=True)
    )  # fmt: skip
    # Nothing but what others hold: the clock that deals holds a whole queue for a moment, and lets go of most of it.
    found = (
        db.session.scalars(waiting.with_for_update(skip_locked=True)).one_or_none()
        or db.session.scalars(waiting.with_for_update()).one_or_none()
    )
    if found is None:
        raise NothingNext("没有可领取的个案：队列已空，或您手上的个案已达上限。")
    return _claim(found, staff_id, at)


def claim(*, case_id: int, staff_id: int, at: datetime) -> Case:
    """Take one case to work on; one's own lease starts anew, another's that runs is refused."""
    found = cases.live(case_id)
    worker = _worker(staff_id, at)
    check_concern(found, worker)
    if Queue(found.queue) not in worker.queues:
        raise MayNotWork("您不负责该队列，请联系主管调整技能后再领取。")
    if found.assignee_id not in (None, staff_id) and not _has_lapsed(found, at):
        raise NotYours("该个案正由另一位审核员处理，请选择其他个案。")
    if found.paused_at is not None or (found.snoozed_until is not None and found.snoozed_until > at):
        raise Waits("该个案正在等待外部回复或处于休眠，请先恢复计时或等待到期。")
    if found.assignee_id is None and found.queue not in _with_room(worker, [Queue(found.queue)]):
        raise Full(f"您手上已有 {worker.load} 个个案，达到上限，请先处理完再领取。")
    return _claim(found, staff_id, at)


def check_works(case: Case, *, staff_id: int, at: datetime) -> None:
    """Whoever acts on a case works on its queue and is not related to whom it concerns (R4)."""
    worker = _worker(staff_id, at)
    check_concern(case, worker)
    if Queue(case.queue) not in worker.queues:
        raise MayNotWork("您不负责该队列，请联系主管调整技能后再处理。")


def take(case: Case, *, staff_id: int, at: datetime) -> Case:
    """A locked case that nobody else works on, in one's hands for a step that lets go of it again: no cap counts."""
    check_works(case, staff_id=staff_id, at=at)
    if case.assignee_id not in (None, staff_id) and not _has_lapsed(case, at):
        raise NotYours("该个案在另一位审核员手上，请刷新后重选。")
    return _claim(case, staff_id, at)


def claim_free(*, case_id: int, staff_id: int, at: datetime) -> Case:
    """As ``claim``, of a case that nobody has, to decide it at once: no cap stands in the way of what is gone again."""
    found = cases.live(case_id)
    check_concern(found, _worker(staff_id, at))
    if found.state != State.OPEN:
        raise NotYours("所选个案中有的已被领取，请刷新后重选。")
    return _claim(found, staff_id, at)


def mine(*, case_id: int, staff_id: int, lease: int, at: datetime) -> Case:
    """The case under its lock, worked on by this person under this very lease that still runs."""
    found = cases.live(case_id)
    if found.assignee_id != staff_id:
        raise NotYours("该个案不在您手上，请先领取；您的草稿已保留。")
    if found.lease != lease or found.lease_until is None or found.lease_until <= at:
        raise StaleLease("领取已过期或在别处重新领取，请重新领取后再提交；您的草稿已保留。")
    check_concern(found, _worker(staff_id, at))
    return found


def renew(*, case_id: int, staff_id: int, lease: int, at: datetime) -> Case:
    """The page is still worked on: the lease runs on from now."""
    found = mine(case_id=case_id, staff_id=staff_id, lease=lease, at=at)
    found.lease_until = at + _lease(found.queue)
    db.session.flush()
    return found


def save_draft(*, case_id: int, staff_id: int, verdict: str, note: str, at: datetime) -> CaseDraft:
    """Keep what somebody has written, whether their lease still runs or not."""
    found = cases.live(case_id)
    check_concern(found, _worker(staff_id, at))
    kept = casefile.draft(case_id, staff_id)
    if kept is None:
        kept = CaseDraft(case_id=case_id, staff_id=staff_id, verdict="", note="", at=at)
        db.session.add(kept)
    kept.verdict, kept.note, kept.at = verdict if verdict in rules.VERDICTS else "", note[:NOTE_LENGTH], at
    db.session.flush()
    return kept


def give_back(*, case_id: int, staff_id: int, lease: int, at: datetime) -> Case:
    """Put a case back into its queue, the draft stays."""
    found = mine(case_id=case_id, staff_id=staff_id, lease=lease, at=at)
    free(found)
    cases.step(found, "returned", at=at, by=f"staff:{staff_id}")
    return found


def hand_over(*, case_id: int, staff_id: int, lease: int, to_id: int, note: str, at: datetime) -> Case:
    """Give a case to a colleague with a note; their cap does not matter, their relations do."""
    found = mine(case_id=case_id, staff_id=staff_id, lease=lease, at=at)
    if not note.strip():
        raise Unsaid("请写明交接说明，接手的同事才知道从哪里继续。")
    worker = _worker(to_id, at)
    check_concern(found, worker)
    if to_id == staff_id or Queue(found.queue) not in worker.queues:
        raise MayNotWork("请选择另一位负责该队列的同事。")
    _give(found, to_id, at)
    docket.boost(found, Boost.HANDED)
    cases.step(found, "handed", at=at, by=f"staff:{staff_id}", note=note.strip(), to_id=to_id)
    outbox.emit("case.handed", subject=f"case:{found.id}", case_id=found.id, staff_id=to_id)
    return found


def escalate(*, case_id: int, staff_id: int, lease: int, note: str, at: datetime) -> Case:
    """Put a case before those who lead: back in its queue, lifted, with a note."""
    found = mine(case_id=case_id, staff_id=staff_id, lease=lease, at=at)
    if not note.strip():
        raise Unsaid("请写明升级的原因。")
    free(found)
    lift(found, at=at, by=f"staff:{staff_id}", note=note.strip())
    return found


def lift(case: Case, *, at: datetime, by: str, note: str) -> None:
    """Escalate a case, by a person or by its clock; twice is once."""
    if Boost.ESCALATED in case.boosts:
        return
    docket.boost(case, Boost.ESCALATED)
    cases.step(case, "escalated", at=at, by=by, note=note)
    outbox.emit("case.escalated", subject=f"case:{case.id}", case_id=case.id, queue=case.queue)


def snooze(*, case_id: int, staff_id: int, lease: int, until: datetime, why: str, at: datetime) -> CaseSnooze:
    """Let a case rest: this group of rules on this subject, until then, for this reason; it wakes by itself (R9)."""
    found = mine(case_id=case_id, staff_id=staff_id, lease=lease, at=at)
    if not why.strip():
        raise Unsaid("请写明休眠的原因。")
    if not at < until <= at + rules.LONGEST_SNOOZE:
        raise rules.TooEarly(f"休眠须晚于现在，且不超过 {rules.LONGEST_SNOOZE.days} 天。")
    free(found)
    found.snoozed_until = until
    made = CaseSnooze(
        case_id=found.id, subject=found.subject, rule_group=found.rule_group, since=at, until=until,
        made_by=f"staff:{staff_id}", reason=why.strip(),
    )  # fmt: skip
    db.session.add(made)
    cases.step(found, "snoozed", at=at, by=made.made_by, note=why.strip())
    return made


def pause(*, case_id: int, staff_id: int, lease: int, why: str, at: datetime) -> Case:
    """Somebody outside has to answer first: the clock stands still and keeps what was left."""
    found = mine(case_id=case_id, staff_id=staff_id, lease=lease, at=at)
    if not why.strip():
        raise Unsaid("请写明在等谁的什么回复。")
    left = queries.hours(found.queue).between(at, found.due_at)
    found.paused_at, found.left_seconds = at, left
    _give(found, staff_id, at)
    cases.step(found, "paused", at=at, by=f"staff:{staff_id}", note=why.strip())
    return found


def resume(*, case_id: int, at: datetime, by: str) -> Case:
    """The answer came: the clock runs on with the business time that was left."""
    found = cases.live(case_id)
    if found.paused_at is None or found.left_seconds is None:
        raise NotWaiting("该个案没有暂停计时，请刷新后查看。")
    hours, total = queries.hours(found.queue), queries.terms(found.queue).sla_minutes * 60
    unwarned = max(found.left_seconds - total * (100 - WARNING_PERCENT) // 100, 0)
    found.due_at, found.warn_at = hours.after(at, found.left_seconds), hours.after(at, unwarned)
    found.paused_at = found.left_seconds = None
    cases.step(found, "resumed", at=at, by=by)
    return found


def note(*, case_id: int, text: str, at: datetime, by: str) -> Case:
    """Add a note to the story."""
    found = cases.live(case_id)
    if not text.strip():
        raise Unsaid("请填写备注内容。")
    cases.step(found, "noted", at=at, by=by, note=text.strip()[:NOTE_LENGTH])
    return found


def free(case: Case) -> None:
    """Nobody works on the case; whatever lease was out is worth nothing."""
    case.state, case.assignee_id, case.assigned_at, case.lease_until = State.OPEN, None, None, None
    db.session.flush()


def check_concern(case: Case, worker: Worker) -> None:
    """Nobody works on what concerns themselves or those related to them (R4)."""
    if worker.ties.meet(case):
        raise rules.Concerned("该个案涉及您本人或与您有关联的会员、商家或地区，按回避规定不能处理，请选择其他个案。")


def deal(*, case: Case, to_id: int, at: datetime, by: str) -> None:
    """Give a free case to somebody, who opens it when they come to it."""
    _give(case, to_id, at)
    cases.step(case, "dealt", at=at, by=by, to_id=to_id)


def _give(case: Case, staff_id: int, at: datetime) -> None:
    case.state, case.assignee_id, case.assigned_at, case.lease_until = State.ASSIGNED, staff_id, at, None
    db.session.flush()


def _claim(case: Case, staff_id: int, at: datetime) -> Case:
    is_again = case.assignee_id == staff_id and case.state == State.IN_REVIEW
    lease = _lease(case.queue)
    case.state, case.assignee_id, case.assigned_at = State.IN_REVIEW, staff_id, at
    case.lease, case.lease_until = case.lease + 1, at + lease
    case.snoozed_until = None
    if not is_again:
        cases.step(case, "claimed", at=at, by=f"staff:{staff_id}")
    db.session.flush()
    return case


def _has_lapsed(case: Case, at: datetime) -> bool:
    return case.lease_until is not None and case.lease_until <= at


def _lease(queue: str) -> timedelta:
    return timedelta(minutes=queries.terms(queue).lease_minutes)


def _worker(staff_id: int, at: datetime) -> Worker:
    found = reviewer.worker(staff_id, at)
    if found is None:
        raise MayNotWork("您没有处理个案的权限，请联系主管。")
    return found


def _with_room(worker: Worker, chosen: Collection[Queue]) -> list[str]:
    """Those queues of which somebody may still take a case."""
    return [one for one in chosen if worker.load < room(worker, one)]


def room(worker: Worker, queue: Queue) -> int:
    """How many cases somebody may have at once, when the next is of this queue."""
    return queries.terms(queue).cap if worker.cap is None else worker.cap
