"""区域收入明细: what each order brought the agents of its regions, row by row (rules 5.2, 6)."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select

from console.admin.agency_words import LEVELS, level_of
from console.admin.base import ReadView, Viewer
from console.admin.columns import Column, Kind, member_link, order_link
from console.admin.filters import Days, Equals, OneOf, Prefix, Starts
from console.admin.money.words import BUCKETS, words
from console.admin.order import place
from models import Member, Order, Share

LEVEL = level_of(Share.region_code)
LIES = ("pending", "held", "available")


class RegionIncomeView(ReadView):
    """区域收入明细: a row a region share, the newest order first."""

    section = "region"
    title = _l("Region income by order")
    slug = "region-income"
    permission = "agency.view"
    model = Share
    has_detail = False
    hint = _l(
        "Each order and what it brought the agents of its district, city and province, less what refunds took back."
    )
    empty = _l("No order has brought a regional agent anything yet.")
    search_hint = _l("Order number or agent, from its beginning")
    order = "-order"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="order", title=_l("No."), at=Share.order_id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="number", title=_l("Order number"), at=Order.number, kind=Kind.CODE, cell=order_link),
        Column(key="completed", title=_l("Completed at"), at=Order.completed_at, kind=Kind.MOMENT),
        Column(key="region", title=_l("Region"), at=Share.region_code, cell=lambda row: place(row.region)),
        Column(key="level", title=_l("Region level"), at=LEVEL, cell=lambda row: str(LEVELS[row.level])),
        Column(key="member", title=_l("Agent"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="settled", title=_l("Settled amount"), at=Order.settled_fen, kind=Kind.MONEY),
        Column(key="rate", title=_l("Rate in bps"), at=Share.rate_bps, kind=Kind.COUNT, shown=False),
        Column(key="amount", title=_l("Region share"), at=Share.amount_fen, kind=Kind.MONEY),
        Column(key="reversed", title=_l("Taken back"), at=Share.reversed_fen, kind=Kind.MONEY),
        Column(key="net", title=_l("Net income"), at=Share.amount_fen - Share.reversed_fen, kind=Kind.MONEY),
        Column(key="lies", title=_l("Lies in"), at=Share.bucket, kind=Kind.BADGE, badges=BUCKETS),
    )
    questions = (
        Equals(key="member", title=_l("Agent"), at=Member.code),
        Starts(key="region", title=_l("Region code"), at=Share.region_code),
        OneOf(key="level", title=_l("Region level"), at=LEVEL, choices=LEVELS),
        Days(key="completed", title=_l("Completed at"), at=Order.completed_at),
        OneOf(key="lies", title=_l("Lies in"), at=Share.bucket, choices=words({key: BUCKETS[key] for key in LIES})),
    )
    searches = (Prefix(Order.number), Prefix(Member.code))

    @property
    def identity(self) -> Any:
        # A share has no number of its own: within its order its place in the settlement names it.
        return Share.n

    def base(self) -> Select[Any]:
        joined = sa.select().select_from(Share).join(Order, Order.id == Share.order_id)
        return joined.join(Member, Member.id == Share.member_id)

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return query.where(Share.kind == "region")

    def heading(self, row: Row[Any]) -> str:
        return str(row.number)


def following(month: date, steps: int = 1) -> date:
    """The first day of a month some months later, or earlier."""
    count = month.year * 12 + month.month - 1 + steps
    return date(count // 12, count % 12 + 1, 1)


def rows_of(month: date, narrow: Mapping[str, str]) -> str:
    """The region shares of a month's orders, narrowed to a region or an agent."""
    last = following(month) - timedelta(days=1)
    values = {**narrow, "completed_from": month.isoformat(), "completed_to": last.isoformat()}
    return f"{url_for('region_income.index_view')}?{urlencode(values)}"
