"""会员故事 and 展示授权: stories with the consent they rest on and the figures that were counted for them."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, staff_id
from console.admin.columns import Badge, Column, Kind, Tone, member_link
from console.admin.filters import Days, Equals, OneOf, Prefix
from console.admin.growth import words
from console.auth import actor, allowed, permits
from models import Member, Publicity, Story, acting, db, transaction
from models.errors import DomainError
from models.operations import story as operations
from models.queries import story as queries
from models.rules import story as rules

OFFERED = 50
STATES = {key: words.STATES[key] for key in ("draft", "published", "retired", "withdrawn", "pulled")}
PURPOSES = {
    "story": Badge(_l("lets a story be told"), Tone.GOOD),
    "unlisted": Badge(_l("stands on no board"), Tone.WARN),
}
RUNS = sa.case((Publicity.ended_at.is_(None), "yes"), else_="no")


def _counted(name: str) -> Any:
    return sa.cast(Story.figures[name].astext, sa.BigInteger)


class StoryView(ReadView):
    """会员故事: real figures, masked names, told while the member agrees."""

    model = Story
    section = "growth"
    title = _l("Stories")
    slug = "stories"
    permission = "growth.view"
    hint = _l("A story needs its member's consent. Its figures are counted from orders as it goes out, none is typed.")
    empty = _l("No story yet. It begins with a member who agrees.")
    search_hint = _l("Member, from the beginning of the code")
    list_template = "growth/stories.html"
    details_template = "growth/story.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=Story.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="title", title=_l("Title"), at=Story.title, link=True),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="state", title=_l("State"), at=Story.state, kind=Kind.BADGE, badges=STATES),
        Column(key="orders", title=_l("Completed orders"), at=_counted("orders"), kind=Kind.COUNT),
        Column(key="buyers", title=_l("Different buyers"), at=_counted("buyers"), kind=Kind.COUNT),
        Column(key="returning", title=_l("Buyers who came back"), at=_counted("returning"), kind=Kind.COUNT),
        Column(key="blocked", title=_l("Forbidden phrases"), at=Story.blocked, kind=Kind.COUNT, shown=False),
        Column(key="published_at", title=_l("Published"), at=Story.published_at, kind=Kind.MOMENT),
        Column(key="ended_at", title=_l("Taken down"), at=Story.ended_at, kind=Kind.MOMENT),
        Column(key="made_by", title=_l("Written by"), at=Story.made_by, kind=Kind.ACTOR, shown=False),
    )
    questions = (
        OneOf(key="state", title=_l("State"), at=Story.state, choices={key: one.label for key, one in STATES.items()}),
        Equals(key="member", title=_l("Member"), at=Member.code),
        Days(key="published", title=_l("Published"), at=Story.published_at),
    )
    searches = (Prefix(Member.code),)

    def base(self) -> Select[Any]:
        return sa.select().select_from(Story).join(Member, Member.id == Story.member_id)

    def heading(self, row: Row[Any]) -> str:
        return str(row.title)

    def extras(self) -> dict[str, Any]:
        return {"willing": len(queries.willing(limit=OFFERED))}

    def around(self, row_id: int) -> dict[str, Any]:
        one = self.found(row_id)
        consent = queries.said(member_id=one.member_id, purpose="story")
        kept = db.session.get(Publicity, one.publicity_id) if one.publicity_id else consent
        return {"one": one, "consent": kept, "weights": words.WEIGHTS, "reasons": words.REASONS}

    @expose("/new", methods=["GET", "POST"])
    @permits("content.write")
    def new(self) -> Any:
        """Begin a member's story."""
        if request.method == "GET":
            return self._form()
        by, form = f"staff:{staff_id()}", request.form
        return self._saved(
            lambda: operations.write(
                code=form.get("code", ""), title=form.get("title", ""), words=form.get("words", ""),
                at=formatting.now(), by=by,
            )
        )  # fmt: skip

    @expose("/<int:row_id>/edit", methods=["GET", "POST"])
    @permits("content.write")
    def edit(self, row_id: int) -> Any:
        """Other words for a draft."""
        one, form = self.found(row_id), request.form
        if request.method == "GET":
            return self._form(one)
        return self._saved(
            lambda: operations.rewrite(story_id=row_id, title=form.get("title", ""), words=form.get("words", "")), one
        )

    def _saved(self, save: Any, one: Story | None = None) -> Any:
        try:
            with acting(actor(action="story.write")), transaction():
                target = self.address("detail", row_id=save().id)
        except DomainError as refusal:
            return self._form(one, str(refusal)), 422
        flash(_("Saved."), "done")
        return redirect(target)

    def _form(self, one: Story | None = None, problem: str = "") -> Any:
        typed = dict(request.form) or ({"title": one.title, "words": one.words} if one else {})
        return self.render(
            "growth/story_form.html", problem=problem, typed=typed, one=one, willing=queries.willing(limit=OFFERED),
            most=rules.WORDS_LENGTH,
        )  # fmt: skip

    @expose("/<int:row_id>/publish", methods=["POST"])
    @permits("content.publish")
    def publish(self, row_id: int) -> Response:
        """Let members read it; its figures are counted now."""
        self.found(row_id)
        return self.perform(
            operations.publish, story_id=row_id, is_reviewer=allowed("content.review"), at=formatting.now(),
            by=f"staff:{staff_id()}", done=_("Published with the figures counted now."),
        )  # fmt: skip

    @expose("/<int:row_id>/retire", methods=["POST"])
    @permits("content.publish")
    def retire(self, row_id: int) -> Response:
        """Tell it no longer."""
        self.found(row_id)
        why = self.reason("content.retire")
        return self.perform(
            operations.retire, story_id=row_id, why=why, at=formatting.now(), reason=why, done=_("Taken down.")
        )


class PublicityView(ReadView):
    """展示授权: what each member said about being shown, with the text it read."""

    model = Publicity
    section = "growth"
    title = _l("Consents to be shown")
    slug = "publicity"
    permission = "growth.view"
    hint = _l("Who lets a story be told and who stands on no board; said in the mini-program, taken back there.")
    empty = _l("Nobody has said anything about being shown yet.")
    search_hint = _l("Member, from the beginning of the code")
    has_detail = False
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=Publicity.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="purpose", title=_l("Wish"), at=Publicity.purpose, kind=Kind.BADGE, badges=PURPOSES),
        Column(key="runs", title=_l("In force"), at=RUNS, kind=Kind.BADGE,
               badges={"yes": Badge(_l("yes"), Tone.GOOD), "no": Badge(_l("taken back"))}),
        Column(key="given_at", title=_l("Said at"), at=Publicity.given_at, kind=Kind.MOMENT),
        Column(key="ended_at", title=_l("Taken back at"), at=Publicity.ended_at, kind=Kind.MOMENT),
        Column(key="ip", title=_l("From the address"), at=Publicity.ip, kind=Kind.CODE, shown=False),
        Column(key="sha256", title=_l("SHA-256 of the text"), at=Publicity.sha256, kind=Kind.CODE, shown=False),
    )  # fmt: skip
    questions = (
        OneOf(key="purpose", title=_l("Wish"), at=Publicity.purpose,
              choices={key: one.label for key, one in PURPOSES.items()}),
        OneOf(key="runs", title=_l("In force"), at=RUNS, choices={"yes": _l("yes"), "no": _l("taken back")}),
        Days(key="given", title=_l("Said at"), at=Publicity.given_at),
    )  # fmt: skip
    searches = (Prefix(Member.code),)

    def base(self) -> Select[Any]:
        return sa.select().select_from(Publicity).join(Member, Member.id == Publicity.member_id)
