"""对账: a row a Shanghai day, both sides beside each other; any number leads to its rows."""

from datetime import date, timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import abort, redirect
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView
from console.admin.columns import Column, Kind
from console.admin.filters import Days
from console.admin.reconciliation import words as named
from console.auth import permits
from models import Difference, Reckoning, db
from models.operations import reckoning as operations
from models.queries import reckoning as queries

OPEN = (
    sa.select(sa.func.count()).where(Difference.day == Reckoning.day, Difference.state == "open")
    .correlate(Reckoning).scalar_subquery()
)  # fmt: skip


def _pair(ours: str, theirs: str) -> Any:
    """A cell with our sum and the channel's, and whether they agree."""

    def cell(row: Row[Any]) -> Markup:
        mine, other = row._mapping[ours], row._mapping[theirs]
        if other is None:
            return Markup('<span class="num">{}</span> <span class="muted">{}</span>').format(
                formatting.yuan(mine), _("no statement")
            )
        tone, sign = ("good", "=") if mine == other else ("bad", "≠")
        return Markup(
            '<span class="num">{}</span> <span class="badge {}">{}</span> <span class="num">{}</span>'
        ).format(formatting.yuan(mine), tone, sign, formatting.yuan(other))

    return cell


def _open(row: Row[Any]) -> Markup:
    if not row.open:
        return Markup('<span class="badge good">{}</span>').format(_("no difference"))
    return Markup('<span class="badge bad">{}</span>').format(row.open)


class ReckoningView(ReadView):
    """对账: each day's totals of both sides, and how many differences are left."""

    section = "money"
    title = _l("Reconciliation")
    slug = "reconciliation"
    permission = "reconciliation.view"
    model = Reckoning
    order = "-day"
    hint = _l(
        "Our books on the left, the channel's statement on the right. A day is reckoned again when more comes in."
    )
    empty = _l("No day was reckoned yet: statements are fetched after ten, or upload one.")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="day", title=_l("Day"), at=Reckoning.day, kind=Kind.DAY, sort=True, link=True),
        Column(key="open", title=_l("To be cleared"), at=OPEN, kind=Kind.COUNT, cell=_open),
        Column(
            key="payouts_fen", title=_l("Transfers, ours and theirs"), at=Reckoning.payouts_fen, kind=Kind.MONEY,
            cell=_pair("payouts_fen", "channel_payouts_fen"),
        ),
        Column(
            key="payments_fen", title=_l("Payments, ours and theirs"), at=Reckoning.payments_fen, kind=Kind.MONEY,
            cell=_pair("payments_fen", "channel_payments_fen"),
        ),
        Column(
            key="refunds_fen", title=_l("Refunds, ours and theirs"), at=Reckoning.refunds_fen, kind=Kind.MONEY,
            cell=_pair("refunds_fen", "channel_refunds_fen"),
        ),
        Column(
            key="custody_fen", title=_l("Balance, ours and theirs"), at=Reckoning.custody_fen, kind=Kind.MONEY,
            cell=_pair("custody_fen", "channel_fen"),
        ),
        Column(key="at", title=_l("Reckoned at"), at=Reckoning.at, kind=Kind.MOMENT),
        Column(key="runs", title=_l("Times"), at=Reckoning.runs, kind=Kind.COUNT, shown=False),
        Column(key="id", title=_l("Number"), at=Reckoning.id, kind=Kind.CODE, sort=True, shown=False),
    )  # fmt: skip
    questions = (Days(key="day", title=_l("Day"), at=Reckoning.day),)
    list_template = "reconciliation/days.html"
    details_template = "reconciliation/day.html"

    def rows(self, viewer: Any, columns: tuple[Column, ...]) -> sa.Select[Any]:
        """Both sides of every pair are read, whichever column shows them."""
        theirs = ("channel_payouts_fen", "channel_payments_fen", "channel_refunds_fen", "channel_fen")
        return super().rows(viewer, columns).add_columns(*(getattr(Reckoning, name).label(name) for name in theirs))

    def heading(self, row: Row[Any]) -> str:
        return row.day.isoformat()

    def extras(self) -> dict[str, Any]:
        counts = dict(
            db.session.execute(
                sa.select(Difference.kind, sa.func.count()).where(Difference.state == "open").group_by(Difference.kind)
            ).all()
        )
        return {"counts": counts, "kinds": named.KINDS}

    def around(self, row_id: int) -> dict[str, Any]:
        found = self.found(row_id)
        differences = db.session.scalars(
            sa.select(Difference).where(Difference.day == found.day)
            .order_by(sa.case((Difference.state == "open", 0), else_=1), Difference.id).limit(50)
        ).all()  # fmt: skip
        earlier = queries.before(found.day)
        return {
            "found": found,
            "differences": differences,
            "statements": queries.statements(found.day),
            "missing": sorted({"TRADE", "BASIC", "OPERATION"} - queries.covered(found.day)),
            "earlier": earlier,
            "named": named,
        }

    @expose("/on/<day>")
    @permits("reconciliation.view")
    def by_day(self, day: str) -> Response:
        """The page of a day by its date."""
        try:
            wanted = date.fromisoformat(day)
        except ValueError:
            abort(404)
        row_id = db.session.scalar(sa.select(Reckoning.id).where(Reckoning.day == wanted))
        return redirect(self.address("detail", row_id=row_id) if row_id else self.address(day_from=day, day_to=day))

    @expose("/again", methods=("POST",))
    @permits("reconciliation.run")
    def again(self) -> Response:
        """Reckon yesterday now."""
        yesterday = formatting.today() - timedelta(days=1)
        return self.perform(operations.reckon, day=yesterday, at=formatting.now(), done=_("Reckoned."))

    @expose("/<int:row_id>/again", methods=("POST",))
    @permits("reconciliation.run")
    def day_again(self, row_id: int) -> Response:
        """Reckon one day again now."""
        return self.perform(
            operations.reckon, day=self.found(row_id).day, at=formatting.now(), done=_("Reckoned.")
        )  # fmt: skip
