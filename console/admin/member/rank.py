"""等级: who holds which rank, what it rests on, and how far it is to the next."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select

from console import formatting
from console.admin.base import ReadView, Viewer
from console.admin.columns import Column, Kind, member_link
from console.admin.filters import OneOf, Prefix
from console.admin.member import page
from console.admin.member.asks import networks
from console.admin.member.standing import in_force
from console.admin.member.words import RANKS, STANDINGS
from models import Matrix, Member, StandingChange, Team, db
from models.queries import dossier
from models.rules import outlook as rules
from models.rules.standing import RANKS as ORDER
from models.rules.standing import Rank

_SINCE = (
    sa.select(sa.func.max(StandingChange.at))
    .where(StandingChange.member_id == Member.id, StandingChange.kind == "ranked")
    .correlate(Member)
    .scalar_subquery()
)


def progress_of(row: Row[Any]) -> rules.Progress | None:
    """How far the member of a row is from the next rank; the policy is read once a request."""
    if "policy" not in g:
        g.policy = in_force()
    return rules.next_rank(
        kept=Rank(row.rank) if row.rank else None,
        team_size=row.team_size or 0,
        team_sales_fen=row.team_sales or 0,
        own_sales_fen=row.own_sales or 0,
        policy=g.policy,
    )


def _way(row: Row[Any]) -> str:
    """What is missing for the next rank, in a word and a bar."""
    progress = progress_of(row)
    if progress is None:
        return _("The highest rank is reached.")
    missing = [_("%(n)s people missing", n=formatting.count(progress.people_missing))] * bool(progress.people_missing)
    if progress.sales_missing_fen:
        missing.append(_("%(n)s missing", n=formatting.yuan(progress.sales_missing_fen)))
    bar = '<progress max="100" value="{:.0f}" aria-label="{}"></progress><span class="muted small">{}</span>'
    return Markup(bar).format(progress.share * 100, RANKS[progress.rank].label, " · ".join(missing))


class RankView(ReadView):
    """等级: the members who hold one."""

    title = _l("Ranks")
    section = "member"
    slug = "ranks"
    permission = "member.view"
    model = Member
    hint = _l("Team size and team sales must both be reached; a rank is kept once reached, an exit takes it away.")
    empty = _l("Nobody holds a rank yet.")
    search_hint = _l("Code of a member, from its beginning")
    list_template = "member/ranks.html"
    details_template = "member/rank.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=Member.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="code", title=_l("Member"), at=Member.code, kind=Kind.CODE, link=True),
        Column(key="rank", title=_l("Rank"), at=Member.rank, kind=Kind.BADGE, badges=RANKS),
        Column(key="since", title=_l("Since"), at=_SINCE, kind=Kind.MOMENT),
        Column(key="standing", title=_l("Standing"), at=Member.standing, kind=Kind.BADGE, badges=STANDINGS),
        Column(key="team_size", title=_l("Team size"), at=Team.size, kind=Kind.COUNT),
        Column(key="team_sales", title=_l("Team sales"), at=Team.sales_fen, kind=Kind.MONEY),
        Column(key="own_sales", title=_l("Own sales"), at=Team.own_fen, kind=Kind.MONEY),
        Column(key="way", title=_l("To the next rank"), at=sa.literal(""), cell=_way),
        Column(key="page", title=_l("The member's page"), at=Member.code, kind=Kind.CODE, cell=member_link("page")),
    )
    questions = (
        OneOf(
            key="rank",
            title=_l("Rank"),
            at=Member.rank,
            choices={key: badge.label for key, badge in RANKS.items()},
        ),
        OneOf(key="network", title=_l("Network"), at=Member.matrix_id, choices=networks),
    )
    searches = (Prefix(Member.code),)

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(Member)
            .join(Matrix, Matrix.id == Member.matrix_id)
            .outerjoin(Team, Team.member_id == Member.id)
        )

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return query.where(Member.rank.is_not(None))

    def extras(self) -> dict[str, Any]:
        """How many hold each rank, and what each asks for."""
        policy = in_force()
        held = dict(
            db.session.execute(
                sa.select(Member.rank, sa.func.count()).where(Member.rank.is_not(None)).group_by(Member.rank)
            ).all()
        )
        asks = zip(ORDER, policy.rank_team_size, policy.rank_sales_fen, strict=True)
        return {
            "distribution": [(RANKS[rank], rank, held.get(rank, 0), people, fen) for rank, people, fen in asks],
            "by_own": policy.rank_by == "own",
        }

    def around(self, row_id: int) -> dict[str, Any]:
        return {
            **page.WORDS,
            "member": self.found(row_id),
            "progress": progress_of(self.one(row_id)),
            "rank_changes": dossier.changes(row_id, "ranked", "unranked", limit=50),
        }
