"""What is bought: normal orders, presales, orders that nobody pays; shipped and received, each in its days."""

import random
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from jobs.demo import goods
from jobs.demo.plan import BUILDER, Day
from jobs.demo.signal import signals
from models import db
from models.operations import dispatch, evening, order, placing, presale
from models.operations.dispatch import Sending, Told
from models.operations.order import Purchase, place
from models.operations.placing import Placed
from models.rules.commission import Kind
from models.rules.order import Scene
from models.rules.parcel import State
from models.tables.order import OrderLine
from models.tables.parcel import Parcel

SCENES = (Scene.SHORT_VIDEO, Scene.LIVE, Scene.LIVE, Scene.SHARE_LINK, Scene.SHARE_LINK, Scene.SHOWCASE)
PER_SELLER = 0.09
STAR_DAYS, STAR_ORDERS = 20, 9
"""In the last days two members sell so much a day that they are candidates for seed promoter."""

CARRIERS = ("圆通速递", "中通快递", "顺丰速运", "极兔速递")
LEFT, ARRIVED = "快件已发往目的地", "已签收，签收人：本人"
PARCEL_DAYS = 18
"""How many of the last days have their parcels and tracks; older orders were only shipped."""

_SELLERS = sa.text(
    """
    SELECT code, standing FROM member WHERE standing IN ('active', 'frozen') AND showcase = 'open'
    AND (position IS NULL OR position > 1) ORDER BY code
    """
)
_STARS = sa.text(
    """
    SELECT code FROM member
    WHERE position IS NULL AND standing = 'active' AND showcase = 'open' AND seed_at IS NULL
    ORDER BY qualified_at, code LIMIT 2
    """
)
_WAITING = sa.text("SELECT number FROM shop_order WHERE state = :state AND placed_at < :before ORDER BY number")
_PAID = sa.text(
    """
    SELECT o.number, (SELECT sum(l.quantity) FROM order_line l WHERE l.order_id = o.id) AS pieces,
           EXISTS (SELECT FROM parcel p WHERE p.order_id = o.id) AS is_begun
    FROM shop_order o WHERE o.state = 'paid' AND o.paid_at < :before ORDER BY o.number
    """
)
_SHIPPED = sa.text(
    "SELECT number, kind, shipped_at FROM shop_order WHERE state = 'shipped' AND shipped_at < :before"
    " ORDER BY kind = 'admission', number"
)


def purchase(day: Day, number: str, *, seller: str, buyer: str, paid_fen: int = 0, **facts: Any) -> Purchase:
    """An order of one kind of goods, by a buyer with one address for all."""
    chance = random.Random(f"{day.plan.seed}:goods:{number}")
    item = goods.item(chance, seller[:2] if seller[:2] in goods.ITEMS else "SL")
    quantity = 1 if paid_fen else chance.choices((1, 2, 3), weights=(78, 18, 4))[0]
    paid = paid_fen or quantity * item.price_fen - (chance.randrange(1, 10) * 100 if chance.random() < 0.2 else 0)
    region, address = goods.address(random.Random(f"{day.plan.seed}:address:{buyer}"))
    line = OrderLine(
        n=1, product_code=item.code, title=item.title, category=item.category, quantity=quantity,
        price_fen=paid_fen or item.price_fen,
    )  # fmt: skip
    return Purchase(
        number=number, seller=seller, buyer=buyer, paid_fen=paid, cost_fen=paid * item.cost_bps // 10_000,
        commission_fen=paid * item.commission_bps // 10_000, region=region, address=address, lines=(line,),
        freight_fen=chance.choice((0, 0, 0, 600)), **{"signals": signals(day.plan.seed, buyer, number)} | facts,
    )  # fmt: skip


def sell(day: Day, at: datetime) -> None:
    """A day's normal orders: by guests who come again, and by members."""
    chance = day.chance("orders")
    bought = [
        purchase(day, f"{day.on:%y%m%d}{n:06d}", seller=seller, buyer=buyer, scene=chance.choice(SCENES))
        for n, (seller, buyer) in enumerate([*_deals(chance, day, PER_SELLER), *_stars(day)], 1)
    ]
    placing.place_many(placed=[Placed(one, at) for one in bought])


def _deals(chance: random.Random, day: Day, per_seller: float) -> Iterator[tuple[str, str]]:
    found = db.session.execute(_SELLERS).all()
    sellers = [row.code for row in found]
    weights = [1 / (0.01 + day.plan.lot("sells", row.code)) if row.code.startswith("W") else 8.0 for row in found]
    members = [code for code in sellers if code.startswith("W")]
    guests = 30 + day.plan.members * (day.n + 5) // (day.plan.days + 5)
    for seller in chance.choices(sellers, weights=weights, k=max(1, round(per_seller * len(sellers)))):
        by_member = members and chance.random() < 0.3
        yield seller, chance.choice(members) if by_member else f"G{chance.randrange(guests):06d}"


