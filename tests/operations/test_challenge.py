from datetime import timedelta

import pytest

from models import ChallengeEntry, Notice, db
from models.operations import board, challenge
from models.queries import board as boards
from models.rules import challenge as rules
from models.rules.leaderboard import Board
from models.rules.story import Purpose
from tests.operations import world
from tests.operations.growth import consents, contest
from tests.operations.world import AT

DAY = timedelta(days=1)


@pytest.fixture
def people(session):
    world.network()
    return [world.member(code, "M-10") for code in ("A", "B", "C")]


def out(**facts):
    made = challenge.write(challenge_id=None, draft=contest(AT, **facts), at=AT, by="staff:1")
    return challenge.publish(challenge_id=made.id, is_reviewer=False, at=AT, by="staff:2")


class TestWrite:
    def test_counts_no_heads(self, people):
        with pytest.raises(rules.BadChallenge, match="不能按发展人数统计"):
            challenge.write(challenge_id=None, draft=contest(AT, metric="directs"), at=AT, by="t")

    def test_ends_after_it_begins(self, people):
        with pytest.raises(rules.BadChallenge, match="结束时间"):
            challenge.write(challenge_id=None, draft=contest(AT, days=0), at=AT, by="t")

    def test_is_final_after_the_days_for_returns(self, people):
        made = out()
        assert made.closes_at - made.ends_at == 7 * DAY

    def test_stays_as_it_is_once_it_is_out(self, people):
        with pytest.raises(rules.NotThere, match="内容不能再改"):
            challenge.write(challenge_id=out().id, draft=contest(AT), at=AT, by="t")


class TestEnter:
    def test_is_one_entry_however_often_asked(self, people):
        made = out()
        for _ in range(2):
            challenge.enter(challenge_id=made.id, member_id=people[0].id, at=AT)
        assert db.session.query(ChallengeEntry).count() == 1

    def test_is_for_active_promoters_while_it_runs(self, people):
        made = out()
        newcomer = world.joins("N", "M-10")
        with pytest.raises(challenge.NotAPromoter):
            challenge.enter(challenge_id=made.id, member_id=newcomer.id, at=AT)
        with pytest.raises(rules.NotOpen):
            challenge.enter(challenge_id=made.id, member_id=people[0].id, at=made.ends_at)

    def test_knows_no_drafts(self, people):
        made = challenge.write(challenge_id=None, draft=contest(AT), at=AT, by="t")
        with pytest.raises(challenge.NoChallenge):
            challenge.enter(challenge_id=made.id, member_id=people[0].id, at=AT)


class TestClose:
    def test_places_by_orders_of_the_period_that_were_not_sent_back(self, people):
        made = out()
        for one in people:
            challenge.enter(challenge_id=made.id, member_id=one.id, at=AT)
        world.completed("a1", "A", AT + DAY, buyer="张")
        for n in (1, 2):
            world.completed(f"b{n}", "B", AT + n * DAY, buyer="李")
        world.completed("c1", "C", made.ends_at, buyer="王")
        assert challenge.close(challenge_id=made.id, at=made.closes_at - DAY) == 0
        assert challenge.close(challenge_id=made.id, at=made.closes_at) == 2
        assert challenge.close(challenge_id=made.id, at=made.closes_at) == 0
        db.session.expire_all()
        found = {one.member_id: (one.score, one.place) for one in db.session.query(ChallengeEntry)}
        assert [found[one.id] for one in people] == [(1, 2), (2, 1), (0, None)]
        assert {one.body for one in db.session.query(Notice)} == {
            "挑战“好物挑战”已结束，您的名次是第 1 名。", "挑战“好物挑战”已结束，您的名次是第 2 名。",
        }  # fmt: skip

    def test_places_the_earlier_of_equals_first(self):
        scores = {7: (3, AT + DAY), 8: (3, AT), 9: (0, AT), 6: (5, AT)}
        assert rules.placed(scores) == [(1, 6, 5), (2, 8, 3), (3, 7, 3)]

    def test_places_nobody_once_called_off(self, people):
        made = out()
        challenge.cancel(challenge_id=made.id, why="mistake", at=AT)
        assert challenge.close(challenge_id=made.id, at=made.closes_at) == 0
        with pytest.raises(rules.NotThere):
            challenge.cancel(challenge_id=made.id, why="mistake", at=AT)


class TestBoards:
    def test_count_sales_that_stand_and_leave_out_who_asked(self, people):
        for n in range(3):
            world.completed(f"a{n}", "A", AT, buyer=f"张{n}")
        world.completed("b1", "B", AT, buyer="李")
        world.completed("m1", "M-10", AT, buyer="李")
        board.count(board=Board.SALES, at=AT + DAY)
        assert [(row.code, row.score) for row in boards.places("sales")] == [("A", 3), ("B", 1)]
        consents(people[0].id, at=AT, purpose=Purpose.UNLISTED)
        assert [row.code for row in boards.places("sales")] == ["B"]
        board.count(board=Board.SALES, at=AT + DAY)
        assert [(row.code, row.place) for row in boards.places("sales")] == [("B", 1)]

    def test_of_newcomers_hold_those_of_the_period_alone(self, people):
        world.completed("a1", "A", AT + 40 * DAY, buyer="张")
        late = world.member("N", "M-10", AT + 39 * DAY)
        world.completed("n1", "N", AT + 40 * DAY, buyer="张")
        board.count(board=Board.NEWCOMERS, at=AT + 41 * DAY)
        assert [row.member_id for row in boards.places("newcomers")] == [late.id]

    def test_tell_income_in_bands_over_everybody(self, people):
        world.completed("a1", "A", AT, buyer="张")
        facts = board.count(board=Board.EARNINGS, at=AT + DAY).facts
        # One of three sold: its whole commission of ¥30 under the steady policy.
        assert (facts["people"], facts["zero_bps"], facts["median_fen"], facts["p90_fen"]) == (3, 6_666, 0, 3_000)
        assert [band["people"] for band in facts["bands"]] == [2, 1, 0, 0, 0, 0]
        assert boards.places("earnings") == []
