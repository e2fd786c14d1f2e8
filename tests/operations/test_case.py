"""Opening cases, and whose money they hold."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from models import Case, CaseHold, Event, Order, db, transaction
from models.operations import case, hold
from models.queries import case as queries
from models.rules import case as rules
from tests.operations import races, world
from tests.operations.docket import AT, BURST, opened


@pytest.fixture
def order(session) -> Order:
    world.network()
    return world.completed()


class TestOpening:
    def test_is_one_case_a_subject_and_group(self, session):
        first = opened()
        second = opened("ring:1", BURST, at=AT + timedelta(hours=1), score=70, stake_fen=500)
        assert second.id == first.id
        assert [hit.rule for hit in queries.hits(first.id)] == ["same_ip", "burst"]
        assert (first.score, first.stake_fen, first.boosts) == (70, 10_000, ["new_hit"])
        assert opened(group="speed").id != first.id

    def test_takes_the_same_hit_once(self, session):
        first = opened()
        opened(at=AT + timedelta(hours=1))
        assert len(queries.hits(first.id)) == 1
        assert (first.boosts, first.hit_at) == ([], AT)

    def test_tells_of_it(self, session):
        opened()
        opened()
        opened("ring:1", BURST)
        names = session.scalars(sa.select(Event.name).where(Event.name.like("case.%")).order_by(Event.id)).all()
        assert names[-2:] == ["case.opened", "case.grown"]

    def test_fixes_when_it_is_due_by_business_time(self, session):
        """Two hours of nine to nine; opened at eight in the evening of a Friday."""
        late = opened(at=AT + timedelta(hours=10))
        assert late.due_at == datetime(2026, 12, 7, 2, tzinfo=UTC)
        assert late.warn_at == datetime(2026, 12, 7, 1, 36, tzinfo=UTC)

    def test_takes_plain_sentences(self, session):
        assert [hit.words for hit in queries.hits(opened("complaint:9", "用户投诉未回复").id)] == ["用户投诉未回复"]

    def test_refuses_a_case_without_a_reason(self, session):
        with pytest.raises(rules.NoReason, match="写明命中的原因"):
            case.open_case(queue="payout", subject="ring:1", group="g", stake_fen=0, score=0, reasons=(), at=AT, by="t")

    def test_refuses_an_order_that_is_not_there(self, session):
        with pytest.raises(rules.NoSubject, match="没有编号为"):
            opened("order:nowhere")

    def test_knows_an_order_by_number_or_id(self, order):
        assert opened("order:o1").id == opened(f"order:{order.id}").id

    def test_knows_whom_it_concerns(self, order):
        found = opened("order:o1")
        assert found.member_ids == [order.seller_id]
        assert len(found.merchant_ids) == 1

    def test_is_one_case_however_many_open_it_at_once(self, own_app):
        def work() -> None:
            with transaction():
                opened()

        assert races.together(own_app, *[work] * 8) == [None] * 8
        with own_app.app_context():
            assert db.session.scalar(sa.select(sa.func.count(Case.id))) == 1
            assert len(queries.hits(db.session.scalars(sa.select(Case.id)).one())) == 1


class TestHolds:
    def test_belong_to_the_case_about_a_held_order(self, order):
        hold.hold(number="o1", at=AT)
        assert [row.number for row in db.session.execute(queries.orphans())] == ["o1"]
        found = opened("order:o1")
        assert [one.order_id for one in queries.holds(found.id)] == [order.id]
        assert db.session.execute(queries.orphans()).all() == []

    def test_are_made_for_the_orders_that_a_case_names(self, order):
        opened("ring:1", orders=[order.id])
        db.session.refresh(order)
        assert order.is_held

    def test_are_kept_by_the_oldest_case_alone(self, order):
        first = opened("ring:1", orders=[order.id])
        second = opened("order:o1")
        kept = {
            row.case_id: row.is_keeper for row in db.session.execute(sa.select(CaseHold.case_id, CaseHold.is_keeper))
        }
        assert kept == {first.id: True, second.id: False}


class TestPriority:
    @pytest.mark.parametrize(("score", "stake_fen", "hours"), [(60, 12_345, 0), (0, 0, 7), (100, 10**12, 700)])
    def test_is_the_same_in_sql(self, session, score, stake_fen, hours):
        found = opened(score=score, stake_fen=stake_fen)
        found.boosts = ["new_hit", "escalated"]
        db.session.flush()
        at = AT + timedelta(hours=hours, minutes=30)
        told = db.session.scalar(sa.select(queries.priority(at)).where(Case.id == found.id))
        assert told == rules.priority(score=score, stake_fen=stake_fen, waited=at - AT, boosts=2)
