"""What members say against what was decided about them; somebody else looks at it again (rules §8.2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Invalid, Missing
from models.operations import after_sale, hold, outbox, proof, showcase, strike
from models.operations import case as cases
from models.queries import appeal as queries
from models.queries import member as members
from models.queries import proof as proofs
from models.rules import shanghai
from models.rules.after_sale import Kind
from models.rules.after_sale import State as AfterSaleState
from models.rules.approval import SameHands
from models.rules.case import Queue
from models.rules.proof import State as ProofState
from models.rules.standing import Showcase
from models.tables.after_sale import AfterSale
from models.tables.case import Case, CaseHold
from models.tables.member import Member
from models.tables.order import Order, Share
from models.tables.strike import Appeal, Strike

DAYS = 30
"""How long after a decision one may appeal."""

RULES = "system:rules"


class NothingToAppeal(Missing):
    """Nothing of this kind was decided about this member."""


class AlreadyAppealed(Conflict):
    """What is decided is appealed once."""


class TooLate(Conflict):
    """The days to appeal are over."""


class NoWords(Invalid):
    """An appeal without a word, or with too many."""


@dataclass(frozen=True)
class Against:
    """What an appeal is against: when it was decided, by whom, its line for reviewers, the money that hangs on it."""

    at: datetime
    by: str
    words: str
    stake_fen: int = 0


def file(*, member_id: int, subject: str, words: str, at: datetime) -> Appeal:
    """A member appeals; it becomes a case that another person decides.

    Against a strike (``strike:ID``), the closure of the showcase (``showcase``), a hold (``order:NUMBER``), the refusal
    of an after-sale (``after_sale:ID``) or of the newest picture of an admission task (``proof:TASK``).
    """
    said = words.strip()
    if not 0 < len(said) <= 2_000:
        raise NoWords("请写明申诉理由，不超过 2000 字。")
    canonical, found = _against(member_id, subject)
    if at > found.at + timedelta(days=DAYS):
        raise TooLate(f"申诉须在决定后 {DAYS} 天内提出，该决定已超过期限。")
    if queries.on(canonical, since=found.at):
        raise AlreadyAppealed("该决定已经申诉过，请在“我的申诉”查看进度或结果。")
    made = Appeal(
        member_id=member_id, subject=canonical, words=said, state="open", filed_at=at, against_by=found.by, answer=""
    )
    db.session.add(made)
    db.session.flush()
    cases.open_case(
        queue=Queue.APPEAL, subject=f"appeal:{made.id}", group="appeal", stake_fen=found.stake_fen, score=50,
        reasons=[found.words, f"会员陈述：{said}"], at=at, by=f"member:{member_id}", members=[member_id],
    )  # fmt: skip
    outbox.emit("appeal.filed", subject=f"appeal:{made.id}", appeal_id=made.id, member_id=member_id)
    return made


def check_hands(*, appeal_id: int, by: str) -> None:
    """Refuse whoever decided, or approved, what the appeal is against."""
    found = db.session.get_one(Appeal, appeal_id)
    if by == found.against_by or by in queries.deciders(found.subject):
        raise SameHands("规则 8.2：申诉须由未参与原决定的人处理，请交给其他审核员。")


def conclude(*, appeal_id: int, won: bool, answer: str, at: datetime, by: str) -> Appeal:
    """Decide an appeal; one that is won undoes what it was against. The caller has closed, or closes, its case."""
    found = db.session.get_one(Appeal, appeal_id, with_for_update=True, populate_existing=True)
    check_hands(appeal_id=appeal_id, by=by)
    found.state, found.decided_at, found.decided_by, found.answer = "won" if won else "lost", at, by, answer
    db.session.flush()
    if won:
        kind, _, ref = found.subject.partition(":")
        _UNDO[kind](int(ref), at, by)
    outbox.emit(
        "appeal.decided", subject=f"appeal:{found.id}", appeal_id=found.id, member_id=found.member_id, won=won
    )  # fmt: skip
    return found


def _against(member_id: int, subject: str) -> tuple[str, Against]:
    kind, _, ref = subject.partition(":")
    read = _READ.get(kind)
    found = read(member_id, ref) if read is not None else None
    if found is None:
        raise NothingToAppeal("没有可以申诉的决定，请核对后再提交。")
    return found


def _strike(member_id: int, ref: str) -> tuple[str, Against] | None:
    found = db.session.get(Strike, int(ref)) if _is_id(ref) else None
    if found is None or found.member_id != member_id or found.taken_back_at is not None:
        return None
    number, stake_fen = _of_order(found.order_id)
    return f"strike:{found.id}", Against(found.at, found.given_by, f"对订单 {number} 的违规认定提出申诉", stake_fen)


def _closure(member_id: int, ref: str) -> tuple[str, Against] | None:
    member, closing = db.session.get_one(Member, member_id), showcase.last_closing(member_id)
    if member.showcase != Showcase.CLOSED or closing is None or closing.reason not in _CLOSURES:
        return None
    by = queries.who_wrote("standing_change", closing.id) or RULES
    newest = strike.newest(member_id)
    if closing.reason == strike.CLOSED_BY and newest is not None:
        by = db.session.get_one(Strike, newest).given_by
    return f"showcase:{member_id}", Against(closing.at, by, "对橱窗关闭提出申诉")


def _held(member_id: int, ref: str) -> tuple[str, Against] | None:
    found = db.session.scalars(sa.select(Order).where(Order.number == ref, Order.is_held)).one_or_none()
    if found is None or member_id not in {found.seller_id, found.buyer_id}:
        return None
    keeper = db.session.execute(
        sa.select(Case.opened_by, CaseHold.since).join(CaseHold, CaseHold.case_id == Case.id)
        .where(CaseHold.order_id == found.id, CaseHold.is_keeper)
    ).one_or_none()  # fmt: skip
    since, by = (keeper.since, keeper.opened_by) if keeper else (found.paid_at or found.placed_at, RULES)
    return f"order:{found.id}", Against(since, by, f"对订单 {ref} 的冻结提出申诉", _of_order(found.id)[1])


def _after_sale(member_id: int, ref: str) -> tuple[str, Against] | None:
    found = db.session.get(AfterSale, int(ref)) if _is_id(ref) else None
    if found is None or found.state != AfterSaleState.REFUSED or found.ended_at is None:
        return None
    order = db.session.get_one(Order, found.order_id)
    if order.buyer_id != member_id:
        return None
    by = queries.who_wrote("after_sale", found.id) or RULES
    return f"after_sale:{found.id}", Against(
        found.ended_at, by, f"对订单 {order.number} 的售后驳回提出申诉", order.paid_fen - order.refunded_fen
    )


def _proof(member_id: int, ref: str) -> tuple[str, Against] | None:
    seller_id = proofs.seller_of(member_id, int(ref)) if _is_id(ref) else None
    found = next(iter(proofs.of_task(member_id, seller_id)), None) if seller_id else None
    if found is None or found.state != ProofState.REJECTED or found.decided_at is None:
        return None
    by = found.decided_by or RULES
    return f"proof:{found.id}", Against(found.decided_at, by, f"对准入任务 {int(ref)} 的截图审核结果提出申诉")


def _is_id(ref: str) -> bool:
    return ref.isascii() and ref.isdigit() and len(ref) < 19


def _of_order(order_id: int) -> tuple[str, int]:
    left = sa.cast(sa.func.coalesce(sa.func.sum(Share.amount_fen - Share.reversed_fen), 0), sa.BigInteger)
    owned = sa.select(left).where(Share.order_id == order_id, Share.member_id.is_not(None)).scalar_subquery()
    row = db.session.execute(sa.select(Order.number, owned).where(Order.id == order_id)).one()
    return row[0], row[1]


def _undo_strike(ref: int, at: datetime, by: str) -> None:
    made = strike.take_back(strike_id=ref, at=at, by=by)
    number, _ = _of_order(made.order_id)
    if db.session.get_one(Order, made.order_id).is_fraud:
        hold.undo_fraud(number=number, at=at)


def _undo_closure(ref: int, at: datetime, by: str) -> None:
    """The newest strike goes with a closure for strikes; what staff closed is opened."""
    member, closing = members.locked([ref])[ref], showcase.last_closing(ref)
    if member.showcase != Showcase.CLOSED or closing is None:
        return
    newest = strike.newest(ref)
    if closing.reason == strike.CLOSED_BY and newest is not None:
        _undo_strike(newest, at, by)
    elif closing.reason == showcase.BY_STAFF:
        showcase.restore(member=member, at=at, reason="appeal_won")


def _undo_hold(ref: int, at: datetime, by: str) -> None:
    """Nothing keeps the order any more; the cases about it go on without its money."""
    for wanted in db.session.scalars(
        sa.select(CaseHold).where(CaseHold.order_id == ref, CaseHold.ended_at.is_(None)).order_by(CaseHold.id)
    ):
        wanted.ended_at, wanted.is_keeper = at, False
    db.session.flush()
    order = db.session.get_one(Order, ref)
    if order.is_held:
        hold.clear(number=order.number, at=at)


def _undo_after_sale(ref: int, at: datetime, by: str) -> None:
    """The buyer's request stands again, as a new case of the desk."""
    refused = db.session.get_one(AfterSale, ref)
    number, _ = _of_order(refused.order_id)
    after_sale.open_(
        number=number, kind=Kind(refused.kind), words=f"申诉成立：{refused.reason}", at=at, day=shanghai.day_of
    )


def _undo_proof(ref: int, at: datetime, by: str) -> None:
    """The picture is back at the desk, with what its sender says."""
    words = db.session.scalar(
        sa.select(Appeal.words).where(Appeal.subject == f"proof:{ref}").order_by(Appeal.id.desc()).limit(1)
    )
    proof.reopen(proof_id=ref, words=words or "", at=at, by=by)


_CLOSURES = {strike.CLOSED_BY, showcase.BY_STAFF}
_READ: Mapping[str, Callable[[int, str], tuple[str, Against] | None]] = {
    "strike": _strike, "showcase": _closure, "order": _held, "after_sale": _after_sale,
    "proof": _proof,
}  # fmt: skip
_UNDO: Mapping[str, Callable[[int, datetime, str], None]] = {
    "strike": _undo_strike, "showcase": _undo_closure, "order": _undo_hold, "after_sale": _undo_after_sale,
    "proof": _undo_proof,
}  # fmt: skip
