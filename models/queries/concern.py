"""Whom many questions for the reviewers concern, read together."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.queries.case import About
from models.rules import case as rules
from models.rules.case import Question
from models.tables.after_sale import AfterSale
from models.tables.member import Matrix, Member
from models.tables.order import Order
from models.tables.payout import Withdrawal
from models.tables.proof import Proof
from models.tables.strike import Appeal, Strike


@dataclass(frozen=True)
class Named:
    """Whom a question names: people, orders whose money it may hold, and orders it only speaks of."""

    members: frozenset[int] = frozenset()
    held: frozenset[int] = frozenset()
    spoken_of: frozenset[int] = frozenset()

    def __or__(self, other: "Named") -> "Named":
        return Named(self.members | other.members, self.held | other.held, self.spoken_of | other.spoken_of)

    @property
    def orders(self) -> frozenset[int]:
        return self.held | self.spoken_of


def of_all(asked: Sequence[Question]) -> list[About]:
    """Whom each question concerns: its subject, the people and the orders named beside; subjects are canonical."""
    named = [_named(question) for question in asked]
    orders = _orders({one for each in named for one in each.orders})
    people = [each.members | _traders(each, orders) for each in named]
    merchants = _merchants({one for each in people for one in each})
    return [_about(each, who, orders, merchants) for each, who in zip(named, people, strict=True)]


def _traders(named: Named, orders: dict[int, Any]) -> frozenset[int]:
    rows = [orders[one] for one in named.orders if one in orders]
    return frozenset(one for row in rows for one in (row.seller_id, row.buyer_id) if one is not None)


def _about(named: Named, people: frozenset[int], orders: dict[int, Any], merchants: dict[int, int]) -> About:
    return About(
        tuple(sorted(people)),
        tuple(sorted({merchants[one] for one in people if one in merchants})),
        tuple(sorted({orders[one].region_code for one in named.orders if one in orders} - {None})),
        tuple(sorted(one for one in named.held if one in orders)),
    )


def canonical(subjects: Iterable[str]) -> dict[str, str]:
    """Subjects as cases keep them: orders by their id. A number wins over an id that looks like it."""
    found = {subject: rules.parsed(subject) for subject in subjects}
    refs = {ref for kind, ref in found.values() if kind == "order"}
    ids: dict[str, int] = {}
    if refs:
        numbered = db.session.execute(sa.select(Order.number, Order.id).where(Order.number.in_(refs)))
        ids = {row.number: row.id for row in numbered}
        plain = [int(ref) for ref in refs - set(ids) if ref.isascii() and ref.isdigit() and len(ref) < 18]
        ids |= {str(one): one for one in db.session.scalars(sa.select(Order.id).where(Order.id.in_(plain)))}
    if missing := sorted(refs - set(ids)):
        raise rules.NoSubject(f"没有编号为 {'、'.join(missing)} 的订单，请核对后再开立个案。")
    return {subject: f"order:{ids[ref]}" if kind == "order" else subject for subject, (kind, ref) in found.items()}


def _named(question: Question) -> Named:
    """What a question says beside its subject, and whom its subject names."""
    return Named(frozenset(question.member_ids), frozenset(question.order_ids)) | _subject(question.subject)


def _subject(subject: str) -> Named:
    """Whom a subject names, as far as its row says; of rings and complaints whoever opens the case tells."""
    kind, ref = rules.parsed(subject)
    read = _READ.get(kind)
    return read(int(ref)) if read is not None and ref.isascii() and ref.isdigit() else Named()


def _after_sale(ref: int) -> Named:
    found = db.session.get(AfterSale, ref)
    return Named(spoken_of=frozenset({found.order_id})) if found else Named()


def _withdrawal(ref: int) -> Named:
    found = db.session.get(Withdrawal, ref)
    return Named(frozenset({found.member_id})) if found else Named()


def _proof(ref: int) -> Named:
    found = db.session.get(Proof, ref)
    return Named(frozenset({found.member_id, found.seller_id})) if found else Named()


def _strike(ref: int) -> Named:
    found = db.session.get(Strike, ref)
    return Named(spoken_of=frozenset({found.order_id})) if found else Named()


def _appeal(ref: int) -> Named:
    found = db.session.get(Appeal, ref)
    return _subject(found.subject) | Named(frozenset({found.member_id})) if found else Named()


_READ: Mapping[str, Callable[[int], Named]] = {
    "order": lambda ref: Named(held=frozenset({ref})),
    "member": lambda ref: Named(frozenset({ref})),
    "showcase": lambda ref: Named(frozenset({ref})),
    "after_sale": _after_sale,
    "withdrawal": _withdrawal,
    "proof": _proof,
    "strike": _strike,
    "appeal": _appeal,
}


def _orders(ids: set[int]) -> dict[int, Any]:
    if not ids:
        return {}
    chosen = sa.select(Order.id, Order.seller_id, Order.buyer_id, Order.region_code).where(Order.id.in_(ids))
    return {row.id: row for row in db.session.execute(chosen)}


def _merchants(people: set[int]) -> dict[int, int]:
    if not people:
        return {}
    chosen = sa.select(Member.id, Matrix.merchant_id).join(Matrix, Matrix.id == Member.matrix_id)
    return {row.id: row.merchant_id for row in db.session.execute(chosen.where(Member.id.in_(people)))}
