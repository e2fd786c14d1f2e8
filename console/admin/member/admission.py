"""准入台: candidates, what they have to buy, what they bought, and how long they still have."""

from datetime import timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import aliased
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, Viewer, peers, staff_id
from console.admin.columns import Column, Kind, member_link
from console.admin.filters import Days, OneOf, Prefix
from console.admin.member import page
from console.admin.member.asks import MemberIs, Phone, networks
from console.admin.member.proof_words import STATES
from console.auth import permits
from models import AdmissionTask, Approval, Matrix, Member, Order, Person, db
from models.operations import qualifying
from models.queries import admission, dossier, outlook
from models.queries import policy as policies
from models.queries import proof as proofs
from models.rules import outlook as rules
from models.rules.proof_words import sentence
from models.rules.standing import Standing

Sponsor = aliased(Member, name="sponsor")

_PASSED = (
    sa.select(sa.func.count(sa.distinct(Order.seller_id)))
    .where(
        Order.buyer_id == Member.id,
        Order.kind == "admission",
        Order.state == "completed",
        Order.seller_id == sa.any_(AdmissionTask.seller_ids),
    )
    .correlate(Member, AdmissionTask)
    .scalar_subquery()
)
_TASKS = sa.func.coalesce(sa.func.cardinality(AdmissionTask.seller_ids), 0)


class LapsesWithin(OneOf):
    """How soon a candidate's days are over."""

    def where(self, value: list[str]) -> ColumnElement[bool]:
        return Member.lapse_at < formatting.now() + max(timedelta(hours=int(hours)) for hours in value)


class AdmissionView(ReadView):
    """准入台: the candidates, who lapses next first."""

    title = _l("Admission desk")
    section = "member"
    slug = "admission"
    permission = "admission.view"
    model = Member
    hint = _l("Candidates and their ten tasks. A task is passed by one completed order that was not wholly refunded.")
    empty = _l("No candidate waits.")
    search_hint = _l("Code from its beginning, or the last four digits of a phone")
    order = "lapse_at"
    details_template = "member/candidate.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=Member.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="code", title=_l("Member"), at=Member.code, kind=Kind.CODE, link=True),
        Column(key="nickname", title=_l("Nickname"), at=Person.nickname, kind=Kind.NAME),
        Column(key="phone", title=_l("Phone"), at=Person.phone, kind=Kind.PHONE, shown=False),
        Column(key="sponsor", title=_l("Sponsor"), at=Sponsor.code, kind=Kind.CODE, cell=member_link("sponsor")),
        Column(key="network", title=_l("Network"), at=Matrix.code, kind=Kind.CODE),
        Column(key="registered_at", title=_l("Registered"), at=Member.registered_at, kind=Kind.MOMENT, sort=True),
        Column(key="lapse_at", title=_l("Lapses"), at=Member.lapse_at, kind=Kind.MOMENT, sort=True),
        Column(key="passed", title=_l("Tasks passed"), at=_PASSED, kind=Kind.COUNT),
        Column(key="tasks", title=_l("Admission tasks"), at=_TASKS, kind=Kind.COUNT),
    )
    questions = (
        LapsesWithin(
            key="within",
            title=_l("Lapses within"),
            at=Member.lapse_at,
            choices={"24": _l("24 hours"), "72": _l("3 days")},
        ),
        OneOf(key="network", title=_l("Network"), at=Member.matrix_id, choices=networks),
        MemberIs(key="sponsor", title=_l("Sponsor"), at=Member.sponsor_id),
        Days(key="registered", title=_l("Registered"), at=Member.registered_at),
        Days(key="lapses", title=_l("Lapses"), at=Member.lapse_at),
    )
    searches = (Prefix(Member.code), Phone(Member.id))

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(Member)
            .join(Matrix, Matrix.id == Member.matrix_id)
            .outerjoin(AdmissionTask, AdmissionTask.member_id == Member.id)
            .outerjoin(Sponsor, Sponsor.id == Member.sponsor_id)
            .outerjoin(Person, Person.member_id == Member.id)
        )

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return query.where(Member.standing == Standing.CANDIDATE, Member.lapse_at.is_not(None))

    def around(self, row_id: int) -> dict[str, Any]:
        member, at = self.found(row_id), formatting.now()
        _version, policy = policies.in_force(at)
        payload = {"member": member.code}
        asked = sa.select(Approval.id).where(
            Approval.kind == qualifying.KIND, Approval.state == "open", Approval.payload == payload
        )
        return {
            **page.WORDS,
            "member": member,
            "at": at,
            "sheet": admission.sheet(row_id),
            "proofs": proofs.newest(row_id),
            "proof_words": {"states": STATES, "sentence": sentence},
            "next_steps": rules.next_steps(outlook.position(member, policy), policy),
            "who": dossier.dossier(row_id),
            "timeline": dossier.changes(row_id),
            "moves": dossier.moves(row_id),
            "consents": dossier.consents(row_id),
            "asked": db.session.scalar(asked.limit(1)),
            "orders_at": "orders.index_view" if "orders" in peers() else "",
        }

    @expose("/<int:row_id>/qualify", methods=["POST"])
    @permits("member.qualify")
    def qualify(self, row_id: int) -> Response:
        """Ask a second person to qualify the candidate by hand."""
        member = self.found(row_id)
        why = self.reason(qualifying.KIND)
        return self.perform(
            qualifying.ask,
            reason=why,
            member=member.code,
            why=why,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            done=_("A second person has been asked."),
            to=self.address("detail", row_id=row_id),
        )
