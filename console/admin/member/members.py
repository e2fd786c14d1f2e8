"""会员: every member, and all about one of them on one page."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask import redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from sqlalchemy.orm import aliased
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, staff_id
from console.admin.columns import Column, Kind, member_link
from console.admin.filters import Days, OneOf, OneOfOrNone, Prefix
from console.admin.member import page
from console.admin.member.asks import DEBTORS, Meaning, MemberIs, Phone, networks
from console.admin.member.words import RANKS, SHOWCASES, STANDINGS
from console.auth import permits
from models import Matrix, Member, Person, Seat, Team
from models.operations import note
from models.queries import member as queries

Sponsor = aliased(Member, name="sponsor")
Direct = aliased(Member, name="direct")

DIRECTS = (
    sa.select(sa.func.count())
    .where(Direct.sponsor_id == Member.id, Direct.qualified_at.is_not(None))
    .correlate(Member)
    .scalar_subquery()
)


class MemberView(ReadView):
    """会员: the list, and the page of each."""

    title = _l("Member list")
    section = "member"
    slug = "members"
    permission = "member.view"
    model = Member
    hint = _l("Everybody who registered, presets included. Personal data is masked.")
    empty = _l("Nobody has registered yet.")
    search_hint = _l("Code from its beginning, or the last four digits of a phone")
    list_template = "member/list.html"
    details_template = "member/page.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=Member.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="code", title=_l("Member"), at=Member.code, kind=Kind.CODE, sort=True, link=True),
        Column(key="nickname", title=_l("Nickname"), at=Person.nickname, kind=Kind.NAME),
        Column(key="phone", title=_l("Phone"), at=Person.phone, kind=Kind.PHONE),
        Column(key="real_name", title=_l("Real name"), at=Person.real_name, kind=Kind.NAME, shown=False),
        Column(key="network", title=_l("Network"), at=Matrix.code, kind=Kind.CODE, shown=False),
        Column(key="standing", title=_l("Standing"), at=Member.standing, kind=Kind.BADGE, badges=STANDINGS),
        Column(key="showcase", title=_l("Showcase"), at=Member.showcase, kind=Kind.BADGE, badges=SHOWCASES),
        Column(key="rank", title=_l("Rank"), at=Member.rank, kind=Kind.BADGE, badges=RANKS),
        Column(key="sponsor", title=_l("Sponsor"), at=Sponsor.code, kind=Kind.CODE, cell=member_link("sponsor")),
        Column(key="depth", title=_l("Depth"), at=Seat.depth, kind=Kind.COUNT, help=_l("Levels below the root.")),
        Column(
            key="directs",
            title=_l("Directs"),
            at=DIRECTS,
            kind=Kind.COUNT,
            shown=False,
            help=_l("Members it sponsored who have qualified."),
        ),
        Column(
            key="team_size",
            title=_l("Team size"),
            at=Team.size,
            kind=Kind.COUNT,
            help=_l("Itself and the qualified at most ten levels below, closed showcases not counted."),
        ),
        Column(key="team_sales", title=_l("Team sales"), at=Team.sales_fen, kind=Kind.MONEY, shown=False),
        Column(
            key="earned",
            title=_l("Earned"),
            at=Member.earned_fen,
            kind=Kind.MONEY,
            help=_l("Shares, bonuses and dividends of a lifetime, net of reversals."),
        ),
        Column(key="registered_at", title=_l("Registered"), at=Member.registered_at, kind=Kind.MOMENT, sort=True),
        Column(key="qualified_at", title=_l("Qualified"), at=Member.qualified_at, kind=Kind.MOMENT, shown=False),
        Column(key="cycle_end", title=_l("Cycle ends"), at=Member.cycle_end, kind=Kind.MOMENT),
        Column(key="lapse_at", title=_l("Lapses"), at=Member.lapse_at, kind=Kind.MOMENT, shown=False),
        Column(key="unlocked_at", title=_l("Unlocked"), at=Member.unlocked_at, kind=Kind.MOMENT, shown=False),
        Column(key="seed_at", title=_l("Seed promoter since"), at=Member.seed_at, kind=Kind.MOMENT, shown=False),
        Column(key="failures", title=_l("Failed cycles"), at=Member.failures, kind=Kind.COUNT, shown=False),
        Column(key="strikes", title=_l("Strikes"), at=Member.strikes, kind=Kind.COUNT, shown=False),
    )
    questions = (
        OneOf(
            key="standing",
            title=_l("Standing"),
            at=Member.standing,
            choices={key: badge.label for key, badge in STANDINGS.items()},
        ),
        OneOf(
            key="showcase",
            title=_l("Showcase"),
            at=Member.showcase,
            choices={key: badge.label for key, badge in SHOWCASES.items()},
        ),
        OneOfOrNone(
            key="rank",
            title=_l("Rank"),
            at=Member.rank,
            choices={key: badge.label for key, badge in RANKS.items()},
        ),
        OneOf(key="network", title=_l("Network"), at=Member.matrix_id, choices=networks),
        MemberIs(key="sponsor", title=_l("Sponsor"), at=Member.sponsor_id),
        Days(key="registered", title=_l("Registered"), at=Member.registered_at),
        Days(key="qualified", title=_l("Qualified"), at=Member.qualified_at),
        Meaning(
            key="has",
            title=_l("Marks"),
            at=Member.id,
            choices={
                "unlocked": _l("Unlocked"),
                "locked": _l("Not unlocked"),
                "debt": _l("In debt"),
                "seed": _l("Seed promoter"),
                "strike": _l("With strikes"),
                "preset": _l("Preset showcase"),
            },
            conditions={
                "unlocked": Member.unlocked_at.is_not(None),
                "locked": Member.unlocked_at.is_(None),
                "debt": Member.code.in_(DEBTORS),
                "seed": Member.seed_at.is_not(None),
                "strike": Member.strikes > 0,
                "preset": Member.position.is_not(None),
            },
        ),
    )
    searches = (Prefix(Member.code), Phone(Member.id))

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(Member)
            .join(Matrix, Matrix.id == Member.matrix_id)
            .outerjoin(Seat, Seat.member_id == Member.id)
            .outerjoin(Sponsor, Sponsor.id == Member.sponsor_id)
            .outerjoin(Person, Person.member_id == Member.id)
            .outerjoin(Team, Team.member_id == Member.id)
        )

    def heading(self, row: Row[Any]) -> str:
        return row.code

    @expose("/by-code/<code>")
    @permits("member.view")
    def by_code(self, code: str) -> Response:
        """The page of the member with a code: where every mention of a member leads."""
        return redirect(self.address("detail", row_id=queries.by_code(code).id))

    def around(self, row_id: int) -> dict[str, Any]:
        return page.blocks(self.found(row_id), at=formatting.now())

    @expose("/<int:row_id>/add-note", methods=["POST"])
    @permits("member.note")
    def add_note(self, row_id: int) -> Response:
        """A note about the member, kept for good."""
        self.found(row_id)
        return self.perform(
            note.add,
            member_id=row_id,
            text=request.form.get("text", ""),
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            done=_("The note is kept."),
            to=self.address("detail", row_id=row_id),
        )

    @expose("/<int:row_id>/money/<bucket>")
    @permits("member.money.view")
    def money(self, row_id: int, bucket: str) -> Any:
        """The postings behind what a bucket holds, newest first."""
        member = self.found(row_id)
        return self.render("member/money.html", member=member, **page.statement(member, bucket, request.args))
