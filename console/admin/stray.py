"""未归属订单: orders of the shop that nobody is known to have sold, or that could not be taken in, each with why."""

from datetime import timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, staff_id
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import Days, OneOf, Prefix, Yuan
from console.admin.money.words import words
from console.auth import permits
from models import Member, StrayOrder, db
from models.operations import shop_order as operations
from models.queries import shop as queries
from models.rules import shop_order as rules

WHY = {
    "no_seller": Badge(_l("nobody known sold it"), Tone.WARN),
    "unknown_goods": Badge(_l("goods are not in the selection"), Tone.WARN),
    "refused": Badge(_l("our rules refuse it"), Tone.BAD),
}
STATES = {
    "open": Badge(_l("to be assigned"), Tone.WARN),
    "assigned": Badge(_l("assigned, being taken in"), Tone.BUSY),
    "taken": Badge(_l("taken in"), Tone.GOOD),
    "dropped": Badge(_l("none of ours"), Tone.PLAIN),
}
LATE = timedelta(minutes=15)


NAMED = {
    rules.Kind.FINDER: _l("finder"),
    rules.Kind.TALENT: _l("talent account"),
    rules.Kind.SHARER: _l("sharer"),
}


def _accounts(row: Row[Any]) -> str:
    """The accounts by which the shop names who may have sold it, the surest first."""
    told = [one.partition(":") for one in row.named.split("、") if one]
    lines = (Markup("{} <code>{}</code>").format(NAMED.get(kind, kind), account) for kind, _sep, account in told)
    return Markup("、").join(lines) or Markup('<span class="muted">–</span>')


class StrayView(ReadView):
    """未归属: who sold it is said here, with a reason; from then on it is an order like any other."""

    section = "order"
    title = _l("Unattributed")
    slug = "stray-orders"
    permission = "stray.view"
    model = StrayOrder
    hint = _l("Orders of the shop that nobody could be credited with. Nothing of them is paid out until then.")
    empty = _l("Every order of the shop has its seller.")
    search_hint = _l("Order number, from its beginning")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=StrayOrder.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="number", title=_l("Order number"), at=StrayOrder.number, kind=Kind.CODE, link=True),
        Column(key="why", title=_l("Why it waits"), at=StrayOrder.why, kind=Kind.BADGE, badges=WHY),
        Column(key="words", title=_l("Reason"), at=StrayOrder.words),
        Column(key="paid_fen", title=_l("Paid"), at=StrayOrder.paid_fen, kind=Kind.MONEY),
        Column(key="named", title=_l("Accounts the shop names"), at=StrayOrder.named, kind=Kind.CODE, cell=_accounts),
        Column(key="state", title=_l("State"), at=StrayOrder.state, kind=Kind.BADGE, badges=STATES),
        Column(key="seller", title=_l("Seller"), at=Member.code, kind=Kind.CODE),
        Column(key="found_at", title=_l("Waits since"), at=StrayOrder.found_at, kind=Kind.MOMENT),
        Column(
            key="decided_by", title=_l("Assigned or dropped by"), at=StrayOrder.decided_by, kind=Kind.ACTOR, shown=False
        ),
        Column(key="ended_at", title=_l("Ended"), at=StrayOrder.ended_at, kind=Kind.MOMENT, shown=False),
    )
    questions = (
        OneOf(key="state", title=_l("State"), at=StrayOrder.state, choices=words(STATES)),
        OneOf(key="why", title=_l("Why it waits"), at=StrayOrder.why, choices=words(WHY)),
        Days(key="found", title=_l("Waits since"), at=StrayOrder.found_at),
        Yuan(key="paid", title=_l("Paid"), at=StrayOrder.paid_fen),
    )
    searches = (Prefix(StrayOrder.number),)
    list_template = "stray/list.html"
    details_template = "stray/detail.html"

    def base(self) -> Select[Any]:
        return sa.select().select_from(StrayOrder).outerjoin(Member, Member.id == StrayOrder.seller_id)

    def heading(self, row: Row[Any]) -> str:
        return str(row.number)

    def extras(self) -> dict[str, Any]:
        at = formatting.now()
        return {"cursors": queries.cursors(), "at": at, "late": at - LATE}

    def around(self, row_id: int) -> dict[str, Any]:
        found = self.found(row_id)
        return {"found": found, "sold": rules.read(found.content), "following": self._next(row_id)}

    def _next(self, row_id: int) -> int | None:
        chosen = sa.select(StrayOrder.id).where(StrayOrder.state == "open", StrayOrder.id != row_id)
        return db.session.scalar(chosen.order_by(StrayOrder.id).limit(1))

    def _onward(self, done: StrayOrder) -> str:
        following = self._next(done.id)
        return self.address("detail", row_id=following) if following else self.address(state="open")

    @expose("/<int:row_id>/assign", methods=("POST",))
    @permits("stray.assign")
    def assign(self, row_id: int) -> Response:
        """Say who sold it; with the tick, the shop's account is that member's from now on."""
        is_bound = request.form.get("binds") == "yes"
        return self.perform(
            operations.assign_account if is_bound else operations.assign,
            stray_id=self.found(row_id).id,
            code=request.form.get("seller", ""),
            by=f"staff:{staff_id()}",
            at=formatting.now(),
            reason=self.reason("stray.assign"),
            done=_("Assigned. It is read again and taken in."),
            to=self._onward,
        )

    @expose("/<int:row_id>/retry", methods=("POST",))
    @permits("stray.assign")
    def retry(self, row_id: int) -> Response:
        """Read it again."""
        return self.perform(
            operations.retry, stray_id=self.found(row_id).id, by=f"staff:{staff_id()}", done=_("It is read again.")
        )

    @expose("/<int:row_id>/drop", methods=("POST",))
    @permits("stray.assign")
    def drop(self, row_id: int) -> Response:
        """It is none of ours."""
        return self.perform(
            operations.drop,
            stray_id=self.found(row_id).id,
            by=f"staff:{staff_id()}",
            at=formatting.now(),
            reason=self.reason("stray.drop"),
            done=_("Dropped."),
            to=self._onward,
        )
