"""分录: every transaction of the ledger, and the reason of each of its legs."""

from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement

from console.admin import subject
from console.admin.base import ReadView
from console.admin.columns import Column, Kind
from console.admin.filters import Days, Equals, OneOf, Prefix
from console.admin.money.words import (
    BUCKETS,
    CAUSES,
    KINDS,
    REASONS,
    member_link,
    statement_link,
    words,
)
from models import Account, Leg, Posting
from models.queries import why

AMOUNT = sa.cast(
    sa.select(sa.func.sum(Leg.amount_fen)).where(Leg.posting_id == Posting.id, Leg.amount_fen > 0)
    .correlate(Posting).scalar_subquery(),
    sa.BigInteger,
)  # fmt: skip


@dataclass(frozen=True)
class About:
    """Search by what a posting is about: an order's or a withdrawal's number, or the whole subject."""

    at: Any

    def accepts(self, text: str) -> bool:
        return text.isascii()

    def where(self, text: str) -> ColumnElement[bool]:
        return self.at.in_([text, f"order:{text}", f"withdrawal:{text}"])


@dataclass(frozen=True, kw_only=True)
class Touches(Equals):
    """Postings with a leg on an account."""

    def read(self, args: Any) -> str | None:
        return args.get(self.key, "").strip() or None

    def where(self, value: str | int) -> ColumnElement[bool]:
        account = sa.select(Account.id).where(Account.code == str(value)).scalar_subquery()
        return self.at.in_(sa.select(Leg.posting_id).where(Leg.account_id == account))


class PostingView(ReadView):
    """分录: every posting, newest first; a row leads to its legs, each with its reason."""

    section = "money"
    title = _l("Ledger")
    slug = "postings"
    permission = "ledger.view"
    model = Posting
    hint = _l("Append-only: nothing here is ever changed; a mistake is reversed by another posting.")
    search_hint = _l("Order or withdrawal number, or the beginning of a key")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=Posting.id, kind=Kind.CODE, sort=True),
        Column(key="key", title=_l("Key"), at=Posting.key, kind=Kind.CODE, link=True),
        Column(key="kind", title=_l("Posting kind"), at=Posting.kind, kind=Kind.BADGE, badges=KINDS),
        Column(
            key="subject", title=_l("About"), at=Posting.subject, kind=Kind.CODE,
            cell=lambda row: subject.link(row.subject),
        ),
        Column(key="amount", title=_l("Amount"), at=AMOUNT, kind=Kind.MONEY),
        Column(key="at", title=_l("When"), at=Posting.at, kind=Kind.MOMENT, sort=True),
        Column(key="actor", title=_l("Actor"), at=Posting.actor, kind=Kind.CODE),
        Column(key="request", title=_l("Request"), at=Posting.request_id, kind=Kind.CODE, shown=False),
        Column(key="facts", title=_l("Facts"), at=Posting.facts, kind=Kind.JSON, listed=False),
    )  # fmt: skip
    questions = (
        Days(key="at", title=_l("When"), at=Posting.at),
        OneOf(key="kind", title=_l("Posting kind"), at=Posting.kind, choices=words(KINDS)),
        Equals(key="key", title=_l("Key"), at=Posting.key),
        Equals(key="subject", title=_l("About"), at=Posting.subject),
        Touches(key="account", title=_l("Account"), at=Posting.id),
    )
    searches = (Prefix(Posting.key), About(Posting.subject))
    details_template = "money/posting.html"

    def heading(self, row: Any) -> str:
        return str(row.key)

    def around(self, row_id: int) -> dict[str, Any]:
        return {"story": why.of(self.found(row_id)), **texts()}


def texts() -> dict[str, Any]:
    """What the templates of legs need to put the ledger into words."""
    return {
        "causes": CAUSES,
        "kinds": KINDS,
        "buckets": BUCKETS,
        "reasons": REASONS,
        "statement_link": statement_link,
        "member_link": member_link,
        "subject_link": subject.link,
    }
