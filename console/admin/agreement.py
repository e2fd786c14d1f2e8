"""协议: versions of the distribution agreement, and who accepted which, when and from where."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView
from console.admin.columns import Column, Kind, member_link
from console.admin.filters import Days, Equals, OneOf, Prefix
from console.auth import actor, permits
from models import Agreement, Consent, Member, acting, db, transaction
from models.errors import DomainError
from models.operations import agreement as operations
from models.queries import agreement as queries

CONSENTS = sa.select(sa.func.count()).where(Consent.agreement_id == Agreement.id).correlate(Agreement).scalar_subquery()


def _versions() -> dict[str, str]:
    found = db.session.execute(sa.select(Agreement.id, Agreement.version).order_by(Agreement.id.desc()).limit(50))
    return {str(row.id): row.version for row in found}


class AgreementView(ReadView):
    """协议: each version with its text and its digest."""

    model = Agreement
    section = "compliance"
    title = _l("Agreements")
    slug = "agreements"
    permission = "agreement.view"
    hint = _l("A published text never changes. A new version is accepted again before the next earning action.")
    empty = _l("No agreement is published: nobody can register.")
    list_template = "agreement/list.html"
    details_template = "agreement/detail.html"

    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=Agreement.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="version", title=_l("Version"), at=Agreement.version, kind=Kind.CODE, link=True),
        Column(key="effective_at", title=_l("In force from"), at=Agreement.effective_at, kind=Kind.MOMENT),
        Column(key="consents", title=_l("Accepted by"), at=CONSENTS, kind=Kind.COUNT),
        Column(key="sha256", title=_l("SHA-256 of the text"), at=Agreement.sha256, kind=Kind.CODE),
    )

    def heading(self, row: Row[Any]) -> str:
        return _("Agreement %(version)s", version=row.version)

    def extras(self) -> dict[str, Any]:
        found = queries.current(formatting.now())
        return {"current": found}

    def around(self, row_id: int) -> dict[str, Any]:
        found = queries.current(formatting.now())
        return {"one": self.found(row_id), "is_current": found is not None and found.id == row_id}

    @expose("/new", methods=["GET", "POST"])
    @permits("agreement.publish")
    def new(self) -> Any:
        """Publish a version; what was typed stays when it is refused."""
        if request.method == "POST":
            return self._publish()
        return self._form()

    def _form(self, problem: str = "") -> Any:
        tomorrow = formatting.today() + timedelta(days=1)
        return self.render("agreement/form.html", problem=problem, tomorrow=tomorrow.isoformat())

    def _publish(self) -> Any:
        day = _day(request.form.get("effective", ""))
        if day is None or day < formatting.now():
            return self._form(_("Choose a day from tomorrow on: nobody is bound backwards."))
        text = request.form.get("text", "").replace("\r\n", "\n").strip()
        try:
            with acting(actor(action="agreement.publish")), transaction():
                made = operations.publish(version=request.form.get("version", "").strip(), text=text, effective_at=day)
                target = self.address("detail", row_id=made.id)
        except DomainError as refusal:
            return self._form(str(refusal))
        flash(_("Published; it is asked for from its day."), "done")
        return redirect(target)

    @expose("/<int:row_id>/text")
    @permits("agreement.view")
    def text(self, row_id: int) -> Response:
        """The text as it is hashed."""
        one = self.found(row_id)
        headers = {"Content-Disposition": f'attachment; filename="agreement-{one.id}.txt"'}
        return Response(one.text, content_type="text/plain; charset=utf-8", headers=headers)


def _day(text: str) -> datetime | None:
    try:
        return formatting.day_start(datetime.fromisoformat(text).date())
    except (ValueError, OverflowError):
        return None


class ConsentView(ReadView):
    """同意记录: the evidence of each acceptance."""

    model = Consent
    section = "compliance"
    title = _l("Consents")
    slug = "consents"
    permission = "agreement.view"
    hint = _l("Who accepted which text, when, from which address and with what. Never changed.")
    empty = _l("Nobody has accepted an agreement yet.")
    search_hint = _l("Member, from the beginning of the code")
    has_detail = False

    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=Consent.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="version", title=_l("Version"), at=Agreement.version, kind=Kind.CODE),
        Column(key="accepted_at", title=_l("Accepted at"), at=Consent.accepted_at, kind=Kind.MOMENT),
        Column(key="ip", title=_l("From the address"), at=Consent.ip, kind=Kind.CODE),
        Column(key="user_agent", title=_l("With"), at=Consent.user_agent),
        Column(key="sha256", title=_l("SHA-256 of the text"), at=Consent.sha256, kind=Kind.CODE, shown=False),
    )
    questions = (
        OneOf(key="agreement", title=_l("Version"), at=Consent.agreement_id, choices=_versions),
        Days(key="accepted", title=_l("Accepted at"), at=Consent.accepted_at),
        Equals(key="member", title=_l("Member"), at=Member.code),
    )
    searches = (Prefix(Member.code),)

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(Consent)
            .join(Member, Member.id == Consent.member_id)
            .join(Agreement, Agreement.id == Consent.agreement_id)
        )
