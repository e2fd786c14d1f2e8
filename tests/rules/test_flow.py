"""清流: who stands in for a broken node, and what of an order goes there."""

import pytest

from models.rules import flow
from models.rules.flow import Candidate, Gap, LevelShare
from models.rules.share import Bucket, House, Marks, Person
from models.rules.standing import Showcase, Standing

GAP = Gap(1, (10, 11), House.EXITED)


def person(code: str, **facts) -> Person:
    return Person(**{"code": code, "standing": Standing.ACTIVE, "showcase": Showcase.OPEN, "unlocked": True} | facts)


class TestDistance:
    @pytest.mark.parametrize(
        ("one", "other", "steps"),
        [((1,), (1,), 0), ((1, 2), (1, 2, 3), 1), ((1, 2), (1, 3), 2), ((1, 2, 5), (1, 3, 6, 7), 5)],
    )
    def test_goes_up_to_the_common_ancestor_and_down(self, one, other, steps):
        assert flow.distance(one, other) == steps


class TestPairs:
    def chosen(self, *candidates: Candidate, gaps=(GAP,)) -> list[tuple[int, int]]:
        return [(pair.gap.member, pair.stand_in.member) for pair in flow.pairs(gaps, candidates)]

    def test_takes_the_nearest(self):
        assert self.chosen(Candidate(2, (10, 12, 13), 9, 0), Candidate(3, (10, 11, 14), 1, 0)) == [(1, 3)]

    def test_takes_of_the_nearest_who_sold_most(self):
        assert self.chosen(Candidate(2, (10, 11, 13), 1, 0), Candidate(3, (10, 11, 14), 5, 0)) == [(1, 3)]

    def test_takes_of_those_the_earliest_placed(self):
        assert self.chosen(Candidate(3, (10, 11, 14), 5, 0), Candidate(2, (10, 11, 13), 5, 0)) == [(1, 2)]

    def test_leaves_out_who_sold_nothing_or_stands_in_elsewhere(self):
        assert self.chosen(Candidate(2, (10, 11, 13), 0, 0), Candidate(3, (10, 11, 14), 5, 0, stands_in=True)) == []

    def test_leaves_out_the_top_fifth_by_earnings(self):
        five = [Candidate(n, (10, 11, 10 + n), 3, 100 * n) for n in range(2, 7)]
        assert self.chosen(five[-1], *five[:-1], gaps=(GAP,) * 5) == [(1, 2), (1, 3), (1, 4), (1, 5)]

    def test_lets_everybody_stand_in_once_the_shallowest_gap_first(self):
        deep = Gap(7, (10, 11, 20, 21), House.CLOSED)
        assert self.chosen(Candidate(2, (10, 11, 20), 1, 0), gaps=(deep, GAP)) == [(1, 2)]


class TestTopShare:
    def test_is_what_the_top_fifth_earns_of_all(self):
        assert flow.top_share_bps({1: 60, 2: 10, 3: 10, 4: 10, 5: 10}) == 6_000

    def test_is_nothing_where_nobody_earned(self):
        assert flow.top_share_bps({1: 0}) == 0


class TestDiverted:
    def told(self, *shares: LevelShare, **stand_ins: Person) -> list[tuple[str, int]]:
        found = flow.diverted(shares, stand_ins, Marks())
        return [
            (str(one.where) if isinstance(one.where, House) else one.receiver or one.owner, one.amount_fen)
            for one in found
        ]

    def test_gives_the_stand_in_what_the_house_would_have(self):
        shares = LevelShare(1, 700, "a", Bucket.PENDING), LevelShare(2, 200, "x", House.EXITED)
        assert self.told(*shares, x=person("s")) == [("a", 700), ("s", 200)]

    @pytest.mark.parametrize("reason", [House.NOT_QUALIFIED, House.OVER_CAP, House.NO_UPLINE])
    def test_leaves_every_other_reason_to_the_house(self, reason):
        assert self.told(LevelShare(2, 200, "x", reason), x=person("s")) == [(str(reason), 200)]

    def test_gives_one_person_one_share_of_an_order_the_larger(self):
        shares = LevelShare(1, 700, "s", Bucket.PENDING), LevelShare(2, 200, "x", House.CLOSED)
        assert self.told(*shares, x=person("s")) == [("s", 700), ("closed", 200)]
        shares = LevelShare(1, 700, "x", House.EXITED), LevelShare(2, 200, "s", Bucket.PENDING)
        assert self.told(*shares, x=person("s")) == [("s", 700), ("exited", 200)]

    def test_keeps_the_amounts_together(self):
        shares = LevelShare(1, 700, "x", House.EXITED), LevelShare(2, 200, "y", House.CLOSED)
        assert self.told(*shares, x=person("s"), y=person("s")) == [("s", 700), ("closed", 200)]

    def test_asks_the_stand_ins_own_standing(self):
        assert self.told(LevelShare(1, 700, "x", House.EXITED), x=person("s", standing=Standing.EXITED)) == [
            ("exited", 700)
        ]
        (locked,) = flow.diverted([LevelShare(2, 9, "x", House.EXITED)], {"x": person("s", unlocked=False)}, Marks())
        assert locked.where is Bucket.LOCKED
