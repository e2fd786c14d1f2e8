"""The tree in the database against the plain search of rules §2.3."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from models import Frontier, Matrix, Member, Merchant, Move, Seat, db, transaction
from models.operations import placement
from models.queries import tree
from models.rules.placement import PresetPlace
from tests.conftest import superuser

AT = datetime(2026, 1, 1, 1, tzinfo=UTC)


def network() -> Matrix:
    merchant = Merchant(code="shop", name="shop")
    db.session.add(merchant)
    db.session.flush()
    matrix = Matrix(code="M", merchant_id=merchant.id, template="linear", made_at=AT)
    db.session.add(matrix)
    db.session.flush()
    return matrix


def person(matrix: Matrix, code: str) -> Member:
    member = Member(code=code, matrix_id=matrix.id, standing="active", showcase="open", registered_at=AT)
    db.session.add(member)
    db.session.flush()
    return member


def root(matrix: Matrix) -> Seat:
    place = PresetPlace(1, None, None, promotes=True)
    return placement.preset(places=[place], members={1: person(matrix, "root")}, at=AT, by="t")[1]


def join(matrix: Matrix, code: str, under: Seat | None) -> Seat:
    return placement.take(member=person(matrix, code), under=under, at=AT, by="t")


class Plain:
    """The tree as the rule's words say it: search level by level, left to right."""

    def __init__(self, first: int) -> None:
        self.root, self.below, self.open = first, {first: {}}, {first}

    def vacancy(self, start: int) -> tuple[int, int] | None:
        layer = [start]
        while layer:
            for seat in layer:
                for slot in (1, 2, 3):
                    if seat in self.open and slot not in self.below[seat]:
                        return seat, slot
            layer = [self.below[seat][slot] for seat in layer for slot in sorted(self.below[seat])]
        return None

    def place(self, start: int) -> tuple[int, int] | None:
        return self.vacancy(start) or self.vacancy(self.root)

    def add(self, seat: int, parent: int, slot: int) -> None:
        self.below[parent][slot] = seat
        self.below[seat] = {}
        self.open.add(seat)


@pytest.mark.usefixtures("session")
class TestTake:
    def test_fills_own_slots_first_then_the_next_layer_from_the_left(self):
        matrix = network()
        top = root(matrix)
        seats = [join(matrix, f"m{n}", top) for n in range(5)]
        assert [(seat.parent_id, seat.slot, seat.depth) for seat in seats] == [
            (top.id, 1, 1), (top.id, 2, 1), (top.id, 3, 1), (seats[0].id, 1, 2), (seats[0].id, 2, 2),
        ]  # fmt: skip

    def test_looks_in_the_whole_network_without_a_sponsor(self):
        matrix = network()
        top = root(matrix)
        assert join(matrix, "m", None).parent_id == top.id

    def test_is_refused_where_nothing_is_open(self):
        matrix = network()
        placement.set_open(seat=root(matrix), is_open=False, at=AT, by="t", reason="closed")
        with pytest.raises(placement.NoVacancy, match="2.3"):
            join(matrix, "m", None)

    def test_leaves_the_log_a_row_that_says_whether_it_spilled(self):
        matrix = network()
        top = root(matrix)
        for n in range(4):
            join(matrix, f"m{n}", top)
        spilled = db.session.scalars(sa.select(Move.is_spill).where(Move.kind == "place").order_by(Move.id)).all()
        assert spilled == [False, False, False, False, True]

    @pytest.mark.parametrize("seed", range(8))
    def test_equals_the_plain_search_whatever_happens_between(self, seed):
        dice = random.Random(seed)
        matrix = network()
        top = root(matrix)
        plain = Plain(top.id)
        seats = {top.id: top}
        for n in range(120):
            start = dice.choice(list(seats)) if dice.random() < 0.8 else top.id
            what = dice.random()
            if what < 0.7:
                expected = plain.place(start)
                if expected is None:
                    with pytest.raises(placement.NoVacancy):
                        join(matrix, f"m{n}", seats[start])
                    continue
                seat = join(matrix, f"m{n}", seats[start])
                assert (seat.parent_id, seat.slot) == expected
                seats[seat.id] = seat
                plain.add(seat.id, *expected)
            elif what < 0.85:
                is_open = start not in plain.open
                placement.set_open(seat=seats[start], is_open=is_open, at=AT, by="t", reason="x")
                plain.open ^= {start}
            elif start != top.id and not plain.below[start]:
                del plain.below[seats[start].parent_id][seats[start].slot]
                plain.open.discard(start)
                placement.free(seat=seats.pop(start), at=AT, by="t", reason="lapsed")
        assert list(tree.differences()) == []

    def test_climbs_no_further_than_the_full_layers_reach(self):
        matrix = network()
        top = root(matrix)
        touched = []
        for n in range(121):
            before = dict(db.session.execute(sa.select(Frontier.seat_id, Frontier.best_id)).all())
            join(matrix, f"m{n}", top)
            after = dict(db.session.execute(sa.select(Frontier.seat_id, Frontier.best_id)).all())
            touched.append(sum(after[seat] != best for seat, best in before.items()))
        assert max(touched) <= 5 + 1  # ⌈log3(2 · 122 + 1)⌉ + 1


