"""Orders of the past, one row a line of an imported file."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")

# What the boards read of a row: with these in the index of its day, a month is read without touching the rows.
BOARD_COLUMNS = (
    "shop_id",
    "order_number",
    "buyer",
    "province_code",
    "city_code",
    "sales_region",
    "category_group",
    "category",
    "product_code",
    "product_name",
    "quantity",
    "paid_fen",
    "refund_fen",
)
CELL_END = "\x1f"


class LineColumns:
    """What a cleaned row of an order file says, whether still staged or already history."""

    row_number: Mapped[int]
    row_key: Mapped[str] = mapped_column(CODE)
    order_number: Mapped[str] = mapped_column(CODE)
    buyer: Mapped[str | None] = mapped_column(CODE)
    ordered_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    ordered_on: Mapped[date]
    paid_on: Mapped[date | None]
    region_code: Mapped[str | None] = mapped_column(CODE)
    province_code: Mapped[str | None] = mapped_column(CODE)
    city_code: Mapped[str | None] = mapped_column(CODE)
    region_text: Mapped[str | None]
    sales_region: Mapped[str | None]
    product_code: Mapped[str | None]
    product_name: Mapped[str | None]
    category: Mapped[str | None]
    category_group: Mapped[str | None]
    quantity: Mapped[int | None]
    unit_price_fen: Mapped[int | None]
    placed_fen: Mapped[int]
    paid_fen: Mapped[int]
    refund_fen: Mapped[int]


class HistoryLine(LineColumns, Base):
    """One imported row that counts on the boards.

    ``placed_fen`` is what was ordered, ``paid_fen`` what was paid before any refund (0 when unpaid), ``refund_fen``
    what went back. ``row_key`` is unique in a shop: the same row of any file is taken once.
    """

    __tablename__ = "history_line"
    __table_args__ = (
        sa.UniqueConstraint("shop_id", "row_key"),
        sa.CheckConstraint("refund_fen BETWEEN 0 AND paid_fen", name="refund"),
        sa.CheckConstraint("(paid_at IS NULL) = (paid_on IS NULL)", name="paid"),
        sa.CheckConstraint("placed_fen >= 0 AND quantity > 0", name="amounts"),
        sa.Index(None, "ordered_at", "id"),
        sa.Index(None, "paid_on", postgresql_include=BOARD_COLUMNS),
        sa.Index(None, "order_number", "id"),
        sa.Index(None, "buyer", "ordered_at", "id"),
        sa.Index(None, "shop_id", "ordered_at", "id"),
        sa.Index(None, "import_id", "ordered_at", "id"),
        sa.Index(None, "import_id", "row_number"),
        sa.Index(None, "category", "ordered_at", "id"),
        sa.Index(None, "province_code", "paid_on"),
        sa.Index("ix_history_line_unpaid", "ordered_at", "id", postgresql_where=sa.text("paid_at IS NULL")),
        sa.Index("ix_history_line_refunded", "ordered_at", "id", postgresql_where=sa.text("refund_fen > 0")),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    import_id: Mapped[int] = mapped_column(sa.ForeignKey("import_run.id"))
    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shop.id"))


class StagedLine(LineColumns, Base):
    """A cleaned row that waits for its import to be published."""

    __tablename__ = "staged_line"

    import_id: Mapped[int] = mapped_column(sa.ForeignKey("import_run.id"), primary_key=True)
    row_number: Mapped[int] = mapped_column(primary_key=True)


class RawLine(Base):
    """A row as the file had it, kept as long as its import lives: what a doubted figure is checked against.

    ``cells`` is one text, its cells parted by `CELL_END`: four times as fast to write as an array.
    """

    __tablename__ = "raw_line"

    import_id: Mapped[int] = mapped_column(sa.ForeignKey("import_run.id"), primary_key=True)
    row_number: Mapped[int] = mapped_column(primary_key=True)
    cells: Mapped[str]

    @property
    def values(self) -> list[str]:
        return self.cells.split(CELL_END)
