"""A labelled world for the risk rules: honest people who look alike, and crooks who try not to; the same by seed.

Nothing here knows the rules or their thresholds: each group behaves as such people do, with signals of its own making,
and says what it is. ``fill`` writes it through the product's own intake.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from models import Member, Order, PolicyVersion, RegionAgent, db
from models.operations import risk_event
from models.operations.risk_event import Fact, Signals, Who
from models.rules.risk_feature import Kind

BEGINS = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 45
REGIONS = ("330106", "330102", "440305", "440106", "310115", "320505", "510104", "420106")
CARRIERS = 12


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing somebody does; ``label`` is what it really is, empty for the honest."""

    at: datetime
    kind: Kind
    actor: str
    signals: Signals
    seller: str = ""
    sponsor: str = ""
    number: str = ""
    amount_fen: int = 0
    region: str = ""
    is_admission: bool = False
    label: str = ""


@dataclass
class Person:
    """Somebody with things of their own."""

    name: str
    ip: str
    device: str
    payer: str
    address: str
    region: str
    label: str = ""
    ring: str = ""


@dataclass
class World:
    """All that happens, the members there are, and which accounts really belong together."""

    seed: int
    happenings: list[Happening] = field(default_factory=list)
    members: dict[str, datetime] = field(default_factory=dict)
    agents: dict[str, str] = field(default_factory=dict)
    sponsors: dict[str, str] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    sellers: list[str] = field(default_factory=list)

    @property
    def rings(self) -> list[set[str]]:
        """Accounts of the same hands, two or more."""
        found: dict[str, set[str]] = {}
        for one in self.people.values():
            if one.ring:
                found.setdefault(one.ring, set()).add(one.name)
        return [names for names in found.values() if len(names) > 1]


class Maker:
    """Chance and names."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.world = World(seed)
        self.counts: dict[str, int] = {}

    def next(self, what: str) -> int:
        self.counts[what] = self.counts.get(what, 0) + 1
        return self.counts[what]

    def ip(self) -> str:
        n = self.next("ip")
        return f"36.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"

    def address(self) -> str:
        return f"杭州市西湖区文三路{self.next('address')}号{self.dice.randrange(1, 30)}室"

    def person(self, kind: str, **own: str) -> Person:
        n = self.next(kind)
        made = Person(
            name=f"{kind}{n}", ip=own.get("ip") or self.ip(), device=own.get("device") or f"dev{self.next('device')}",
            payer=own.get("payer") or f"openid{self.next('payer')}", address=own.get("address") or self.address(),
            region=own.get("region") or self.dice.choice(REGIONS), label=own.get("label", ""), ring=own.get("ring", ""),
        )  # fmt: skip
        self.world.people[made.name] = made
        return made

    def member(self, kind: str, sponsor: str = "", at: datetime | None = None, **own: str) -> Person:
        made = self.person(kind, **own)
        self.world.members[made.name] = at or self.moment(-40, 0)
        self.world.sponsors[made.name] = sponsor
        return made

    def moment(self, since: float = 0, until: float = DAYS) -> datetime:
        """Some time of a day, by day rather than by night."""
        day = self.dice.uniform(since, until)
        hour = self.dice.choice((2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 13, 14, 15))
        return BEGINS + timedelta(days=int(day), hours=hour, seconds=self.dice.randrange(3600))

    def signals(self, who: Person) -> Signals:
        """What an order of somebody carries: on the road it comes through the carrier's shared address."""
        is_mobile = self.dice.random() < 0.25
        ip = f"117.136.0.{self.dice.randrange(CARRIERS)}" if is_mobile and not who.label else who.ip
        return Signals(ip=ip, device=who.device, payer=who.payer, address={"text": who.address})

    def buys(self, who: Person, seller: str, at: datetime, *, back: float = 0.0, **facts: object) -> None:
        number = f"w{self.next('order'):06}"
        amount = self.dice.randrange(39, 400) * 100
        told = {"amount_fen": amount, "region": who.region, "label": who.label} | facts
        made = Happening(at=at, kind=Kind.PLACE, actor=who.name, signals=self.signals(who), seller=seller,
                         number=number, **told)  # type: ignore[arg-type] # fmt: skip
        self.world.happenings.append(made)
        if self.dice.random() < back:
            wait = timedelta(hours=self.dice.randrange(2, 160))
            self.world.happenings.append(
                Happening(at=at + wait, kind=Kind.REFUND, actor=who.name, signals=Signals(), seller=seller,
                          number=number, amount_fen=amount, label=who.label)
            )  # fmt: skip

    def seller(self) -> str:
        return self.dice.choice(self.world.sellers)


