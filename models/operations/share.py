"""What happens to shares once they are booked: maturing, release, holds, fraud, and the obligations of high earners.

Shares move under their owner's row lock alone; an order's lock, where one is needed, is taken before.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.operations import ledger
from models.queries import after_sale
from models.queries import ledger as books
from models.queries import member as members
from models.queries import policy as policies
from models.queries import switch as switches
from models.rules import share as rules
from models.rules import withdrawal
from models.rules.ledger import Leg
from models.rules.policy import Policy
from models.rules.share import Bucket, Marks
from models.rules.switch import MoneyJob
from models.tables.member import Member
from models.tables.order import Order, Share
from models.tables.standing import Obligation


def account(code: str, bucket: str) -> str:
    """A member's account."""
    return f"member:{code}:{bucket}"


class Draft:
    """Legs of one posting in the making; balances as they will stand once it is booked."""

    def __init__(self, reading: Iterable[str] = ()) -> None:
        """``reading`` names accounts whose balances will be asked for: they are read at once."""
        names = list(reading)
        self.legs: list[Leg] = []
        self.is_weighed = False  # rests on a balance, which other postings may change
        self.held = books.cold_balances(names) if names else {}

    def add(self, name: str, amount_fen: int, cause: str, **why: Any) -> None:
        """One more leg; nothing for nothing."""
        if amount_fen:
            self.legs.append(Leg(name, amount_fen, cause, **why))

    def balance(self, name: str) -> int:
        self.is_weighed = True
        drafted = sum(leg.amount_fen for leg in self.legs if leg.account == name)
        return (self.held[name] if name in self.held else books.balance(name)) + drafted

    def give(self, code: str, amount_fen: int, cause: str) -> None:
        """Make an amount available, debts first (rules §5.6)."""
        to = rules.credit(amount_fen, owed_fen=-self.balance(account(code, Bucket.DEBT)))
        self.add(account(code, Bucket.DEBT), to.debt_fen, cause, reason="debt_paid")
        self.add(account(code, Bucket.AVAILABLE), to.available_fen, cause)

    def take(self, code: str, amount_fen: int, cause: str) -> None:
        """Take an amount back from what is available; the rest makes debt (rules §5.6)."""
        of = rules.debit(amount_fen, available_fen=self.balance(account(code, Bucket.AVAILABLE)))
        self.add(account(code, Bucket.AVAILABLE), -of.available_fen, cause)
        self.add(account(code, Bucket.DEBT), -of.debt_fen, cause, reason="debt_made")

    def take_share(self, share: Share, code: str | None, amount_fen: int, cause: str) -> None:
        """Take an amount out of where a share lies now."""
        if share.bucket == Bucket.AVAILABLE and code is not None:
            self.take(code, amount_fen, cause)
        else:
            self.add(share.account, -amount_fen, cause, level=share.level, reason=share.reason or "")

    def move(self, share: Share, code: str, bucket: Bucket, cause: str) -> None:
        """Carry what is left of a share to another bucket."""
        if share.bucket == bucket:
            return
        left = share.amount_fen - share.reversed_fen
        self.add(share.account, -left, cause, level=share.level)
        share.bucket, share.account = bucket, account(code, bucket)
        if bucket is Bucket.AVAILABLE:
            self.give(code, left, cause)
        else:
            self.add(share.account, left, cause, level=share.level)

    def book(self, *, key: str, kind: str, subject: str, at: datetime, **facts: Any) -> int | None:
        """Post what was drafted; nothing drafted posts nothing."""
        if not self.legs:
            return None
        return ledger.post(key=key, kind=kind, subject=subject, at=at, legs=self.legs, facts=facts)


@dataclass(frozen=True)
class Released:
    """Whose shares are let go, when, and how the keys of the postings begin."""

    member: Member
    at: datetime
    key: str


