"""冻结核对: every order on hold with the case that keeps it; one without a case is an error to be mended (R5)."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select

from console.admin.base import ReadView, peers
from console.admin.columns import Badge, Column, Kind, Tone, member_link, order_link
from console.admin.filters import Equals, OneOf, Prefix
from models import Case, CaseHold, Member, Order
from models.queries import case as queries

HELD = queries.held_fen()
KEPT = sa.case((Case.id.is_(None), "orphan"), else_="kept")
KEEPING = {
    "kept": Badge(_l("kept by a case"), Tone.GOOD),
    "orphan": Badge(_l("without a case"), Tone.BAD),
}


def _case(row: Row[Any]) -> Markup:
    """The case that keeps the order."""
    if row.case_id is None:
        return Markup('<span class="muted">–</span>')
    page = peers().get("cases")
    if page is None:
        return Markup("<code>{}</code>").format(row.case_id)
    return Markup('<a href="{}"><code>{}</code></a>').format(page.address("detail", row_id=row.case_id), row.case_id)


class HeldView(ReadView):
    """冻结核对: what is on hold, and why it may be."""

    model = Order
    section = "risk"
    title = _l("Money on hold")
    slug = "held"
    permission = "case.view"
    hint = _l("Each held fen belongs to exactly one open case. A hold without a case must not be: open one for it.")
    empty = _l("No order is on hold.")
    search_hint = _l("Order number, from its beginning")
    has_detail = False
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=Order.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="number", title=_l("Order number"), at=Order.number, kind=Kind.CODE, cell=order_link),
        Column(key="seller", title=_l("Seller"), at=Member.code, kind=Kind.CODE, cell=member_link("seller")),
        Column(key="held_fen", title=_l("On hold"), at=HELD, kind=Kind.MONEY),
        Column(key="kept", title=_l("Keeper"), at=KEPT, kind=Kind.BADGE, badges=KEEPING),
        Column(key="case_id", title=_l("Case no."), at=Case.id, kind=Kind.COUNT, cell=_case),
        Column(key="since", title=_l("Since"), at=CaseHold.since, kind=Kind.MOMENT),
    )
    questions = (
        OneOf(key="kept", title=_l("Keeper"), at=KEPT, choices={key: badge.label for key, badge in KEEPING.items()}),
        Equals(key="seller", title=_l("Seller"), at=Member.code),
    )
    searches = (Prefix(Order.number),)

    def base(self) -> Select[Any]:
        keeper = sa.and_(CaseHold.order_id == Order.id, CaseHold.is_keeper)
        joined = sa.select().select_from(Order).join(Member, Member.id == Order.seller_id).outerjoin(CaseHold, keeper)
        joined = joined.outerjoin(Case, sa.and_(Case.id == CaseHold.case_id, queries.LIVE))
        return joined.where(Order.is_held)