def promoters(make: Maker, many: int) -> None:
    """Members who sell, and who buy now and then, a tenth of it in their own showcase."""
    for _ in range(many):
        one = make.member("promoter", sponsor=make.dice.choice(make.world.sellers or [""]))
        make.world.sellers.append(one.name)
    for name in make.world.sellers[:]:
        who = make.world.people[name]
        for _ in range(make.dice.choice((0, 0, 1, 2, 3))):
            seller = name if make.dice.random() < 0.1 else make.seller()
            make.buys(who, seller, make.moment(), back=0.05)


def guests(make: Maker, many: int) -> None:
    """They buy one to four times, most of it where they bought before."""
    for _ in range(many):
        who, favourite = make.person("guest"), make.seller()
        for _ in range(make.dice.choice((1, 1, 1, 2, 2, 3, 4))):
            make.buys(who, favourite if make.dice.random() < 0.6 else make.seller(), make.moment(), back=0.06)


def regulars(make: Maker, many: int) -> None:
    """Some buy for a shop of their own, some send many presents within the hour."""
    for _ in range(many):
        who, seller = make.person("reseller"), make.seller()
        for _ in range(make.dice.randrange(8, 18)):
            make.buys(who, seller if make.dice.random() < 0.4 else make.seller(), make.moment(), back=0.04)
        who, seller, at = make.person("giver"), make.seller(), make.moment()
        for n in range(make.dice.randrange(4, 8)):
            make.buys(who, seller, at + timedelta(minutes=6 * n))


def households(make: Maker, many: int) -> None:
    """A home: one network, one address; now and then one tablet, or one who pays for the others."""
    for _ in range(many):
        home = {"ip": make.ip(), "address": make.address(), "region": make.dice.choice(REGIONS)}
        tablet, purse = f"tablet{make.next('tablet')}", f"purse{make.next('purse')}"
        for _ in range(make.dice.randrange(2, 5)):
            own = dict(home)
            if make.dice.random() < 0.12:
                own["device"] = tablet
            if make.dice.random() < 0.15:
                own["payer"] = purse
            who = make.person("family", **own)
            for _ in range(make.dice.randrange(1, 4)):
                make.buys(who, make.seller(), make.moment(), back=0.06)


def dormitories(make: Maker, many: int) -> None:
    """Twenty to thirty people of one building and one network; offices share the network alone."""
    for n in range(many):
        ip, address = make.ip(), make.address()
        for _ in range(make.dice.randrange(20, 30)):
            own = {"ip": ip} | ({"address": address} if n % 2 else {})
            who = make.person("dorm", **own)
            for _ in range(make.dice.randrange(1, 3)):
                make.buys(who, make.seller(), make.moment(), back=0.06)


def parties(make: Maker, many: int) -> None:
    """A promoter's group purchase: many buyers of one showcase within a day."""
    for _ in range(many):
        seller, day = make.seller(), make.dice.randrange(DAYS - 1)
        for _ in range(make.dice.randrange(12, 20)):
            make.buys(make.person("party"), seller, make.moment(day, day + 0.9), back=0.04)