def _stars(day: Day) -> Iterator[tuple[str, str]]:
    if day.n > day.plan.days - STAR_DAYS:
        for code in db.session.scalars(_STARS).all():
            yield from ((code, f"G{n:06d}") for n in range(STAR_ORDERS))


def presell(day: Day, at: datetime) -> None:
    """On every second day presales with a deposit, and orders that wait for their payment."""
    if (day.plan.days - day.n) % 2:
        return
    chance = day.chance("presales")
    for n, (seller, buyer) in enumerate(_deals(chance, day, PER_SELLER / 20), 1):
        made = purchase(
            day, f"P{day.on:%y%m%d}{n:04d}", seller=seller, buyer=buyer, kind=Kind.PRESALE, deposit_fen=2000
        )
        order.await_payment(purchase=made, at=at)
        order.pay_deposit(number=made.number, at=at)
    for n, (seller, buyer) in enumerate(_deals(chance, day, PER_SELLER / 20), 1):
        order.await_payment(purchase=purchase(day, f"U{day.on:%y%m%d}{n:04d}", seller=seller, buyer=buyer), at=at)


def follow_up(day: Day, at: datetime) -> None:
    """Balances are called and paid, late payments come, what nobody pays is cancelled."""
    for number in _numbers("deposit_paid", day.back(3)):
        presale.remind(number=number, at=at, by=BUILDER)
    for number in _numbers("balance_due", day.back(5)):
        if day.plan.lot("balance", number) < 0.8:
            order.pay(number=number, at=at)
        elif day.plan.lot("balance", number) < 0.9:
            order.cancel(number=number, at=at)
    for number in _numbers("pending_payment", day.back(1)):
        if day.plan.lot("payment", number) < 0.5:
            order.pay(number=number, at=at)
        else:
            order.cancel(number=number, at=at)


def _numbers(state: str, before: datetime) -> Sequence[str]:
    return db.session.scalars(_WAITING, {"state": state, "before": before}).all()


def ship(day: Day, at: datetime) -> None:
    """Yesterday's parcels leave; a few wait longer, and some orders of several pieces leave in two."""
    packed = [
        row
        for row in db.session.execute(_PAID, {"before": day.back(0)}).all()
        if day.plan.lot("packing", row.number) >= 0.03 or day.chance(f"packing {row.number}").random() <= 0.3
    ]
    if day.n > day.plan.days - PARCEL_DAYS:
        dispatch.send_many(sendings=[_sending(day, row) for row in packed], at=at)
    else:
        dispatch.ship_many(numbers=[row.number for row in packed], at=at)


def _sending(day: Day, row: Any) -> Sending:
    """All that is left; of a third of the orders of several pieces one piece, and the others a day later."""
    carrier = CARRIERS[hash_of(row.number) % len(CARRIERS)]
    if row.is_begun:
        return Sending(row.number, carrier, f"YS{row.number}B")
    is_split = row.pieces > 1 and day.plan.lot("two parcels", row.number) < 1 / 3
    return Sending(row.number, carrier, f"YS{row.number}", {1: 1} if is_split else None)


def hash_of(text: str) -> int:
    """The same number for the same text in every process."""
    return zlib.crc32(text.encode())


def follow_parcels(day: Day, at: datetime) -> None:
    """Carriers report: on the way, then delivered; one in twelve parcels is stuck."""
    under_way = sa.select(Parcel.id, Parcel.waybill, Parcel.state).where(
        Parcel.state.in_(("sent", "moving")), Parcel.moved_at < day.back(0)
    )
    told = [
        Told(one.id, *((State.MOVING, LEFT) if one.state == "sent" else (State.DELIVERED, ARRIVED)))
        for one in db.session.execute(under_way.order_by(Parcel.waybill)).all()
        if day.plan.lot("parcel", one.waybill) > 1 / 12
    ]
    dispatch.track_many(told=told, at=at)


def receive(day: Day, at: datetime) -> None:
    """Receipts are confirmed some days after shipping, admission orders soonest; a fifth confirm themselves."""
    received = []
    for row in db.session.execute(_SHIPPED, {"before": day.back(0)}).all():
        wait = 1 if row.kind == Kind.ADMISSION else 3 + int(day.plan.lot("receipt", row.number) * 9)
        if row.shipped_at < day.back(wait - 1):
            received.append(row.number)
    evening.complete_many(numbers=received, at=at)


def revive(day: Day, at: datetime) -> None:
    """Some of the frozen and a few of the exited buy the orders that bring them back, two a day."""
    frozen = sa.text("SELECT code, standing FROM member WHERE standing IN ('frozen', 'exited') ORDER BY code")
    chance = day.chance("revivals")
    n = 0
    for row in db.session.execute(frozen).all():
        if day.plan.lot("revives", row.code) < (0.12 if row.standing == "frozen" else 0.06):
            for _ in range(2):
                n += 1
                seller = chance.choice(("NF-5", "NF-6", "YQ-2", "YQ-4", "SL-10"))
                made = purchase(day, f"R{day.on:%y%m%d}{n:04d}", seller=seller, buyer=row.code, scene=Scene.SHARE_LINK)
                place(purchase=made, at=at)
