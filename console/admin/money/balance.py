"""试算平衡, 欠款 and 调账: whether the books agree, who owes, and corrections by two people."""

from datetime import timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, SecureView, Viewer, back, staff_id
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import Days, OneOf, Prefix, Yuan
from console.admin.money.words import BUCKETS, REASONS, TEMPLATES, link, words
from console.auth import permits
from models import Account, Approval, Job, db
from models.operations import approval
from models.operations import ledger as operations
from models.queries import balance as queries
from models.queries import ledger as books
from models.rules.adjustment import Template

SHOWN_DAYS = 62
REMEDIES = (Template.FORGIVE, Template.COMPENSATE)
AGES = {
    "week": Badge(_l("0–7 days")),
    "month": Badge(_l("8–30 days"), Tone.WARN),
    "quarter": Badge(_l("31–90 days"), Tone.WARN),
    "older": Badge(_l("over 90 days"), Tone.BAD),
}
_DAYS = sa.func.extract("epoch", sa.func.now() - queries.MADE_AT) / 86_400
AGE = sa.case((_DAYS < 8, "week"), (_DAYS < 31, "month"), (_DAYS < 91, "quarter"), else_="older")
MEMBER = sa.func.split_part(Account.code, ":", 2)


class BalanceView(SecureView):
    """试算平衡: all accounts together are zero; the seal; the reserve; the house's shares by reason."""

    section = "money"
    title = _l("Trial balance")
    slug = "trial-balance"
    permission = "ledger.view"

    @expose("/")
    @permits("ledger.view")
    def index_view(self) -> Any:
        """The books of this moment."""
        rows = queries.by_kind()
        checked = sa.select(Job).where(Job.kind == "verify_ledger").order_by(Job.id.desc()).limit(1)
        return self.render(
            "money/balance.html",
            rows=rows,
            total=sum(row[2] for row in rows),
            block=books.last_block(),
            reserve_fen=queries.reserve_fen(),
            house=queries.house(formatting.now() - timedelta(days=SHOWN_DAYS)),
            job=db.session.scalar(checked),
            buckets=BUCKETS,
            reasons=REASONS,
        )

    @expose("/verify", methods=("POST",))
    @permits("adjust.ask")
    def verify(self) -> Response:
        """Have every posting, balance and block checked in the background."""
        return self.perform(
            operations.ask_to_verify,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            reason=self.reason("ledger.verify"),
            done=_("The ledger is being verified. The result appears here."),
        )


def _remedies(row: Row[Any]) -> Markup:
    """The corrections that may end a debt, each asked for with the member and the amount filled in."""
    asked = {"member": row.member, "amount": f"{row.owes / 100:.2f}"}
    ways = (link("adjustments.index_view", str(TEMPLATES[one]), template=one, **asked) for one in REMEDIES)
    return Markup(" · ").join(ways)


def _debtor(row: Row[Any]) -> Markup:
    return link("members.index_view", row.member, q=row.member)


class DebtView(ReadView):
    """欠款: who owes, how much, since when; whatever next becomes available pays it first."""

    section = "money"
    title = _l("Debts")
    slug = "debts"
    permission = "ledger.view"
    model = Account
    has_detail = False
    hint = _l("A refund after the payout makes a debt. Whatever next becomes available pays it first.")
    empty = _l("Nobody owes anything.")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=Account.id, kind=Kind.CODE, sort=True, shown=False),
        Column(key="member", title=_l("Member"), at=MEMBER, kind=Kind.CODE, cell=_debtor),
        Column(key="owes", title=_l("Owes"), at=-Account.balance_fen, kind=Kind.MONEY),
        Column(
            key="coming",
            title=_l("Expected to pay it"),
            at=queries.COMING,
            kind=Kind.MONEY,
            help=_l(
                "Pending, frozen, locked and held shares of the member: they pay the debt once they are available."
            ),
        ),
        Column(key="made_at", title=_l("Grew last"), at=queries.MADE_AT, kind=Kind.MOMENT),
        Column(key="age", title=_l("Age of the debt"), at=AGE, kind=Kind.BADGE, badges=AGES),
        Column(
            key="code",
            title=_l("Rows of the debt"),
            at=Account.code,
            kind=Kind.CODE,
            cell=lambda row: link("statements.index_view", row.code, account=row.code),
        ),
        Column(key="remedy", title=_l("Ask for"), at=Account.id, kind=Kind.CODE, cell=_remedies),
    )
    questions = (
        OneOf(key="age", title=_l("Age of the debt"), at=AGE, choices=words(AGES)),
        Yuan(key="owes", title=_l("Owes"), at=-Account.balance_fen),
    )
    searches = (Prefix(MEMBER),)
    search_hint = _l("Member code, from its beginning")
    list_template = "money/debts.html"

    def extras(self) -> dict[str, Any]:
        return {"ages": AGES, "aged": queries.debts_by_age(AGE)}

    def base(self) -> Select[Any]:
        return sa.select().select_from(Account).where(Account.bucket == "debt", Account.balance_fen < 0)

    def rows(self, viewer: Viewer, columns: tuple[Column, ...]) -> Select[Any]:
        """What the corrections are filled in with is read in any case."""
        known = {column.key for column in columns}
        more = tuple(one for one in self.columns if one.key in ("member", "owes") and one.key not in known)
        return super().rows(viewer, (*columns, *more))


