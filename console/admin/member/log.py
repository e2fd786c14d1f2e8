"""资格变更日志: every step of admission, standing, ranks and showcases, with its reason and what it rested on."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select

from console.admin.base import ReadView
from console.admin.columns import Column, Kind, member_link
from console.admin.filters import Days, Equals, OneOf, OneOfOrNone, Prefix
from console.admin.member import page
from console.admin.member.asks import MemberIs, networks
from console.admin.member.words import CHANGES, RANKS, because, figure, rested_on, state
from models import Member, Seat, StandingChange

LEVEL = sa.select(Seat.depth).where(Seat.member_id == Member.id).correlate(Member).scalar_subquery()


class StandingLogView(ReadView):
    """The operation log of members: an auditor exports it (rules §3.7)."""

    title = _l("Operation log of members")
    section = "member"
    slug = "standing-log"
    permission = "member.view"
    model = StandingChange
    hint = _l(
        "Registration, admission, freezes, ranks, showcases: each step with its reason and evidence, never changed."
    )
    empty = _l("Nothing has happened to anybody yet.")
    search_hint = _l("Code of a member, from its beginning")
    details_template = "member/change.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=StandingChange.id, kind=Kind.COUNT, sort=True, link=True),
        Column(key="at", title=_l("When"), at=StandingChange.at, kind=Kind.MOMENT, sort=True),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="kind", title=_l("What happened"), at=StandingChange.kind, kind=Kind.BADGE, badges=CHANGES),
        Column(key="before", title=_l("Before"), at=StandingChange.before, cell=state("before")),
        Column(key="after", title=_l("After"), at=StandingChange.after, cell=state("after")),
        Column(key="reason", title=_l("Reason"), at=StandingChange.reason, cell=because("reason")),
        Column(key="evidence", title=_l("Evidence"), at=sa.cast(StandingChange.evidence, sa.Text), cell=rested_on),
    )
    questions = (
        OneOf(
            key="kind",
            title=_l("What happened"),
            at=StandingChange.kind,
            choices={key: badge.label for key, badge in CHANGES.items()},
        ),
        Days(key="at", title=_l("When"), at=StandingChange.at),
        MemberIs(key="member", title=_l("Member"), at=StandingChange.member_id),
        OneOf(key="network", title=_l("Network"), at=Member.matrix_id, choices=networks),
        OneOfOrNone(
            key="rank",
            title=_l("Rank of now"),
            at=Member.rank,
            choices={key: badge.label for key, badge in RANKS.items()},
        ),
        Equals(key="level", title=_l("Level in the tree"), at=LEVEL),
    )
    searches = (Prefix(Member.code),)

    def base(self) -> Select[Any]:
        return sa.select().select_from(StandingChange).join(Member, Member.id == StandingChange.member_id)

    def heading(self, row: Row[Any]) -> str:
        return f"{row.member} · {CHANGES[row.kind].label}"

    def around(self, row_id: int) -> dict[str, Any]:
        return {
            **page.WORDS,
            "change": self.found(row_id),
            "figure": figure,
            "state_before": state("before"),
            "state_after": state("after"),
        }
