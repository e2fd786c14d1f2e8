"""每周换新: what the figures propose to drop and to add, decided one by one or in bulk, carried out by a job."""

from typing import Any

import sqlalchemy as sa
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import Batch, ReadView, Viewer, peers, staff_id
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import Contains, Days, OneOf, Prefix
from console.admin.listing import PRODUCT, PRODUCT_ID, of_merchant
from console.auth import permits
from models import CurationProposal, Merchant, Product
from models.operations import curation as operations
from models.rules.curation import DROP_CONVERSION_BPS, ProposalState
from models.rules.curation import Kind as Proposed

KINDS = {
    Proposed.DROP.value: Badge(_l("drop"), Tone.WARN),
    Proposed.ADD.value: Badge(_l("add"), Tone.GOOD),
}
STATES = {
    ProposalState.PROPOSED.value: Badge(_l("to decide"), Tone.BUSY),
    ProposalState.APPROVED.value: Badge(_l("approved"), Tone.GOOD),
    ProposalState.REFUSED.value: Badge(_l("turned down"), Tone.BAD),
    ProposalState.APPLIED.value: Badge(_l("carried out"), Tone.GOOD),
}


def grounds(row: Row[Any]) -> str:
    """The figures a proposal rests on, in words."""
    found = row.evidence
    if row.kind == Proposed.DROP:
        return _(
            "%(orders)s orders in %(days)s days in windows, %(rate)s; the line is %(line)s",
            orders=formatting.count(found["own_orders_30"]),
            days=formatting.count(found["window_days_30"]),
            rate=formatting.bps(found["conversion_bps"]),
            line=formatting.bps(DROP_CONVERSION_BPS),
        )
    return _(
        "%(orders)s orders, %(sales)s in 30 days; repurchase %(repurchase)s, refunds %(refunds)s, margin %(margin)s",
        orders=formatting.count(found["orders_30"]),
        sales=formatting.yuan(found["sales_30_fen"]),
        repurchase=formatting.bps(found["repurchase_bps"]),
        refunds=formatting.bps(found["refund_bps"]),
        margin=formatting.yuan(found["margin_fen"]),
    )


class RefreshView(ReadView):
    """每周换新: proposals with their evidence; approved ones are carried out by a job."""

    title = _l("Weekly refresh")
    section = "product"
    slug = "weekly-refresh"
    permission = "curation.view"
    model = CurationProposal
    hint = _l("Proposed every Monday at 06:00 from the figures of the board. Nothing happens before somebody approves.")
    empty = _l("No proposal yet. They are made every Monday at 06:00.")
    search_hint = _l("Code from its beginning, or any part of the title")
    columns = (
        Column(key="id", title=_l("Number"), at=CurationProposal.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="week", title=_l("Week"), at=CurationProposal.week, kind=Kind.DAY),
        Column(key="kind", title=_l("Proposal"), at=CurationProposal.kind, kind=Kind.BADGE, badges=KINDS),
        PRODUCT,
        Column(key="merchant", title=_l("Merchant"), at=Merchant.name),
        Column(key="evidence", title=_l("Because"), at=CurationProposal.evidence, cell=grounds),
        Column(key="state", title=_l("State"), at=CurationProposal.state, kind=Kind.BADGE, badges=STATES),
        Column(key="reason", title=_l("Reason"), at=CurationProposal.reason, kind=Kind.REASON),
        Column(key="decided_at", title=_l("Decided"), at=CurationProposal.decided_at, kind=Kind.MOMENT, shown=False),
        Column(key="decided_by", title=_l("Decided by"), at=CurationProposal.decided_by, kind=Kind.ACTOR, shown=False),
        Column(key="applied_at", title=_l("Carried out"), at=CurationProposal.applied_at, kind=Kind.MOMENT,
               shown=False),
        PRODUCT_ID,
    )  # fmt: skip
    questions = (
        OneOf(key="state", title=_l("State"), at=CurationProposal.state,
              choices={key: badge.label for key, badge in STATES.items()}),
        OneOf(key="kind", title=_l("Proposal"), at=CurationProposal.kind,
              choices={key: badge.label for key, badge in KINDS.items()}),
        Days(key="week", title=_l("Week"), at=CurationProposal.week),
    )  # fmt: skip
    searches = (Prefix(Product.code), Contains(Product.title))
    batches = (
        Batch("approve", _l("Approve"), "curation.decide", "curation.approve", "curation.approve"),
        Batch("refuse", _l("Turn down"), "curation.decide", "curation.refuse", "curation.refuse"),
    )
    details_template = "product/proposal.html"

    def base(self) -> Select[Any]:
        joined = sa.select().select_from(CurationProposal).join(Product, Product.id == CurationProposal.product_id)
        return joined.join(Merchant, Merchant.id == Product.merchant_id)

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return of_merchant(query, viewer)

    def rows(self, viewer: Viewer, columns: tuple[Column, ...]) -> Select[Any]:
        """The kind and the product's number stand beside, for the words and the links."""
        keys = {column.key for column in columns}
        beside = tuple(one for one in self.columns if one.key in ("kind", "product_id") and one.key not in keys)
        return super().rows(viewer, (*columns, *beside))

    def heading(self, row: Row[Any]) -> str:
        return str(row.title)

    def around(self, row_id: int) -> dict[str, Any]:
        return {"proposal": self.found(row_id), "peers": peers()}

    @expose("/<int:row_id>/approve", methods=["POST"])
    @permits("curation.decide")
    def approve(self, row_id: int) -> Response:
        """Let it happen."""
        self.found(row_id)
        return self.perform(
            operations.approve, proposal_id=row_id, at=formatting.now(), by=f"staff:{staff_id()}",
            reason="as_proposed", done=_("Approved; it is carried out in the background."),
        )  # fmt: skip

    @expose("/<int:row_id>/refuse", methods=["POST"])
    @permits("curation.decide")
    def refuse(self, row_id: int) -> Response:
        """Turn it down, with a reason."""
        self.found(row_id)
        why = self.reason("curation.refuse")
        return self.perform(
            operations.refuse, proposal_id=row_id, why=why, at=formatting.now(), by=f"staff:{staff_id()}", reason=why,
            done=_("Turned down."),
        )  # fmt: skip
