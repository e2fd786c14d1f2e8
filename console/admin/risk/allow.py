"""放行名单: households, dormitories, offices and pickup points whose sharing means nothing, until a day."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask import abort, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, staff_id
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import Days, OneOf
from console.admin.risk.words import LISTED
from console.auth import permits
from models import RiskAllow
from models.operations import risk_allow as operations
from models.rules.blind import SIZE

STATES = {"open": Badge(_l("lets pass"), Tone.GOOD), "expired": Badge(_l("run out")), "ended": Badge(_l("ended"))}
STATE = sa.case((RiskAllow.ended_at.is_not(None), "ended"), (RiskAllow.until <= sa.func.now(), "expired"), else_="open")
DAYS = (7, 30, 90, 180, 366)


def _digest(row: Row[Any]) -> Markup:
    return Markup("<code>{}…</code>").format(bytes(row.digest).hex()[:12])


class AllowView(ReadView):
    """One row an entry; what it names is kept as a digest alone."""

    title = _l("Allow-lists")
    section = "risk"
    slug = "risk-allow"
    permission = "risk_allow.view"
    model = RiskAllow
    hint = _l("What is shared there counts for nothing. Every entry has an author, a reason and an end.")
    empty = _l("Nothing is let through yet.")
    list_template = "risk/allows.html"
    details_template = "risk/allow.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=RiskAllow.id, kind=Kind.COUNT, sort=True, link=True),
        Column(key="kind", title=_l("What is shared"), at=RiskAllow.kind, cell=lambda row: str(LISTED[row.kind])),
        Column(key="label", title=_l("Which place"), at=RiskAllow.label),
        Column(key="digest", title=_l("Fingerprint"), at=RiskAllow.digest, cell=_digest),
        Column(key="state", title=_l("State"), at=STATE, kind=Kind.BADGE, badges=STATES),
        Column(key="reason", title=_l("Reason"), at=RiskAllow.reason, kind=Kind.REASON),
        Column(key="since", title=_l("From"), at=RiskAllow.since, kind=Kind.MOMENT),
        Column(key="until", title=_l("To"), at=RiskAllow.until, kind=Kind.MOMENT),
        Column(key="made_by", title=_l("Author"), at=RiskAllow.made_by, kind=Kind.ACTOR),
        Column(key="ended_by", title=_l("Ended by"), at=RiskAllow.ended_by, kind=Kind.ACTOR, shown=False),
        Column(key="ended_at", title=_l("Ended"), at=RiskAllow.ended_at, kind=Kind.MOMENT, shown=False),
    )
    questions = (
        OneOf(key="kind", title=_l("What is shared"), at=RiskAllow.kind, choices=LISTED),
        OneOf(key="state", title=_l("State"), at=STATE, choices={key: badge.label for key, badge in STATES.items()}),
        Days(key="until", title=_l("To"), at=RiskAllow.until),
    )

    def heading(self, row: Row[Any]) -> str:
        return row.label

    def extras(self) -> dict[str, Any]:
        digest = request.args.get("digest", "")
        return {"kinds": LISTED, "terms": DAYS, "digest": digest, "kind": request.args.get("of", "ip")}

    def around(self, row_id: int) -> dict[str, Any]:
        return {"entry": self.found(row_id), "state": self.one(row_id).state}

    @expose("/", methods=["POST"])
    @permits("risk_allow.edit")
    def add(self) -> Response:
        """Put something on the list."""
        reason = self.reason("risk_allow.add")
        return self.perform(
            operations.add,
            kind=request.form.get("kind", ""),
            value=request.form.get("value", ""),
            digest=_bytes(request.form.get("digest", "")),
            label=" ".join(request.form.get("label", "").split())[:80],
            why=reason,
            days=_days(request.form.get("days", "")),
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            reason=reason,
            done=_("It is on the list from now on."),
            to=lambda made: self.address("detail", row_id=made.id),
        )

    @expose("/<int:row_id>/end", methods=["POST"])
    @permits("risk_allow.edit")
    def end(self, row_id: int) -> Response:
        """Take an entry off the list."""
        self.found(row_id)
        return self.perform(
            operations.end,
            allow_id=row_id,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            reason=self.reason("risk_allow.end"),
            done=_("It is off the list from now on."),
        )


def _bytes(text: str) -> bytes | None:
    """A fingerprint that a decision's page sends along; None where a person typed the value itself."""
    if not text:
        return None
    try:
        found = bytes.fromhex(text)
    except ValueError:
        abort(400)
    return found if len(found) == SIZE else abort(400)


def _days(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
