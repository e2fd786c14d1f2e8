"""Evidence of admission purchases beside the orders of record, and the pictures that look alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.rules import likeness
from models.rules import order as life
from models.rules.proof import Code, Record, State
from models.tables.member import Matrix, Member
from models.tables.merchant import Merchant
from models.tables.order import Order
from models.tables.person import Person
from models.tables.proof import Proof, ProofStep
from models.tables.standing import AdmissionTask

BANDS = (Proof.band1, Proof.band2, Proof.band3, Proof.band4)
TWINS_SHOWN = 5
# Whoever shows another's number is refused without spoiling it for its owner.
_CLAIMS = (State.WAITING, State.MANUAL, State.PASSED)


def seller_of(member_id: int, n: int) -> int | None:
    """Whose showcase the n-th task of a candidate is."""
    tasks = db.session.get(AdmissionTask, member_id)
    return tasks.seller_ids[n - 1] if tasks and 1 <= n <= len(tasks.seller_ids) else None


def task_number(proof: Proof) -> int | None:
    """Which task a proof is for now; None where the candidate registered anew since."""
    tasks = db.session.get(AdmissionTask, proof.member_id)
    return tasks.seller_ids.index(proof.seller_id) + 1 if tasks and proof.seller_id in tasks.seller_ids else None


def of_task(member_id: int, seller_id: int) -> Sequence[Proof]:
    """The proofs of a task, the newest first."""
    mine = (Proof.member_id == member_id, Proof.seller_id == seller_id)
    return db.session.scalars(sa.select(Proof).where(*mine).order_by(Proof.id.desc())).all()


def newest(member_id: int) -> dict[int, Proof]:
    """The newest proof of each of a candidate's showcases, by the showcase's member."""
    found = db.session.scalars(sa.select(Proof).where(Proof.member_id == member_id).order_by(Proof.id))
    return {proof.seller_id: proof for proof in found}


def steps(proof_ids: Sequence[int]) -> Sequence[ProofStep]:
    """What happened to some proofs, in order."""
    chosen = sa.select(ProofStep).where(ProofStep.proof_id.in_(proof_ids))
    return db.session.scalars(chosen.order_by(ProofStep.id)).all()


def names_of(seller_id: int) -> tuple[str, ...]:
    """What a showcase may be called on a page: its owner's nickname or code, a preset also its merchant's name."""
    row = db.session.execute(
        sa.select(Member.code, Member.position, Person.nickname, Merchant.name)
        .join(Matrix, Matrix.id == Member.matrix_id)
        .join(Merchant, Merchant.id == Matrix.merchant_id)
        .outerjoin(Person, Person.member_id == Member.id)
        .where(Member.id == seller_id)
    ).one()
    called = [row.nickname, f"{row.nickname}的橱窗"] if row.nickname else []
    return (*called, row.code, *([row.name] if row.position else []))


def order_by_number(number: str) -> Order | None:
    """The order of record with a number."""
    return db.session.scalars(sa.select(Order).where(Order.number == number)).one_or_none()


def record(order: Order, *, member_id: int, seller_id: int) -> Record:
    """An order of record as a proof of this candidate's task sees it."""
    return Record(
        number=order.number, is_buyers=order.buyer_id == member_id if order.buyer_id else None,
        is_tasks=order.seller_id == seller_id, is_admission=order.kind == "admission",
        is_paid=order.paid_at is not None, is_undone=order.state in life.UNDONE, paid_fen=order.paid_fen,
        placed_at=order.placed_at, paid_at=order.paid_at, names=names_of(seller_id),
    )  # fmt: skip


def orders_of_task(member_id: int, seller_id: int) -> Sequence[Order]:
    """The candidate's admission orders of record in a task's showcase, the newest first."""
    mine = (Order.buyer_id == member_id, Order.seller_id == seller_id, Order.kind == "admission")
    return db.session.scalars(sa.select(Order).where(*mine).order_by(Order.id.desc())).all()


def is_served(number: str, *, member_id: int, seller_id: int) -> bool:
    """Whether an order number was accepted for another task (rules §3.3)."""
    others = sa.or_(Proof.member_id != member_id, Proof.seller_id != seller_id)
    taken = sa.select(Proof.id).where(Proof.number == number, Proof.state == State.PASSED, others)
    return db.session.scalar(taken.limit(1)) is not None