class AdjustView(ReadView):
    """调账: corrections from templates, asked for by one person and allowed by another."""

    section = "money"
    title = _l("Adjustments")
    slug = "adjustments"
    permission = "adjust.view"
    model = Approval
    has_detail = False
    hint = _l("Only from templates, never between free accounts. A second person sees exactly what moves.")
    empty = _l("No correction was asked for yet.")
    list_template = "money/adjustments.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(
            key="id",
            title=_l("Number"),
            at=Approval.id,
            kind=Kind.CODE,
            sort=True,
            cell=lambda row: link("approvals.detail", f"#{row.row_id}", row_id=row.row_id),
        ),
        Column(
            key="template",
            title=_l("Template"),
            at=Approval.payload["template"].astext,
            kind=Kind.BADGE,
            badges={str(key): Badge(text) for key, text in TEMPLATES.items()},
        ),
        Column(key="member", title=_l("Member"), at=Approval.payload["member"].astext, kind=Kind.CODE),
        Column(
            key="amount",
            title=_l("Amount"),
            at=sa.cast(Approval.payload["amount_fen"].astext, sa.BigInteger),
            kind=Kind.MONEY,
        ),
        Column(key="state", title=_l("State"), at=Approval.state, kind=Kind.CODE),
        Column(key="reason", title=_l("Reason"), at=Approval.reason, kind=Kind.REASON),
        Column(key="made_by", title=_l("Asked for by"), at=Approval.made_by, kind=Kind.ACTOR),
        Column(key="made_at", title=_l("Asked for"), at=Approval.made_at, kind=Kind.MOMENT),
        Column(key="decided_by", title=_l("Decided by"), at=Approval.decided_by, kind=Kind.ACTOR),
    )
    questions = (Days(key="made", title=_l("Asked for"), at=Approval.made_at),)

    def base(self) -> Select[Any]:
        return sa.select().select_from(Approval).where(Approval.kind == "ledger.adjust")

    def extras(self) -> dict[str, Any]:
        return {"templates": TEMPLATES}

    @expose("/ask", methods=("POST",))
    @permits("adjust.ask")
    def ask(self) -> Any:
        """Ask for a correction; its page shows what moves before anybody allows it."""
        amount = formatting.to_fen(request.form.get("amount", ""))
        if amount is None:
            flash(_("%(text)s is no amount in yuan", text=request.form.get("amount", "")), "refused")
            return redirect(back(self.address()))
        reason = self.reason("ledger.adjust")
        return self.perform(
            ask_to_adjust,
            template=request.form.get("template", ""),
            amount_fen=amount,
            member=request.form.get("member", "").strip() or None,
            why=reason,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            reason=reason,
            done=_("Asked for. Somebody else decides under Approvals."),
        )


def ask_to_adjust(*, template: str, amount_fen: int, member: str | None, why: str, at: Any, by: str) -> Approval:
    """Ask a second person for a correction of the ledger."""
    payload = {"template": template, "amount_fen": amount_fen, "member": member}
    return approval.ask(kind="ledger.adjust", payload=payload, reason=why, at=at, by=by)
