"""Evidence of admission purchases: sent, read and judged, appealed, decided by a person (rules §3.3, §3.7)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.errors import Missing
from models.operations import outbox
from models.queries import admission as candidates
from models.queries import proof as queries
from models.rules import likeness
from models.rules import proof as rules
from models.rules.proof import Case, Code, State, Verdict
from models.rules.reading import Fields
from models.tables.member import Member
from models.tables.order import Order
from models.tables.proof import Proof, ProofStep

MACHINE = "system:judge"
RECHECKED_AT_ONCE = 50
REASONS = {
    "forged": Code.FORGED,
    "differs": Code.AMOUNT_DIFFERS,
    "other_order": Code.OTHER_BUYER,
    "used": Code.NUMBER_USED,
    "unreadable": Code.UNREADABLE,
    "no_purchase": Code.NO_PURCHASE,
}
"""The coded reasons of a desk's rejection, as the candidate reads them."""


class NoTask(Missing):
    """The candidate has no such task."""


class NoProof(Missing):
    """There is no such proof, or it is somebody else's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A picture that was decoded and kept: its name in the store, the digest of what was sent, how it looks."""

    picture: str
    sha256: bytes
    hash64: int
    outline: bytes
    width: int
    height: int


def submit(*, member_id: int, n: int, sent: Sent, at: datetime, by: str) -> Proof:
    """Take a picture in for a candidate's n-th task; it is read within two minutes."""
    seller_id = queries.seller_of(member_id, n)
    if seller_id is None:
        raise NoTask("规则 3.2：没有这个准入任务，请刷新任务列表。")
    db.session.get_one(Member, member_id, with_for_update=True)
    is_passed = any(line.n == n and line.is_passed for line in candidates.sheet(member_id))
    there = [State(proof.state) for proof in queries.of_task(member_id, seller_id)]
    rules.check_submits(has_order=is_passed, states=there)
    bands = dict(zip(("band1", "band2", "band3", "band4"), likeness.bands(sent.hash64), strict=True))
    proof = Proof(
        member_id=member_id, seller_id=seller_id, state=State.WAITING, picture=sent.picture, sha256=sent.sha256,
        outline=sent.outline, width=sent.width, height=sent.height, submitted_at=at, note="", **bands,
    )  # fmt: skip
    db.session.add(proof)
    db.session.flush()
    _step(proof, "submitted", at, by, width=sent.width, height=sent.height)
    outbox.emit("proof.submitted", subject=subject(proof), proof_id=proof.id)
    return proof


def judge(*, proof_id: int, read: Fields | None, at: datetime) -> Proof:
    """Decide by rule what was read, or hand it to a person: at once where nothing could read it.

    A proof that a candidate appealed, or that is decided, stays as it is.
    """
    proof = _locked(proof_id)
    if proof.state not in (State.WAITING, State.MANUAL) or proof.appealed_at is not None:
        return proof
    order, verdict, twins = None, Verdict(State.MANUAL, Code.NO_READER), queries.twins(proof, None)
    if read is not None:
        _write(proof, read, at)
        _alone_with(read.number)
        twins = queries.twins(proof, read.number)
        order, verdict = _judged(proof, read, has_twin=queries.may_be_reused(proof, twins))
    if (proof.state, proof.code) == (verdict.state, verdict.code):
        return proof
    proof.order_id, proof.twin_id, proof.judged_at = order.id if order else None, next(iter(twins), None), at
    _settle(proof, verdict, at, by=MACHINE)
    _step(proof, "judged", at, MACHINE, **_evidence(proof), twins=twins)
    return proof


def appeal(*, member_id: int, n: int, words: str, at: datetime, by: str) -> Proof:
    """A person looks at a rejected picture, always (rules §3.3)."""
    seller_id = queries.seller_of(member_id, n)
    last = next(iter(queries.of_task(member_id, seller_id)), None) if seller_id else None
    if last is None:
        raise NoProof("没有找到可以申请复核的截图，请刷新后再试。")
    proof = _locked(last.id)
    rules.check_appeal(state=State(proof.state), is_appealed=proof.appealed_at is not None, words=words)
    _look_again(proof, words, at, by)
    return proof


def reopen(*, proof_id: int, words: str, at: datetime, by: str) -> Proof:
    """An appeal against a rejection was won: a person looks at the picture again, unless another took its place."""
    proof = _locked(proof_id)
    later = [State(one.state) for one in queries.of_task(proof.member_id, proof.seller_id) if one.id != proof.id]
    if proof.state == State.REJECTED and not set(later) - {State.REJECTED}:
        _look_again(proof, words, at, by)
    return proof


