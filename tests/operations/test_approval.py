"""Steps that take two people: seats that move with their heads and sales, corrections of the ledger."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from models import Approval, Member, Move, Seat, Team, db
from models.operations import approval, placement
from models.queries import member as members
from models.rules import adjustment as adjustments
from models.rules import approval as rules
from models.rules.compliance import BadAmount
from tests.operations import world
from tests.operations.world import AT

SOON = AT + timedelta(hours=1)


pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def _network(stage):
    world.network()


def seat(code: str) -> Seat:
    found = members.seat_of(members.by_code(code).id)
    assert found is not None
    return found


def asked_to_move(code: str, under: str, slot: int, by: str = "staff:1") -> Approval:
    payload = {"seat_id": seat(code).id, "to_parent_id": seat(under).id, "to_slot": slot}
    return approval.ask(kind="seat.move", payload=payload, reason="登记时选错了", at=AT, by=by)


def asked_to_adjust(
    template: str = "compensate", amount_fen: int = 500, member: str | None = "a", **values: Any
) -> Approval:
    payload = {"template": template, "amount_fen": amount_fen, "member": member}
    given = {"reason": "物流赔付", "at": AT, "by": "staff:1"}
    return approval.ask(kind="ledger.adjust", payload=payload, **given | values)


def approved(request: Approval, **values: object) -> Approval:
    given = {"digest": request.digest, "at": SOON, "by": "staff:2"}
    return approval.approve(approval_id=request.id, **given | values)


def teams() -> dict[str, tuple[int, int]]:
    """Heads and sales by member."""
    found = db.session.execute(
        sa.select(Member.code, Team.size, Team.sales_fen).join(Team, Team.member_id == Member.id)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    return {row.code: (row.size, row.sales_fen) for row in found}


class TestSeatMove:
    def test_carries_head_and_sales_to_the_new_teams(self):
        for code in ("a", "b"):
            world.member(code, "M-10")
        world.member("c", "a")
        world.completed("o1", "c")
        assert teams() == {"a": (2, 9_900), "b": (1, 0), "c": (1, 9_900)}
        approved(asked_to_move("c", "b", 2))
        assert (seat("c").parent_id, seat("c").slot) == (seat("b").id, 2)
        assert teams() == {"a": (1, 0), "b": (2, 9_900), "c": (1, 9_900)}

    def test_carries_nothing_of_a_candidate(self):
        for code in ("a", "b"):
            world.member(code, "M-10")
        world.joins("c", "a")
        approved(asked_to_move("c", "b", 1))
        assert teams() == {"a": (1, 0), "b": (1, 0), "c": (0, 0)}

    def test_leaves_a_row_with_both_hands(self):
        for code in ("a", "b"):
            world.member(code, "M-10")
        approved(asked_to_move("b", "a", 3))
        moved = db.session.scalars(sa.select(Move).where(Move.kind == "move")).one()
        assert (moved.by, moved.reason, moved.to_slot) == ("staff:1 staff:2", "登记时选错了", 3)

    def test_is_refused_for_a_preset(self):
        request = asked_to_move("M-10", "M-9", 2)
        with pytest.raises(placement.Preset, match="规则 2.1：预置橱窗的位置"):
            approved(request)

    def test_that_cannot_be_leaves_the_request_open(self):
        for code in ("a", "b"):
            world.member(code, "M-10")
        request = asked_to_move("b", "M-10", 1)
        with pytest.raises(placement.SlotTaken, match="规则 2.8：目标位置不是空位"):
            approved(request)
        assert request.state == "open"


class TestAdjustment:
    def test_compensates_a_member_from_margin_debts_first(self):
        world.member("a")
        approved(asked_to_adjust())
        assert world.accounts() == {"member:a:available": 500, "platform:margin": -500}

    def test_recovers_what_is_there_and_makes_debt_of_the_rest_which_is_paid_first(self):
        world.member("a")
        approved(asked_to_adjust("compensate", 500))
        approved(asked_to_adjust("recover", 800))
        assert world.accounts() == {"member:a:debt": -300, "platform:margin": 300}
        approved(asked_to_adjust("compensate", 400))
        assert world.accounts() == {"member:a:available": 100, "platform:margin": -100}

    def test_forgives_a_debt_and_no_more(self):
        world.member("a")
        approved(asked_to_adjust("recover", 800))
        too_much = asked_to_adjust("forgive", 801)
        with pytest.raises(adjustments.NotThere, match="规则 5.10：该账户可调 ¥8.00，不足 ¥8.01"):
            approved(too_much)
        approved(asked_to_adjust("forgive", 800))
        assert world.accounts() == {}

    def test_takes_from_the_reserve_what_it_holds(self):
        world.completed()
        approved(asked_to_adjust("reserve", 29, None))
        held = world.accounts()
        assert (held.get("platform:reserve", 0), held["platform:margin"]) == (0, 2_900)
        with pytest.raises(adjustments.NotThere, match="规则 5.10：该账户可调 ¥0.00"):
            approved(asked_to_adjust("reserve", 1, None))

    @pytest.mark.parametrize(
        ("template", "amount_fen", "member", "refusal"),
        [
            ("free", 1, "a", adjustments.NoTemplate),
            ("compensate", 0, "a", BadAmount),
            ("compensate", -5, "a", BadAmount),
            ("compensate", 10**12 + 1, "a", BadAmount),
            ("compensate", 1, None, adjustments.WrongParty),
            ("house", 1, "a", adjustments.WrongParty),
        ],
    )
    def test_knows_its_templates_alone(self, template, amount_fen, member, refusal):
        with pytest.raises(refusal, match="规则 5.10"):
            asked_to_adjust(template, amount_fen, member)


class TestDecision:
    def test_is_a_second_persons(self):
        request = asked_to_adjust()
        with pytest.raises(rules.SameHands, match="规则 5.10：须由另一人审批"):
            approved(request, by="staff:1")
        with pytest.raises(rules.SameHands, match="规则 5.10：申请人不能驳回"):
            approval.refuse(approval_id=request.id, note="", at=SOON, by="staff:1")

    def test_is_a_second_persons_in_the_database_too(self):
        request = asked_to_adjust()
        request.state, request.ended_at, request.decided_by = "approved", SOON, "staff:1"
        with pytest.raises(IntegrityError, match="ck_approval_two_people"):
            db.session.flush()

    def test_happens_once(self):
        world.member("a")
        request = approved(asked_to_adjust())
        with pytest.raises(rules.AlreadyDecided, match="规则 5.10：该申请已经处理过"):
            approved(request)
        with pytest.raises(rules.AlreadyDecided):
            approval.refuse(approval_id=request.id, note="", at=SOON, by="staff:3")
        assert world.accounts()["member:a:available"] == 500

    def test_comes_within_a_day(self):
        world.member("a")
        request = asked_to_adjust()
        with pytest.raises(rules.Expired, match="规则 5.10：该申请已超过 24 小时"):
            approved(request, at=AT + timedelta(hours=24))
        approved(request, at=AT + timedelta(hours=24, microseconds=-1))

    def test_holds_for_what_was_seen(self):
        with pytest.raises(rules.PayloadChanged, match="规则 5.10：内容与您查看的不一致"):
            approved(asked_to_adjust(), digest=b"x" * 32)

    @pytest.mark.parametrize(
        "change",
        [
            {"payload": {"amount_fen": 1}},
            {"made_by": "staff:9"},
            {"reason": "x"},
            {"expires_at": AT + timedelta(days=9)},
        ],
    )
    def test_is_about_what_the_database_keeps_as_it_was_asked(self, change):
        request = asked_to_adjust()
        for name, value in change.items():
            setattr(request, name, value)
        with pytest.raises(IntegrityError, match="what was asked for never changes"):
            db.session.flush()

    def test_is_void_where_the_payload_is_another_than_its_digest_covers(self, session):
        request = asked_to_adjust()
        changed = Approval(
            kind="ledger.adjust", payload={**request.payload, "amount_fen": 9_999}, digest=b"d" * 32, reason="x",
            state="open", made_at=AT, made_by="staff:1", expires_at=rules.expires_at(AT),
        )  # fmt: skip
        session.add(changed)
        session.flush()
        with pytest.raises(rules.PayloadChanged):
            approved(changed)

    def test_is_not_taken_back(self):
        request = approval.refuse(approval_id=asked_to_adjust().id, note="", at=SOON, by="staff:2")
        request.state = "approved"
        with pytest.raises(IntegrityError, match="never changes"):
            db.session.flush()

    def test_of_no_books_nothing(self):
        request = approval.refuse(approval_id=asked_to_adjust().id, note="金额不对", at=SOON, by="staff:2")
        assert (request.state, request.note, world.accounts()) == ("refused", "金额不对", {})

    def test_is_about_a_request_that_exists(self):
        with pytest.raises(approval.NoRequest, match="没有这个审批申请"):
            approval.withdraw(approval_id=0, at=AT, by="staff:1")


class TestRequest:
    def test_is_one_while_it_is_open(self):
        assert asked_to_adjust().id == asked_to_adjust().id

    def test_is_made_anew_after_a_day(self):
        first = asked_to_adjust()
        again = asked_to_adjust(at=AT + timedelta(days=1))
        assert (first.state, again.state) == ("expired", "open")

    def test_says_why(self):
        with pytest.raises(approval.BadRequest, match="规则 5.10：请写明理由"):
            asked_to_adjust("house", 1, None, reason=" ")

    def test_is_the_makers_to_withdraw(self):
        request = asked_to_adjust()
        with pytest.raises(approval.NotTheMaker, match="规则 5.10：只有申请人可以撤回"):
            approval.withdraw(approval_id=request.id, at=AT, by="staff:2")
        assert approval.withdraw(approval_id=request.id, at=AT, by="staff:1").state == "withdrawn"
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Approval)) == 1

    @pytest.mark.parametrize(("kind", "payload"), [("nothing.there", {}), ("seat.move", {"seat_id": "1"})])
    def test_is_about_something_there_is(self, kind, payload):
        with pytest.raises((approval.NoEffect, placement.NoSeat)):
            approval.ask(kind=kind, payload=payload, reason="x", at=AT, by="staff:1")


class TestLines:
    """What the second person reads before they decide."""

    def lines(self, request: Approval) -> dict[str, Any]:
        return {line.title: line.value for line in approval.effect_of(request.kind).tells(request.payload)}

    def test_tell_where_a_seat_goes(self):
        for code in ("a", "b"):
            world.member(code, "M-10")
        told = self.lines(asked_to_move("b", "a", 3))
        assert (told["Member"], told["Stands under"], told["Goes under"]) == ("b", "M-10 · 2", "a · 3")
        assert (told["Depth now"], told["Depth then"]) == (10, 11)

    def test_tell_what_a_correction_finds(self):
        world.member("a")
        approved(asked_to_adjust())
        told = self.lines(asked_to_adjust("recover", 800))
        assert (told["Amount"], told["Member"], told["Available now"], told["Debt now"]) == (800, "a", 500, 0)
        assert self.lines(asked_to_adjust("house", 1, None))["It holds now"] == 0
