import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.rules.placement import (
    NOBODY,
    NoVacancy,
    Occupied,
    Sponsor,
    Taken,
    Template,
    Tree,
    is_open,
    place_all,
    preset_tree,
    rebuild,
    sponsor_of,
    template,
)
from models.rules.standing import Showcase, Standing
from tests.rules.oracle import Oracle

STEPS = 140


class TestTemplate:
    def test_linear_is_a_chain_whose_last_one_promotes(self):
        places = template(Template.LINEAR)
        assert [(place.position, place.parent, place.slot) for place in places] == [
            (1, None, None), (2, 1, 1), (3, 2, 1), (4, 3, 1), (5, 4, 1),
            (6, 5, 1), (7, 6, 1), (8, 7, 1), (9, 8, 1), (10, 9, 1),
        ]  # fmt: skip
        assert [place.position for place in places if place.promotes] == [10]

    def test_triple_hangs_three_below_each_and_all_but_the_first_promote(self):
        places = template(Template.TRIPLE)
        assert [(place.position, place.parent, place.slot) for place in places] == [
            (1, None, None), (2, 1, 1), (3, 1, 2), (4, 1, 3), (5, 2, 1),
            (6, 2, 2), (7, 2, 3), (8, 3, 1), (9, 3, 2), (10, 3, 3),
        ]  # fmt: skip
        assert [place.position for place in places if place.promotes] == [2, 3, 4, 5, 6, 7, 8, 9, 10]


class TestIsOpen:
    @pytest.mark.parametrize(
        ("standing", "showcase", "expected"),
        [
            (Standing.CANDIDATE, Showcase.NONE, True),
            (Standing.ACTIVE, Showcase.OPEN, True),
            (Standing.ACTIVE, Showcase.PENDING, True),
            (Standing.FROZEN, Showcase.OPEN, True),
            (Standing.EXITED, Showcase.OPEN, False),
            (Standing.LAPSED, Showcase.NONE, False),
            (Standing.ACTIVE, Showcase.CLOSED, False),
            (Standing.FROZEN, Showcase.CLOSED, False),
        ],
    )
    def test_a_member_by_standing_and_showcase(self, standing, showcase, expected):
        assert is_open(preset=False, promotes=False, standing=standing, showcase=showcase) is expected

    def test_a_preset_if_it_may_promote(self):
        assert is_open(preset=True, promotes=True, standing=Standing.ACTIVE, showcase=Showcase.OPEN)
        assert not is_open(preset=True, promotes=False, standing=Standing.ACTIVE, showcase=Showcase.OPEN)


class TestSponsorOf:
    people = {
        "root": Sponsor("root", None, True, False),
        "top": Sponsor("top", "root", True, True),
        "gone": Sponsor("gone", "top", True, False),
        "new": Sponsor("new", "gone", False, True),
    }

    @pytest.mark.parametrize(
        ("inviter", "expected"), [("top", "top"), ("gone", "top"), ("new", "top"), ("root", None), (None, None)]
    )
    def test_is_the_nearest_qualified_and_open_one_up_the_chain(self, inviter, expected):
        assert sponsor_of(inviter, self.people.__getitem__) == expected


