"""账户 and 对账单: what every account holds, and the legs that brought it there."""

from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import g, redirect, request, url_for
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import ColumnElement, Row, Select

from console.admin import lists, subject
from console.admin.base import ReadView
from console.admin.columns import Column, Kind
from console.admin.filters import Days, Equals, OneOf, Prefix, Yuan
from console.admin.money.words import BUCKETS, CAUSES, KINDS, REASONS, member_link, words
from console.auth import permits
from models import Account, Leg, Posting
from models.queries import account as queries
from models.queries import ledger as books
from models.queries import why
from models.rules.ledger import MEMBER_BUCKETS

HELD = queries.held_fen()


@dataclass(frozen=True)
class Whose:
    """A member's accounts by the beginning of its code."""

    at: Any

    def accepts(self, text: str) -> bool:
        return text.isascii()

    def where(self, text: str) -> ColumnElement[bool]:
        return Prefix(self.at).where(f"member:{text}")


class AccountsView(ReadView):
    """账户: every account of the ledger with what it holds now."""

    section = "money"
    title = _l("Accounts")
    slug = "accounts"
    permission = "ledger.view"
    model = Account
    order = "code"
    hint = _l("Amounts owed to somebody are positive; custody mirrors them. All together are zero.")
    search_hint = _l("Account or member code, from its beginning")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(
            key="code", title=_l("Account"), at=Account.code, kind=Kind.CODE, sort=True, link=True,
        ),
        Column(key="bucket", title=_l("Kind of account"), at=Account.bucket, kind=Kind.BADGE, badges=BUCKETS),
        Column(key="held", title=_l("Holds"), at=HELD, kind=Kind.MONEY),
        Column(key="id", title=_l("Number"), at=Account.id, kind=Kind.CODE, sort=True, shown=False),
    )  # fmt: skip
    questions = (
        OneOf(key="bucket", title=_l("Kind of account"), at=Account.bucket, choices=words(BUCKETS)),
        Yuan(key="held", title=_l("Holds"), at=Account.balance_fen),
    )
    searches = (Prefix(Account.code), Whose(Account.code))

    @expose("/<int:row_id>")
    @permits("ledger.view")
    def detail(self, row_id: int) -> Any:
        """An account's page is its statement."""
        return redirect(url_for("statements.index_view", account=self.found(row_id).code))


@dataclass(frozen=True, kw_only=True)
class OfAccount(Equals):
    """The legs of one account, told by its code; found first, so that they are read along their index."""

    def where(self, value: str | int) -> ColumnElement[bool]:
        return self.at == sa.select(Account.id).where(Account.code == str(value)).scalar_subquery()

    def read(self, args: Any) -> str | None:
        return args.get(self.key, "").strip() or None


def _posting_cell(row: Row[Any]) -> Markup:
    href = url_for("postings.detail", row_id=row.posting)
    return Markup('<a class="open" href="{}">{}</a>').format(href, row.posting)


class StatementView(ReadView):
    """对账单: an account's legs by time, with what it held after each."""

    section = "money"
    title = _l("Statement")
    slug = "statements"
    permission = "ledger.view"
    model = Leg
    order = "-posting"
    is_listed = False
    has_detail = False
    list_template = "money/statement.html"
    empty = _l("Nothing was ever posted to this account.")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="posting", title=_l("Posting"), at=Leg.posting_id, kind=Kind.CODE, sort=True, cell=_posting_cell),
        Column(key="at", title=_l("When"), at=Posting.at, kind=Kind.MOMENT),
        Column(key="kind", title=_l("Posting kind"), at=Posting.kind, kind=Kind.BADGE, badges=KINDS),
        Column(
            key="subject", title=_l("About"), at=Posting.subject, kind=Kind.CODE,
            cell=lambda row: subject.link(row.subject),
        ),
        Column(
            key="cause", title=_l("Row of the posting"), at=Leg.cause,
            cell=lambda row: str(CAUSES.get(row.cause, row.cause)),
        ),
        Column(key="level", title=_l("Level"), at=Leg.level),
        Column(
            key="reason", title=_l("Reason"), at=Leg.reason, cell=lambda row: str(REASONS.get(row.reason, row.reason)),
        ),
        Column(key="amount", title=_l("Amount"), at=Leg.amount_fen, kind=Kind.MONEY),
        Column(key="key", title=_l("Key"), at=Posting.key, kind=Kind.CODE, shown=False),
        Column(key="n", title=_l("Leg"), at=Leg.n, kind=Kind.CODE, shown=False),
    )  # fmt: skip
    questions = (
        OfAccount(key="account", title=_l("Account"), at=Leg.account_id),
        OneOf(key="kind", title=_l("Posting kind"), at=Posting.kind, choices=words(KINDS)),
        OneOf(key="cause", title=_l("Row of the posting"), at=Leg.cause, choices=CAUSES),
        OneOf(key="reason", title=_l("Reason"), at=Leg.reason, choices=REASONS),
        Days(key="at", title=_l("When"), at=Posting.at),
        Yuan(key="amount", title=_l("Amount"), at=Leg.amount_fen),
    )

    @property
    def identity(self) -> Any:
        """Within a posting the leg's number; the list is ordered by posting first, as its index is."""
        return Leg.n

    def base(self) -> Select[Any]:
        return sa.select().select_from(Leg).join(Posting, Posting.id == Leg.posting_id)

    @expose("/")
    @permits("ledger.view")
    def index_view(self) -> Any:
        """The statement of one account; without one, the list of accounts."""
        if not request.args.get("account", "").strip():
            return redirect(url_for("accounts.index_view"))
        return ReadView.index_view(self)

    def page(self, asked: lists.Asked) -> lists.Page:
        """The legs, and beside them what the account held after each, where reading that is bounded."""
        page = super().page(asked)
        account = queries.by_code(asked.values["account"])
        if account is not None and (set(asked.values) == {"account"} or not account.is_hot):
            g.running = queries.running(account, [(row.posting, row.row_id) for row in page.rows])
        return page

    def extras(self) -> dict[str, Any]:
        """The account and what it holds."""
        code = request.args["account"].strip()
        head, _, rest = code.partition(":")
        member = rest.rpartition(":")[0] if head == "member" else ""
        return {
            "code": code,
            "bucket": BUCKETS.get(code.rpartition(":")[2]) or BUCKETS.get(head),
            "held_fen": books.balances([code])[code],
            "member": member_link(member, why.member_ids([member]).get(member)) if member else "",
            "siblings": [f"member:{member}:{bucket}" for bucket in MEMBER_BUCKETS] if member else [],
        }
