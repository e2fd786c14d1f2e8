"""Findings, and the lint over live data that makes them."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import Event, Finding, MoneySwitch, db
from models.operations import complaint, finding, share, structure
from models.queries import structure as structures
from models.queries import watched
from models.rules import finding as rules
from models.rules.complaint import Category
from models.rules.finding import Hit
from models.rules.lint import Severity
from tests import people
from tests.operations import world
from tests.operations.world import AT

HIT = Hit(rule="R39", severity=Severity.WARN, subject="complaint:1", evidence="还剩 200 分钟", mend="答复")


@pytest.fixture(autouse=True)
def _session(session):
    return session


def look(*hits, at=AT):
    return finding.record(hits=hits, covered={"R39"}, at=at)


def only() -> Finding:
    return db.session.scalars(sa.select(Finding)).one()


def found(rule: str, at=AT) -> list[tuple[str, str]]:
    return [(one.subject, one.severity.value) for one in watched.hits(at) if one.rule == rule]


class TestRecord:
    def test_opens_once_and_keeps_the_first_moment(self):
        assert look(HIT).opened == 1
        worse = Hit(rule="R39", severity=Severity.CRIT, subject="complaint:1", evidence="超时 5 分钟")
        assert look(worse, at=AT + timedelta(hours=4)).opened == 0
        one = only()
        assert (one.first_at, one.last_at) == (AT, AT + timedelta(hours=4))
        assert (one.severity, one.evidence, one.state) == ("crit", "超时 5 分钟", "open")
        assert one.article == "电子商务法第59条"

    def test_gives_a_day_for_what_is_red_and_a_week_for_what_is_amber(self):
        look(HIT)
        assert only().due_at == AT + timedelta(days=7)
        assert rules.due(Severity.BLOCK, at=AT) == AT + timedelta(hours=24)

    def test_resolves_what_is_not_seen_any_more_and_opens_it_anew_when_it_is(self):
        look(HIT)
        assert look(at=AT + timedelta(hours=1)).resolved == 1
        look(HIT, at=AT + timedelta(hours=2))
        states = db.session.scalars(sa.select(Finding.state).order_by(Finding.id)).all()
        assert states == ["resolved", "open"]
        names = db.session.scalars(sa.select(Event.name).where(Event.name.like("finding.%")).order_by(Event.id)).all()
        assert names == ["finding.opened", "finding.resolved", "finding.opened"]

    def test_leaves_alone_what_the_look_did_not_cover(self):
        look(HIT)
        finding.record(hits=[], covered={"R14"}, at=AT)
        assert only().state == "open"


class TestOwner:
    def test_takes_it_with_a_reason_and_it_stays_taken(self):
        look(HIT)
        person = people.person("compliance")
        with pytest.raises(rules.Unexplained):
            finding.acknowledge(finding_id=only().id, words=" ", staff_id=person.id)
        finding.acknowledge(finding_id=only().id, words="正在联系", staff_id=person.id)
        look(HIT, at=AT + timedelta(hours=1))
        assert (only().state, only().owner_id) == ("acknowledged", person.id)

    def test_mutes_it_for_a_month_at_most_and_it_comes_back_by_itself(self):
        look(HIT)
        person, day = people.person("compliance"), timedelta(days=1)
        facts = {"finding_id": only().id, "words": "等法务", "at": AT, "staff_id": person.id}
        with pytest.raises(rules.TooLong):
            finding.mute(until=AT + 31 * day, **facts)
        finding.mute(until=AT + 3 * day, **facts)
        look(HIT, at=AT + 2 * day)
        assert only().state == "muted"
        look(HIT, at=AT + 3 * day)
        assert (only().state, only().muted_until) == ("open", None)

    def test_finds_a_resolved_one_closed(self):
        look(HIT)
        look()
        with pytest.raises(rules.NotThere):
            finding.reopen(finding_id=only().id, at=AT)


class TestLive:
    def test_finds_nothing_on_steady_without_data(self):
        assert list(watched.hits(AT)) == []

    def test_each_question_can_be_asked(self):
        for live in watched.LIVE:
            assert db.session.execute(sa.text(f"{live.query} LIMIT 1"), {"at": AT}).all() == []
            rules.told(live.rule)

    def test_names_complaints_by_their_clock(self):
        made = complaint.open_(member_id=None, category=Category.OTHER, subject="", words="问", at=AT, by="member:X")
        assert found("R39", AT + timedelta(hours=19)) == []
        assert found("R39", AT + timedelta(hours=20)) == [(f"complaint:{made.id}", "warn")]
        assert found("R39", AT + timedelta(hours=24, minutes=30)) == [(f"complaint:{made.id}", "crit")]

    def test_names_what_is_frozen_by_an_assessment(self):
        world.network()
        seller = world.member("amy")
        world.completed(seller="amy")
        share.db.session.execute(sa.text("UPDATE share SET bucket = 'frozen' WHERE member_id = :id"), {"id": seller.id})
        assert found("R20") == [("member:amy", "block")]


class TestLamps:
    def test_have_a_place_for_every_rule_once(self):
        listed = [rule for group in rules.GROUPS.values() for rule in group]
        assert len(listed) == len(set(listed))
        assert set(listed) == watched.COVERED | {"R16", "R17"} | structures.RULES

    def test_show_the_worst(self):
        assert rules.light([]) == "green"
        assert rules.light([Severity.WARN, Severity.FREEZE]) == "amber"
        assert rules.light([Severity.WARN, Severity.CRIT]) == "red"


class TestStop:
    def test_switches_every_money_job_off_once(self):
        broken = Hit(rule="S04", severity=Severity.BLOCK, subject="ledger", evidence="账目 1 的分录合计不为零")
        for _ in range(2):
            structure.judge(hits=[broken], is_whole=False, at=AT)
        switches = db.session.scalars(sa.select(MoneySwitch)).all()
        assert [one.is_off for one in switches] == [True] * 4
        assert {one.off_by for one in switches} == {"job:watch_structure"}
        assert db.session.scalar(sa.select(sa.func.count()).where(Event.name == "structure.broken")) == 1

    def test_is_not_undone_by_a_look_that_finds_nothing(self):
        broken = Hit(rule="S04", severity=Severity.BLOCK, subject="ledger", evidence="x")
        structure.judge(hits=[broken], is_whole=False, at=AT)
        structure.judge(hits=[], is_whole=False, at=AT)
        assert only().state == "open"
        structure.judge(hits=[], is_whole=True, at=AT)
        assert only().state == "resolved"
        assert all(one.is_off for one in db.session.scalars(sa.select(MoneySwitch)))
