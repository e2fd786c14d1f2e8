"""Races over the operations on real threads: each sets its stage, lets several start at once, and judges the end.

Every race may be run again and again on one database: ``n`` names its own people, orders and months.
"""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from console import replay
from models import DividendLine, Member, Order, Posting, Seat, Withdrawal, db, transaction
from models.errors import DomainError
from models.operations import dividend, share, standing
from models.operations.dividend import BilledAlready
from models.queries import integrity
from models.queries import ledger as books
from models.rules import scenario, shanghai

AT = datetime(2026, 1, 1, 1, tzinfo=UTC)
LATER = AT + timedelta(days=8)
TERMS = {
    "rank.team_size": [1, 1, 1, 1], "rank.sales_fen": [1, 1, 1, 1], "high_earner.step_fen": 10**9, "unlock.directs": 0,
    "withdraw.second_approval": 10**9,
}  # fmt: skip
AT_ONCE = 12


def tell(do: str, at: datetime = AT, **values: Any) -> None:
    """One event of a story, in a transaction of its own."""
    event = scenario.parse(json.loads(json.dumps({"at": at.isoformat(), "do": do, **values})))
    with transaction():
        replay.ACTIONS[type(event)](event)


def set_up(app: Flask) -> None:
    """A policy and a network."""
    with app.app_context():
        tell("policy", preset="plan", set=TERMS)
        tell("matrix", matrix="M", merchant="shop", template="triple")


def join(code: str, inviter: str = "M-10") -> None:
    tell("register", member=code, inviter=inviter)
    tell("qualify", member=code)


def sell(code: str, seller: str, at: datetime = AT, **values: Any) -> None:
    tell("order", at, order=code, seller=seller, **{"paid": 9_900, "cost": 5_000, "commission": 2_003, **values})


def together(app: Flask, *works: Callable[[], Any]) -> list[DomainError | None]:
    """Start all at once; the refusal of each, or None. Anything else that goes wrong is raised."""
    barrier = threading.Barrier(min(len(works), AT_ONCE))

    def one(work: Callable[[], Any], waits: bool) -> DomainError | None:
        with app.app_context():
            if waits:
                barrier.wait(30)
            try:
                work()
            except DomainError as refusal:
                return refusal
            return None

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, works, [number < AT_ONCE for number in range(len(works))]))


def whole() -> None:
    """Nothing was lost or doubled anywhere."""
    assert list(integrity.differences()) == []
    assert sum(books.balances().values()) == 0
    db.session.rollback()


def balances(code: str) -> dict[str, int]:
    start = f"member:{code}:"
    return {name.removeprefix(start): fen for name, fen in books.balances().items() if name.startswith(start) and fen}


def rich(code: str) -> int:
    """A new member with something available; how much."""
    join(code)
    sell(f"o-{code}", code)
    tell("complete", order=f"o-{code}")
    with transaction():
        order_id = db.session.scalars(sa.select(Order.id).where(Order.number == f"o-{code}")).one()
        share.mature(order_id=order_id, at=LATER)
    return balances(code)["available"]


