"""分红账单: previewed, built by one person, confirmed by another, paid line by line."""

from datetime import date, timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import abort, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, staff_id
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import Equals, OneOf, Prefix
from console.admin.money.words import words
from console.auth import permits
from models import DividendBill, DividendLine, Job, Member, db
from models.operations import dividend as operations
from models.queries import dividend as queries
from models.queries import policy as policies
from models.rules import shanghai
from models.rules.standing import Rank

BILLS = {
    "built": Badge(_l("waits for the second person"), Tone.WARN),
    "confirmed": Badge(_l("confirmed, to be paid"), Tone.BUSY),
    "paid": Badge(_l("bill paid"), Tone.GOOD),
}
LINES = {
    "due": Badge(_l("to be paid"), Tone.PLAIN),
    "paid": Badge(_l("line paid"), Tone.GOOD),
    "failed": Badge(_l("line failed"), Tone.BAD),
}
RANKS: dict[str, Badge] = {
    Rank.EXPERT: Badge(_l("expert")),
    Rank.LEADER: Badge(_l("leader")),
    Rank.FOUNDER: Badge(_l("founder")),
    Rank.CENTER: Badge(_l("operation centre")),
}


def _of_lines(what: Any) -> Any:
    return sa.select(what).where(DividendLine.bill_id == DividendBill.id).correlate(DividendBill).scalar_subquery()


COUNT = _of_lines(sa.func.count())
TOTAL = sa.cast(sa.func.coalesce(_of_lines(sa.func.sum(DividendLine.amount_fen)), 0), sa.BigInteger)


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text[:7]}-01")
    except ValueError:
        abort(400)


def _by() -> str:
    return f"staff:{staff_id()}"


class BillView(ReadView):
    """分红账单: one a month; who built it never confirms it."""

    section = "money"
    title = _l("Dividend bills")
    slug = "bills"
    permission = "bill.view"
    model = DividendBill
    order = "-month"
    hint = _l("One a month: previewed, built, confirmed by a second person, paid line by line.")
    empty = _l("No bill was built yet. Begin with the preview of a month.")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(
            key="month",
            title=_l("Month"),
            at=DividendBill.month,
            kind=Kind.DAY,
            sort=True,
            link=True,
            cell=lambda row: f"{row.month:%Y-%m}",
        ),
        Column(key="state", title=_l("State"), at=DividendBill.state, kind=Kind.BADGE, badges=BILLS),
        Column(key="lines", title=_l("Lines"), at=COUNT, kind=Kind.COUNT),
        Column(key="total", title=_l("Total"), at=TOTAL, kind=Kind.MONEY),
        Column(key="built_by", title=_l("Built by"), at=DividendBill.built_by, kind=Kind.ACTOR),
        Column(key="built_at", title=_l("Built at"), at=DividendBill.built_at, kind=Kind.MOMENT),
        Column(key="confirmed_by", title=_l("Confirmed by"), at=DividendBill.confirmed_by, kind=Kind.ACTOR),
        Column(key="confirmed_at", title=_l("Confirmed at"), at=DividendBill.confirmed_at, kind=Kind.MOMENT),
        Column(key="paid_at", title=_l("Paid at the last line"), at=DividendBill.paid_at, kind=Kind.MOMENT),
    )
    questions = (OneOf(key="state", title=_l("State"), at=DividendBill.state, choices=words(BILLS)),)
    list_template = "money/bills.html"
    details_template = "money/bill.html"

    def heading(self, row: Row[Any]) -> str:
        return f"{row.month:%Y-%m}"

    def extras(self) -> dict[str, Any]:
        last = formatting.today().replace(day=1) - timedelta(days=1)
        return {"last_month": f"{last:%Y-%m}"}

    def around(self, row_id: int) -> dict[str, Any]:
        bill = self.found(row_id)
        job = sa.select(Job).where(Job.subject == f"bill:{bill.id}").order_by(Job.id.desc()).limit(1)
        states = sa.select(DividendLine.state, sa.func.count()).where(DividendLine.bill_id == bill.id)
        return {
            "bill": bill,
            "digest": queries.digest(bill.id).hex(),
            "is_mine": bill.built_by == _by(),
            "lines": db.session.execute(_line_rows(bill.id)).all(),
            "counts": {row[0]: row[1] for row in db.session.execute(states.group_by(DividendLine.state))},
            "job": db.session.scalar(job),
            "states": LINES,
            "ranks": RANKS,
        }

    @expose("/preview")
    @permits("bill.view")
    def preview(self) -> Any:
        """What a bill of a month would hold now; nothing is written."""
        month = _month(request.args.get("month", ""))
        _version, policy = policies.in_force(formatting.now())
        bounds = shanghai.month_bounds
        found = [
            *queries.corrections(bounds=bounds),
            *queries.preview(month=month, bounds=bounds, policy=policy),
        ]
        people = sa.select(Member.id, Member.code).where(Member.id.in_({line.member_id for line in found}))
        return self.render(
            "money/preview.html",
            month=month,
            lines=found,
            total=sum(line.amount_fen for line in found),
            codes={row.id: row.code for row in db.session.execute(people)},
            ranks=RANKS,
            is_over=bounds(month)[1] <= formatting.now(),
            built=db.session.scalar(sa.select(DividendBill.id).where(DividendBill.month == month)),
        )

    @expose("/build", methods=("POST",))
    @permits("bill.build")
    def build(self) -> Response:
        """Write the month's bill."""
        return self.perform(
            operations.build,
            month=_month(request.form.get("month", "")),
            bounds=shanghai.month_bounds,
            at=formatting.now(),
            by=_by(),
            reason=self.reason("bill.build"),
            done=_("The bill is built. A second person confirms it."),
            to=lambda bill: self.address("detail", row_id=bill.id),
        )

    @expose("/<int:row_id>/confirm", methods=("POST",))
    @permits("bill.confirm")
    def confirm(self, row_id: int) -> Response:
        """Vouch for the lines that were shown."""
        try:
            digest = bytes.fromhex(request.form.get("digest", ""))
        except ValueError:
            abort(400)
        return self.perform(
            operations.confirm,
            bill_id=self.found(row_id).id,
            at=formatting.now(),
            by=_by(),
            digest=digest,
            reason=self.reason("bill.confirm"),
            done=_("Confirmed. It can be paid now."),
        )

    @expose("/<int:row_id>/pay", methods=("POST",))
    @permits("bill.pay")
    def pay(self, row_id: int) -> Response:
        """Have it paid in the background."""
        return self.perform(
            operations.ask_to_pay,
            bill_id=self.found(row_id).id,
            at=formatting.now(),
            by=_by(),
            reason=self.reason("bill.pay"),
            done=_("The bill is being paid line by line."),
        )

    @expose("/<int:row_id>/retry", methods=("POST",))
    @permits("bill.pay")
    def retry(self, row_id: int) -> Response:
        """Pay one failed line alone."""
        bill = self.found(row_id)
        text = request.form.get("line", "")
        line = db.session.get(DividendLine, int(text)) if text.isascii() and text.isdigit() and len(text) < 19 else None
        if line is None or line.bill_id != bill.id:
            abort(404)
        return self.perform(
            operations.retry_line,
            line_id=line.id,
            at=formatting.now(),
            reason=self.reason("bill.pay"),
            done=_("The line is paid."),
        )


