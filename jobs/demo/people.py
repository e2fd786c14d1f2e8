"""Newcomers and how they qualify: invited in bunches, through ten orders or booked over from before, or not at all."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from jobs.demo import orders
from jobs.demo.plan import BUILDER, Day, tried
from jobs.gateways.invented import openid
from models import Member, MemberIdentity, db
from models.operations import admission, agreement, cohort, identity, note, order
from models.operations.cohort import Candidate, Newcomer
from models.queries import admission as tasks
from models.rules.commission import Kind
from models.rules.order import Scene

FIRST_TERMS = "推广服务协议（演示）第一版：佣金只来自已完成并过了退货期的商品订单，没有收入保证。"
SECOND_TERMS = FIRST_TERMS + "第二版：补充个人信息处理规则。"
SECOND_ON = 40
LAPSING, BUYING = 0.14, 0.17
"""Below the first lot a candidate never qualifies, below the second by ten orders; others were members before."""

_RECRUITERS = sa.text(
    """
    SELECT m.code, m.qualified_at, count(d.id) AS directs
    FROM member m LEFT JOIN member d ON d.sponsor_id = m.id AND d.qualified_at >= m.cycle_start
    WHERE m.position IS NULL AND m.standing = 'active' AND m.showcase = 'open'
    GROUP BY m.id ORDER BY m.code
    """
)
_CANDIDATES = sa.text(
    """
    SELECT id, code, registered_at FROM member WHERE standing = 'candidate' AND registered_at < :before ORDER BY code
    """
)
_LAPSED = sa.text(
    """
    SELECT m.code FROM member m JOIN standing_change c ON c.member_id = m.id AND c.kind = 'lapsed'
    WHERE m.standing = 'lapsed' AND c.at >= :since AND c.at < :until ORDER BY m.code
    """
)


def terms(day: Day) -> tuple[str, str]:
    """Version and text of the agreement that is asked for."""
    return ("演示-2", SECOND_TERMS) if day.n >= SECOND_ON else ("演示-1", FIRST_TERMS)


def acceptance(day: Day, code: str) -> agreement.Acceptance:
    """What somebody agreed to on this day, from an address of the documentation network."""
    version, text = terms(day)
    last = random.Random(code).randrange(1, 255)
    return agreement.Acceptance(
        version=version,
        sha256=agreement.fingerprint(text),
        ip=f"203.0.113.{last}",
        user_agent="MicroMessenger/8.0 演示",
    )


def arrive(day: Day, at: datetime) -> None:
    """The day's newcomers register together."""
    known = db.session.scalar(sa.select(sa.func.count()).where(Member.position.is_(None))) or 0
    wanted = _wanted(day) - known
    chance = day.chance("arrivals")
    new = [Newcomer(f"W{n:05d}", inviter, at) for n, inviter in enumerate(_inviters(chance, day, wanted), known + 1)]
    if new:
        cohort.register_many(newcomers=new, acceptance=acceptance(day, new[0].code), by=BUILDER)
        codes = [one.code for one in new]
        made = db.session.execute(sa.select(Member.id, Member.code).where(Member.code.in_(codes)).order_by(Member.code))
        note.keep_people([(row.id, _facts(int(row.code[1:]))) for row in made])


def be_known(day: Day, at: datetime) -> None:
    """Whoever is new opens the mini-program once: money goes to the openid, and windows are found by it."""
    chosen = sa.select(Member.id, Member.code).outerjoin(MemberIdentity, MemberIdentity.member_id == Member.id)
    new = db.session.execute(chosen.where(MemberIdentity.id.is_(None)).order_by(Member.id)).all()
    identity.recognise(people=[(row.id, openid(row.code)) for row in new], at=at)


def _facts(n: int) -> note.Facts:
    """A name that nobody gave, and a number that no network hands out."""
    chance = random.Random(n)
    name = chance.choice("林周沈许何宋江陆叶苏白云") + "".join(chance.sample("青禾知夏星遥木舟晚晴川岚", 2))
    return note.Facts(nickname=f"{name[1:]}的小店{n % 97}", phone=f"100{n:08d}", real_name=name)


def _wanted(day: Day) -> int:
    """How many have registered by the end of a day: slowly at first, then by invitations of invited ones."""
    early = 4
    share: float = ((day.n + early) / (day.plan.days + early)) ** 1.7
    return round(day.plan.members * share)


def _inviters(chance: random.Random, day: Day, count: int) -> Iterator[str | None]:
    """Who invited each newcomer: a few recruiters in bunches, a preset now and then, sometimes nobody."""
    found = db.session.execute(_RECRUITERS).all()
    pool = [row.code for row in found if day.plan.lot("recruits", row.code) < 0.45]
    eager = {row.code: 6 if row.directs in (1, 2) else 3 if row.directs < 3 else 1 for row in found}
    left = count
    while left > 0:
        if not pool or chance.random() < 0.04:
            yield chance.choice(("SL-10", "NF-4", "NF-7", "YQ-3", "YQ-9", None) if pool else ("NF-4",))
            left -= 1
            continue
        (inviter,) = chance.choices(pool, weights=[eager[code] for code in pool])
        pool.remove(inviter)
        bunch = min(left, chance.choice((1, 2, 3, 3, 4, 5)))
        yield from [inviter] * bunch
        left -= bunch


def come_back(day: Day, at: datetime) -> None:
    """Some of those who lapsed register again a few days later."""
    for code in db.session.scalars(_LAPSED, {"since": day.back(3), "until": day.back(2)}).all():
        if day.plan.lot("returns", code) < 0.3:
            admission.register(code=code, inviter=None, acceptance=acceptance(day, code), at=at, by=BUILDER)


def qualify(day: Day, at: datetime) -> None:
    """Members of an earlier time are booked over: their admission passed before."""
    found = db.session.execute(_CANDIDATES, {"before": day.back(0)}).all()
    ready = [Candidate(row.code, at) for row in found if day.plan.lot("admission", row.code) >= BUYING]
    if ready:
        cohort.qualify_many(candidates=ready)


def buy_in(day: Day, at: datetime) -> None:
    """Candidates buy at the showcases of their tasks: five on the day after they registered, five on the next."""
    bought = []
    for row in db.session.execute(_CANDIDATES, {"before": day.back(0)}).all():
        if not LAPSING <= day.plan.lot("admission", row.code) < BUYING:
            continue
        asked, done = tasks.passed(row.id)
        left = [seller for seller in asked if seller not in {one.seller for one in done}]
        bought += [(row.code, seller) for seller in left[:5]]
    chance = day.chance("admission orders")
    for n, (buyer, seller) in enumerate(bought, 1):
        paid = chance.randrange(49, 100) * 100
        purchase = orders.purchase(
            day, f"A{day.on:%y%m%d}{n:05d}", seller=seller, buyer=buyer, kind=Kind.ADMISSION, scene=Scene.SHOWCASE,
            paid_fen=paid,
        )  # fmt: skip
        tried(order.place, purchase=purchase, at=at)


def consent_again(day: Day, at: datetime) -> None:
    """The second version of the agreement: most accept it within days, some have not yet."""
    if day.n < SECOND_ON:
        return
    version, text = terms(day)
    if day.n == SECOND_ON:
        agreement.publish(version=version, text=text, effective_at=at)
    for member in db.session.scalars(
        sa.select(Member).where(Member.position.is_(None), Member.qualified_at < at).order_by(Member.code)
    ):
        if int(day.plan.lot("consent", member.code) * 14) == day.n - SECOND_ON:
            agreement.accept(member=member, acceptance=acceptance(day, member.code), at=at + timedelta(minutes=1))
