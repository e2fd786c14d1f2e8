"""Deciding cases: what the verdict does to money and people, by whom, and the second look (rules §8.2)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Invalid
from models.operations import appeal, approval, casework, hold, outbox, strike, withdrawal
from models.operations import case as cases
from models.operations import order as orders
from models.operations.approval import Effect
from models.queries import case as queries
from models.queries import casefile, reviewer
from models.queries import withdrawal as withdrawals
from models.rules import case as rules
from models.rules.approval import Line, PayloadChanged, SameHands, Word
from models.rules.case import MOST_TOGETHER, VERDICTS, Queue, Second, State
from models.rules.reason import Unstated
from models.rules.standing import Showcase
from models.tables.approval import Approval
from models.tables.case import Case, CaseDecision, CaseHold
from models.tables.member import Member
from models.tables.order import Order
from models.tables.strike import Strike

KIND = "case.confirm"
EXPIRED = "expired: 期限内没有新的命中"
AUTOMATIC = "system:clock"


class NoVerdict(Invalid):
    """Something else than a verdict that a person gives."""


class DecidedElsewhere(Conflict):
    """A subject that has a desk of its own."""


class Asked(Conflict):
    """A second person is asked already."""


class NotDrawn(Conflict):
    """A decision that is not, or no longer, to be looked at a second time."""


class TooMuchTogether(Conflict):
    """More cases, or more money, than may be decided with one key."""


def decide(*, case_id: int, staff_id: int, lease: int, verdict: str, why: str, at: datetime) -> Case:
    """Give a verdict on a case one works on; where that takes two, a second person is asked and the case waits."""
    found = casework.mine(case_id=case_id, staff_id=staff_id, lease=lease, at=at)
    by = f"staff:{staff_id}"
    _check(found, verdict, why, by)
    if verdict == State.CONFIRMED and takes_two(found):
        _ask(found, verdict, why, at, by, staff_id)
        return found
    return conclude(found, verdict=verdict, reason=why, at=at, by=by)


def decide_alike(
    *, case_id: int, staff_id: int, lease: int, others: Sequence[int], why: str, at: datetime
) -> list[Case]:
    """Clear a case together with free ones that rest on the very same evidence: few, and for little money.

    Only clearing is offered: what takes something from people is decided one by one.
    """
    first = casework.mine(case_id=case_id, staff_id=staff_id, lease=lease, at=at)
    by, limit_fen = f"staff:{staff_id}", queries.terms(first.queue).two_people_fen
    alike = {one.id for one in casefile.alike(first, at=at, limit=MOST_TOGETHER)}
    chosen = sorted(set(others))
    if not chosen or not set(chosen) <= alike:
        raise TooMuchTogether("只能一并处理证据完全相同、且无人领取的个案；列表已变化，请刷新后重选。")
    found = [first, *[casework.claim_free(case_id=one, staff_id=staff_id, at=at) for one in chosen]]
    if len(found) > MOST_TOGETHER or sum(one.stake_fen for one in found) >= max(limit_fen, 1):
        raise TooMuchTogether(f"一次最多处理 {MOST_TOGETHER} 个、合计金额低于双人审核线的个案，请减少选择。")
    for one in found:
        _check(one, State.CLEARED, why, by)
    return [conclude(one, verdict=State.CLEARED, reason=why, at=at, by=by) for one in found]


def settle(*, subject: str, reason: str, at: datetime, by: str) -> int:
    """The desk that the subject belongs to has decided: its open cases close with it; how many."""
    found = [cases.locked(one.id) for one in queries.open_on(subject)]
    for one in found:
        if one.closed_at is None:
            conclude(one, verdict=State.SETTLED, reason=reason, at=at, by=by)
    return len(found)


def expire(*, case_id: int, at: datetime) -> None:
    """Nothing new came for so long: what the case held is released."""
    found = cases.locked(case_id)
    if found.state == State.OPEN:
        conclude(found, verdict=State.EXPIRED, reason=EXPIRED, at=at, by=AUTOMATIC)


def takes_two(case: Case) -> bool:
    """Whether confirming takes a second person: much at stake, or a showcase closes by it."""
    return case.stake_fen >= queries.terms(case.queue).two_people_fen or closes(case)


def closes(case: Case) -> bool:
    """Whether confirming gives a seller the strike that closes the showcase."""
    held = sa.select(CaseHold.order_id).where(CaseHold.case_id == case.id, CaseHold.ended_at.is_(None))
    struck = sa.select(sa.literal(1)).where(Strike.order_id == Order.id, Strike.taken_back_at.is_(None))
    counted = (
        sa.select(Member.id)
        .join(Order, Order.seller_id == Member.id)
        .where(Order.id.in_(held), ~sa.exists(struck), Member.showcase != Showcase.CLOSED)
        .group_by(Member.id).having(sa.func.count() + Member.strikes >= strike.STRIKES)
    )  # fmt: skip
    return db.session.scalar(sa.select(counted.exists())) or False


def look_again(*, case_id: int, staff_id: int, verdict: str, why: str, at: datetime) -> CaseDecision:
    """The second look at a drawn decision: what another would have said. It changes nothing but the figures.

    A disagreement is told; whoever leads decides whether to open the matter again.
    """
    found = cases.locked(case_id)
    if found.second != Second.DUE:
        raise NotDrawn("该结论不在复看抽样中，或已经复看过，请刷新列表。")
    first = next(one for one in casefile.decisions(case_id) if one.first_by is None)
    by = f"staff:{staff_id}"
    if by in (first.made_by, first.second_by):
        raise SameHands("规则 8.2：复看须由另一位审核员完成，您参与过该结论。")
    worker = reviewer.worker(staff_id, at)
    if worker is None or Queue(found.queue) not in worker.queues:
        raise casework.MayNotWork("您不负责该队列，不能复看。")
    casework.check_concern(found, worker)
    _check_words(verdict, why)
    made = CaseDecision(
        case_id=case_id, at=at, verdict=verdict, reason=why, made_by=by, first_by=first.made_by,
        stake_fen=first.stake_fen, limit_fen=first.limit_fen, closes=False, score=first.score,
        evidence=first.evidence, hits=first.hits, before={}, after={}, seconds=0,
    )  # fmt: skip
    db.session.add(made)
    found.second = Second.DONE
    cases.step(found, "looked", at=at, by=by, note=why)
    agrees = verdict == first.verdict
    outbox.emit("case.looked_at", subject=f"case:{case_id}", case_id=case_id, agrees=agrees)
    return made


def conclude(case: Case, *, verdict: str, reason: str, at: datetime, by: str, second_by: str | None = None) -> Case:
    """Close a case and, in the same transaction, do what follows for every fen that it holds (R5)."""
    before, decides_closing = casefile.by_bucket(casefile.stakes(case.id)), closes(case)
    kind, ref = rules.parsed(case.subject)
    began = case.assigned_at or case.opened_at
    _resolve(case, verdict, at, by)
    if kind == "withdrawal" and verdict == State.CONFIRMED:
        withdrawal.reject(number=withdrawals.number_of(int(ref)), reason=reason, at=at)
    if kind == "appeal" and verdict in VERDICTS:
        appeal.conclude(appeal_id=int(ref), won=verdict == State.CLEARED, answer=reason, at=at, by=by)
    terms = queries.terms(case.queue)
    db.session.add(
        CaseDecision(
            case_id=case.id, at=at, verdict=verdict, reason=reason, made_by=by, second_by=second_by,
            stake_fen=case.stake_fen, limit_fen=terms.two_people_fen, closes=decides_closing, score=case.score,
            evidence=case.evidence, hits=_told(case.id), before=before,
            after=casefile.by_bucket(casefile.stakes(case.id)), seconds=max(int((at - began).total_seconds()), 0),
        )
    )  # fmt: skip
    is_person = verdict in VERDICTS and second_by is None
    case.second = Second.DUE if is_person and rules.is_sampled(case.id, terms.second_look_bps) else None
    case.state, case.closed_at, case.closed_by, case.reason = verdict, at, by, reason
    case.assignee_id = case.lease_until = case.paused_at = case.left_seconds = None
    cases.step(case, "decided", at=at, by=by, note=reason)
    outbox.emit(
        "case.decided", subject=f"case:{case.id}", case_id=case.id, queue=case.queue, about=case.subject,
        verdict=str(verdict),
    )  # fmt: skip
    return case


def _check(case: Case, verdict: str, reason: str, by: str) -> None:
    _check_words(verdict, reason)
    kind, ref = rules.parsed(case.subject)
    if kind in rules.ELSEWHERE:
        raise DecidedElsewhere("该事项在其业务台办理，请点“去办理”；办结后本个案自动结案。")
    if kind == "appeal":
        appeal.check_hands(appeal_id=int(ref), by=by)


def _check_words(verdict: str, reason: str) -> None:
    if verdict not in VERDICTS:
        raise NoVerdict("结论只能是“成立”或“不成立”，请重新选择。")
    if not reason.strip():
        raise Unstated("规则 8.2：请选择结论的原因并补充说明。")


def _ask(case: Case, verdict: str, reason: str, at: datetime, by: str, staff_id: int) -> None:
    if asked(case.id) is not None:
        raise Asked("规则 8.2：该结论已提交双人审核，请等待第二人审批。")
    payload = {"case_id": case.id, "verdict": str(verdict), "reason": reason, "evidence": case.evidence.hex()}
    approval.ask(kind=KIND, payload=payload, reason=reason, at=at, by=by)
    casework.deal(case=case, to_id=staff_id, at=at, by=by)
    cases.step(case, "asked", at=at, by=by, note=reason)


def asked(case_id: int) -> Approval | None:
    """The open request for a second person on a case."""
    chosen = sa.select(Approval).where(
        Approval.kind == KIND, Approval.state == "open", Approval.payload["case_id"].as_integer() == case_id
    )
    return db.session.scalars(chosen.order_by(Approval.id.desc()).limit(1)).one_or_none()


def _resolve(case: Case, verdict: str, at: datetime, by: str) -> None:
    """Every order that the case wants held: confirmed for good, or let go unless another open case wants it too."""
    for wanted in queries.holds(case.id):
        number = db.session.scalars(sa.select(Order.number).where(Order.id == wanted.order_id)).one()
        # The order's lock, under which keepers change.
        order = orders.by_number(number)
        wanted.ended_at, wanted.is_keeper = at, False
        db.session.flush()
        if verdict == State.CONFIRMED:
            _confirm(order, at, by)
        elif not _passed_on(order.id) and order.is_held:
            hold.clear(number=number, at=at)


def _confirm(order: Order, at: datetime, by: str) -> None:
    if order.is_held:
        hold.confirm_fraud(number=order.number, at=at, by=by)
    others = sa.select(CaseHold).where(CaseHold.order_id == order.id, CaseHold.ended_at.is_(None))
    for other in db.session.scalars(others):
        other.ended_at, other.is_keeper = at, False
    db.session.flush()


def _passed_on(order_id: int) -> bool:
    """Whether another open case keeps the order from now on: the oldest of those that want it."""
    chosen = (
        sa.select(CaseHold).join(Case, Case.id == CaseHold.case_id)
        .where(CaseHold.order_id == order_id, CaseHold.ended_at.is_(None), queries.LIVE)
        .order_by(CaseHold.case_id).limit(1)
    )  # fmt: skip
    heir = db.session.scalars(chosen).one_or_none()
    if heir is None:
        return False
    heir.is_keeper = True
    db.session.flush()
    return True


def _told(case_id: int) -> list[dict[str, Any]]:
    """The hits as they stood when it was decided: rule, version, weight and values (R8)."""
    return [
        {"rule": hit.rule, "version": hit.version, "weight": hit.weight, "words": hit.words, "features": hit.features}
        for hit in queries.hits(case_id)
    ]


def _canonical(payload: Mapping[str, Any]) -> dict[str, Any]:
    found = cases.live(int(payload["case_id"]))
    _check_words(payload["verdict"], payload["reason"])
    return {
        "case_id": found.id, "verdict": payload["verdict"], "reason": payload["reason"],
        "evidence": payload["evidence"],
    }  # fmt: skip


def _approved(request: Approval, at: datetime, by: str) -> None:
    payload = request.payload
    found = cases.live(int(payload["case_id"]))
    worker = reviewer.worker(int(by.removeprefix("staff:")), at) if by.startswith("staff:") else None
    if worker is not None:
        casework.check_concern(found, worker)
    if found.evidence.hex() != payload["evidence"]:
        raise PayloadChanged("规则 8.2：提交后又有新的命中，请驳回并由审核员重新判断。")
    conclude(
        found, verdict=payload["verdict"], reason=payload["reason"], at=at, by=request.made_by, second_by=by
    )  # fmt: skip


def _lines(payload: Mapping[str, Any]) -> list[Line]:
    found = cases.live(int(payload["case_id"]))
    held = casefile.by_bucket(casefile.stakes(found.id))
    return [
        Line("Case", found.id, "count"),
        Line("Subject", found.subject, "code"),
        Line("Verdict", Word("Confirmed as fraud")),
        Line("Reason", payload["reason"]),
        Line("Members' shares that go to the house", sum(held.values()), "money"),
        Line("Showcase that closes by it", Word("yes") if closes(found) else Word("no")),
    ]


approval.register(
    KIND,
    Effect("Confirm a case", "8.2", "case.approve", check=_canonical, run=_approved, tells=_lines),
)
