"""How quantity, price, amount, payment and refund of a row agree."""

from typing import NamedTuple

from models.rules.importing.columns import Finding
from models.rules.importing.layout import TITLES, Field, Layout, Paid
from models.rules.importing.moments import Moment
from models.rules.importing.values import Kind, yuan


class Amounts(NamedTuple):
    """What the row says, in pieces and fen; None where it says nothing."""

    quantity: int | None
    unit_price_fen: int | None
    amount_fen: int | None
    paid_fen: int | None
    refund_fen: int | None


class Money(NamedTuple):
    """What the row means: placed, paid before refunds (0 when unpaid), refunded, and when it was paid."""

    placed_fen: int
    paid_fen: int
    refund_fen: int
    paid: Moment | None


_NOTHING = Money(0, 0, 0, None)


class Settlement:
    """Reads the amounts of a row under one layout."""

    def __init__(self, layout: Layout) -> None:
        self._names = layout.columns
        self._meaning = layout.paid
        self._exact = layout.exact_amount
        self._dated = Field.PAID_AT in layout.columns
        self._has_paid = Field.PAID in layout.columns

    def __call__(self, row: Amounts, ordered: Moment | None, paid: Moment | None, found: list[Finding]) -> Money:
        """The money of a row; a contradiction is added to ``found``."""
        placed = self._placed(row, found)
        if placed is None or ordered is None:
            return _NOTHING
        refund = row.refund_fen or 0
        if self._meaning is Paid.PLACED:
            gross, moment = placed, paid if self._dated else ordered
        else:
            gross = (row.paid_fen or 0) + (refund if self._meaning is Paid.NET else 0)
            moment = paid if self._dated else (ordered if gross else None)
        if moment is None:
            if gross and self._meaning is not Paid.PLACED or refund:
                found.append(self._said(Field.PAID_AT, "", "paid_without_time", "有支付或退款金额，却没有付款时间"))
            return Money(placed, 0, 0, None)
        self._check(row, ordered, moment, gross, found)
        return Money(placed, gross, refund, moment)

    def _check(self, row: Amounts, ordered: Moment, paid: Moment, gross: int, found: list[Finding]) -> None:
        if self._has_paid and row.paid_fen is None:
            found.append(self._said(Field.PAID, "", "missing", "已付款的订单缺少实付金额，请补全后重新上传"))
        elif (row.refund_fen or 0) > gross:
            shown = yuan(row.refund_fen or 0)
            found.append(self._said(Field.REFUND, shown, "refund_over_paid", f"退款大于实付 {yuan(gross)} 元，请核对"))
        if paid.on < ordered.on:
            found.append(self._said(Field.PAID_AT, str(paid.on), "paid_before_order", "付款早于下单，请核对"))

    def _placed(self, row: Amounts, found: list[Finding]) -> int | None:
        quantity, price = row.quantity, row.unit_price_fen
        if row.amount_fen is None:
            if quantity is not None and price is not None and Field.AMOUNT not in self._names:
                return quantity * price
            if not any(one.kind is Kind.REFUSED for one in found):
                found.append(self._said(Field.AMOUNT, "", "missing", "缺少金额，请补全后重新上传"))
            return None
        if self._exact and quantity is not None and price is not None and quantity * price != row.amount_fen:
            reason = f"金额不等于数量 × 单价（{quantity} × {yuan(price)} = {yuan(quantity * price)}），请核对"
            found.append(self._said(Field.AMOUNT, yuan(row.amount_fen), "amount_differs", reason))
        return row.amount_fen

    def _said(self, field: Field, value: str, code: str, reason: str) -> Finding:
        return Finding(self._names.get(field, TITLES[field]), value, None, Kind.REFUSED, code, reason)
