"""违规 and 申诉: what counts against whom, and what members say against it."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select

from console.admin.base import ReadView, Viewer
from console.admin.case import words
from console.admin.columns import Badge, Column, Kind, Tone, member_link, order_link
from console.admin.filters import Days, Equals, OneOf, Prefix
from models import Appeal, Case, Member, Order, Strike
from models.queries import reviewer

STRIKE = sa.case((Strike.taken_back_at.is_(None), "counts"), else_="taken_back")
STRIKES = {
    "counts": Badge(_l("counts as a strike"), Tone.BAD),
    "taken_back": Badge(_l("strike taken back"), Tone.GOOD),
}
APPEALS = {
    "open": Badge(_l("waits for an answer"), Tone.WARN),
    "won": Badge(_l("won"), Tone.GOOD),
    "lost": Badge(_l("lost"), Tone.BAD),
}
AGAINST = {
    "strike": _l("a strike"),
    "showcase": _l("the closing of the showcase"),
    "order": _l("money on hold"),
    "proof": _l("a picture's verdict"),
    "after_sale": _l("an after-sale's answer"),
}
KIND = sa.func.split_part(Appeal.subject, ":", 1)
CASE_ID = (
    sa.select(sa.func.max(Case.id)).where(Case.subject == sa.func.concat("appeal:", Appeal.id)).scalar_subquery()
)  # fmt: skip


def _closed(row: Row[Any]) -> str:
    return _("showcase closed by it") if row.closed_showcase else "–"


def _against(row: Row[Any]) -> str:
    return str(AGAINST.get(row.against, row.against))


class StrikeView(ReadView):
    """违规记录: one confirmed order each; the third closes the showcase by itself."""

    model = Strike
    section = "risk"
    title = _l("Strikes given")
    slug = "strikes"
    permission = "strike.view"
    hint = _l("Three that count close the showcase by themselves; an appeal that is won takes its strike back.")
    empty = _l("Nobody has a strike.")
    search_hint = _l("Member's code or order number, from the beginning")
    has_detail = False
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Strike no."), at=Strike.id, kind=Kind.COUNT, sort=True),
        Column(key="member", title=_l("Seller"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="number", title=_l("Order number"), at=Order.number, kind=Kind.CODE, cell=order_link),
        Column(key="state", title=_l("State"), at=STRIKE, kind=Kind.BADGE, badges=STRIKES),
        Column(key="strikes", title=_l("Counting now"), at=Member.strikes, kind=Kind.COUNT),
        Column(key="closed_showcase", title=_l("Effect"), at=Strike.closed_showcase, cell=_closed),
        Column(key="at", title=_l("Given"), at=Strike.at, kind=Kind.MOMENT),
        Column(key="given_by", title=_l("Given by"), at=Strike.given_by, kind=Kind.ACTOR),
        Column(key="taken_back_at", title=_l("Taken back"), at=Strike.taken_back_at, kind=Kind.MOMENT),
        Column(
            key="taken_back_by", title=_l("Taken back by"), at=Strike.taken_back_by, kind=Kind.CODE, shown=False
        ),
    )  # fmt: skip
    questions = (
        OneOf(
            key="state", title=_l("State"), at=STRIKE, choices={key: badge.label for key, badge in STRIKES.items()}
        ),
        Days(key="given", title=_l("Given"), at=Strike.at),
        Equals(key="member", title=_l("Seller"), at=Member.code),
    )  # fmt: skip
    searches = (Prefix(Member.code), Prefix(Order.number))

    def base(self) -> Select[Any]:
        joined = sa.select().select_from(Strike).join(Member, Member.id == Strike.member_id)
        return joined.join(Order, Order.id == Strike.order_id)


class AppealView(ReadView):
    """申诉: in the member's words, decided by somebody who had no hand in it before."""

    model = Appeal
    section = "risk"
    title = _l("Appeals")
    slug = "appeals"
    permission = "strike.view"
    hint = _l("Within 30 days of the decision, once; another person than the first decides.")
    empty = _l("Nobody has appealed.")
    search_hint = _l("Member's code, from its beginning")
    details_template = "case/appeal.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Appeal no."), at=Appeal.id, kind=Kind.COUNT, sort=True, link=True),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="against", title=_l("Against"), at=KIND, cell=_against),
        Column(key="state", title=_l("State"), at=Appeal.state, kind=Kind.BADGE, badges=APPEALS),
        Column(key="words", title=_l("The member's words"), at=Appeal.words),
        Column(key="filed_at", title=_l("Filed"), at=Appeal.filed_at, kind=Kind.MOMENT),
        Column(key="decided_at", title=_l("Decided"), at=Appeal.decided_at, kind=Kind.MOMENT),
        Column(key="decided_by", title=_l("Decided by"), at=Appeal.decided_by, kind=Kind.ACTOR, shown=False),
        Column(key="against_by", title=_l("First decided by"), at=Appeal.against_by, kind=Kind.ACTOR, shown=False),
        Column(key="answer", title=_l("Answer"), at=Appeal.answer, shown=False),
        Column(key="subject", title=_l("Subject"), at=Appeal.subject, kind=Kind.CODE, listed=False),
        Column(key="case_id", title=_l("Case no."), at=CASE_ID, kind=Kind.COUNT, listed=False),
    )
    questions = (
        OneOf(
            key="state", title=_l("State"), at=Appeal.state,
            choices={key: badge.label for key, badge in APPEALS.items()},
        ),
        OneOf(key="against", title=_l("Against"), at=KIND, choices=AGAINST),
        Days(key="filed", title=_l("Filed"), at=Appeal.filed_at),
        Equals(key="member", title=_l("Member"), at=Member.code),
    )  # fmt: skip
    searches = (Prefix(Member.code),)

    def base(self) -> Select[Any]:
        return sa.select().select_from(Appeal).join(Member, Member.id == Appeal.member_id)

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        """Nobody reads the appeals of themselves or their own here."""
        return query.where(Appeal.member_id.not_in(sorted(reviewer.ties(viewer.id).member_ids)))

    def heading(self, row: Row[Any]) -> str:
        return _("Appeal %(n)s of %(member)s", n=row.row_id, member=row.member)

    def around(self, row_id: int) -> dict[str, Any]:
        return {"against": AGAINST, "states": APPEALS, "words": words}