def sign_ups(app: Flask, n: int, count: int = 12) -> None:
    """All under one sponsor at once: the tree is the one that comes of one after the other."""
    sponsor = f"s{n}"
    with app.app_context():
        join(sponsor)
    codes = [f"j{n}-{number}" for number in range(count)]
    works = [lambda code=code: tell("register", member=code, inviter=sponsor) for code in codes]
    assert together(app, *works) == [None] * count
    with app.app_context():
        seats = list(
            db.session.scalars(
                sa.select(Seat).join(Member, Member.id == Seat.member_id)
                .where(Member.code.in_([sponsor, *codes])).order_by(Seat.id)
            )
        )  # fmt: skip
        turn = {seat.id: number for number, seat in enumerate(seats)}
        assert [(turn[one.parent_id or 0], one.slot) for one in seats[1:]] == [
            (number // 3, number % 3 + 1) for number in range(count)
        ]


def one_newcomer(app: Flask, n: int) -> None:
    """The same person signs up four times at once: seated once, refused three times."""
    code = f"n{n}"
    ends = together(app, *[lambda: tell("register", member=code, inviter="M-10")] * 4)
    assert sorted(end is None for end in ends) == [False] * 3 + [True]
    assert all("2.5" in str(end) for end in ends if end is not None)


def withdrawals(app: Flask, n: int, count: int = 50) -> None:
    """All that one has, asked for many times at once: exactly one is accepted."""
    code = f"w{n}"
    with app.app_context():
        amount = rich(code)
    works = [
        lambda number=number: tell("withdraw", LATER, withdrawal=f"{code}-{number}", member=code, amount=amount)
        for number in range(count)
    ]
    assert together(app, *works).count(None) == 1
    with app.app_context():
        asked = db.session.scalars(sa.select(Withdrawal).where(Withdrawal.number.like(f"{code}-%"))).one()
        assert balances(code) == {"payout": amount - asked.tax_fen}


def settle_and_refund(app: Flask, n: int) -> None:
    """An order completes twice and is refunded in part and in part again, all at once: each once and to the fen."""
    code, number = f"r{n}", f"o-r{n}"
    with app.app_context():
        join(code)
        sell(number, code)
        before = books.balances()["custody"]

    def complete() -> None:
        tell("complete", order=number)

    def refund() -> None:
        tell("refund", order=number, amount=1_001)

    assert together(app, complete, refund, complete, refund) == [None] * 4
    with app.app_context():
        order = db.session.scalars(sa.select(Order).where(Order.number == number)).one()
        assert (order.state, order.refunded_fen) == ("completed", 2_002)
        kinds = db.session.scalars(sa.select(Posting.kind).where(Posting.subject == f"order:{number}"))
        assert sorted(kinds) == ["pay", "refund", "refund", "settle"]
        assert books.balances()["custody"] - before == 2_002


def settle_and_refund_all(app: Flask, n: int) -> None:
    """An order completes while all of it is refunded: nothing stays anywhere."""
    code, number = f"f{n}", f"o-f{n}"
    with app.app_context():
        join(code)
        before = books.balances()
        sell(number, code)
    assert together(
        app, lambda: tell("complete", order=number), lambda: tell("refund", order=number, amount=9_900)
    ) == [None, None]  # fmt: skip
    with app.app_context():
        after = books.balances()
        assert {name: fen - before.get(name, 0) for name, fen in after.items() if fen != before.get(name, 0)} == {}


def freeze_and_withdraw(app: Flask, n: int) -> None:
    """A cycle ends while its member withdraws: either the money went first, or it waits for the freeze to end."""
    code = f"z{n}"
    with app.app_context():
        amount = rich(code)
        member_id = db.session.scalars(sa.select(Member.id).where(Member.code == code)).one()
    end = AT + timedelta(days=30)

    def freeze() -> None:
        with transaction():
            standing.end_cycle(member_id=member_id, at=end)

    frozen, refused = together(
        app, freeze, lambda: tell("withdraw", end, withdrawal=f"w-{code}", member=code, amount=amount)
    )
    assert frozen is None
    with app.app_context():
        assert db.session.get_one(Member, member_id).standing == "frozen"
        assert set(balances(code)) == ({"payout"} if refused is None else {"available"})
        assert sum(balances(code).values()) == amount - (_tax(f"w-{code}") if refused is None else 0)


def _tax(number: str) -> int:
    return db.session.scalars(sa.select(Withdrawal.tax_fen).where(Withdrawal.number == number)).one()


def two_bills(app: Flask, n: int) -> None:
    """A month is billed twice at once, and every line is paid twice at once: one bill, each line once."""
    code, month = f"b{n}", date(2026 + (n + 1) // 12, (n + 1) % 12 + 1, 1)
    begins, ends = shanghai.month_bounds(month)
    with app.app_context():
        join(code)
        sell(f"o-{code}", code, begins)
        tell("complete", begins, order=f"o-{code}")

    def build() -> None:
        with transaction():
            dividend.build(month=month, bounds=shanghai.month_bounds, at=ends, by="staff:1")

    refusals = [end for end in together(app, build, build) if end is not None]
    assert [type(end) for end in refusals] == [BilledAlready]
    with app.app_context():
        bill_id, line_ids = _confirmed(month, ends)

    def pay(line_id: int) -> None:
        with transaction():
            dividend.pay_line(line_id=line_id, at=ends)

    assert set(together(app, *[lambda one=one: pay(one) for one in line_ids * 2])) == {None}
    with app.app_context():
        booked = sa.select(sa.func.count()).where(
            Posting.kind == "dividend", Posting.subject == f"dividend:{month:%Y-%m}"
        )
        assert db.session.scalar(booked) == len(line_ids) > 0
        with transaction():
            assert dividend.close(bill_id=bill_id, at=ends).state == "paid"


def _confirmed(month: date, at: datetime) -> tuple[int, list[int]]:
    chosen = sa.select(dividend.DividendBill.id).where(dividend.DividendBill.month == month)
    with transaction():
        bill_id = db.session.scalars(chosen).one()
        dividend.confirm(bill_id=bill_id, at=at, by="staff:2")
    lines = db.session.scalars(sa.select(DividendLine.id).where(DividendLine.bill_id == bill_id))
    return bill_id, list(lines)


def crowd(app: Flask, n: int) -> None:
    """Everything at once around one family: sales, refunds, sign-ups, holds, withdrawals, the end of a cycle."""
    top, mid, low = (f"c{n}-{name}" for name in ("top", "mid", "low"))
    numbers = [f"o-{low}-{k}" for k in range(4)]
    with app.app_context():
        amount = rich(top)
        join(mid, top)
        join(low, mid)
        for number in numbers:
            sell(number, low, buyer=mid)
        tell("register", member=f"c{n}-new", inviter=mid)
        member_id = db.session.scalars(sa.select(Member.id).where(Member.code == top)).one()

    def freeze() -> None:
        with transaction():
            standing.end_cycle(member_id=member_id, at=AT + timedelta(days=30))

    ends = together(
        app, freeze, *[lambda one=one: tell("complete", LATER, order=one) for one in numbers],
        lambda: tell("refund", LATER, order=numbers[0], amount=500),
        lambda: tell("hold", LATER, order=numbers[1]),
        lambda: tell("qualify", LATER, member=f"c{n}-new"),
        lambda: tell("register", LATER, member=f"c{n}-newer", inviter=top),
        lambda: tell("withdraw", LATER, withdrawal=f"w-{top}", member=top, amount=amount),
    )  # fmt: skip
    assert ends[:-1] == [None] * (len(ends) - 1)


RACES: tuple[Callable[[Flask, int], None], ...] = (
    sign_ups, one_newcomer, withdrawals, settle_and_refund, settle_and_refund_all, freeze_and_withdraw, two_bills,
    crowd,
)  # fmt: skip