@pytest.mark.usefixtures("session")
class TestFree:
    def test_makes_the_slot_a_vacancy_again(self):
        matrix = network()
        top = root(matrix)
        first, second = join(matrix, "a", top), join(matrix, "b", top)
        placement.free(seat=first, at=AT, by="t", reason="lapsed")
        assert join(matrix, "c", top).slot == 1
        assert second.slot == 2

    def test_is_refused_with_somebody_below(self):
        matrix = network()
        first = join(matrix, "a", root(matrix))
        join(matrix, "b", first)
        with pytest.raises(placement.NotALeaf):
            placement.free(seat=first, at=AT, by="t", reason="lapsed")


@pytest.mark.usefixtures("session")
class TestMove:
    def test_takes_a_leaf_to_another_vacancy_and_logs_both_ends(self):
        matrix = network()
        top = root(matrix)
        first, second = join(matrix, "a", top), join(matrix, "b", top)
        placement.move(seat_id=second.id, to_parent_id=first.id, to_slot=3, at=AT, by="staff:1", reason="wrong sponsor")
        assert (second.parent_id, second.slot, second.depth) == (first.id, 3, 2)
        row = db.session.scalars(sa.select(Move).where(Move.kind == "move")).one()
        assert (row.from_parent_id, row.from_slot, row.to_parent_id, row.to_slot) == (top.id, 2, first.id, 3)
        assert list(tree.differences()) == []

    def test_is_refused_after_72_hours_or_two_moves(self):
        matrix = network()
        top = root(matrix)
        seat = join(matrix, "a", top)
        with pytest.raises(placement.TooLate):
            placement.move(
                seat_id=seat.id,
                to_parent_id=top.id,
                to_slot=2,
                at=AT + timedelta(hours=72, seconds=1),
                by="t",
                reason="x",
            )
        for slot in (2, 3):
            placement.move(seat_id=seat.id, to_parent_id=top.id, to_slot=slot, at=AT, by="t", reason="x")
        with pytest.raises(placement.TooLate):
            placement.move(seat_id=seat.id, to_parent_id=top.id, to_slot=1, at=AT, by="t", reason="x")

    def test_goes_to_vacancies_only(self):
        matrix = network()
        top = root(matrix)
        first, second = join(matrix, "a", top), join(matrix, "b", top)
        for target, slot in ((top, 1), (second, 1)):
            with pytest.raises(placement.SlotTaken):
                placement.move(seat_id=second.id, to_parent_id=target.id, to_slot=slot, at=AT, by="t", reason="x")
        assert first.slot == 1


