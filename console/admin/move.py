"""排位日志: every step in the life of a seat."""

from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import aliased

from console.admin.base import ReadView, Viewer
from console.admin.columns import Badge, Column, Kind, Tone, member_link
from console.admin.filters import Days, Equals, OneOf, Prefix
from console.admin.matrix import merchant_choices
from console.admin.member.words import because
from models import Matrix, Member, Move, Seat

FromSeat, FromMember = aliased(Seat), aliased(Member)
ToSeat, ToMember = aliased(Seat), aliased(Member)

KINDS = {
    "place": Badge(_l("placed"), Tone.GOOD),
    "free": Badge(_l("freed"), Tone.WARN),
    "close": Badge(_l("closed its slots"), Tone.BAD),
    "open": Badge(_l("opened its slots"), Tone.GOOD),
    "move": Badge(_l("moved"), Tone.BUSY),
}
HOWS = {"spill": Badge(_l("spill"), Tone.WARN), "direct": Badge(_l("direct"))}
HOW = sa.case((Move.kind != "place", None), (Move.is_spill, "spill"), else_="direct")


class Spilled(OneOf):
    """Placements that spilled over, or that went right under the sponsor."""

    def where(self, value: list[str]) -> ColumnElement[bool]:
        return sa.and_(Move.kind == "place", Move.is_spill.in_([one == "spill" for one in value]))


class MoveView(ReadView):
    """排位日志: append-only; a merchant's staff see their own networks."""

    title = _l("Placement log")
    section = "tree"
    slug = "moves"
    permission = "tree.view"
    model = Move
    has_detail = False
    hint = _l("Every seat taken, freed, closed, opened or moved: who, when, why, from where to where.")
    empty = _l("Nobody has been placed yet.")
    search_hint = _l("Member code, from its beginning")
    columns = (
        Column(key="id", title=_l("Number"), at=Move.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="at", title=_l("When"), at=Move.at, kind=Kind.MOMENT, sort=True),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="kind", title=_l("Step"), at=Move.kind, kind=Kind.BADGE, badges=KINDS),
        Column(key="how", title=_l("How"), at=HOW, kind=Kind.BADGE, badges=HOWS),
        Column(key="from_code", title=_l("From"), at=FromMember.code, kind=Kind.CODE, cell=member_link("from_code")),
        Column(key="from_slot", title=_l("Slot before"), at=Move.from_slot, kind=Kind.COUNT),
        Column(key="to_code", title=_l("To"), at=ToMember.code, kind=Kind.CODE, cell=member_link("to_code")),
        Column(key="to_slot", title=_l("Slot after"), at=Move.to_slot, kind=Kind.COUNT),
        Column(key="reason", title=_l("Reason"), at=Move.reason, cell=because("reason")),
        Column(key="by", title=_l("By"), at=Move.by, kind=Kind.ACTOR),
        Column(key="matrix", title=_l("Matrix"), at=Matrix.code, kind=Kind.CODE, shown=False),
    )
    questions = (
        OneOf(key="kind", title=_l("Step"), at=Move.kind, choices={key: one.label for key, one in KINDS.items()}),
        Spilled(
            key="how",
            title=_l("direct or spill"),
            at=Move.is_spill,
            choices={key: one.label for key, one in HOWS.items()},
        ),
        Equals(key="member", title=_l("Member"), at=Member.code),
        Days(key="at", title=_l("When"), at=Move.at),
        OneOf(key="merchant", title=_l("Merchant"), at=Matrix.merchant_id, choices=merchant_choices),
    )
    searches = (Prefix(Member.code),)

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(Move)
            .join(Member, Member.id == Move.member_id)
            .join(Matrix, Matrix.id == Member.matrix_id)
            .outerjoin(FromSeat, FromSeat.id == Move.from_parent_id)
            .outerjoin(FromMember, FromMember.id == FromSeat.member_id)
            .outerjoin(ToSeat, ToSeat.id == Move.to_parent_id)
            .outerjoin(ToMember, ToMember.id == ToSeat.member_id)
        )

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return query if viewer.merchant_id is None else query.where(Matrix.merchant_id == viewer.merchant_id)
