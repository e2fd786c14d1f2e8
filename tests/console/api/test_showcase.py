"""One's showcase over the mini-program: named by its owner, checked at the desk, told back in words."""

from datetime import UTC, datetime

import pytest

from models import transaction
from models.operations import binding, shop_order
from models.queries import member as members
from models.rules.shop_order import Kind
from tests.operations import world
from tests.village import happens

NOW = datetime.now(UTC)
MINE = "sphA1b2C3d4E5"


@pytest.fixture
def seller(session, phone):
    with transaction():
        world.network()
        member = world.member("W1", "M-10", NOW)
        newcomer = world.joins("W2", "W1", NOW)
    one = phone().as_member(member)
    one.member, one.newcomer = member, phone().as_member(newcomer)
    return one


class TestNaming:
    def test_waits_until_somebody_has_checked_it(self, seller):
        answer = seller.post("/me/showcase", {"finder_id": MINE})
        assert (answer.status_code, answer.json["finder_id"], answer.json["showcase"]) == (202, None, "open")
        assert (answer.json["binding"]["state"], answer.json["binding"]["finder_id"]) == ("waiting", MINE)
        with transaction():
            binding.confirm(member_id=seller.member.id, at=NOW, by="staff:1")
        told = seller.get("/me/showcase").json
        assert (told["finder_id"], told["binding"]["state"]) == (MINE, "bound")
        assert told["guide"] == "橱窗已开通并绑定，可以在选品中心上架商品。"
        assert seller.get("/me/export").json["finder_id"] == MINE

    def test_under_one_key_is_one_word(self, seller):
        first = seller.post("/me/showcase", {"finder_id": MINE}, key="one-and-the-same")
        again = seller.post("/me/showcase", {"finder_id": MINE}, key="one-and-the-same")
        assert first.data == again.data
        assert again.headers["Idempotent-Replayed"] == "true"
        assert seller.post("/me/showcase", {"finder_id": "sph2"}, key="one-and-the-same").status_code == 422

    def test_of_somebody_elses_or_of_nothing_is_a_problem_in_words(self, seller):
        seller.post("/me/showcase", {"finder_id": MINE})
        with transaction():
            binding.confirm(member_id=seller.member.id, at=NOW, by="staff:1")
        found = {body: seller.newcomer.post("/me/showcase", {"finder_id": body}) for body in (MINE, "wx1")}
        assert [(one.status_code, one.mimetype, one.json["code"]) for one in found.values()] == [
            (409, "application/problem+json", "account_taken"),
            (422, "application/problem+json", "bad_finder"),
        ]
        assert seller.newcomer.post("/me/showcase", {}).json["fields"][0]["code"] == "missing"

    def test_links_the_tasks_of_those_who_buy_there(self, seller, phone):
        with transaction():
            happens("policy", preset="plan")
            shop_order.bind(member_id=members.by_code("M-9").id, kind=Kind.FINDER, account="sph9", by="t", at=NOW)
            buyer = world.joins("W3", "W1", NOW)
        items = phone().as_member(buyer).get("/me/admission").json["items"]
        assert {one["seller"]: one["finder_id"] for one in items if one["finder_id"]} == {"M-9": "sph9"}