@pytest.mark.usefixtures("session")
class TestReading:
    def test_walks_up_and_down_and_counts_levels(self):
        matrix = network()
        top = root(matrix)
        seats = [join(matrix, f"m{n}", top) for n in range(5)]
        assert [node.seat_id for node in tree.above(seats[4].id)] == [seats[0].id, top.id]
        assert [node.seat_id for node in tree.below(top.id)] == [seat.id for seat in seats[:3]]
        assert tree.level_counts(top.id, 3) == [3, 2, 0]

    def test_foretells_the_places_that_newcomers_then_take(self):
        matrix = network()
        top = root(matrix)
        for n in range(7):
            join(matrix, f"m{n}", top)
        foretold = [(vacancy.parent_id, vacancy.slot) for vacancy in tree.first_vacancies(top.id, 20)]
        taken = [join(matrix, f"n{n}", top) for n in range(5)]
        assert [(seat.parent_id, seat.slot) for seat in taken] == foretold[:5]


class TestIntegrity:
    @pytest.mark.parametrize(
        ("edit", "found", "is_mended"),
        [
            ("UPDATE frontier SET taken = 0", "已占空位", True),
            ("UPDATE frontier SET best_distance = 9", "下一个空位", True),
            ("UPDATE seat SET depth = 7 WHERE depth = 2", "层级", False),
            ("DELETE FROM frontier WHERE seat_id = 3", "没有空位索引", False),
            ("UPDATE seat SET parent_id = 5 WHERE id = 2", "走不到", False),
        ],
    )
    def test_finds_what_a_hand_has_broken(self, services, own_app, edit, found, is_mended):
        with own_app.app_context():
            with transaction():
                matrix = network()
                top = root(matrix)
                for n in range(5):
                    join(matrix, f"m{n}", top)
            assert list(tree.differences()) == []
            with superuser(services, db.engine.url.database) as connection:
                connection.execute("SET session_replication_role = replica")
                connection.execute(edit)
            assert any(found in line for line in tree.differences())
            if is_mended:
                with transaction():
                    assert placement.rebuild(matrix_id=matrix.id) > 0
                assert list(tree.differences()) == []

    @pytest.mark.parametrize(
        ("columns", "constraint"),
        [
            ({"slot": 4}, "ck_seat_slot"),
            ({"slot": 1}, "uq_seat_parent_id_slot"),
            ({"slot": None}, "ck_seat_root"),
            ({"parent_id": None, "slot": None, "depth": 0}, "uq_seat_root"),
        ],
    )
    def test_is_guarded_by_the_database(self, session, columns, constraint):
        matrix = network()
        top = root(matrix)
        join(matrix, "a", top)
        row = {"matrix_id": matrix.id, "member_id": person(matrix, "b").id, "parent_id": top.id, "depth": 1} | columns
        with pytest.raises(IntegrityError, match=constraint):
            session.execute(sa.insert(Seat).values(placed_at=AT, **row))

    def test_seats_a_member_once(self, session):
        matrix = network()
        top = root(matrix)
        with pytest.raises(IntegrityError, match="uq_seat_member_id"):
            placement.take(member=db.session.get_one(Member, top.member_id), under=top, at=AT, by="t")


class TestConcurrency:
    def test_makes_the_serial_tree_of_200_sign_ups_at_once(self, own_app):
        with own_app.app_context():
            with transaction():
                matrix = network()
                top = root(matrix)
                members = [person(matrix, f"m{n}").id for n in range(200)]
            top_id = top.id

        def sign_up(member_id: int) -> None:
            with own_app.app_context(), transaction():
                member = db.session.get_one(Member, member_id)
                placement.take(member=member, under=db.session.get_one(Seat, top_id), at=AT, by="t")

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(sign_up, members))
        with own_app.app_context():
            seats = db.session.scalars(sa.select(Seat).order_by(Seat.id)).all()
            order = [seat.id for seat in seats]
            assert [(order.index(seat.parent_id), seat.slot) for seat in seats[1:]] == [
                (n // 3, n % 3 + 1) for n in range(200)
            ]
            assert list(tree.differences()) == []
