"""待审批: what one person asked for and another decides about, told line by line."""

from datetime import timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select

from console import formatting
from console.admin.base import ReadView, Viewer, viewer
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import Days, Equals, OneOf
from console.auth import allowed, permits, require
from models import Approval, Staff, db
from models.errors import DomainError
from models.operations import approval as operations
from models.rules.approval import Line

STATES = {
    "open": Badge(_l("waits for a second person"), Tone.WARN),
    "approved": Badge(_l("approved"), Tone.GOOD),
    "refused": Badge(_l("refused"), Tone.BAD),
    "withdrawn": Badge(_l("withdrawn")),
    "expired": Badge(_l("expired")),
}
STATE = sa.case(((Approval.state == "open") & (Approval.expires_at <= sa.func.now()), "expired"), else_=Approval.state)
SEES_ALL = "audit.view"
SOON = timedelta(hours=4)


def waiting(person: Viewer) -> list[Any]:
    """The conditions of a request that this person could decide now."""
    kinds = [kind for kind, effect in operations.EFFECTS.items() if effect.permission in person.permissions]
    return [
        Approval.state == "open",
        Approval.expires_at > sa.func.now(),
        Approval.kind.in_(kinds),
        Approval.made_by != f"staff:{person.id}",
    ]


def _what(row: Row[Any]) -> str:
    return _(operations.effect_of(row.kind).title)


def _clock(row: Row[Any]) -> Markup:
    """How long the request may still be decided."""
    if row.state != "open":
        return Markup('<span class="muted">–</span>')
    left = row.expires_at - formatting.now()
    tone = "bad" if left < SOON else "plain"
    return Markup('<span class="badge {}">{}</span>').format(tone, formatting.duration(max(left.total_seconds(), 0)))


def _kinds() -> dict[str, str]:
    return {kind: _(effect.title) for kind, effect in sorted(operations.EFFECTS.items())}


