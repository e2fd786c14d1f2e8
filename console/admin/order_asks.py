"""What the list of orders may be asked so that it holds the very orders behind a figure of a board."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from werkzeug.datastructures import MultiDict

from console.admin.filters import Equals, ExactOrNone, OneOf, OneOfOrNone, Unreadable
from console.admin.member.asks import Meaning, networks
from console.admin.member.words import RANKS
from models import Member, Order, OrderLine, Region, Seat
from models.rules import region
from reports.slices import ABSENT

CITY_LEVEL = 2


@dataclass(frozen=True, kw_only=True)
class InPlace(ExactOrNone):
    """Orders to a province or a city by its code; `-` asks for those to none."""

    digits: int

    def read(self, args: MultiDict[str, str]) -> str | None:
        text = args.get(self.key, "").strip() or None
        if text not in (None, ABSENT) and text not in region.table():
            raise Unreadable(_("%(filter)s: %(text)s is no code of a division", filter=self.title, text=text))
        return text

    def where(self, value: str | int) -> ColumnElement[bool]:
        if value != ABSENT:
            return self.at.like(str(value)[: self.digits] + "%")
        if self.digits == 2:
            return self.at.is_(None)
        city = sa.select(Region.code).where(Region.level == CITY_LEVEL)
        return sa.or_(self.at.is_(None), sa.func.left(self.at, self.digits).concat("00").not_in(city))

    def says(self, value: str | int) -> str:
        return super().says(value) if value == ABSENT else region.full_name(str(value))


@dataclass(frozen=True, kw_only=True)
class WithLine(ExactOrNone):
    """Orders with a line that says this; `-` asks for those with a line that says nothing, or without a line."""

    def where(self, value: str | int) -> ColumnElement[bool]:
        lines = sa.exists().where(OrderLine.order_id == Order.id)
        if value == ABSENT:
            return sa.or_(~lines, lines.where(self.at.is_(None)))
        return Order.id.in_(sa.select(OrderLine.order_id).where(self.at == value))


@dataclass(frozen=True, kw_only=True)
class SellerLevel(Equals):
    """Orders whose seller sits so many levels below its root."""

    def read(self, args: MultiDict[str, str]) -> Any:
        return ABSENT if args.get(self.key) == ABSENT else super().read(args)

    def where(self, value: str | int) -> ColumnElement[bool]:
        if value == ABSENT:
            return ~sa.exists().where(Seat.member_id == Order.seller_id)
        return Order.seller_id.in_(sa.select(Seat.member_id).where(Seat.depth == value))

    def says(self, value: str | int) -> str:
        return _("No place") if value == ABSENT else _("Level %(n)s", n=value)


@dataclass(frozen=True, kw_only=True)
class SellerRank(OneOfOrNone):
    """Orders whose seller holds a rank now."""

    def where(self, value: list[str]) -> ColumnElement[bool]:
        return Order.seller_id.in_(sa.select(Member.id).where(super().where(value)))


@dataclass(frozen=True, kw_only=True)
class OfNetwork(OneOf):
    """Orders whose seller belongs to a network."""

    def where(self, value: list[str]) -> ColumnElement[bool]:
        return Order.seller_id.in_(sa.select(Member.id).where(super().where(value)))


QUESTIONS = (
    SellerLevel(key="level", title=_l("Level of the seller"), at=Seat.depth),
    SellerRank(
        key="rank",
        title=_l("Rank of the seller"),
        at=Member.rank,
        choices={str(key): badge.label for key, badge in RANKS.items()},
    ),
    OfNetwork(key="network", title=_l("Network"), at=Member.matrix_id, choices=networks),
    InPlace(key="province", title=_l("Province"), at=Order.region_code, digits=2),
    InPlace(key="city", title=_l("City"), at=Order.region_code, digits=4),
    WithLine(key="category", title=_l("Category"), at=OrderLine.category),
    WithLine(key="product", title=_l("Product code"), at=OrderLine.product_code),
    Meaning(
        key="refunds",
        title=_l("Refund"),
        at=Order.refunded_fen,
        choices={"yes": _l("with a refund"), "no": _l("without a refund")},
        conditions={"yes": Order.refunded_fen > 0, "no": Order.refunded_fen == 0},
    ),
)
