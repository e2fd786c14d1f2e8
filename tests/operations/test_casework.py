"""Working on cases: nobody gets another's, nothing written is lost, every clock tells once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import Case, CaseStep, Event, Reviewer, ReviewerAway, StaffTie, db, transaction
from models.operations import case, caseclock, casework
from models.queries import casefile
from models.rules import case as rules
from tests.operations import docket, races, world
from tests.operations.docket import AT, opened, reviewer, taken

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def steps(of: Case) -> list[str]:
    return list(db.session.scalars(sa.select(CaseStep.kind).where(CaseStep.case_id == of.id).order_by(CaseStep.id)))


def tied(who, **to) -> None:
    db.session.add(StaffTie(staff_id=who.id, note="亲属", set_at=AT, set_by="t", **to))
    db.session.flush()


class TestTakeNext:
    def test_gives_the_most_urgent_case(self, session):
        opened("ring:1", stake_fen=100_00)
        urgent = opened("ring:2", stake_fen=900_00)
        me = reviewer()
        assert casework.take_next(staff_id=me.id, queue=None, at=AT).id == urgent.id
        assert (urgent.state, urgent.assignee_id, urgent.lease_until) == ("in_review", me.id, AT + 10 * MINUTE)

    def test_gives_what_was_dealt_to_oneself_first(self, session):
        me, dealt = reviewer(), opened("ring:1", stake_fen=1)
        opened("ring:2", stake_fen=900_00)
        casework.deal(case=dealt, to_id=me.id, at=AT, by="t")
        assert casework.take_next(staff_id=me.id, queue=None, at=AT).id == dealt.id

    def test_keeps_to_one_queue_where_one_is_named(self, session):
        opened("ring:1", stake_fen=900_00)
        payout = opened("ring:2", queue="payout")
        assert casework.take_next(staff_id=reviewer().id, queue="payout", at=AT).id == payout.id

    def test_keeps_to_the_queues_of_the_role(self, session):
        opened("ring:1")
        with pytest.raises(casework.NothingNext, match="队列已空"):
            casework.take_next(staff_id=reviewer("support").id, queue=None, at=AT)

    def test_refuses_whoever_may_not_work_on_cases(self, session):
        with pytest.raises(casework.MayNotWork, match="没有处理个案的权限"):
            casework.take_next(staff_id=reviewer("finance").id, queue=None, at=AT)

    def test_stops_at_the_cap(self, session):
        me = reviewer()
        session.add(Reviewer(staff_id=me.id, cap=1, queues=["first_review"], set_by="t"))
        opened("ring:1"), opened("ring:2")
        casework.take_next(staff_id=me.id, queue=None, at=AT)
        with pytest.raises(casework.NothingNext, match="已达上限"):
            casework.take_next(staff_id=me.id, queue=None, at=AT)

    def test_gives_fifty_reviewers_five_hundred_different_cases(self, own_app):
        """R3: every press of the key gets another case, however many press at once."""
        with own_app.app_context(), transaction():
            world.network()
        with own_app.app_context():
            ids = [reviewer().id for _ in range(50)]
            with transaction():
                for n in range(500):
                    opened(f"ring:{n}", stake_fen=n * 100)
        got: list[int] = []

        def work(staff_id: int) -> None:
            for _ in range(10):
                with transaction():
                    got.append(casework.take_next(staff_id=staff_id, queue=None, at=AT).id)

        ends = races.together(own_app, *[lambda one=one: work(one) for one in ids])
        assert ends == [None] * 50
        assert len(got) == len(set(got)) == 500

    def test_waits_for_what_the_clock_holds_where_nothing_else_is_left(self, own_app):
        with own_app.app_context(), transaction():
            me, held = reviewer().id, opened("ring:1").id

        def take() -> int:
            with own_app.app_context(), transaction():
                return casework.take_next(staff_id=me, queue=None, at=AT).id

        with own_app.app_context(), ThreadPoolExecutor(1) as pool, transaction():
            db.session.get(Case, held, with_for_update=True)
            taking = pool.submit(take)
            while not db.session.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                assert not taking.done()
            db.session.rollback()
            assert taking.result(60) == held


class TestConcern:
    @pytest.fixture
    def about_a(self, session):
        """A case about an order that `a` sold."""
        world.network()
        self.a = world.member("a")
        self.b = world.member("b", "a")
        made = docket.suspect("o1", "a", region="330106")
        return opened(f"order:{made.id}")

    def test_keeps_the_member_themselves_away(self, about_a):
        me = reviewer()
        tied(me, member_id=self.a.id)
        with pytest.raises(rules.Concerned, match="按回避规定"):
            taken(about_a, me)
        with pytest.raises(casework.NothingNext):
            casework.take_next(staff_id=me.id, queue=None, at=AT)

    def test_keeps_the_same_team_away(self, about_a):
        me = reviewer()
        tied(me, member_id=self.b.id)
        with pytest.raises(rules.Concerned):
            taken(about_a, me)

    def test_keeps_the_merchant_and_the_region_away(self, about_a):
        merchant, region = reviewer(), reviewer()
        tied(merchant, merchant_id=about_a.merchant_ids[0])
        tied(region, region_code="330000")
        for me in (merchant, region):
            with pytest.raises(rules.Concerned):
                taken(about_a, me)
            with pytest.raises(casework.NothingNext):
                casework.take_next(staff_id=me.id, queue=None, at=AT)

    def test_lets_others_work(self, about_a):
        me = reviewer()
        tied(me, region_code="320000")
        assert casework.take_next(staff_id=me.id, queue=None, at=AT).id == about_a.id

    def test_lets_nobody_hand_a_case_to_whom_it_concerns(self, about_a):
        me, other = reviewer(), reviewer()
        tied(other, member_id=self.a.id)
        mine = taken(about_a, me)
        with pytest.raises(rules.Concerned):
            casework.hand_over(case_id=mine.id, staff_id=me.id, lease=1, to_id=other.id, note="请跟进", at=AT)


class TestLease:
    def test_runs_on_while_the_page_renews_it(self, session):
        me, mine = reviewer(), opened()
        taken(mine, me)
        casework.renew(case_id=mine.id, staff_id=me.id, lease=1, at=AT + 9 * MINUTE)
        assert mine.lease_until == AT + 19 * MINUTE

    def test_ends_without_taking_the_draft(self, session):
        me, other, mine = reviewer(), reviewer(), opened()
        taken(mine, me)
        casework.save_draft(case_id=mine.id, staff_id=me.id, verdict="cleared", note="已电话核实", at=AT + MINUTE)
        later = AT + 10 * MINUTE
        with pytest.raises(casework.StaleLease, match="草稿已保留"):
            casework.renew(case_id=mine.id, staff_id=me.id, lease=1, at=later)
        assert caseclock.lapse(at=later) == 1
        assert (mine.state, mine.assignee_id, steps(mine)[-1]) == ("open", None, "lapsed")
        taken(mine, other, later)
        kept = casefile.draft(mine.id, me.id)
        assert (kept.verdict, kept.note) == ("cleared", "已电话核实")
        assert [one.note for one in casefile.others_drafts(mine.id, other.id)] == ["已电话核实"]

    def test_is_worth_nothing_once_the_case_was_taken_anew(self, session):
        me, mine = reviewer(), opened()
        taken(mine, me)
        taken(mine, me, AT + MINUTE)
        with pytest.raises(casework.StaleLease, match="重新领取"):
            casework.renew(case_id=mine.id, staff_id=me.id, lease=1, at=AT + MINUTE)

    def test_keeps_others_out_until_it_ends(self, session):
        me, other, mine = reviewer(), reviewer(), opened()
        taken(mine, me)
        with pytest.raises(casework.NotYours, match="另一位审核员"):
            taken(mine, other)
        assert taken(mine, other, AT + 10 * MINUTE).assignee_id == other.id

    def test_takes_no_foreign_hands(self, session):
        me, other, mine = reviewer(), reviewer(), opened()
        taken(mine, me)
        with pytest.raises(casework.NotYours, match="不在您手上"):
            casework.give_back(case_id=mine.id, staff_id=other.id, lease=1, at=AT)


class TestPassingOn:
    def test_takes_a_note_and_lifts_the_case(self, session):
        me, other, mine = reviewer(), reviewer(), opened()
        taken(mine, me)
        with pytest.raises(casework.Unsaid, match="交接说明"):
            casework.hand_over(case_id=mine.id, staff_id=me.id, lease=1, to_id=other.id, note=" ", at=AT)
        casework.hand_over(case_id=mine.id, staff_id=me.id, lease=1, to_id=other.id, note="请看物流", at=AT)
        assert (mine.state, mine.assignee_id, mine.boosts) == ("assigned", other.id, ["handed"])
        assert casework.take_next(staff_id=other.id, queue=None, at=AT).id == mine.id

    def test_escalates_once(self, session):
        me, mine = reviewer(), opened()
        taken(mine, me)
        casework.escalate(case_id=mine.id, staff_id=me.id, lease=1, note="金额大", at=AT)
        taken(mine, me)
        casework.escalate(case_id=mine.id, staff_id=me.id, lease=2, note="金额大", at=AT)
        assert (mine.boosts, steps(mine).count("escalated"), mine.state) == (["escalated"], 1, "open")

    def test_escalates_to_somebody_else(self, session):
        me, other, mine = reviewer(), reviewer(), opened()
        taken(mine, me)
        casework.escalate(case_id=mine.id, staff_id=me.id, lease=1, note="金额大", at=AT)
        with pytest.raises(casework.NothingNext):
            casework.take_next(staff_id=me.id, queue=None, at=AT)
        assert casework.take_next(staff_id=other.id, queue=None, at=AT).id == mine.id

    def test_goes_back_by_hand(self, session):
        me, mine = reviewer(), opened()
        taken(mine, me)
        casework.give_back(case_id=mine.id, staff_id=me.id, lease=1, at=AT)
        assert (mine.state, steps(mine)[-1]) == ("open", "returned")


class TestSnooze:
    def rest(self, mine, me, days=2, why="等待物流回执"):
        return casework.snooze(
            case_id=mine.id, staff_id=me.id, lease=mine.lease, until=AT + timedelta(days=days), why=why, at=AT
        )

    def test_hides_the_case_until_it_ends_by_itself(self, session):
        me, mine = reviewer(), opened()
        taken(mine, me)
        made = self.rest(mine, me)
        assert (made.subject, made.rule_group, made.made_by) == ("ring:1", "sharing", f"staff:{me.id}")
        with pytest.raises(casework.NothingNext):
            casework.take_next(staff_id=me.id, queue=None, at=AT + HOUR)
        with pytest.raises(casework.Waits, match="休眠"):
            taken(mine, me, AT + HOUR)
        assert casework.take_next(staff_id=me.id, queue=None, at=AT + timedelta(days=2)).id == mine.id

    def test_asks_for_a_reason_and_an_end_within_two_weeks(self, session):
        me, mine = reviewer(), opened()
        taken(mine, me)
        with pytest.raises(casework.Unsaid, match="休眠的原因"):
            self.rest(mine, me, why=" ")
        for days in (0, 15):
            with pytest.raises(rules.TooEarly, match="不超过 14 天"):
                self.rest(mine, me, days=days)


class TestPause:
    def test_stops_the_clock_while_somebody_outside_answers(self, session):
        """Two hours from ten o'clock; half an hour gone when it stops, so an hour and a half after it goes on."""
        me, mine = reviewer(), opened()
        taken(mine, me, AT + 25 * MINUTE)
        casework.pause(case_id=mine.id, staff_id=me.id, lease=1, why="等买家补充凭证", at=AT + HOUR / 2)
        assert caseclock.tell(at=AT + 9 * HOUR) == (0, 0)
        casework.resume(case_id=mine.id, at=AT + 3 * HOUR, by="t")
        assert mine.due_at == AT + 4.5 * HOUR
        assert mine.warn_at == AT + 4.5 * HOUR - 24 * MINUTE

    def test_goes_on_once(self, session):
        with pytest.raises(casework.NotWaiting, match="没有暂停"):
            casework.resume(case_id=opened().id, at=AT, by="t")