class ApprovalView(ReadView):
    """待审批: the maker's request, what it does, and the decision of somebody else."""

    model = Approval
    section = "home"
    slug = "approvals"
    title = _l("Approvals")
    permission = "approval.view"
    hint = _l("What takes two people. Nobody decides what they asked for themselves; a request stands for 24 hours.")
    empty = _l("Nothing was asked for yet.")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=Approval.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="kind", title=_l("What happens"), at=Approval.kind, cell=_what, link=True),
        Column(key="state", title=_l("State"), at=STATE, kind=Kind.BADGE, badges=STATES),
        Column(key="expires_at", title=_l("Time left"), at=Approval.expires_at, kind=Kind.MOMENT, cell=_clock),
        Column(
            key="maker", title=_l("Asked for by"), at=sa.func.coalesce(Staff.name, Approval.made_by), kind=Kind.ACTOR
        ),
        Column(key="reason", title=_l("Reason"), at=Approval.reason, kind=Kind.REASON),
        Column(key="made_at", title=_l("Asked for"), at=Approval.made_at, kind=Kind.MOMENT),
        Column(key="decided_by", title=_l("Decided by"), at=Approval.decided_by, kind=Kind.ACTOR, shown=False),
        Column(key="ended_at", title=_l("Ended"), at=Approval.ended_at, kind=Kind.MOMENT, shown=False),
        Column(key="note", title=_l("Why refused"), at=Approval.note, kind=Kind.REASON, shown=False),
        Column(key="made_by", title=_l("Actor"), at=Approval.made_by, kind=Kind.ACTOR, listed=False),
    )
    questions = (
        OneOf(key="state", title=_l("State"), at=STATE, choices={key: badge.label for key, badge in STATES.items()}),
        OneOf(key="kind", title=_l("What happens"), at=Approval.kind, choices=_kinds),
        Days(key="made", title=_l("Asked for"), at=Approval.made_at),
        Equals(key="by", title=_l("Actor"), at=Approval.made_by),
    )
    list_template = "approval/list.html"
    details_template = "approval/detail.html"

    def __init__(self) -> None:
        operations.load()
        super().__init__()

    def base(self) -> Select[Any]:
        maker = Approval.made_by == sa.func.concat("staff:", Staff.id)
        return sa.select().select_from(Approval).outerjoin(Staff, maker)

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        """What one may decide, what one asked for, and everything for whoever reads the trail."""
        if SEES_ALL in viewer.permissions:
            return query
        kinds = [kind for kind, effect in operations.EFFECTS.items() if effect.permission in viewer.permissions]
        return query.where(Approval.kind.in_(kinds) | (Approval.made_by == f"staff:{viewer.id}"))

    def heading(self, row: Row[Any]) -> str:
        return f"{_what(row)} #{row.row_id}"

    def extras(self) -> dict[str, Any]:
        return {"mine": self._next()}

    def around(self, row_id: int) -> dict[str, Any]:
        asked = self.found(row_id)
        effect, person = operations.effect_of(asked.kind), viewer()
        lines, refusal = _told(effect, asked)
        is_open = asked.state == "open" and asked.expires_at > formatting.now()
        is_mine = asked.made_by == f"staff:{person.id}"
        holds = allowed(effect.permission) and allowed("approval.decide")
        return {
            "asked": asked,
            "effect": effect,
            "lines": lines,
            "refusal": refusal,
            "is_intact": operations.is_intact(asked),
            "is_open": is_open,
            "is_mine": is_mine,
            "may_decide": is_open and not is_mine and holds,
            "age": formatting.duration((formatting.now() - asked.made_at).total_seconds()),
            "states": STATES,
        }

    def _next(self) -> int | None:
        """The oldest request that waits for this person."""
        query = sa.select(Approval.id).where(*waiting(viewer())).order_by(Approval.id).limit(1)
        return db.session.scalar(query)

    def _onward(self, decided: Approval) -> str:
        """To the next request that waits for this person, or back to the list."""
        following = self._next()
        return self.address("detail", row_id=following) if following else self.address()

    @expose("/<int:row_id>/approve", methods=("POST",))
    @permits("approval.decide")
    def approve(self, row_id: int) -> Any:
        """Yes to what was shown: it happens now."""
        asked = self.found(row_id)
        return self._barred(asked) or self.perform(
            operations.approve,
            approval_id=row_id,
            digest=_digest(),
            at=formatting.now(),
            by=f"staff:{viewer().id}",
            reason=asked.reason,
            done=_("Approved. It has happened."),
            to=self._onward,
        )

    @expose("/<int:row_id>/refuse", methods=("POST",))
    @permits("approval.decide")
    def refuse(self, row_id: int) -> Any:
        """No, with a reason: nothing happens."""
        reason = self.reason("approval.refuse")
        return self._barred(self.found(row_id)) or self.perform(
            operations.refuse,
            approval_id=row_id,
            note=reason,
            at=formatting.now(),
            by=f"staff:{viewer().id}",
            reason=reason,
            done=_("Refused. Nothing happens."),
            to=self._onward,
        )

    @expose("/<int:row_id>/withdraw", methods=("POST",))
    @permits("approval.withdraw")
    def withdraw(self, row_id: int) -> Any:
        """The maker takes the request back."""
        self.found(row_id)
        return self.perform(
            operations.withdraw,
            approval_id=row_id,
            at=formatting.now(),
            by=f"staff:{viewer().id}",
            done=_("Withdrawn."),
        )

    def _barred(self, asked: Approval) -> Any:
        """The answer for a person who may not decide this kind of request, None for one who may."""
        try:
            effect = operations.effect_of(asked.kind)
        except DomainError as refusal:
            flash(str(refusal), "refused")
            return redirect(self.address())
        return require(effect.permission)


def _told(effect: operations.Effect, asked: Approval) -> tuple[list[Line], str]:
    """What will happen, and the refusal where it could not happen now."""
    try:
        return list(effect.tells(asked.payload)), ""
    except DomainError as refusal:
        return [], str(refusal)


def _digest() -> bytes:
    try:
        return bytes.fromhex(request.form.get("digest", ""))
    except ValueError:
        abort(400)
