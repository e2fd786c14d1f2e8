"""Many cases at once, each by itself: dealt, put to rest, let go; what needs two people or distance is refused."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import Case, StaffTie, db
from models.operations import case_decision, caseload, casework
from models.operations.caseload import NeedsTwo, NobodyFits
from models.queries import case as queries
from models.rules import case as rules
from tests.operations import docket, world
from tests.operations.docket import AT, opened, taken

LATER = AT + timedelta(hours=4)


pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def network(stage):
    world.network()


@pytest.fixture
def lead(session):
    return docket.reviewer()


def clear(case, by):
    return caseload.clear(case_id=case.id, staff_id=by.id, why="household", at=AT)


def assign(case, by, to):
    return caseload.assign(case_id=case.id, staff_id=by.id, to=str(to), at=AT)


def related(staff, member):
    db.session.add(StaffTie(staff_id=staff.id, member_id=member.id, note="本人", set_at=AT, set_by="t"))
    db.session.flush()


class TestClear:
    def test_lets_the_money_go_and_writes_a_decision(self, lead):
        made = docket.held()
        clear(made, lead)
        assert (made.state, made.reason, made.closed_by) == ("cleared", "household", f"staff:{lead.id}")
        assert docket.order("o1").is_held is False

    def test_refuses_what_takes_two_people(self, lead):
        with pytest.raises(NeedsTwo, match="双人审核线"):
            clear(opened(stake_fen=1_000_000), lead)
        assert clear(opened("ring:2", stake_fen=999_999), lead).state == "cleared"

    def test_refuses_a_subject_that_another_group_of_rules_hits_too(self, lead):
        made = opened()
        opened(group="speed")
        with pytest.raises(NeedsTwo, match="其他规则"):
            clear(made, lead)

    def test_refuses_what_concerns_oneself(self, lead):
        member = world.member("a")
        made = opened(f"member:{member.id}")
        related(lead, member)
        with pytest.raises(rules.Concerned):
            clear(made, lead)

    def test_refuses_what_another_works_on_or_a_queue_of_others(self, lead):
        made, other = opened(), docket.reviewer()
        taken(made, other)
        with pytest.raises(casework.NotYours):
            clear(made, lead)
        with pytest.raises(casework.MayNotWork):
            clear(opened("complaint:1", queue="complaint"), lead)

    def test_leaves_alone_what_waits_for_a_second_person(self, lead):
        made = opened(stake_fen=1_000_000)
        taken(made, lead)
        docket.decide(made, lead, "confirmed")
        with pytest.raises(casework.Waits):
            clear(made, lead)
        assert case_decision.asked(made.id) is not None

    def test_needs_no_room_in_ones_hands(self, lead):
        for n in range(10):
            taken(opened(f"ring:{n}"), lead)
        assert clear(opened("ring:99"), lead).state == "cleared"


class TestAssign:
    def test_gives_to_a_person_or_to_whoever_has_the_fewest(self, lead):
        busy = docket.reviewer()
        taken(opened("ring:1"), busy), taken(opened("ring:2"), lead)
        assert assign(opened("ring:3"), lead, busy.id).assignee_id == busy.id
        assert assign(opened("ring:4"), lead, caseload.ANYBODY).assignee_id == lead.id

    def test_takes_back_what_was_dealt_and_not_opened(self, lead):
        made, one, two = opened(), docket.reviewer(), docket.reviewer()
        assign(made, lead, one.id)
        assert assign(made, lead, two.id).assignee_id == two.id

    def test_refuses_somebody_related_away_full_or_of_other_queues(self, lead):
        member, to = world.member("a"), docket.reviewer()
        made = opened(f"member:{member.id}")
        related(to, member)
        with pytest.raises(NobodyFits):
            assign(made, lead, to.id)
        for n in range(10):
            taken(opened(f"ring:{n}"), to)
        with pytest.raises(NobodyFits):
            assign(opened("ring:99"), lead, to.id)
        with pytest.raises(NobodyFits):
            assign(opened("ring:98"), lead, docket.reviewer("support").id)


class TestSnooze:
    def test_rests_under_its_reason_and_goes_back(self, lead):
        made = opened()
        caseload.snooze(case_id=made.id, staff_id=lead.id, until=LATER, why="carrier", at=AT)
        assert (made.state, made.assignee_id, made.snoozed_until) == ("open", None, LATER)

    def test_leaves_a_paused_case_alone(self, lead):
        made = opened()
        taken(made, lead)
        casework.pause(case_id=made.id, staff_id=lead.id, lease=made.lease, why="等买家", at=AT)
        with pytest.raises(casework.Waits):
            caseload.snooze(case_id=made.id, staff_id=lead.id, until=LATER, why="carrier", at=AT)


class TestUrgency:
    def test_orders_by_what_breaks_first_then_paused_then_closed(self, lead):
        paused, done = opened("ring:1", at=AT - timedelta(days=3)), opened("ring:2", at=AT - timedelta(days=2))
        late, soon, complaint = opened("ring:3"), opened("ring:4", at=AT - timedelta(hours=1)), opened(
            "complaint:1", queue="complaint", at=AT - timedelta(hours=23, minutes=30)
        )  # fmt: skip
        taken(paused, lead)
        casework.pause(case_id=paused.id, staff_id=lead.id, lease=paused.lease, why="等买家", at=AT)
        clear(done, lead)
        found = db.session.scalars(sa.select(Case.id).order_by(queries.urgency(), Case.id)).all()
        assert found == [one.id for one in (complaint, soon, late, paused, done)]

    def test_is_read_from_its_index_from_a_place_on(self, session):
        ordered = sa.select(Case.id).order_by(queries.urgency(), Case.id)
        beyond = sa.tuple_(queries.urgency(), Case.id) > sa.tuple_(AT, 7)
        db.session.execute(sa.text("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off"))
        text = str(ordered.where(beyond).compile(dialect=db.engine.dialect, compile_kwargs={"literal_binds": True}))
        plan = "\n".join(db.session.scalars(sa.text(f"EXPLAIN {text}")))
        assert "using ix_review_case_urgency" in plan
        assert "Index Cond: (ROW(" in plan
