"""What stands in the invented windows: more goods than are bought, and every preset window filled on the first day."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from jobs.demo import goods
from jobs.demo.plan import Day, tried
from jobs.gateways.showcase import Refused, Unauthorised
from jobs.gateways.showcase_simulator import WindowsSimulator
from models import Listing, Member, Merchant, Product, db
from models.operations import listing, product
from models.operations.listing import Answer
from models.rules.product import Terms, Words

BY = "system:demo"
STOCK = 300
PACKS = (("-2", "双件装", 190, True), ("-F", "家庭装", 340, False))
"""Suffix, word, price in percent of one piece, whether it goes on sale; the others stay drafts."""

ELSEWHERE: dict[str, tuple[tuple[str, str, str, int], ...]] = {
    "shanlan": (
        ("SL-106", "烟酰胺眼霜 20g", "眼霜", 26_900),
        ("SL-203", "纤长睫毛膏", "睫毛膏", 9_900),
        ("SL-204", "九色眼影盘 秋日", "眼影", 15_900),
    ),
    "nanfeng": (
        ("NF-303", "冻干咖啡粉 24颗", "咖啡", 9_900),
        ("NF-403", "手工牛轧糖 500g", "糖果", 5_280),
        ("NF-404", "原味猪肉脯 400g", "肉脯", 5_990),
    ),
}
"""Sold in the merchants' other shops and in no window yet: candidates of the weekly refresh."""


def fill(day: Day, at: datetime) -> None:
    """On day 0 the goods and the windows."""
    if day.n == 0:
        for code, _, matrix, _ in goods.MERCHANTS:
            merchant_id = db.session.scalars(sa.select(Merchant.id).where(Merchant.code == code)).one()
            _stock(merchant_id, code, matrix, at)
            for product_id in db.session.scalars(_on_sale(merchant_id)).all():
                _list(product_id, at)


def _stock(merchant_id: int, code: str, matrix: str, at: datetime) -> None:
    """Packs of what the windows sell, and what the merchant's other shops sell."""
    for item in goods.ITEMS[matrix]:
        for suffix, word, percent, is_on_sale in PACKS:
            price = item.price_fen * percent // 100
            terms = Terms(
                price_fen=price, cost_fen=price * item.cost_bps // 10_000,
                commission_fen=price * item.commission_bps // 10_000,
            )  # fmt: skip
            words = Words(code=item.code + suffix, title=f"{item.title} {word}", category=item.category)
            made = _made(merchant_id, words, terms, at)
            if is_on_sale:
                tried(product.put_on_sale, product_id=made.id, at=at)
    for number, title, category, price in ELSEWHERE.get(code, ()):
        terms = Terms(price_fen=price, cost_fen=price * 2 // 5, commission_fen=price // 5)
        _made(merchant_id, Words(code=number, title=title, category=category), terms, at)


def _made(merchant_id: int, words: Words, terms: Terms, at: datetime) -> Product:
    draft = product.Draft(merchant_id=merchant_id, words=words, terms=terms, stock=STOCK)
    return product.create(draft=draft, at=at, by=BY)


def _on_sale(merchant_id: int) -> Any:
    return (
        sa.select(Product.id).where(Product.merchant_id == merchant_id, Product.state == "listed").order_by(Product.id)
    )


def _list(product_id: int, at: datetime) -> None:
    """Into the ten preset windows at once, as the simulator of windows answers."""
    if not tried(listing.ask, product_id=product_id, is_presets=True, at=at, by=BY):
        return
    asked = sa.select(Listing.id, Member.code.label("window"), Product.code.label("product"))
    asked = asked.join(Member, Member.id == Listing.member_id).join(Product, Product.id == Listing.product_id)
    rows = db.session.execute(asked.where(Listing.product_id == product_id).order_by(Listing.id)).all()
    windows = WindowsSimulator(silent_in=0)
    listing.record_answers(answers=[_answer(windows, *row) for row in rows], at=at)


def _answer(windows: WindowsSimulator, listing_id: int, window: str, product: str) -> Answer:
    try:
        return Answer(listing_id, source=windows.add(window=window, product=product))
    except Unauthorised:
        return Answer(listing_id, kind="unauthorised", error="橱窗主未授权")
    except Refused as refusal:
        return Answer(listing_id, kind="refused", error=str(refusal))
