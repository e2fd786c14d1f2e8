"""通知: what members were told, what became of the messages beside it, and the words of each kind."""

from datetime import timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, SecureView, staff_id
from console.admin.columns import Badge, Column, Kind, member_link
from console.admin.filters import Days, Equals, OneOf, Prefix
from console.admin.growth import words
from console.auth import actor, permits
from models import Member, Notice, NoticeDelivery, acting, transaction
from models.errors import DomainError
from models.operations import notice as operations
from models.queries import notice as queries
from models.rules import notice as rules

DAYS = 7
STATE = sa.func.coalesce(NoticeDelivery.state, "none")
KINDS = {key: Badge(title) for key, title in words.NOTICES.items()}


class NoticeView(ReadView):
    """通知: the outbox of notices with the results of their messages."""

    model = Notice
    section = "growth"
    title = _l("Notices")
    slug = "notices"
    permission = "notice.view"
    hint = _l("What members were told, each thing once, and what WeChat did with the message beside it.")
    empty = _l("Nobody was told anything yet.")
    search_hint = _l("Member, from the beginning of the code")
    list_template = "growth/notices.html"
    details_template = "growth/notice.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=Notice.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="title", title=_l("Title"), at=Notice.title, link=True),
        Column(key="kind", title=_l("Kind"), at=Notice.kind, kind=Kind.BADGE, badges=KINDS),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="body", title=_l("Text"), at=Notice.body, shown=False),
        Column(key="about", title=_l("About"), at=Notice.about, kind=Kind.CODE, shown=False),
        Column(key="made_at", title=_l("Told at"), at=Notice.made_at, kind=Kind.MOMENT, sort=True),
        Column(key="read_at", title=_l("Read at"), at=Notice.read_at, kind=Kind.MOMENT),
        Column(key="state", title=_l("Message"), at=STATE, kind=Kind.BADGE, badges=words.DELIVERIES),
        Column(key="tries", title=_l("Tries"), at=NoticeDelivery.tries, kind=Kind.COUNT, shown=False),
        Column(key="next_at", title=_l("Next try"), at=NoticeDelivery.next_at, kind=Kind.MOMENT, shown=False),
        Column(key="error", title=_l("WeChat's answer"), at=NoticeDelivery.error),
    )
    questions = (
        OneOf(key="kind", title=_l("Kind"), at=Notice.kind, choices=words.NOTICES),
        OneOf(key="state", title=_l("Message"), at=STATE,
              choices={key: one.label for key, one in words.DELIVERIES.items()}),
        Equals(key="member", title=_l("Member"), at=Member.code),
        Days(key="made", title=_l("Told at"), at=Notice.made_at),
    )  # fmt: skip
    searches = (Prefix(Member.code),)

    def base(self) -> Select[Any]:
        joined = sa.select().select_from(Notice).join(Member, Member.id == Notice.member_id)
        return joined.outerjoin(NoticeDelivery, NoticeDelivery.notice_id == Notice.id)

    def heading(self, row: Row[Any]) -> str:
        return str(row.title)

    def extras(self) -> dict[str, Any]:
        since = formatting.day_start(formatting.today() - timedelta(days=DAYS - 1))
        return {
            "results": queries.results(since),
            "before": queries.results(since - timedelta(days=DAYS), until=since),
            "deliveries": words.DELIVERIES,
            "days": DAYS,
        }

    def around(self, row_id: int) -> dict[str, Any]:
        return {"delivery": queries.delivery(row_id), "deliveries": words.DELIVERIES}

    @expose("/<int:row_id>/send", methods=["POST"])
    @permits("notice.send")
    def send(self, row_id: int) -> Response:
        """Send the message once more."""
        self.found(row_id)
        found = queries.delivery(row_id) or abort(404)
        return self.perform(
            operations.send_again, delivery_id=found.id, at=formatting.now(),
            done=_("It is sent again within half a minute."),
        )  # fmt: skip


class WordingView(SecureView):
    """通知模板: the words of each kind, and the subscription message that goes along."""

    section = "growth"
    title = _l("Notice templates")
    slug = "notice-templates"
    permission = "notice.view"

    @expose("/")
    @permits("notice.view")
    def index(self) -> Any:
        """Every kind with its words in force."""
        return self.render(
            "growth/wordings.html", kinds=rules.KINDS, titles=words.NOTICES, set_words=queries.wordings()
        )

    @expose("/<kind>", methods=["GET", "POST"])
    @permits("notice.word")
    def edit(self, kind: str) -> Any:
        """Set the words of a kind."""
        if kind not in rules.KINDS:
            abort(404)
        return self._saved(kind) if request.method == "POST" else self._form(kind)

    def _form(self, kind: str, problem: str = "") -> Any:
        found, told = queries.wording(kind), rules.kind(kind)
        typed = dict(request.form) or {
            "title": found.title if found else told.title, "body": found.body if found else told.body,
            "template_id": (found.template_id or "") if found else "",
            "fields": "\n".join(f"{name}={text}" for name, text in found.fields.items()) if found else "",
        }  # fmt: skip
        return self.render(
            "growth/wording.html", kind=kind, name=words.NOTICES[kind], values=sorted(told.values), typed=typed,
            problem=problem,
        )  # fmt: skip

    def _saved(self, kind: str) -> Any:
        form = request.form
        lines = [line.strip() for line in form.get("fields", "").splitlines() if line.strip()]
        if any("=" not in line for line in lines):
            return self._form(kind, _("Write each field of the message as name=value, one a line.")), 422
        fields = {name.strip(): text.strip() for name, _sep, text in (line.partition("=") for line in lines)}
        try:
            with acting(actor(action="notice.set_wording")), transaction():
                operations.set_wording(
                    kind=kind, title=form.get("title", ""), body=form.get("body", ""),
                    template_id=form.get("template_id", ""), fields=fields, at=formatting.now(),
                    by=f"staff:{staff_id()}",
                )  # fmt: skip
        except DomainError as refusal:
            return self._form(kind, str(refusal)), 422
        flash(_("Set: notices of this kind use these words from now on."), "done")
        return redirect(self.address("index"))
