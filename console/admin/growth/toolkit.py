"""话术与海报: versions of what members hand on, each with what its scan found, published and taken down here."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row
from werkzeug.wrappers import Response

from console import formatting, poster
from console.admin.base import ReadView, staff_id
from console.admin.columns import Column, Kind
from console.admin.filters import Days, OneOf, Prefix
from console.admin.growth import words
from console.admin.order_names import words as choices
from console.auth import actor, allowed, permits
from models import Content, acting, transaction
from models.errors import DomainError
from models.operations import content as operations
from models.queries import toolkit as queries
from models.rules import content as rules
from models.rules.content import Draft
from models.rules.content import Kind as Sort

FOUND = sa.func.jsonb_array_length(Content.findings)


class ToolkitView(ReadView):
    """话术与海报: every version of every script and poster."""

    model = Content
    section = "growth"
    title = _l("Toolkit")
    slug = "toolkit"
    permission = "growth.view"
    hint = _l("Scripts and posters that members hand on. Nothing goes out with a forbidden phrase.")
    empty = _l("No script and no poster yet. Write the first one.")
    search_hint = _l("Code, from its beginning")
    list_template = "growth/toolkit.html"
    details_template = "growth/content.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=Content.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="title", title=_l("Title"), at=Content.title, link=True),
        Column(key="code", title=_l("Code"), at=Content.code, kind=Kind.CODE),
        Column(key="version", title=_l("Version"), at=Content.version, kind=Kind.COUNT),
        Column(key="kind", title=_l("Kind"), at=Content.kind, kind=Kind.BADGE, badges=words.KINDS),
        Column(key="state", title=_l("State"), at=Content.state, kind=Kind.BADGE, badges=words.STATES),
        Column(key="found", title=_l("Found by the scan"), at=FOUND, kind=Kind.COUNT),
        Column(key="blocked", title=_l("Forbidden phrases"), at=Content.blocked, kind=Kind.COUNT),
        Column(key="scanned_at", title=_l("Last scan"), at=Content.scanned_at, kind=Kind.MOMENT),
        Column(key="published_at", title=_l("Published"), at=Content.published_at, kind=Kind.MOMENT),
        Column(key="published_by", title=_l("Published by"), at=Content.published_by, kind=Kind.ACTOR, shown=False),
        Column(key="ended_at", title=_l("Taken down"), at=Content.ended_at, kind=Kind.MOMENT, shown=False),
        Column(key="made_by", title=_l("Written by"), at=Content.made_by, kind=Kind.ACTOR, shown=False),
    )
    questions = (
        OneOf(key="kind", title=_l("Kind"), at=Content.kind, choices=choices(words.KINDS)),
        OneOf(key="state", title=_l("State"), at=Content.state, choices=choices(words.STATES)),
        Days(key="published", title=_l("Published"), at=Content.published_at),
    )
    searches = (Prefix(Content.code),)

    def heading(self, row: Row[Any]) -> str:
        return _("%(title)s, version %(n)s", title=row.title, n=row.version)

    def around(self, row_id: int) -> dict[str, Any]:
        one = self.found(row_id)
        return {
            "one": one, "versions": queries.versions(one.code), "weights": words.WEIGHTS, "states": words.STATES,
            "reasons": words.REASONS, "palettes": words.PALETTES,
        }  # fmt: skip

    @expose("/new", methods=["GET", "POST"])
    @permits("content.write")
    def new(self) -> Any:
        """Write a version; what was typed stays when it is refused."""
        known = self.get_one(request.args.get("of", "")) if request.args.get("of") else None
        return self._written() if request.method == "POST" else self._form(known)

    def _form(self, known: Content | None, problem: str = "") -> Any:
        typed = dict(request.form) or _typed(known)
        return self.render(
            "growth/content_form.html", problem=problem, typed=typed, known=known, palettes=words.PALETTES,
            lengths=rules.BODY_LENGTH,
        )  # fmt: skip

    def _written(self) -> Any:
        form = request.form
        kind = Sort.POSTER if form.get("kind") == Sort.POSTER else Sort.SCRIPT
        draft = Draft(
            kind=kind, code=form.get("code", "").strip(), title=form.get("title", ""), body=form.get("body", ""),
            palette=form.get("palette", rules.PALETTES[0]),
        )  # fmt: skip
        try:
            with acting(actor(action="content.write")), transaction():
                made = operations.write(draft=draft, at=formatting.now(), by=f"staff:{staff_id()}")
                target, is_clean = self.address("detail", row_id=made.id), not made.blocked
        except DomainError as refusal:
            return self._form(None, str(refusal)), 422
        if is_clean:
            flash(_("Written and scanned clean."), "done")
        else:
            flash(_("Written; the scan found what may not go out. See below."), "refused")
        return redirect(target)

    @expose("/<int:row_id>/publish", methods=["POST"])
    @permits("content.publish")
    def publish(self, row_id: int) -> Response:
        """Let members have it."""
        self.found(row_id)
        return self.perform(
            operations.publish, content_id=row_id, is_reviewer=allowed("content.review"), at=formatting.now(),
            by=f"staff:{staff_id()}", done=_("Published: members see it from now on."),
        )  # fmt: skip

    @expose("/<int:row_id>/retire", methods=["POST"])
    @permits("content.publish")
    def retire(self, row_id: int) -> Response:
        """Take it down."""
        self.found(row_id)
        why = self.reason("content.retire")
        return self.perform(
            operations.retire, content_id=row_id, why=why, at=formatting.now(), reason=why, done=_("Taken down.")
        )

    @expose("/<int:row_id>/scan", methods=["POST"])
    @permits("content.write")
    def scan(self, row_id: int) -> Response:
        """Hold it against the list once more."""
        self.found(row_id)
        return self.perform(operations.scan, content_id=row_id, at=formatting.now(), done=_("Scanned anew."))

    @expose("/<int:row_id>/picture")
    @permits("growth.view")
    def picture(self, row_id: int) -> Response:
        """A poster as it would look, with a sample's name and code."""
        one = self.found(row_id)
        drawn = poster.render(
            poster.Poster(
                name=_("Sample"), slogan=one.body, palette=one.design.get("palette", rules.PALETTES[0]),
                code=poster.sample(),
            )
        )  # fmt: skip
        return Response(drawn, mimetype="image/png", headers={"Cache-Control": "private, no-cache"})


def _typed(known: Content | None) -> dict[str, str]:
    if known is None:
        return {"kind": Sort.SCRIPT, "palette": rules.PALETTES[0]}
    palette = known.design.get("palette", rules.PALETTES[0])
    return {"kind": known.kind, "code": known.code, "title": known.title, "body": known.body, "palette": palette}