def of_order(order: Order, *buckets: Bucket) -> tuple[list[Share], dict[int, Member]]:
    """An order's shares (those in some buckets, or all) with their owners, under the owners' locks."""
    rows, people = of_orders([order.id], *buckets)
    return rows[order.id], people


def of_orders(order_ids: Sequence[int], *buckets: Bucket) -> tuple[dict[int, list[Share]], dict[int, Member]]:
    """As `of_order`, of many orders: the shares by order."""
    theirs = Share.order_id.in_(order_ids)
    people = members.locked(sa.select(Share.member_id).where(theirs, Share.member_id.is_not(None)))
    chosen = sa.select(Share).where(theirs).order_by(Share.order_id, Share.n)
    if buckets:
        chosen = chosen.where(Share.bucket.in_(buckets))
    rows: dict[int, list[Share]] = {one: [] for one in order_ids}
    for share in db.session.scalars(chosen.execution_options(populate_existing=True)):
        rows[share.order_id].append(share)
    return rows, people


# The engine of migration 0011.
_MATURE = sa.text("SELECT shares_mature(CAST(:ids AS bigint[]), CAST(:ats AS timestamptz[]))")
_IS_DUE = sa.text(
    "SELECT EXISTS (SELECT FROM unnest(CAST(:ids AS bigint[]), CAST(:ats AS timestamptz[])) AS a (id, at)"
    " JOIN shop_order o ON o.id = a.id AND o.mature_at <= a.at)"
)
_RIPEN = sa.text("SELECT shares_ripen(ARRAY[:id]::bigint[], ARRAY[:at]::timestamptz[], ARRAY[:key])")


def mature(*, order_id: int, at: datetime) -> None:
    """An order's days are over: its pending shares become available, unless a hold or an after-sale is open (§5.5)."""
    mature_many(ids=[order_id], at=at)


def mature_many(*, ids: Sequence[int], at: datetime | Sequence[datetime]) -> None:
    """`mature` for many orders in this order, at one instant or at theirs."""
    db.session.flush()
    instants = [at] * len(ids) if isinstance(at, datetime) else list(at)
    told = {"ids": list(ids), "ats": instants}
    if switches.is_off(MoneyJob.MATURE):
        if db.session.scalar(_IS_DUE, told):
            switches.check(MoneyJob.MATURE)
        return
    db.session.execute(_MATURE, told)
    _forget_orders()


def ripen(*, order_id: int, at: datetime, key: str) -> None:
    """An after-sale has ended: what waited for it alone becomes available, if the days are over (rules §5.5)."""
    order = db.session.get_one(Order, order_id, with_for_update=True)
    if order.completed_at is None or order.mature_at is not None:
        return
    if switches.is_off(MoneyJob.MATURE):
        order.mature_at = at  # it matures with the others, once that goes on
    else:
        db.session.flush()
        db.session.execute(_RIPEN, {"id": order_id, "at": at, "key": key})
        _forget_orders()


def _forget_orders() -> None:
    """What the session remembers of orders and shares is read again: the engine wrote past it."""
    for one in db.session.identity_map.values():
        if isinstance(one, Order | Share):
            db.session.expire(one)


def release(
    draft: Draft, order: Order, share: Share, owner: Member, policy: Policy, at: datetime, *, is_open: bool
) -> None:
    """Put a share where the hold, the standing and the lock of now say (rules §5.5); is an after-sale open?"""
    level = None if share.kind == "region" else share.level
    marks = Marks(order.is_held, order.is_fraud, is_open)
    is_mature = order.completed_at is not None and rules.is_mature(order.completed_at, at, marks, policy)
    if is_mature and switches.is_off(MoneyJob.MATURE):
        is_mature, order.mature_at = False, at
    draft.move(share, owner.code, rules.release(members.person(owner), level, marks, matured=is_mature), "release")


def release_all(*, member: Member, bucket: Bucket, at: datetime, key: str) -> None:
    """Release every share that a member has in a bucket; the caller holds the member's lock."""
    for draft, told in _releases([Released(member, at, key)], bucket):
        draft.book(**told)
    db.session.flush()