def twins(proof: Proof, number: str | None) -> list[int]:
    """Earlier proofs of other tasks with the same file, the same number or a near-identical look, the surest first.

    By index alone: the newest two hundred rows of each band are looked at, however many pictures there are.
    """
    others = sa.and_(
        Proof.id < proof.id, sa.or_(Proof.member_id != proof.member_id, Proof.seller_id != proof.seller_id)
    )
    same = sa.select(Proof.id).where(others, Proof.sha256 == proof.sha256).order_by(Proof.id).limit(TWINS_SHOWN)
    found = list(db.session.scalars(same))
    if number is not None:
        claims = sa.select(Proof.id).where(others, Proof.number == number, Proof.state.in_(_CLAIMS))
        found += db.session.scalars(claims.order_by(Proof.id).limit(TWINS_SHOWN))
    return list(dict.fromkeys(found + _alike(proof, others)))[:TWINS_SHOWN]


def _alike(proof: Proof, others: sa.ColumnElement[bool]) -> list[int]:
    """Near-identical pictures among those that share a band: those that may show the same order, the nearest first."""
    near: dict[int, tuple[bool, int]] = {}
    for band in BANDS:
        chosen = sa.select(Proof.id, Proof.outline, _tells_apart(proof).label("is_apart"))
        chosen = chosen.where(band == getattr(proof, band.key), others).order_by(Proof.id.desc())
        for row in db.session.execute(chosen.limit(likeness.CANDIDATES_A_BAND)):
            if likeness.is_alike(row.outline, proof.outline):
                near[row.id] = row.is_apart, likeness.distance(row.outline, proof.outline)
    return sorted(near, key=lambda one: (*near[one], one))


def _tells_apart(proof: Proof) -> sa.ColumnElement[bool]:
    """Whether something read in both pictures says that they show two orders.

    One layout on one kind of phone makes any two orders look nearly the same.
    """
    read = (Proof.number, Proof.placed_at, Proof.paid_at)
    differs = [column != getattr(proof, column.key) for column in read if getattr(proof, column.key) is not None]
    return sa.or_(sa.false(), *(sa.func.coalesce(one, sa.false()) for one in differs))


def may_be_reused(proof: Proof, twin_ids: Sequence[int]) -> bool:
    """Whether one of a picture's twins is the same file, or may show the same order.

    An earlier one that waits to be read is judged by itself: of two that claim a number, one at most has its record.
    """
    is_read = sa.or_(Proof.state != State.WAITING, Proof.read_at.is_not(None))
    is_same = sa.or_(Proof.sha256 == proof.sha256, sa.and_(is_read, sa.not_(_tells_apart(proof))))
    return db.session.scalar(sa.select(Proof.id).where(Proof.id.in_(twin_ids), is_same).limit(1)) is not None


def to_read(proof_id: int) -> Proof | None:
    """The proof, while it still waits for its verdict."""
    chosen = sa.select(Proof).where(Proof.id == proof_id, Proof.state.in_((State.WAITING, State.MANUAL)))
    return db.session.scalars(chosen).one_or_none()


def recorded_since(limit: int) -> Sequence[int]:
    """Manual proofs that waited for a record which has come, and whose candidate asked for nobody."""
    waiting = (Proof.state == State.MANUAL, Proof.code == Code.RECORD_MISSING, Proof.appealed_at.is_(None))
    chosen = sa.select(Proof.id).join(Order, Order.number == Proof.number).where(*waiting, Order.paid_at.is_not(None))
    return db.session.scalars(chosen.order_by(Proof.submitted_at, Proof.id).limit(limit)).all()


def stuck(before: datetime, limit: int) -> Sequence[int]:
    """Proofs that nothing has read for too long."""
    chosen = sa.select(Proof.id).where(Proof.state == State.WAITING, Proof.submitted_at < before)
    return db.session.scalars(chosen.order_by(Proof.id).limit(limit)).all()


@dataclass(frozen=True, slots=True)
class Shown:
    """A proof beside what it is compared with, for the desk."""

    proof: Proof
    member: str
    seller: str


def shown(proof_ids: Sequence[int]) -> Sequence[Shown]:
    """Some proofs with their candidates and showcases, in the order asked for."""
    seller = sa.orm.aliased(Member)
    chosen = (
        sa.select(Proof, Member.code, seller.code)
        .join(Member, Member.id == Proof.member_id)
        .join(seller, seller.id == Proof.seller_id)
        .where(Proof.id.in_(proof_ids))
    )
    found = {proof.id: Shown(proof, member, of) for proof, member, of in db.session.execute(chosen)}
    return [found[one] for one in proof_ids if one in found]


def next_manual(after: int | None = None) -> int | None:
    """The picture that has waited for a person longest, but for one."""
    chosen = sa.select(Proof.id).where(Proof.state == State.MANUAL, Proof.id != (after or 0))
    return db.session.scalar(chosen.order_by(Proof.submitted_at, Proof.id).limit(1))


def order_of(proof: Proof) -> Order | None:
    """The order of record that a proof is beside: the one it was judged by, else the one with its number."""
    if proof.order_id is not None:
        return db.session.get(Order, proof.order_id)
    return order_by_number(proof.number) if proof.number else None
