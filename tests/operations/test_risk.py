"""Decisions: what follows from a score in the same transaction, kept with all it rested on."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from models import Case, CaseHold, Event, RiskBlock, RiskDecision, RiskEvent, RiskTie, RiskWait, Withdrawal, db
from models.operations import case_decision, hold, order, policy, risk, risk_event, risk_rule, withdrawal
from models.operations.risk_event import Fact, Signals
from models.queries import case as cases
from models.queries import risk as queries
from models.rules.policy import PLAN, plain
from models.rules.risk_feature import Kind
from tests.operations import world
from tests.operations.suspects import AT, bought, decided, found, happened, member

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def matrix(stage):
    return world.network()


def farm(number: str = "o", **facts) -> int:
    """The fourth account on one device, each in a window of its own."""
    for n in range(3):
        bought(f"{number}{n}", f"{number}b{n}", AT, device="farm", seller=f"M-{n + 1}")
    return bought(f"{number}3", f"{number}b3", AT, device="farm", **facts)


def told(name: str) -> list[Event]:
    return list(db.session.scalars(sa.select(Event).where(Event.name == name).order_by(Event.id)))


class TestHold:
    def test_falls_on_the_suspicious_order_alone(self):
        last = farm()
        assert decided(last).action == "hold"
        assert [found(f"o{n}").is_held for n in range(4)] == [False, False, False, True]

    def test_moves_the_shares_of_a_completed_order_and_no_others(self):
        world.member("W1", "M-10")
        clean = world.completed("clean", "W1", AT)
        last = farm(seller="W1")
        order.ship(number="o3", at=AT)
        order.complete(number="o3", at=AT)
        before = world.accounts()
        decided(last)
        after = world.accounts()
        moved = before["member:W1:pending"] - after["member:W1:pending"]
        assert moved == after["member:W1:held"] > 0
        assert not clean.is_held

    def test_comes_with_an_event_that_says_what_is_at_stake(self):
        decided(farm())
        (event,) = told("risk.suspected")
        assert event.subject.startswith("ring:")
        assert (event.payload["score"], event.payload["stake_fen"]) == (70, 3000)

    def test_is_not_made_twice(self):
        last = farm()
        assert len(risk.score(event_ids=[last], at=AT)) == 1
        hold.clear(number="o3", at=AT)
        assert risk.score(event_ids=[last], at=AT) == []
        assert not found("o3").is_held

    def test_is_not_made_where_the_orders_policy_wants_none(self):
        quiet = policy.propose(
            preset="plan", terms=plain(PLAN) | {"risk.enabled": False}, effective_at=AT - timedelta(days=1),
            at=AT - timedelta(days=1, minutes=5), by="a",
        )  # fmt: skip
        policy.approve(
            version_id=quiet.id, digest=quiet.digest, at=AT - timedelta(days=1, minutes=1), by="b",
            acknowledged=[one.rule for one in policy.findings(quiet, at=AT)], opinion_until=AT + timedelta(days=9),
        )  # fmt: skip
        assert risk.score(event_ids=[farm()], at=AT) == []
        assert db.session.scalar(sa.select(sa.func.count()).select_from(RiskDecision)) == 0


class TestDecision:
    def test_keeps_rules_values_score_and_words(self):
        made = decided(farm())
        assert [(hit["code"], hit["version"], hit["weight"]) for hit in made.hits] == [
            ("same_device", 1, 35), ("device_farm", 1, 60),
        ]  # fmt: skip
        assert made.hits[0]["reason"] == "30 天内同一设备上有 4 个账号"
        assert made.hits[0]["because"] == [{"feature": "device_actors_30d", "value": 4, "op": ">=", "threshold": 2}]
        assert made.features["device_actors_30d"] == 4
        assert (made.score, made.action) == (70, "hold")

    def test_is_recomputed_from_what_is_kept(self):
        kept = [decided(one) for one in (farm(), bought("x", "someone"))]
        risk_rule.roll_back(rule_id=queries.newest().live[2], why="test", at=AT, by="staff:1")
        for one in kept:
            again = queries.recomputed(one, "place")
            assert (again.score, again.action) == (one.score, one.action)
            assert risk.told(again) == [{**hit, "because": tuple(hit["because"])} for hit in one.hits]

    def test_of_many_at_once_is_that_of_one_by_one(self):
        events = [bought(f"o{n}", f"b{n}", AT, device="farm", ip="10.0.0.1", seller=f"M-{n + 1}") for n in range(5)]
        singly = {one: decided(one).features for one in events[:2]}
        risk.score(event_ids=events, at=AT)
        chosen = sa.select(RiskDecision).where(RiskDecision.event_id.in_(events)).order_by(RiskDecision.event_id)
        made = list(db.session.scalars(chosen))
        assert [one.features["device_actors_30d"] for one in made] == [1, 2, 3, 4, 5]
        assert [one.score for one in made] == [0, 35, 70, 100, 100]
        assert singly == {one.event_id: one.features for one in made[:2]}

    def test_says_which_events_have_none(self):
        last = bought("o1", "a")
        assert queries.events_of_orders([found("o1").id]) == [last]
        decided(last)
        assert queries.events_of_orders([found("o1").id]) == []


class TestEngineDown:
    def test_leaves_a_row_that_says_so_until_the_event_is_scored(self):
        last = farm()
        risk.set_aside(event_ids=[last], why="OperationalError", at=AT)
        risk.set_aside(event_ids=[last], why="still away", at=AT)
        waiting = db.session.get(RiskWait, last, populate_existing=True)
        assert (waiting.why, waiting.tries) == ("still away", 2)
        assert queries.waiting(limit=10) == [last]
        assert decided(last).action == "hold"
        db.session.expire_all()
        assert db.session.get(RiskWait, last) is None


class TestPayout:
    def test_is_blocked_until_a_person_lifts_it(self, session):
        one, other = world.member("W1", "M-10"), world.member("W2", "M-10")
        asked = Withdrawal(number="rb1", member_id=other.id, amount_fen=1_000, tax_fen=0, month=date(2026, 2, 1),
                           state="requested", requested_at=AT, reason="")  # fmt: skip
        session.add(asked)
        session.flush()
        happened(Kind.PAYOUT, "w0", AT, actor=member(one.id), payee="account")
        second = happened(Kind.PAYOUT, "rb1", AT, actor=member(other.id), payee="account", amount_fen=1000)
        assert decided(second).action == "block_payout"
        with pytest.raises(withdrawal.Blocked, match="被风控拦截"):
            withdrawal.approve(number="rb1", by="staff:1", at=AT)
        block = session.scalars(sa.select(RiskBlock)).one()
        risk.lift(withdrawal_id=block.withdrawal_id, why="family: 夫妻共用收款账户", at=AT, by="staff:2")
        case_decision.settle(subject=f"withdrawal:{block.withdrawal_id}", reason="family", at=AT, by="staff:2")
        assert withdrawal.approve(number="rb1", by="staff:1", at=AT).state == "approved"
        with pytest.raises(risk.NotBlocked):
            risk.lift(withdrawal_id=block.withdrawal_id, why="again", at=AT, by="staff:2")


class TestEvents:
    def test_are_taken_down_once(self):
        fact = Fact(kind=Kind.SIGN_IN, ref="s1", at=AT)
        assert len(risk_event.record(facts=[fact], at=AT)) == 1
        assert risk_event.record(facts=[fact], at=AT) == []

    def test_keep_no_signal_in_the_clear(self, session):
        signals = {"ip": "10.9.8.7", "device": "my-phone", "payer": "openid-secret", "phone": "13800138000"}
        bought("o1", "张三", address={"detail": "文三路 90 号"}, **signals)
        row = session.execute(sa.text("SELECT e::text AS e, (SELECT string_agg(a::text, '') FROM risk_actor a) AS a"
                                      " FROM risk_event e")).one()  # fmt: skip
        for secret in (*signals.values(), "张三", "文三路"):
            assert secret not in row.e + row.a
        assert session.scalars(sa.select(RiskEvent.ip_shown)).one() == "10.9.8.0/24"

    def test_tie_the_buyer_to_each_signal_once(self, session):
        for n in range(2):
            bought(f"o{n}", "a", ip="10.0.0.1", device="d", payer="p", phone="1", address={"detail": "路 1 号"})
        assert sorted(session.scalars(sa.select(RiskTie.kind))) == ["address", "device", "ip", "payer", "phone"]

    def test_know_a_member_again_by_its_number_and_a_guest_by_a_digest(self):
        guest = bought("o1", "guest")
        again = bought("o2", "guest")
        events = {one: db.session.get_one(RiskEvent, one) for one in (guest, again)}
        assert events[guest].actor_id == events[again].actor_id

    def test_do_not_change_what_was_ordered(self):
        plainly = world.purchase("o1", buyer="a")
        signalled = world.purchase("o1", buyer="a", signals=Signals(ip="10.0.0.1"))
        assert plainly.digest() == signalled.digest()


class TestBurst:
    def test_costs_the_same_statements_however_many_are_suspicious(self):
        """Fraud comes in bursts: what follows from a batch is read and written in sets."""
        first = [bought(f"a{n}", f"x{n}", AT, device="one") for n in range(8)]
        second = [bought(f"b{n}", f"y{n}", AT, device="two") for n in range(24)]
        with statements() as few:
            assert len(risk.score(event_ids=first, at=AT)) == 6
        with statements() as many:
            assert (
                len(risk.score(event_ids=second, at=AT)) == 23
            )  # two of them for a window that was asleep and sells ten in a day
        assert len(many) <= len(few) + 2

    def test_leaves_what_one_by_one_leaves(self):
        """Two rings, one batch: a case each, every hit once, each held order kept by exactly one of them."""
        events = [
            bought(f"{farm}{n}", f"{farm}b{n}", AT, device=farm, seller=f"M-{n + 1}")
            for n in range(6)
            for farm in ("p", "q")
        ]
        risk.score(event_ids=events, at=AT)
        rows = db.session.execute(sa.select(Case.id, Case.subject, Case.boosts).order_by(Case.id)).all()
        assert [(row.subject.partition(":")[0], row.boosts) for row in rows] == [("ring", ["new_hit"])] * 2
        kept = db.session.execute(
            sa.select(CaseHold.case_id, sa.func.count()).where(CaseHold.is_keeper).group_by(CaseHold.case_id)
        ).all()
        assert sorted(tuple(row) for row in kept) == [(row.id, 3) for row in rows]
        assert db.session.execute(cases.orphans()).all() == []
        names = [event.name for event in told("case.opened") + told("case.grown")]
        assert names == ["case.opened"] * 2 + ["case.grown"] * 4
        assert risk.score(event_ids=events, at=AT) == []


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that the block sends."""
    sent: list[str] = []

    def note(connection, cursor, statement, *rest):
        sent.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
