"""One's admission: the tasks with their orders, pictures sent as evidence, verdicts in words and the way to appeal."""

from collections.abc import Sequence
from typing import Annotated

from flask import current_app
from pydantic import AfterValidator, Field

from console import pictures
from console.api.route import Call, route
from console.api.schema import Answer, Body, Count, Fen, Instant
from console.api.shown import not_there
from models import Proof, ProofStep
from models.operations import proof as operations
from models.operations.proof import Sent
from models.queries import admission
from models.queries import binding as bindings
from models.queries import proof as queries
from models.rules import proof as rules
from models.rules import proof_words
from models.rules.proof import Code, State

AT = "2026-11-24T08:00:00.000+08:00"
STEP = {"at": AT, "kind": "submitted", "words": proof_words.WAITING}
PROOF = {
    "state": "waiting", "code": None, "words": proof_words.WAITING, "submitted_at": AT, "decided_at": None,
    "can_appeal": False, "is_with_a_person": False,
    "read": {"number": None, "shop": None, "paid_fen": None, "at": None},
    "history": [STEP],
}  # fmt: skip
TASK = {
    "n": 1, "seller": "M-10", "finder_id": "sphA1b2C3d4E5", "is_passed": False, "order": None, "state": None,
    "paid_fen": None, "completed_at": None, "words": "请在这个橱窗购买一单，也可以上传订单截图。",
    "needs_picture": True, "proof": None,
}  # fmt: skip
PATH = "/me/admission/<int(max=99):task>"


def _stripped(text: str) -> str:
    if not text.strip():
        raise ValueError("blank")
    return text.strip()


class Step(Answer):
    """One thing that happened to a picture."""

    at: Instant
    kind: str
    words: str


class Read(Answer):
    """What was read in a picture."""

    number: str | None
    shop: str | None
    paid_fen: Fen | None
    at: Instant | None


class ProofAnswer(Answer):
    """The newest picture of a task: its verdict in words, whether it may be appealed, everything that happened."""

    state: State
    code: Code | None
    words: str
    submitted_at: Instant
    decided_at: Instant | None
    can_appeal: bool
    is_with_a_person: bool
    read: Read
    history: list[Step]


class Task(Answer):
    """One showcase to buy in, the order that counts or was tried, and the evidence sent for it.

    ``finder_id`` is the link to it, for `wx.openChannelsUserProfile`; none while the showcase is not bound. An order
    of record needs no picture: ``needs_picture`` says whether one would help.
    """

    n: Count
    seller: str
    finder_id: str | None
    is_passed: bool
    order: str | None
    state: str | None
    paid_fen: Fen | None
    completed_at: Instant | None
    words: str
    needs_picture: bool
    proof: ProofAnswer | None


class Admission(Answer):
    passed: Count
    items: list[Task]


class AppealBody(Body):
    words: Annotated[str, Field(min_length=1, max_length=rules.APPEAL_LENGTH), AfterValidator(_stripped)]


@route("GET", "/me/admission", "admission.read", "我的准入任务", answer=Admission, gives={"passed": 0, "items": [TASK]})
def tasks(call: Call) -> Admission:
    found = _tasks(call.member_id)
    return Admission(passed=sum(one.is_passed for one in found), items=found)


@route("GET", PATH, "admission.task", "一个准入任务", answer=Task, gives=TASK)
def task(call: Call, task: int) -> Task:
    for one in _tasks(call.member_id):
        if one.n == task:
            return one
    raise not_there()


@route(
    "POST", f"{PATH}/proof", "admission.proof", "上传订单截图", answer=ProofAnswer, gives=PROOF, status=202, keyed=True,
    takes_picture=True,
)  # fmt: skip
def submit(call: Call, task: int) -> ProofAnswer:
    """Read within two minutes (rules §3.3); the picture is kept made anew, without what a camera writes into it."""
    picture = call.sent
    name = pictures.keep(picture, files=current_app.config["SETTINGS"].files)
    try:
        made = operations.submit(
            member_id=call.member_id, n=task, at=call.at, by=f"member:{call.code}",
            sent=Sent(
                picture=name, sha256=picture.sha256, hash64=picture.hash64, outline=picture.outline,
                width=picture.width, height=picture.height,
            ),
        )  # fmt: skip
    except BaseException:
        pictures.path(name, files=current_app.config["SETTINGS"].files).unlink(missing_ok=True)
        raise
    return _proof(made, queries.steps([made.id]))


@route(
    "POST", f"{PATH}/proof/appeal", "admission.appeal", "申请人工复核", body=AppealBody, answer=ProofAnswer,
    gives=PROOF | {"state": "manual", "code": "appealed", "is_with_a_person": True},
    example={"words": "这是我本人购买的订单，请人工核对。"}, keyed=True,
)  # fmt: skip
def appeal(call: Call, task: int) -> ProofAnswer:
    """A person looks at it, always (rules §3.3)."""
    made = operations.appeal(
        member_id=call.member_id, n=task, words=call.body.words, at=call.at, by=f"member:{call.code}"
    )
    return _proof(made, queries.steps([made.id]))


def _tasks(member_id: int) -> list[Task]:
    proofs = queries.newest(member_id)
    steps = queries.steps([proof.id for proof in proofs.values()])
    lines = admission.sheet(member_id)
    finders = bindings.finders([line.seller_id for line in lines])
    return [_task(line, finders.get(line.seller_id), proofs.get(line.seller_id), steps) for line in lines]


def _task(line: admission.Line, finder: str | None, proof: Proof | None, steps: Sequence[ProofStep]) -> Task:
    state = State(proof.state) if proof else None
    return Task(
        n=line.n, seller=line.seller, finder_id=finder, is_passed=line.is_passed, order=line.number, state=line.state,
        paid_fen=line.paid_fen, completed_at=line.completed_at,
        words=proof_words.of_task(is_passed=line.is_passed, has_order=line.is_open, proof=state),
        needs_picture=not line.is_passed and not line.is_open and state in (None, State.REJECTED),
        proof=_proof(proof, steps) if proof else None,
    )  # fmt: skip


def _proof(proof: Proof, steps: Sequence[ProofStep]) -> ProofAnswer:
    state, code = State(proof.state), Code(proof.code) if proof.code else None
    return ProofAnswer(
        state=state, code=code, words=proof_words.sentence(state, code, proof.note), submitted_at=proof.submitted_at,
        decided_at=proof.decided_at, can_appeal=state is State.REJECTED and proof.appealed_at is None,
        is_with_a_person=state is State.MANUAL,
        read=Read(
            number=proof.number, shop=proof.shop, paid_fen=proof.paid_fen, at=proof.placed_at or proof.paid_at
        ),
        history=[_step(one) for one in steps if one.proof_id == proof.id],
    )  # fmt: skip


def _step(step: ProofStep) -> Step:
    code = Code(step.code) if step.code else None
    return Step(at=step.at, kind=step.kind, words=proof_words.sentence(State(step.state), code, step.note))