class TestFirstVacancy:
    def test_takes_the_sponsors_own_slots_first_then_the_shallowest_then_the_left(self):
        tree = Tree()
        root = tree.add()
        places = list(place_all(tree, root, [None] * 7))
        assert [(place.parent, place.slot) for place in places] == [
            (0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (2, 1),
        ]  # fmt: skip
        assert tree.place(root, 3)[1:] == (3, 1)

    def test_passes_through_closed_owners_to_the_open_ones_below(self):
        tree = Tree()
        root = tree.add()
        list(place_all(tree, root, [None] * 4))
        tree.set_open(1, False)
        assert tree.first_vacancy(1) == 4
        assert tree.first_vacancy(root) == 2

    def test_falls_back_to_the_whole_network_when_the_sponsors_branch_is_closed(self):
        tree = Tree()
        root = tree.add()
        first = tree.place(root)
        tree.set_open(first.node, False)
        assert tree.place(root, first.node)[1:] == (root, 2)

    def test_refuses_where_the_network_is_closed(self):
        tree = Tree()
        root = tree.add(is_open=False)
        with pytest.raises(NoVacancy, match=r"规则 2\.3"):
            tree.place(root)
        assert len(tree) == 1

    def test_spills_below_the_last_preset_of_a_linear_matrix(self):
        tree = Tree()
        nodes = preset_tree(tree, Template.LINEAR)
        places = list(place_all(tree, nodes[0], [nodes[9]] * 5))
        assert [(place.parent, place.slot) for place in places] == [(9, 1), (9, 2), (9, 3), (10, 1), (10, 2)]
        assert tree.depth(places[0].node) == 10


class TestChanges:
    def test_a_freed_slot_is_the_next_to_be_taken(self):
        tree = Tree()
        root = tree.add()
        list(place_all(tree, root, [None] * 5))
        tree.free(2)
        assert tree.place(root)[1:] == (root, 2)

    def test_a_node_with_somebody_below_is_not_freed(self):
        tree = Tree()
        root = tree.add()
        list(place_all(tree, root, [None] * 4))
        with pytest.raises(Occupied, match=r"规则 2\.5"):
            tree.free(1)
        with pytest.raises(Occupied):
            tree.move(1, 2, 1)

    def test_a_taken_slot_or_one_that_does_not_exist_is_refused(self):
        tree = Tree()
        root = tree.add()
        tree.add(root, 1)
        for slot in (0, 1, 4):
            with pytest.raises(Taken):
                tree.add(root, slot)
        with pytest.raises(Taken):
            tree.move(1, 1, 1)
        assert len(tree) == 2

    def test_a_moved_leaf_leaves_a_vacancy_behind(self):
        tree = Tree()
        root = tree.add()
        list(place_all(tree, root, [None] * 4))
        tree.move(4, 3, 3)
        assert (tree.parent[4], tree.slot[4]) == (3, 3)
        assert tree.place(root)[1:] == (1, 1)


class TestLevels:
    def test_counts_and_vacancies_of_a_full_start(self):
        tree = Tree()
        root = tree.add()
        list(place_all(tree, root, [None] * 13))
        assert tree.level_counts(root, 10) == [3, 9, 1, 0, 0, 0, 0, 0, 0, 0]
        assert tree.vacancies(root, 4) == [(4, 2), (4, 3), (5, 1), (5, 2)]

    @given(st.integers(0, 2**32))
    @settings(max_examples=20)
    def test_vacancies_are_those_that_newcomers_take(self, seed):
        dice = random.Random(seed)
        tree = Tree()
        root = tree.add()
        while len(tree) < 60 and tree.first_vacancy(root) is not None:
            node = tree.place(root, dice.randrange(len(tree)) if dice.random() < 0.8 else None).node
            if dice.random() < 0.2:
                tree.set_open(node, False)
        sponsor = dice.randrange(len(tree))
        for owner, slot in tree.vacancies(sponsor, 5):
            assert tree.first_vacancy(sponsor) == owner
            assert tree.free_slot(owner) == slot
            tree.add(owner, slot, is_open=False)
        assert len(tree.vacancies(sponsor, 10**6)) == sum(
            3 - len(list(tree.below(node))) for node, _ in tree.within(sponsor, 99) if tree.open[node]
        )


def change(dice: random.Random, tree: Tree, oracle: Oracle, live: list[int]) -> None:
    """One random change, done to both; a placement is also compared."""
    kind = dice.random()
    if kind < 0.7 or len(live) < 4:
        sponsor = dice.choice(live) if dice.random() < 0.8 else None
        expected = oracle.place(0, sponsor)
        if expected is None:
            with pytest.raises(NoVacancy):
                tree.place(0, sponsor)
            return
        place = tree.place(0, sponsor)
        assert (place.parent, place.slot) == expected
        live.append(oracle.add(place.parent, place.slot, True))
        return
    node = dice.choice(live[1:])
    leaf = node not in oracle.children()
    if kind < 0.85 or not leaf:
        opened = dice.random() < 0.5
        tree.set_open(node, opened)
        oracle.open[node] = opened
    elif kind < 0.93:
        tree.free(node)
        oracle.parent[node] = NOBODY
        live.remove(node)
    else:
        target = oracle.first_vacancy(dice.choice([one for one in live if one != node]))
        if target is not None and target[0] != node:
            tree.move(node, *target)
            oracle.parent[node], oracle.slot[node] = target


def run(seed: int, steps: int, *, check_all_every: int) -> int:
    """Random changes to a tree and to brute force; the changes made."""
    dice = random.Random(seed)
    tree, oracle = Tree(), Oracle()
    tree.add()
    live = [oracle.add(NOBODY, 0, True)]
    for step in range(steps):
        change(dice, tree, oracle, live)
        if step % check_all_every == 0:
            assert all(oracle.agrees(tree, node) for node in live)
    again = rebuild(zip(tree.parent, tree.slot, map(bool, tree.open), strict=True))
    assert [(again.best[n], again.distance[n]) for n in live] == [(tree.best[n], tree.distance[n]) for n in live]
    return steps


class TestAgainstBruteForce:
    @given(st.integers(0, 2**32))
    @settings(max_examples=50)
    def test_every_placement_and_every_pointer_agree(self, seed):
        run(seed, STEPS, check_all_every=20)

    @given(st.integers(0, 2**32))
    @settings(max_examples=10)
    def test_no_node_ever_has_more_than_three_children_or_shares_a_slot(self, seed):
        dice = random.Random(seed)
        tree = Tree()
        root = tree.add()
        list(place_all(tree, root, (dice.randrange(node + 1) for node in range(300))))
        places = [(tree.parent[node], tree.slot[node]) for node in range(1, len(tree))]
        assert len(set(places)) == len(places)
        assert {slot for _, slot in places} <= {1, 2, 3}


class TestPropagation:
    @given(st.integers(0, 2**32), st.sampled_from(["uniform", "early", "late"]))
    @settings(max_examples=15)
    def test_a_join_touches_no_more_rows_than_the_logarithm_allows(self, seed, shape):
        dice = random.Random(seed)
        tree = Tree()
        root = tree.add()
        for _ in range(500):
            size = len(tree)
            sponsor = {"uniform": dice.randrange(size), "early": dice.randrange(1 + size // 50), "late": size - 1}[
                shape
            ]
            tree.place(root, sponsor)
            assert tree.touched <= math.ceil(math.log(2 * size + 1, 3)) + 1