def release_many(*, released: Sequence[Released], bucket: Bucket) -> None:
    """`release_all` for many members in this order, under keys that are all new: booked together where it can be."""
    together = []
    db.session.flush()
    with db.session.no_autoflush:
        for draft, told in _releases(released, bucket):
            if draft.is_weighed:
                draft.book(**told)
            elif draft.legs:
                together.append(told | {"legs": draft.legs, "facts": {}})
        _write_places()
    ledger.post_many(together)
    db.session.flush()


_PLACES = sa.text(
    """
    UPDATE share s SET bucket = p.bucket, account = p.account
    FROM unnest(CAST(:orders AS bigint[]), CAST(:ns AS int[]), CAST(:buckets AS text[]), CAST(:accounts AS text[]))
        AS p (order_id, n, bucket, account)
    WHERE s.order_id = p.order_id AND s.n = p.n
    """
)


def _write_places() -> None:
    """Where shares lie now, all in one statement: the session would write them one by one."""
    moved = [one for one in db.session.dirty if isinstance(one, Share)]
    told = {
        "orders": [one.order_id for one in moved], "ns": [one.n for one in moved],
        "buckets": [one.bucket for one in moved], "accounts": [one.account for one in moved],
    }  # fmt: skip
    db.session.execute(_PLACES, told)
    for one in moved:
        db.session.expire(one)


def _releases(released: Sequence[Released], bucket: Bucket) -> Iterator[tuple[Draft, dict[str, Any]]]:
    """A draft for each member and order, and under what it is booked: before the next of its member is drafted."""
    found = db.session.scalars(
        sa.select(Share).where(Share.member_id.in_([one.member.id for one in released]), Share.bucket == bucket)
        .order_by(Share.order_id, Share.n).execution_options(populate_existing=True)
    )  # fmt: skip
    theirs: dict[int | None, dict[int, list[Share]]] = defaultdict(lambda: defaultdict(list))
    for share in found:
        theirs[share.member_id][share.order_id].append(share)
    ids = {order_id for by_order in theirs.values() for order_id in by_order}
    chosen = sa.select(Order).where(Order.id.in_(ids)).order_by(Order.id)
    orders = {one.id: one for one in db.session.scalars(chosen.execution_options(populate_existing=True))}
    are_open = after_sale.open_ones(ids)
    for one in released:
        for order_id, shares in theirs[one.member.id].items():
            order, draft = orders[order_id], Draft()
            policy = policies.of(order.policy_id)
            for share in shares:
                release(draft, order, share, one.member, policy, one.at, is_open=order_id in are_open)
            told = {"key": f"{one.key}:{order.number}", "kind": "release", "subject": f"order:{order.number}"}
            yield draft, told | {"at": one.at}


def earn(*, member: Member, amount_fen: int, policy: Policy, at: datetime) -> None:
    """Count lifetime earnings; each full multiple passed asks for an own order (rules §5.8)."""
    before, member.earned_fen = member.earned_fen, member.earned_fen + amount_fen
    for _ in range(withdrawal.passed(before, member.earned_fen, policy)):
        db.session.add(Obligation(member_id=member.id, since=at))


def unearn(shares: Iterable[tuple[Share, int]], people: dict[int, Member]) -> None:
    """Take reversed amounts of shares out of their owners' lifetime earnings."""
    for share, amount_fen in shares:
        if share.member_id is not None and share.bucket is not None:
            people[share.member_id].earned_fen -= amount_fen


def open_obligations(member_id: int) -> Sequence[withdrawal.Obligation]:
    """What a high earner still owes."""
    found = db.session.scalars(
        sa.select(Obligation.since).where(Obligation.member_id == member_id, Obligation.met_at.is_(None))
    )
    return [withdrawal.Obligation(since=since) for since in found]