def fake_trade(make: Maker, many: int) -> None:
    """A ring trades with itself: few devices and payers for many accounts; every third one is careful."""
    for n in range(many):
        ring, careful = f"fake{n}", n % 3 == 2
        count = make.dice.randrange(5, 13)
        devices = [f"farm{n}.{k}" for k in range(max(2, count // 3))]
        payers = [f"bank{n}.{k}" for k in range(2)]
        addresses, ips = [make.address() for _ in range(3)], [make.ip() for _ in range(2)]
        owner = make.member("boss", sponsor=make.seller(), device=devices[0], payer=payers[0], label="fake_trade",
                            ring=ring)  # fmt: skip
        begins = make.dice.randrange(DAYS - 12)
        for k in range(count):
            own = {"label": "fake_trade", "ring": ring, "address": make.dice.choice(addresses)}
            if not careful:
                own |= {"device": devices[k % len(devices)], "ip": make.dice.choice(ips)}
            if not careful or k % 2:
                own["payer"] = payers[k % 2]
            who = make.person("shill", **own)
            for _ in range(make.dice.randrange(3, 7)):
                make.buys(who, owner.name, make.moment(begins, begins + 10))


def self_buyers(make: Maker, many: int) -> None:
    """A seller buys through a second account: with the same purse or phone; some only from the same home."""
    for n in range(many):
        ring = f"self{n}"
        owner = make.member("selfseller", sponsor=make.seller(), label="self_buy", ring=ring)
        home = {"ip": owner.ip, "address": owner.address, "label": "self_buy", "ring": ring}
        tie = ({"payer": owner.payer}, {"device": owner.device}, {"payer": owner.payer, "device": owner.device}, {})
        who = make.person("alter", **home, **tie[n % 4])
        make.buys(owner, make.seller(), make.moment(0, 3), label="")
        for _ in range(make.dice.randrange(3, 8)):
            make.buys(who, owner.name, make.moment(4))


def refund_abusers(make: Maker, many: int) -> None:
    """Buys much and gives nearly everything back."""
    for _ in range(many):
        who = make.person("returner", label="refund_abuse")
        begins = make.dice.randrange(DAYS - 25)
        for _ in range(make.dice.randrange(7, 16)):
            make.buys(who, make.seller(), make.moment(begins, begins + 22), back=make.dice.uniform(0.5, 0.9))


def false_agents(make: Maker, many: int) -> None:
    """An agent's other accounts buy in the agent's region for the region's share."""
    for n in range(min(many, len(REGIONS))):
        region, ring = REGIONS[n], f"agent{n}"
        agent = make.member("agent", sponsor=make.seller(), region=region, label="agent_fraud", ring=ring)
        make.world.agents[agent.name] = region
        make.buys(agent, make.seller(), make.moment(0, 2), label="")
        for k in range(2):
            own = {"payer": agent.payer} if k else {"device": agent.device}
            who = make.person("straw", region=region, label="agent_fraud", ring=ring, **own)
            for _ in range(make.dice.randrange(5, 9)):
                make.buys(who, make.seller(), make.moment(3))


def circles(make: Maker, many: int) -> None:
    """Two teams buy from each other in turns."""
    for _ in range(many):
        one, other = (make.member("circle", sponsor=make.seller(), label="circular") for _ in range(2))
        begins = make.dice.randrange(DAYS - 20)
        for _ in range(make.dice.randrange(5, 9)):
            make.buys(one, other.name, make.moment(begins, begins + 18))
            make.buys(other, one.name, make.moment(begins, begins + 18))


def mass_joins(make: Maker, many: int) -> None:
    """Newcomers by the dozen under one sponsor, most from one phone; and honest newcomers one by one."""
    for n in range(many):
        sponsor, at, ring = make.seller(), make.moment(), f"joins{n}"
        for k in range(make.dice.randrange(10, 15)):
            own = {"label": "mass_join", "ring": ring, "device": f"joiner{n}"} if k % 4 else {"label": "mass_join"}
            _joins(make, "bot", sponsor, at + timedelta(seconds=35 * k), **own)
    for _ in range(many * 40):
        _joins(make, "fresh", make.seller(), make.moment())


def _joins(make: Maker, kind: str, sponsor: str, at: datetime, **own: str) -> None:
    who = make.member(kind, sponsor=sponsor, at=at, **own)
    make.world.happenings.append(
        Happening(at=at, kind=Kind.REGISTER, actor=who.name, sponsor=sponsor, label=who.label,
                  signals=Signals(ip=who.ip, device=who.device, payer=who.payer))
    )  # fmt: skip


GROUPS: tuple[tuple[Callable[[Maker, int], None], float], ...] = (
    (promoters, 300), (guests, 1500), (regulars, 30), (households, 80), (dormitories, 12), (parties, 10),
    (fake_trade, 12), (self_buyers, 40), (refund_abusers, 30), (false_agents, 6), (circles, 10), (mass_joins, 6),
)  # fmt: skip


def world(seed: int, scale: float = 1.0) -> World:
    """Everything that happens in a world, in the order of its instants."""
    make = Maker(seed)
    for group, many in GROUPS:
        group(make, max(1, round(many * scale)))
    make.world.happenings.sort(key=lambda one: (one.at, one.number, one.kind))
    return make.world


def fill(found: World, matrix_id: int, *, at_once: int = 200) -> dict[int, Happening]:
    """Write a world down: members and orders as rows, what happened through the intake; happenings by event."""
    codes = _members(found, matrix_id)
    orders = _orders(found, codes)
    events: dict[int, Happening] = {}
    for part in _parts(found.happenings, at_once):
        facts = [_fact(found, one, codes, orders) for one in part]
        made = risk_event.record(facts=facts, at=part[-1].at)
        events |= dict(zip(made, part, strict=True))
    return events


def _parts(rows: Sequence[Happening], size: int) -> Iterator[Sequence[Happening]]:
    return (rows[n : n + size] for n in range(0, len(rows), size))


def _members(found: World, matrix_id: int) -> dict[str, int]:
    rows = [
        {"code": name, "matrix_id": matrix_id, "standing": "active", "showcase": "open", "registered_at": at,
         "qualified_at": at}
        for name, at in found.members.items()
    ]  # fmt: skip
    db.session.execute(sa.insert(Member), rows)
    codes = {row.code: row.id for row in db.session.execute(sa.select(Member.code, Member.id))}
    for name, sponsor in found.sponsors.items():
        if sponsor in codes:
            db.session.execute(sa.update(Member).where(Member.id == codes[name]).values(sponsor_id=codes[sponsor]))
    for name, region in found.agents.items():
        db.session.add(
            RegionAgent(member_id=codes[name], region_code=region, state="active", deposit_fen=500_000,
                        begins_at=BEGINS - timedelta(days=9), ends_at=BEGINS + timedelta(days=365))
        )  # fmt: skip
    db.session.flush()
    return codes


def _orders(found: World, codes: dict[str, int]) -> dict[str, int]:
    policy_id = db.session.scalar(sa.select(sa.func.max(PolicyVersion.id)))
    rows = [
        {"number": one.number, "kind": "normal", "scene": "share_link", "state": "paid", "seller_id": codes[one.seller],
         "buyer_id": codes.get(one.actor), "buyer": one.actor, "paid_fen": one.amount_fen,
         "cost_fen": one.amount_fen // 3, "commission_fen": one.amount_fen // 5, "region_code": one.region or None,
         "address": {}, "policy_id": policy_id, "digest": bytes(32), "placed_at": one.at, "paid_at": one.at}
        for one in found.happenings if one.kind is Kind.PLACE
    ]  # fmt: skip
    db.session.execute(sa.insert(Order), rows)
    return {row.number: row.id for row in db.session.execute(sa.select(Order.number, Order.id))}


def _fact(found: World, one: Happening, codes: dict[str, int], orders: dict[str, int]) -> Fact:
    def who(name: str) -> Who | None:
        if not name:
            return None
        return Who(member_id=codes[name]) if name in codes else Who(buyer=name)

    sponsor = one.sponsor or found.sponsors.get(one.seller, "")
    ref = {Kind.REGISTER: one.actor, Kind.REFUND: f"{one.number}:1"}.get(one.kind, one.number)
    return Fact(
        kind=one.kind, ref=ref, at=one.at, actor=who(one.actor), other=who(one.seller), sponsor=who(sponsor),
        order_id=orders.get(one.number), amount_fen=one.amount_fen, region=one.region or None, signals=one.signals,
    )  # fmt: skip
