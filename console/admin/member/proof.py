"""凭证审核: pictures of orders beside the orders of record, decided by a person; and the log of every step."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask import abort, current_app, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Row, Select
from sqlalchemy.orm import InstrumentedAttribute, aliased
from werkzeug.wrappers import Response

from console import formatting, pictures
from console.admin.base import ReadView, staff_id
from console.admin.columns import Column, Kind, member_link
from console.admin.filters import Days, OneOf, Prefix
from console.admin.member.asks import MemberIs
from console.admin.member.proof_words import CODES, FIELDS, STATES, STEPS
from console.auth import permits
from models import Member, Proof, ProofStep, db
from models.operations import proof as operations
from models.queries import proof as queries
from models.rules import measured_judge, proof_words
from models.rules import proof as rules
from models.rules.proof import Code, State
from models.rules.reading import Fields

Seller = aliased(Member, name="proof_seller")
YES_OR_NO = {"yes": _l("yes"), "no": _l("no")}


def _whether(column: InstrumentedAttribute[Any]) -> ColumnElement[str]:
    return sa.case((column.is_not(None), "yes"), else_="no")


class ProofView(ReadView):
    """The queue of evidence, and one page a picture."""

    model = Proof
    section = "member"
    title = _l("Evidence of admission")
    slug = "proofs"
    permission = "proof.view"
    hint = _l("Pictures of orders that candidates sent. What a rule cannot decide, and every appeal, a person decides.")
    empty = _l("No picture was sent.")
    search_hint = _l("Order number, from its beginning")
    list_template = "proof/list.html"
    details_template = "proof/detail.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=Proof.id, kind=Kind.COUNT, sort=True, link=True),
        Column(key="state", title=_l("State"), at=Proof.state, kind=Kind.BADGE, badges=STATES),
        Column(key="code", title=_l("Why"), at=Proof.code, kind=Kind.BADGE, badges=CODES),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="seller", title=_l("Showcase"), at=Seller.code, kind=Kind.CODE, cell=member_link("seller")),
        Column(key="number", title=_l("Number read"), at=Proof.number, kind=Kind.CODE),
        Column(key="paid_fen", title=_l("Amount read"), at=Proof.paid_fen, kind=Kind.MONEY),
        Column(key="submitted_at", title=_l("Sent in"), at=Proof.submitted_at, kind=Kind.MOMENT),
        Column(key="appealed_at", title=_l("Appealed"), at=Proof.appealed_at, kind=Kind.MOMENT),
        Column(key="judged_at", title=_l("Judged"), at=Proof.judged_at, kind=Kind.MOMENT, shown=False),
        Column(key="decided_at", title=_l("Decided on"), at=Proof.decided_at, kind=Kind.MOMENT, shown=False),
        Column(key="decided_by", title=_l("Decided by"), at=Proof.decided_by, kind=Kind.ACTOR, shown=False),
        Column(key="twin", title=_l("Twin"), at=Proof.twin_id, kind=Kind.COUNT, shown=False),
        Column(key="sure", title=_l("Certainty, %"), at=Proof.sure, kind=Kind.COUNT, shown=False),
    )
    questions = (
        OneOf(key="state", title=_l("State"), at=Proof.state, choices={key: one.label for key, one in STATES.items()}),
        OneOf(key="code", title=_l("Why"), at=Proof.code, choices={key: one.label for key, one in CODES.items()}),
        OneOf(key="appealed", title=_l("Appealed"), at=_whether(Proof.appealed_at), choices=YES_OR_NO),
        OneOf(key="twin", title=_l("With a twin"), at=_whether(Proof.twin_id), choices=YES_OR_NO),
        Days(key="sent", title=_l("Sent in"), at=Proof.submitted_at),
        MemberIs(key="member", title=_l("Member"), at=Proof.member_id),
    )
    searches = (Prefix(Proof.number),)

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(Proof)
            .join(Member, Member.id == Proof.member_id)
            .join(Seller, Seller.id == Proof.seller_id)
        )

    def heading(self, row: Row[Any]) -> str:
        return _("Picture %(n)s of %(member)s", n=row.row_id, member=row.member)

    def extras(self) -> dict[str, Any]:
        """The picture that has waited longest, and how well the machine judges."""
        return {"next_id": queries.next_manual(), "measured": measured_judge.figures()}

    def around(self, row_id: int) -> dict[str, Any]:
        proof = self.found(row_id)
        order = queries.order_of(proof)
        record = queries.record(order, member_id=proof.member_id, seller_id=proof.seller_id) if order else None
        state, code = State(proof.state), Code(proof.code) if proof.code else None
        twin_ids = queries.twins(proof, proof.number)
        return {
            "proof": proof,
            "order": order,
            "buyer": db.session.get(Member, order.buyer_id) if order and order.buyer_id else None,
            "record": record,
            "fields": rules.compare(_read(proof), record) if record else (),
            "read": _read(proof),
            "names": queries.names_of(proof.seller_id),
            "task": queries.task_number(proof),
            "twins": queries.shown(twin_ids),
            "steps": queries.steps([row_id]),
            "sentence": proof_words.sentence(state, code, proof.note),
            "is_manual": state is State.MANUAL,
            "next_id": queries.next_manual(after=row_id),
            "words": {"states": STATES, "codes": CODES, "fields": FIELDS, "steps": STEPS},
            "measured": measured_judge.figures(),
        }

    @expose("/<int:row_id>/picture")
    @permits("proof.view")
    def picture(self, row_id: int) -> Response:
        """The picture itself, to staff alone: never cached, never taken for anything but a picture."""
        path = pictures.path(self.found(row_id).picture, files=current_app.config["SETTINGS"].files)
        if not path.is_file():
            abort(404)
        answer = Response(path.read_bytes(), mimetype="image/jpeg")
        answer.headers["Content-Disposition"] = f'inline; filename="proof-{row_id}.jpg"'
        answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @expose("/<int:row_id>/accept", methods=["POST"])
    @permits("proof.decide")
    def accept(self, row_id: int) -> Response:
        """The picture shows the order whose number was checked."""
        self.found(row_id)
        reason = self.reason("proof.accept")
        return self.perform(
            operations.accept,
            reason=reason,
            proof_id=row_id,
            number=request.form.get("number", ""),
            note=_note(reason),
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            done=_("Accepted. The task is passed by the order of record as soon as it is completed."),
            to=self._next(row_id),
        )

    @expose("/<int:row_id>/reject", methods=["POST"])
    @permits("proof.decide")
    def reject(self, row_id: int) -> Response:
        """The picture shows no order of this task; the candidate reads why and may send another."""
        self.found(row_id)
        reason = self.reason("proof.reject")
        return self.perform(
            operations.reject,
            reason=reason,
            proof_id=row_id,
            code=reason.partition(":")[0],
            note=_note(reason),
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            done=_("Rejected. The candidate reads the reason."),
            to=self._next(row_id),
        )

    def _next(self, row_id: int) -> str:
        """The next picture that waits, or the list."""
        next_id = queries.next_manual(after=row_id)
        return self.address("detail", row_id=next_id) if next_id else self.address(state="manual")


def _note(reason: str) -> str:
    return reason.partition(":")[2].strip()


def _read(proof: Proof) -> Fields:
    """What was read, as the rules take it."""
    return Fields(
        number=proof.number, paid_fen=proof.paid_fen, placed_at=proof.placed_at, paid_at=proof.paid_at,
        shops=(proof.shop,) if proof.shop else (), sure=(proof.sure or 0) / 100,
    )  # fmt: skip


class ProofLogView(ReadView):
    """The operation log of evidence: an auditor exports it (rules §3.7)."""

    model = ProofStep
    section = "member"
    title = _l("Log of evidence")
    slug = "proof-log"
    permission = "proof.view"
    hint = _l("Sent, judged, appealed, decided: each step of each picture with who and why, never changed.")
    empty = _l("No picture was sent.")
    search_hint = _l("Code of a member, from its beginning")
    has_detail = False
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=ProofStep.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="at", title=_l("When"), at=ProofStep.at, kind=Kind.MOMENT, sort=True),
        Column(key="proof", title=_l("Picture"), at=ProofStep.proof_id, kind=Kind.COUNT),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="seller", title=_l("Showcase"), at=Seller.code, kind=Kind.CODE, cell=member_link("seller")),
        Column(key="kind", title=_l("What happened"), at=ProofStep.kind, kind=Kind.BADGE, badges=STEPS),
        Column(key="state", title=_l("State"), at=ProofStep.state, kind=Kind.BADGE, badges=STATES),
        Column(key="code", title=_l("Why"), at=ProofStep.code, kind=Kind.BADGE, badges=CODES),
        Column(key="note", title=_l("Note"), at=ProofStep.note),
        Column(key="by", title=_l("Who"), at=ProofStep.by, kind=Kind.ACTOR),
        Column(key="evidence", title=_l("Evidence"), at=ProofStep.evidence, kind=Kind.JSON, shown=False),
    )
    questions = (
        OneOf(key="kind", title=_l("What happened"), at=ProofStep.kind,
              choices={key: one.label for key, one in STEPS.items()}),
        Days(key="at", title=_l("When"), at=ProofStep.at),
        MemberIs(key="member", title=_l("Member"), at=Proof.member_id),
    )  # fmt: skip
    searches = (Prefix(Member.code),)

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(ProofStep)
            .join(Proof, Proof.id == ProofStep.proof_id)
            .join(Member, Member.id == Proof.member_id)
            .join(Seller, Seller.id == Proof.seller_id)
        )
