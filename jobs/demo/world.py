"""The days of a demonstration's world, one transaction each: what is due happens in its turn, then what people do."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, time

import sqlalchemy as sa

from jobs.demo import care, crooks, desks, growth, law, office, orders, people, purse, shelves
from jobs.demo.plan import Day, Plan
from models import db
from models.operations import due
from models.rules import shanghai
from models.tables.order import Order

STEPS: tuple[tuple[time, Callable[[Day, datetime], None]], ...] = (
    (time(8), office.found),
    (time(8, 15), shelves.fill),
    (time(8, 30), people.consent_again),
    (time(9), office.appoint),
    (time(9, 5), office.name_seeds),
    (time(9, 30), purse.approve),
    (time(9, 45), purse.pay),
    (time(10), purse.bill),
    (time(10, 30), people.arrive),
    (time(10, 45), people.come_back),
    (time(11), people.qualify),
    (time(11, 30), people.buy_in),
    (time(12, 20), orders.sell),
    (time(12, 40), crooks.cheat),
    (time(13), orders.revive),
    (time(14), orders.presell),
    (time(14, 30), orders.follow_up),
    (time(15), orders.ship),
    (time(15, 30), orders.follow_parcels),
    (time(16), office.suspect),
    (time(16, 30), office.decide),
    (time(17), care.complain),
    (time(17, 30), care.answer),
    (time(18), care.refund_late),
    (time(21), orders.receive),
    (time(21, 30), people.be_known),
    (time(21, 30), crooks.score),
    (time(22), purse.ask),
    (time(22, 30), growth.grow),
)


def build(
    plan: Plan, *, edge: Callable[[], AbstractContextManager[None]], told: Callable[[Day], None] = lambda day: None
) -> None:
    """Write the days that are not written yet, ``edge`` around each, ``told`` before it."""
    for n in range(first(plan), plan.days + 1):
        day = Day(plan, n)
        told(day)
        with edge():
            live(day)
        db.session.expunge_all()


def first(plan: Plan) -> int:
    """The first day that is not written: each is written whole or not at all."""
    last = db.session.scalar(sa.select(sa.func.max(Order.placed_at)))
    db.session.rollback()
    return (shanghai.day_of(last) - plan.begins_on).days + 1 if last else 0


def live(day: Day) -> None:
    """One day from its first step to its last, as far as the world goes: what is due happens in its turn.

    Whatever a step makes due is due days later, so that the day's own things are known from its beginning.
    """
    ends = min(day.at(time(23, 59, 59)), day.plan.ends_at)
    ahead = due.first(ends)
    for clock, step in STEPS:
        at = day.at(clock)
        if at <= day.plan.ends_at:
            if ahead is not None and ahead.at <= at:
                due.run_until(at)
                ahead = due.first(ends)
            step(day, at)
            db.session.flush()
    due.run_until(ends)
    desks.leave(day, day.plan.ends_at)
    law.leave(day, day.plan.ends_at)
    growth.leave(day, day.plan.ends_at)
    crooks.leave(day, day.plan.ends_at)
