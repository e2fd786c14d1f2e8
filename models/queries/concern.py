"""Whom many questions for the reviewers concern, read together."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.queries import case as queries
from models.queries.case import About
from models.rules import case as rules
from models.rules.case import Question
from models.tables.member import Matrix, Member
from models.tables.order import Order

_MEMBERS = frozenset({"member", "showcase"})


def of_all(asked: Sequence[Question]) -> list[About]:
    """Whom each question concerns: its subject, the people and the orders named beside; subjects are canonical."""
    orders = _orders({one for question in asked for one in _order_ids(question)})
    people = {one for question in asked for one in (*_named(question), *_traders(question, orders))}
    merchants = _merchants(people)
    return [_about(question, orders, merchants) for question in asked]


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


def _order_ids(question: Question) -> tuple[int, ...]:
    kind, ref = rules.parsed(question.subject)
    return (*question.order_ids, int(ref)) if kind == "order" else question.order_ids


def _named(question: Question) -> tuple[int, ...]:
    kind, ref = rules.parsed(question.subject)
    is_member = kind in _MEMBERS and ref.isascii() and ref.isdigit()
    return (*question.member_ids, int(ref)) if is_member else question.member_ids


def _traders(question: Question, orders: dict[int, Any]) -> list[int]:
    rows = [orders[one] for one in _order_ids(question) if one in orders]
    return [one for row in rows for one in (row.seller_id, row.buyer_id) if one is not None]


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


def _about(question: Question, orders: dict[int, Any], merchants: dict[int, int]) -> About:
    ids = [one for one in _order_ids(question) if one in orders]
    people = {*_named(question), *_traders(question, orders)}
    found = About(
        tuple(sorted(people)), tuple(sorted({merchants[one] for one in people if one in merchants})),
        tuple(sorted({orders[one].region_code for one in ids} - {None})), tuple(sorted(ids)),
    )  # fmt: skip
    kind, _ = rules.parsed(question.subject)
    return found if kind in _MEMBERS | {"order"} else found | queries.about(question.subject)