class TestClocks:
    def test_warn_at_eighty_percent_and_escalate_a_breach_each_once(self, session):
        mine = opened()
        assert caseclock.tell(at=AT + 95 * MINUTE) == (0, 0)
        assert caseclock.tell(at=AT + 96 * MINUTE) == (1, 0)
        assert caseclock.tell(at=AT + 97 * MINUTE) == (0, 0)
        assert caseclock.tell(at=AT + 120 * MINUTE) == (0, 1)
        assert caseclock.tell(at=AT + 121 * MINUTE) == (0, 0)
        assert mine.boosts == ["warned", "breached", "escalated"]
        told = session.scalars(sa.select(Event.name).where(Event.subject == f"case:{mine.id}").order_by(Event.id))
        assert list(told) == ["case.opened", "case.due_soon", "case.breached", "case.escalated"]

    def test_let_quiet_cases_of_the_first_review_expire_and_no_complaint(self, session):
        mine, complaint = opened(), opened("complaint:1", queue="complaint")
        assert caseclock.expire(at=AT + timedelta(days=29)) == 0
        assert caseclock.expire(at=AT + timedelta(days=30)) == 1
        assert (mine.state, complaint.state) == ("expired", "open")


class TestDealing:
    def test_goes_to_whoever_has_the_fewest_the_urgent_spread_evenly(self, session):
        first, second = reviewer(), reviewer()
        made = [opened(f"ring:{n}", queue="payout", stake_fen=n * 100_00) for n in range(1, 5)]
        taken(opened("ring:9"), first)
        assert caseclock.deal(at=AT) == 4
        assert [one.assignee_id for one in made] == [first.id, second.id, first.id, second.id]

    def test_passes_over_who_is_away_full_or_concerned(self, session):
        away, full, able = reviewer(), reviewer(), reviewer()
        session.add(ReviewerAway(staff_id=away.id, since=AT, until=AT + HOUR, note="", set_by="t"))
        session.add(Reviewer(staff_id=full.id, cap=0, queues=["payout"], set_by="t"))
        mine = opened(queue="payout")
        assert caseclock.deal(at=AT) == 1
        assert mine.assignee_id == able.id

    def test_leaves_queues_alone_from_which_people_take(self, session):
        reviewer()
        assert (opened().state, caseclock.deal(at=AT)) == ("open", 0)


class TestNotes:
    def test_stand_in_the_story(self, session):
        mine = opened()
        casework.note(case_id=mine.id, text=" 已联系卖家 ", at=AT, by="staff:1")
        assert [one.note for one in casefile.story(mine.id)][-1] == "已联系卖家"

    def test_are_not_empty(self, session):
        with pytest.raises(casework.Unsaid, match="备注内容"):
            casework.note(case_id=opened().id, text=" ", at=AT, by="staff:1")

    def test_are_refused_where_there_is_no_case(self, session):
        with pytest.raises(case.NoCase, match="没有这个个案"):
            casework.note(case_id=2**40, text="x", at=AT, by="staff:1")
