"""Appeals and strikes: what was appealed, who decided what."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.tables.audit import Audit
from models.tables.case import Case, CaseDecision, CaseHold
from models.tables.order import Order
from models.tables.strike import Appeal, Strike


def on(subject: str, *, since: datetime) -> bool:
    """Whether a decision, taken then, was appealed already."""
    found = sa.exists().where(Appeal.subject == subject, Appeal.filed_at >= since)
    return bool(db.session.scalar(sa.select(found)))


def who_wrote(table: str, row_id: int) -> str | None:
    """Who wrote the newest change of a row, from the trail."""
    chosen = sa.select(Audit.actor).where(Audit.table_name == table, Audit.row_id == str(row_id))
    return db.session.scalar(chosen.order_by(Audit.id.desc()).limit(1))


def deciders(subject: str) -> frozenset[str]:
    """Everybody whose hands are in the cases behind a decision: first, second, and second look."""
    kind, _, ref = subject.partition(":")
    held = sa.select(CaseHold.case_id)
    if kind == "strike":
        held = held.join(Strike, Strike.order_id == CaseHold.order_id).where(Strike.id == int(ref))
    elif kind == "showcase":
        held = held.join(Order, Order.id == CaseHold.order_id).where(Order.seller_id == int(ref))
    else:
        held = held.where(CaseHold.order_id == int(ref), sa.literal(kind == "order"))
    about = sa.select(Case.id).where(sa.or_(Case.subject == subject, Case.id.in_(held)))
    rows = db.session.execute(
        sa.select(CaseDecision.made_by, CaseDecision.second_by).where(CaseDecision.case_id.in_(about))
    )
    return frozenset(name for row in rows for name in row if name)


def of_member(member_id: int, *, before: int | None, limit: int) -> Sequence[Appeal]:
    """A member's appeals, the newest first, one more than asked for."""
    chosen = sa.select(Appeal).where(Appeal.member_id == member_id)
    if before is not None:
        chosen = chosen.where(Appeal.id < before)
    return db.session.scalars(chosen.order_by(Appeal.id.desc()).limit(limit + 1)).all()


def strikes(member_id: int) -> Sequence[tuple[Strike, str]]:
    """A member's strikes with the numbers of their orders, the newest first."""
    chosen = sa.select(Strike, Order.number).join(Order, Order.id == Strike.order_id)
    rows = db.session.execute(chosen.where(Strike.member_id == member_id).order_by(Strike.id.desc()))
    return [(row[0], row[1]) for row in rows]
