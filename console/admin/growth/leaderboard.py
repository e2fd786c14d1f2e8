"""榜单 and 新开通: who stands where by orders, who is new, how income is spread; and who asked to be left out."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import aliased
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, Viewer, staff_id
from console.admin.columns import Badge, Column, Kind, Tone, member_link
from console.admin.filters import Days, OneOf, Prefix
from console.admin.growth import words
from console.auth import permits
from models import BoardPlace, Member, Order, Person
from models.operations import outbox
from models.queries import board as queries
from models.rules.leaderboard import Board

Sponsor = aliased(Member, name="sponsor")
SHOWN = sa.case((queries.is_unlisted(), "no"), else_="yes")
SHOWN_BADGES = {"yes": Badge(_l("shown to members"), Tone.GOOD), "no": Badge(_l("asked to be left out"), Tone.WARN)}
SOLD = (
    sa.select(sa.func.count())
    .where(
        Order.seller_id == Member.id,
        Order.completed_at >= Member.qualified_at,
        Order.state == "completed",
        Order.kind != "admission",
    )
    .correlate(Member)
    .scalar_subquery()
)


class LeaderboardView(ReadView):
    """榜单: boards of names by orders and buyers; income in bands over everybody, without a name."""

    model = BoardPlace
    section = "growth"
    title = _l("Leaderboards")
    slug = "leaderboards"
    permission = "growth.view"
    hint = _l("Counted every hour from completed orders. No board counts heads, none shows anybody's income.")
    empty = _l("Nobody stands on a board yet.")
    search_hint = _l("Member, from the beginning of the code")
    has_detail = False
    order = "id"
    list_template = "growth/leaderboards.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=BoardPlace.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="name", title=_l("Board"), at=BoardPlace.name, kind=Kind.BADGE,
               badges={key: Badge(title) for key, title in words.BOARDS.items()}),
        Column(key="place", title=_l("Place"), at=BoardPlace.place, kind=Kind.COUNT),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="nickname", title=_l("Nickname"), at=Person.nickname, kind=Kind.NAME),
        Column(key="score", title=_l("Counted"), at=BoardPlace.score, kind=Kind.COUNT),
        Column(key="shown", title=_l("Shown"), at=SHOWN, kind=Kind.BADGE, badges=SHOWN_BADGES),
    )  # fmt: skip
    questions = (OneOf(key="name", title=_l("Board"), at=BoardPlace.name, choices=words.BOARDS),)
    searches = (Prefix(Member.code),)

    def base(self) -> Select[Any]:
        joined = sa.select().select_from(BoardPlace).join(Member, Member.id == BoardPlace.member_id)
        return joined.outerjoin(Person, Person.member_id == Member.id)

    def extras(self) -> dict[str, Any]:
        return {"boards": words.BOARDS, "earnings": queries.named(Board.EARNINGS)}

    @expose("/count", methods=["POST"])
    @permits("content.write")
    def count(self) -> Response:
        """Count every board now."""
        at = formatting.now()
        return self.perform(
            outbox.request, kind="count_boards", payload={"at": at.isoformat()}, title="统计榜单",
            by=f"staff:{staff_id()}", key=f"count_boards:{at:%Y-%m-%dT%H:%M}",
            done=_("The boards are counted in the background."),
        )  # fmt: skip


class NewcomerView(ReadView):
    """新开通: who qualified, the newest first, and what each has sold since."""

    model = Member
    section = "growth"
    title = _l("Newcomers")
    slug = "newcomers"
    permission = "growth.view"
    hint = _l("Promoters in the order they qualified, as members see them by masked names.")
    empty = _l("Nobody has qualified yet.")
    search_hint = _l("Member, from the beginning of the code")
    has_detail = False
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=Member.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="code", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=member_link("code")),
        Column(key="nickname", title=_l("Nickname"), at=Person.nickname, kind=Kind.NAME),
        Column(key="qualified_at", title=_l("Qualified"), at=Member.qualified_at, kind=Kind.MOMENT),
        Column(key="sponsor", title=_l("Sponsor"), at=Sponsor.code, kind=Kind.CODE, cell=member_link("sponsor")),
        Column(key="sold", title=_l("Sold since"), at=SOLD, kind=Kind.COUNT,
               help=_l("Completed orders since it qualified, admission orders not counted.")),
        Column(key="shown", title=_l("Shown"), at=SHOWN, kind=Kind.BADGE, badges=SHOWN_BADGES),
    )  # fmt: skip
    questions = (Days(key="qualified", title=_l("Qualified"), at=Member.qualified_at),)
    searches = (Prefix(Member.code),)

    def base(self) -> Select[Any]:
        joined = sa.select().select_from(Member).outerjoin(Person, Person.member_id == Member.id)
        return joined.outerjoin(Sponsor, Sponsor.id == Member.sponsor_id)

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return query.where(Member.qualified_at.is_not(None), Member.position.is_(None))
