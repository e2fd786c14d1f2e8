"""What lists of members may be asked beyond the usual filters."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from werkzeug.datastructures import MultiDict

from console.admin.columns import Expression
from console.admin.filters import Equals, OneOf
from models import Account, Matrix, Member, Person, db

TAIL_LENGTH = 4
PHONE_LENGTH_MIN = 6

# A debt account comes to be with the first debt: there are few of them however many members there are.
DEBTORS = sa.select(sa.func.split_part(Account.code, ":", 2)).where(Account.bucket == "debt", Account.balance_fen < 0)


@dataclass(frozen=True, kw_only=True)
class Meaning(OneOf):
    """Any of the ticked choices, each a condition of its own, asked the way its index is written."""

    conditions: Mapping[str, ColumnElement[bool]]

    def where(self, value: list[str]) -> ColumnElement[bool]:
        return sa.or_(*(self.conditions[choice] for choice in value))


@dataclass(frozen=True, kw_only=True)
class MemberIs(Equals):
    """Another member by its code, looked up once; ``at`` holds that member's id."""

    def read(self, args: MultiDict[str, str]) -> str | None:
        return args.get(self.key, "").strip() or None

    def where(self, value: str | int) -> ColumnElement[bool]:
        other = aliased(Member)
        return self.at == sa.select(other.id).where(other.code == str(value)).scalar_subquery()


@dataclass(frozen=True)
class Phone:
    """A phone by its last four digits, or whole; the members are looked up first, so that both indexes are used."""

    at: Expression

    def accepts(self, text: str) -> bool:
        return text.isascii() and text.isdigit() and (len(text) == TAIL_LENGTH or len(text) >= PHONE_LENGTH_MIN)

    def where(self, text: str) -> ColumnElement[bool]:
        same = Person.phone_tail == text if len(text) == TAIL_LENGTH else Person.phone == text
        return self.at.in_(db.session.scalars(sa.select(Person.member_id).where(same)).all())


def networks() -> dict[str, str]:
    """The networks by id, in the order in which they were made."""
    found = db.session.execute(sa.select(Matrix.id, Matrix.code).order_by(Matrix.id))
    return {str(row.id): row.code for row in found}