def _line_rows(bill_id: int, *, limit: int = 200) -> Any:
    """The lines of a bill, those that failed first."""
    return (
        sa.select(DividendLine, Member.code).join(Member, Member.id == DividendLine.member_id)
        .where(DividendLine.bill_id == bill_id)
        .order_by((DividendLine.state == "failed").desc(), DividendLine.id).limit(limit)
    )  # fmt: skip


class BillLineView(ReadView):
    """账单行: the lines of all bills, for search and export."""

    section = "money"
    title = _l("Bill lines")
    slug = "bill-lines"
    permission = "bill.view"
    model = DividendLine
    has_detail = False
    is_listed = False
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=DividendLine.id, kind=Kind.CODE, sort=True),
        Column(key="bill", title=_l("Month of the bill"), at=DividendBill.month, kind=Kind.DAY),
        Column(key="of_month", title=_l("For the month"), at=DividendLine.of_month, kind=Kind.DAY),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE),
        Column(key="rank", title=_l("Rank"), at=DividendLine.rank, kind=Kind.BADGE, badges=RANKS),
        Column(key="base", title=_l("Base"), at=DividendLine.base_fen, kind=Kind.MONEY),
        Column(key="bps", title=_l("Rate in bps"), at=DividendLine.bps, kind=Kind.COUNT),
        Column(key="amount", title=_l("Amount"), at=DividendLine.amount_fen, kind=Kind.MONEY),
        Column(key="state", title=_l("State"), at=DividendLine.state, kind=Kind.BADGE, badges=LINES),
        Column(key="failure", title=_l("Why it failed"), at=DividendLine.failure),
    )
    questions = (
        Equals(key="bill", title=_l("Bill no."), at=DividendLine.bill_id),
        OneOf(key="state", title=_l("State"), at=DividendLine.state, choices=words(LINES)),
        Equals(key="member", title=_l("Member"), at=Member.code),
    )
    searches = (Prefix(Member.code),)
    search_hint = _l("Member code, from its beginning")

    def base(self) -> Select[Any]:
        joined = sa.select().select_from(DividendLine).join(DividendBill, DividendBill.id == DividendLine.bill_id)
        return joined.join(Member, Member.id == DividendLine.member_id)
