"""代扣个税: what was withheld of each member's month, with the cumulation shown, to be filed by the 15th."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import request
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Row, Select

from console import formatting
from console.admin.base import ReadView, Viewer
from console.admin.columns import Column, Kind, member_link
from console.admin.filters import Equals, OneOf, Prefix
from console.admin.money.withdrawal import STATES
from models import Member, Person, Withdrawal
from models.operations import withdrawal as operations
from models.queries import policy as policies
from models.queries import tax as queries
from models.rules import tax
from models.rules.tax import Month

WORKED = queries.WORKED.c
FILED_BY_DAY = 15


@dataclass(frozen=True, kw_only=True)
class OfMonth(OneOf):
    """Of these months, each told by its first day."""

    def where(self, value: list[str]) -> ColumnElement[bool]:
        return self.at.in_([date.fromisoformat(one) for one in value])


def _months() -> dict[str, str]:
    return {str(month): f"{month:%Y-%m}" for month in queries.months(today=formatting.today())}


class TaxView(ReadView):
    """代扣个税: one row a member and month; what came back counts for nothing."""

    section = "money"
    title = _l("Tax withheld by month")
    slug = "taxes"
    permission = "tax.view"
    model = Withdrawal
    hint = _l("Cumulative withholding: the months of a run add up; a month without withdrawals begins a new run.")
    empty = _l("Nothing was withdrawn yet.")
    search_hint = _l("Member code, from its beginning")
    list_template = "money/taxes.html"
    details_template = "money/tax.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=Withdrawal.id, kind=Kind.CODE, sort=True, link=True),
        Column(key="month", title=_l("Month"), at=Withdrawal.month, kind=Kind.DAY),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="name", title=_l("Real name"), at=Person.real_name, kind=Kind.NAME),
        Column(key="number", title=_l("Withdrawals"), at=WORKED.number, kind=Kind.COUNT),
        Column(key="gross", title=_l("Income of the month"), at=WORKED.month_fen, kind=Kind.MONEY),
        Column(key="tax", title=_l("Withheld in the month"), at=WORKED.month_tax_fen, kind=Kind.MONEY),
        Column(key="months", title=_l("Months of the run"), at=WORKED.months, kind=Kind.COUNT),
        Column(key="income", title=_l("Income of the run"), at=WORKED.income_fen, kind=Kind.MONEY),
        Column(key="counted", title=_l("Four fifths of it"), at=WORKED.counted_fen, kind=Kind.MONEY, shown=False),
        Column(key="allowance", title=_l("Let off"), at=WORKED.allowance_fen, kind=Kind.MONEY),
        Column(key="taxable", title=_l("Taxable"), at=WORKED.taxable_fen, kind=Kind.MONEY),
        Column(key="percent", title=_l("Rate in percent"), at=WORKED.percent, kind=Kind.COUNT),
        Column(key="quick", title=_l("Quick deduction"), at=WORKED.quick_fen, kind=Kind.MONEY),
        Column(key="due", title=_l("Due of the run"), at=WORKED.due_fen, kind=Kind.MONEY),
        Column(key="withheld", title=_l("Withheld of the run"), at=WORKED.withheld_fen, kind=Kind.MONEY),
        Column(
            key="over",
            title=_l("Withheld beyond what is due"),
            at=WORKED.withheld_fen - WORKED.due_fen,
            kind=Kind.MONEY,
            help=_l("Above zero after a withdrawal came back: it waits for the annual settling."),
        ),
    )
    questions = (
        OfMonth(key="month", title=_l("Month"), at=Withdrawal.month, choices=_months),
        Equals(key="member", title=_l("Member"), at=Member.code),
    )
    searches = (Prefix(Member.code),)

    def base(self) -> Select[Any]:
        joined = sa.select().select_from(Withdrawal).join(Member, Member.id == Withdrawal.member_id)
        return joined.outerjoin(Person, Person.member_id == Member.id).where(queries.LAST)

    def rows(self, viewer: Viewer, columns: tuple[Column, ...]) -> Select[Any]:
        """The cumulation is worked out for the rows of a page alone, not for their count."""
        chosen = [column.at.label(column.key) for column in columns]
        worked = self.base().join(queries.WORKED, sa.true())
        return self.scope(worked, viewer).add_columns(Withdrawal.id.label("row_id"), *chosen)

    def heading(self, row: Row[Any]) -> str:
        return f"{row.member} · {row.month:%Y-%m}"

    def extras(self) -> dict[str, Any]:
        asked = request.args.get("month", "")
        month = date.fromisoformat(asked) if asked in _months() else formatting.today().replace(day=1)
        after = (month + timedelta(days=31)).replace(day=1)
        before = (month - timedelta(days=1)).replace(day=1)
        return {
            "month": month,
            "sums": queries.total(month),
            "before": queries.total(before),
            "filed_by": after.replace(day=FILED_BY_DAY),
        }

    def around(self, row_id: int) -> dict[str, Any]:
        last = self.found(row_id)
        found = queries.of_month(last.member_id, last.month)
        steps = [(one, _working(one)) for one in found if one.month == last.month]
        return {"last": last, "year": found, "steps": steps, "states": STATES, "back": operations.BACK}


def _working(one: Withdrawal) -> tax.Working:
    """How the tax of one withdrawal came about, by the method in force when it was asked for."""
    _version, policy = policies.in_force(one.requested_at)
    return tax.working(
        amount_fen=one.amount_fen,
        month=Month(one.month.year, one.month.month),
        paid=operations.paid(one.member_id, before=one.id),
        method=policy.tax_method,
    )
