"""Rings: hard links join, soft ones only together, what everybody shares joins nobody."""

from hypothesis import given
from hypothesis import strategies as st

from models.rules.ring import CAPS, Tie, components, degrees_of, named, touched


def ties(*rows: tuple[int, str, str]) -> list[Tie]:
    return [Tie(actor, kind, word.encode()) for actor, kind, word in rows]


def rings(*rows: tuple[int, str, str]) -> list[set[int]]:
    found = ties(*rows)
    return [set(one) for one in components(found, degrees_of(found))]


def slowly(found: list[Tie]) -> list[set[int]]:
    """The same by walking: written from the sentence, not from the code."""
    people = {tie.actor for tie in found}
    holders = {tie.value: {one.actor for one in found if one.value == tie.value} for tie in found}
    weights = {"ip": 30, "address": 30}

    def near(a: int, b: int) -> bool:
        both = [v for v, who in holders.items() if {a, b} <= who and len(who) <= CAPS[v[0]]]
        return sum(weights.get(kind, 100) for kind, _ in both) >= 100

    left, out = set(people), []
    while left:
        group = {left.pop()}
        grown = True
        while grown:
            more = {b for b in left for a in group if near(a, b)}
            left -= more
            group |= more
            grown = bool(more)
        out.append(group)
    return sorted((one for one in out if len(one) > 1), key=min)


class TestComponents:
    def test_join_by_one_hard_link(self):
        assert rings((1, "device", "d"), (2, "device", "d")) == [{1, 2}]

    def test_join_along_a_chain(self):
        assert rings((1, "device", "d"), (2, "device", "d"), (2, "payer", "p"), (3, "payer", "p")) == [{1, 2, 3}]

    def test_do_not_join_a_household(self):
        home = [(n, kind, "home") for n in (1, 2, 3) for kind in ("ip", "address")]
        assert rings(*home) == []

    def test_join_by_four_soft_links(self):
        three = [(n, "ip", f"net{k}") for n in (1, 2) for k in range(3)]
        assert rings(*three) == []
        assert rings(*three, (1, "address", "a"), (2, "address", "a")) == [{1, 2}]

    def test_keep_kinds_apart(self):
        assert rings((1, "device", "same"), (2, "payer", "same")) == []

    def test_leave_out_what_more_share_than_the_cap(self):
        full = [(n, "payer", "till") for n in range(CAPS["payer"])]
        assert rings(*full) == [set(range(20))]
        assert rings(*full, (99, "payer", "till")) == []

    @given(
        st.lists(
            st.tuples(st.integers(0, 25), st.sampled_from(["payer", "ip", "address"]), st.sampled_from("abcde")),
            max_size=60, unique=True,
        )
    )  # fmt: skip
    def test_are_those_of_a_walk(self, rows):
        found = ties(*rows)
        assert [set(one) for one in components(found, degrees_of(found))] == slowly(found)


class TestTouched:
    def test_are_values_that_others_have(self):
        assert touched(ties((1, "device", "d")), {("device", b"d"): 1}) == set()
        assert touched(ties((1, "device", "d")), {("device", b"d"): 2}) == {("device", b"d")}

    def test_include_a_value_that_passes_its_cap_now_and_not_later(self):
        assert touched(ties((1, "payer", "p")), {("payer", b"p"): 21}) == {("payer", b"p")}
        assert touched(ties((1, "payer", "p")), {("payer", b"p"): 22}) == set()


class TestNumbers:
    def test_stay_with_the_older_of_two_that_merge(self):
        assert named([frozenset({1, 2, 3, 4})], {1: 8, 2: 8, 3: 5, 4: 5}) == {0: 5}

    def test_stay_with_the_part_of_the_first_member_when_a_ring_comes_apart(self):
        assert named([frozenset({1, 2}), frozenset({3, 4})], {1: 5, 2: 5, 3: 5, 4: 5}) == {0: 5, 1: None}

    def test_are_new_for_a_new_ring(self):
        assert named([frozenset({1, 2})], {}) == {0: None}
