import pytest

from models.rules import admission, policy
from models.rules.admission import NotATask, NotCandidate, OffPrice, Purchase, TaskTaken
from models.rules.policy import PLAN, STEADY
from models.rules.share import Person
from models.rules.standing import Showcase, Standing

PRESETS = [f"M-{position}" for position in range(1, 11)]


def person(code, now=Standing.ACTIVE, showcase=Showcase.OPEN, *, preset=False):
    return Person(code=code, standing=now, showcase=showcase, unlocked=False, preset=preset)


def bought(seller, *, completed=True, refunded=False):
    return Purchase(seller=seller, completed=completed, refunded=refunded)


class TestTasks:
    def test_the_nearest_fitting_ancestors_then_the_other_presets_by_position(self):
        above = [
            person("near"),
            person("gone", Standing.EXITED),
            person("shut", showcase=Showcase.CLOSED),
            person("new", Standing.CANDIDATE, Showcase.NONE),
            person("lapsed", Standing.LAPSED, Showcase.NONE),
            person("soon", showcase=Showcase.PENDING),
            person("cold", Standing.FROZEN),
            person("M-4", preset=True),
            person("M-1", showcase=Showcase.CLOSED, preset=True),
        ]
        expected = ("near", "cold", "M-4", "M-1", "M-2", "M-3", "M-5", "M-6", "M-7", "M-8")
        assert admission.tasks(above, PRESETS, PLAN) == expected

    def test_no_more_than_the_policy_asks_for(self):
        above = [person("near"), person("far"), person("M-10", preset=True)]
        assert admission.tasks(above, PRESETS, policy.changed(PLAN, {"admission.orders": 2})) == ("near", "far")
        assert admission.tasks(above, PRESETS, STEADY) == ()


class TestCheckOrder:
    def check(self, **changes):
        given = {
            "buyer": Standing.CANDIDATE,
            "tasks": ("up", "M-1"),
            "seller": "up",
            "paid_fen": 4_900,
            "purchases": [],
        }
        admission.check_order(**{**given, **changes})

    @pytest.mark.parametrize("paid", [4_900, 9_900])
    def test_takes_both_ends_of_the_price_span(self, paid):
        self.check(paid_fen=paid)

    def test_takes_another_order_once_the_first_was_refunded(self):
        self.check(purchases=[bought("up", refunded=True), bought("M-1")])

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"buyer": None}, NotCandidate),
            ({"buyer": Standing.ACTIVE}, NotCandidate),
            ({"buyer": Standing.LAPSED}, NotCandidate),
            ({"seller": "M-2"}, NotATask),
            ({"paid_fen": 4_899}, OffPrice),
            ({"paid_fen": 9_901}, OffPrice),
            ({"purchases": [bought("up", completed=False)]}, TaskTaken),
            ({"purchases": [bought("up")]}, TaskTaken),
        ],
    )
    def test_refuses_what_cannot_pass_a_task(self, changes, error):
        with pytest.raises(error, match=r"规则 3\.2"):
            self.check(**changes)


class TestProgress:
    tasks = ("up", "M-1")

    def test_a_completed_order_not_wholly_refunded_passes(self):
        purchases = [bought("M-1"), bought("up", completed=False), bought("up", refunded=True), bought("else")]
        assert admission.passed(self.tasks, purchases) == ["M-1"]
        assert not admission.is_complete(self.tasks, purchases)
        assert admission.is_complete(self.tasks, [*purchases, bought("up")])

    def test_without_tasks_no_purchase_qualifies(self):
        assert not admission.is_complete((), [bought("up")])


class TestRefundCloses:
    @pytest.mark.parametrize(
        ("now", "expected"),
        [
            (Standing.ACTIVE, True),
            (Standing.FROZEN, True),
            (Standing.EXITED, True),
            (Standing.CANDIDATE, False),
            (Standing.LAPSED, False),
        ],
    )
    def test_a_qualified_members_showcase_under_plan_and_never_under_steady(self, now, expected):
        assert admission.refund_closes(now, PLAN) is expected
        assert admission.refund_closes(now, STEADY) is False
