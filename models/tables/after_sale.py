"""After-sales: what buyers ask for once they have paid."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class AfterSale(Base):
    """A buyer's case about an order, one open at a time; while it is open the order's pending shares stay pending."""

    __tablename__ = "after_sale"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('no_reason', 'quality', 'wrong_goods', 'not_received')", name="kind"),
        sa.CheckConstraint("state IN ('opened', 'accepted', 'refused', 'closed')", name="state"),
        sa.CheckConstraint("(state IN ('refused', 'closed')) = (ended_at IS NOT NULL)", name="ended"),
        sa.CheckConstraint("kind <> 'no_reason' OR state <> 'refused'", name="right_of_return"),
        sa.Index("uq_after_sale_open", "order_id", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
        sa.Index(None, "state", "id"),
        sa.Index(None, "order_id", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("shop_order.id"))
    kind: Mapped[str]
    reason: Mapped[str]
    state: Mapped[str]
    opened_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    goods_back_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")