def _look_again(proof: Proof, words: str, at: datetime, by: str) -> None:
    proof.state, proof.code, proof.note = State.MANUAL, Code.APPEALED, ""
    proof.decided_at, proof.decided_by = None, None
    proof.appealed_at, proof.appeal = at, " ".join(words.split())[: rules.APPEAL_LENGTH]
    db.session.flush()
    _step(proof, "appealed", at, by)
    outbox.emit("proof.appealed", subject=subject(proof), proof_id=proof.id)


def accept(*, proof_id: int, number: str, note: str, at: datetime, by: str) -> Proof:
    """A person accepts a picture for an order number, which serves this task from now on and no other.

    The task itself is passed by the order of record alone (rules §3.2): where that is still missing, it is waited for.
    """
    proof = _locked(proof_id)
    rules.check_decides(state=State(proof.state))
    number = "".join(number.split())
    if not number.isalnum():
        raise rules.NoWords("规则 3.3：通过凭证须填写核对过的订单编号。")
    _alone_with(number)
    if queries.is_served(number, member_id=proof.member_id, seller_id=proof.seller_id):
        raise rules.NumberServed(f"规则 3.3：订单编号 {number} 已用于另一个任务，不能再次使用。")
    order = queries.order_by_number(number)
    proof.number, proof.note, proof.order_id = number, note, order.id if order else None
    _settle(proof, Verdict(State.PASSED, Code.LOOKED_AT), at, by=by)
    _step(proof, "decided", at, by, **_evidence(proof))
    return proof


def reject(*, proof_id: int, code: str, note: str, at: datetime, by: str) -> Proof:
    """A person rejects a picture with a coded reason, which the candidate reads with the note."""
    proof = _locked(proof_id)
    rules.check_decides(state=State(proof.state))
    proof.note = note
    _settle(proof, Verdict(State.REJECTED, REASONS.get(code, Code.OTHER)), at, by=by)
    _step(proof, "decided", at, by, **_evidence(proof))
    return proof


def subject(proof: Proof) -> str:
    """How events, jobs and the trail name a proof."""
    return f"proof:{proof.id}"


def _locked(proof_id: int) -> Proof:
    proof = db.session.get(Proof, proof_id, with_for_update=True, populate_existing=True)
    if proof is None:
        raise NoProof("没有这份凭证，请刷新列表。")
    return proof


def _alone_with(number: str | None) -> None:
    """Until the end of this transaction nobody else decides about the number."""
    if number is not None:
        db.session.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:it, 33))"), {"it": number})


def _write(proof: Proof, read: Fields, at: datetime) -> None:
    proof.number, proof.paid_fen, proof.placed_at, proof.paid_at = (
        read.number, read.paid_fen, read.placed_at, read.paid_at,
    )  # fmt: skip
    proof.shop, proof.sure, proof.read_at = next(iter(read.shops), None), round(read.sure * 100), at


def _judged(proof: Proof, read: Fields, *, has_twin: bool) -> tuple[Order | None, Verdict]:
    order = queries.order_by_number(read.number) if read.number else None
    mine = {"member_id": proof.member_id, "seller_id": proof.seller_id}
    record = queries.record(order, **mine) if order else None
    if record is not None:
        named = next((one for one in rules.compare(read, record) if one.field == "shop"), None)
        proof.shop = str(named.read)[:40] if named and named.read else proof.shop
    case = Case(
        read=read, record=record, has_twin=has_twin,
        expected=tuple(one.number for one in queries.orders_of_task(**mine)),
        is_served=read.number is not None and queries.is_served(read.number, **mine),
    )  # fmt: skip
    return order, rules.judge(case)


def _settle(proof: Proof, verdict: Verdict, at: datetime, *, by: str) -> None:
    proof.state, proof.code = verdict.state, verdict.code
    if verdict.state is State.MANUAL:
        db.session.flush()
        outbox.emit("proof.manual", subject=subject(proof), proof_id=proof.id)
        return
    proof.decided_at, proof.decided_by = at, by
    db.session.flush()
    outbox.emit("proof.decided", subject=subject(proof), proof_id=proof.id)


def _evidence(proof: Proof) -> dict[str, Any]:
    return {
        "number": proof.number, "shop": proof.shop, "paid_fen": proof.paid_fen, "sure": proof.sure,
        "placed_at": proof.placed_at.isoformat() if proof.placed_at else None, "order_id": proof.order_id,
    }  # fmt: skip


def _step(proof: Proof, kind: str, at: datetime, by: str, **evidence: Any) -> None:
    last = db.session.scalar(sa.select(sa.func.max(ProofStep.n)).where(ProofStep.proof_id == proof.id)) or 0
    db.session.add(
        ProofStep(
            proof_id=proof.id, n=last + 1, at=at, by=by, kind=kind, state=proof.state, code=proof.code,
            note=proof.appeal or "" if kind == "appealed" else proof.note, evidence=evidence,
        )
    )  # fmt: skip
    db.session.flush()
