"""Every route with an id, asked by everybody it does not belong to: there is nothing there. And what the owners see."""

import re
import uuid
from datetime import UTC, datetime

import pytest

from console.api.route import Guard, route
from models import transaction
from models.operations import after_sale, agency, challenge, earning_export, note, order, parcel
from models.queries import member as members
from models.rules.after_sale import Kind
from models.rules.parcel import State
from tests import factories, pictures
from tests.console.api.phone import Phone
from tests.operations import world
from tests.operations.growth import contest
from tests.operations.test_dispatch import lines

NOW = datetime.now(UTC)
BODIES = {
    "after_sales.file": {"kind": "no_reason", "words": "不合适"},
    "agency.apply": {"region_code": "440300"},
    "me.change": {"nickname": "x"},
    "withdrawals.ask": {"amount_fen": 100},
    "admission.appeal": {"words": "请看"},
}
PICTURES = {"admission.proof": {"data": pictures.encoded(pictures.noise()), "content_type": "image/png"}}


class Village:
    """A seller, a buyer below who has a case, and a stranger beside them; each with a phone."""

    def __init__(self, phone) -> None:
        with transaction():
            matrix = world.network()
            people = [world.member("W1", "M-10", NOW), world.member("W2", "W1", NOW), world.member("W3", "M-10", NOW)]
            for n, one in enumerate(people):
                note.keep_person(member_id=one.id, facts=note.Facts(nickname=f"名{n}字", phone=f"1380013800{n}"))
            self.product = factories.product(merchant_id=matrix.merchant_id).id
            self.other_product = factories.product().id
            world.completed("o1", "W1", NOW, buyer="W2")
            order.place(purchase=world.purchase("o2", "W1", buyer="W2"), at=NOW)
            self.parcel = parcel.send(number="o2", carrier="SF", waybill="SF12345", at=NOW).id
            parcel.track(parcel_id=self.parcel, state=State.MOVING, words="已揽收", at=NOW)
            order.place(purchase=world.purchase("o3", "W1", buyer="W2"), at=NOW)
            self.case = after_sale.open_(
                number="o1", kind=Kind.QUALITY, words="破了", at=NOW, day=lambda at: at.date()
            ).id
            agency.apply(code="W1", region_code="440300", at=NOW)
            self.export = earning_export.ask(member_id=people[0].id, wish=earning_export.Wish(), at=NOW).id
            self.draft = challenge.write(challenge_id=None, draft=contest(NOW), at=NOW, by="t").id
        self.seller, self.buyer, self.stranger = (phone().as_member(one) for one in people)
        self.seats = [members.seat_of(one.id).id for one in people]


@pytest.fixture
def village(session, phone):
    return Village(phone)


class TestForeign:
    def test_ids_are_not_there_for_anybody_else(self, village):
        ids = {
            "number": "o1", "case_id": village.case, "product_id": village.other_product, "task": 1,
            "board": "heads", "challenge_id": village.draft, "export_id": village.export,
        }  # fmt: skip
        wrong, asked = [], 0
        for one in route.routes:
            if "<" not in one.path:
                continue
            path = re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda found: str(ids[found[1]]), one.path)
            for who in ("stranger", "nobody's number"):
                if who != "stranger":
                    path = re.sub(r"/(o1|\d+)(?=/|$)", lambda found: "/zz9" if found[1] == "o1" else "/99", path)
                answer = village.stranger.ask(one.method, path, BODIES.get(one.name), **PICTURES.get(one.name, {}))
                asked += 1
                if (answer.status_code, answer.mimetype) != (404, "application/problem+json"):
                    wrong.append(f"{one.method} {path}: {answer.status_code}")
        assert wrong == []
        assert asked >= 14

    def test_places_outside_ones_own_tree_are_not_there(self, village):
        seat = members.seat_of(members.by_code("M-10").id).id
        for node in (seat, village.seats[0], 999_999):
            assert village.stranger.get(f"/me/team/tree?node={node}").status_code == 404

    def test_reports_of_regions_somebody_else_asked_for_are_not_there(self, village):
        assert village.stranger.get("/me/agency/report?region_code=440300").status_code == 404
        assert village.seller.get("/me/agency/report?region_code=440300").status_code == 404

    def test_sellers_confirm_no_receipt_and_file_no_case(self, village):
        assert village.seller.post("/orders/o2/receipt").status_code == 404
        assert village.seller.post("/orders/o1/after-sales", BODIES["after_sales.file"]).status_code == 404
        assert village.seller.get(f"/after-sales/{village.case}").status_code == 404

    def test_cursors_of_others_go_nowhere(self, village):
        told = village.buyer.get("/me/orders?limit=1").json["next"]
        assert village.buyer.get(f"/me/orders?limit=1&cursor={told}").json["items"][0]["number"] == "o2"
        assert village.seller.get(f"/me/orders?limit=1&cursor={told}").status_code == 422

    def test_nothing_opens_without_a_token(self, app, session):
        nobody = Phone(app)
        closed = [one for one in route.routes if one.guard is not Guard.PUBLIC]
        paths = [(one.method, re.sub(r"<[^>]+>", "1", one.path)) for one in closed]
        assert [nobody.ask(method, path).json["code"] for method, path in paths] == ["no_token"] * len(paths)


class TestOwn:
    def test_orders_tell_both_sides_and_the_parcel(self, village):
        told = village.buyer.get("/orders/o2").json
        assert (told["side"], told["state"], told["is_mine_to_confirm"]) == ("buyer", "shipped", True)
        assert village.seller.get("/orders/o2").json["is_mine_to_confirm"] is False
        (sent,) = village.seller.get("/orders/o2/tracks").json["items"]
        assert (sent["waybill"], [one["words"] for one in sent["tracks"]]) == ("SF12345", ["已揽收"])
        assert village.buyer.get("/orders/o1").json["open_case"] == village.case
        assert [one["number"] for one in village.seller.get("/me/orders?side=seller").json["items"]] == [
            "o3",
            "o2",
            "o1",
        ]

    def test_orders_show_what_has_left_in_which_parcel_and_are_received_once_all_has(self, village):
        with transaction():
            order.place(purchase=world.purchase("o4", "W1", buyer="W2", lines=lines(2, 1)), at=NOW)
            parcel.send(number="o4", carrier="SF", waybill="SF0001", at=NOW, items={1: 1})
        told = village.buyer.get("/orders/o4").json
        assert [(one["quantity"], one["sent"]) for one in told["lines"]] == [(2, 1), (1, 0)]
        assert [one["goods"] for one in told["parcels"]] == [[{"title": "商品1", "quantity": 1}]]
        assert (told["state"], told["confirms_at"]) == ("paid", None)
        assert "还有商品没有发出" in village.buyer.post("/orders/o4/receipt").json["detail"]
        with transaction():
            parcel.send(number="o4", carrier="SF", waybill="SF0002", at=NOW)
        told = village.buyer.get("/orders/o4").json
        assert (told["state"], [one["waybill"] for one in told["parcels"]]) == ("shipped", ["SF0001", "SF0002"])

    def test_a_receipt_settles_once_and_waits_for_the_parcel(self, village, trail):
        assert village.buyer.post("/orders/o3/receipt").json["code"] == "not_shipped"
        key = uuid.uuid4().hex
        answers = [village.buyer.post("/orders/o2/receipt", key=key) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].json["state"] == "completed"
        assert [row.actor for row in trail("shop_order")] == ["member:W2"]
        assert village.seller.get("/me/balance").json["pending_fen"] == 6_000

    def test_a_case_is_told_first_and_filed_then(self, village):
        body = {"kind": "no_reason", "words": "不合适"}
        told = village.buyer.post("/orders/o2/after-sales?preview=true", body).json
        assert (told["is_filed"], told["refund_fen"], told["closes_showcase"], told["case"]) == (
            False,
            9_900,
            False,
            None,
        )
        filed = village.buyer.post("/orders/o2/after-sales", body).json
        assert filed["is_filed"] is True
        case = village.buyer.get(f"/after-sales/{filed['case']['id']}").json
        assert (case["state"], case["words"], case["order"]) == ("opened", "不合适", "o2")

    def test_the_team_is_shown_by_masked_names(self, village):
        team = village.seller.get("/me/team").json
        assert (team["directs"], team["levels"][:2], len(team["vacancies"])) == (1, [1, 0], 5)
        (child,) = village.seller.get("/me/team/tree").json["items"]
        assert (child["name"], child["is_direct"]) == ("名**", True)
        below = village.seller.get(f"/me/team/tree?node={child['node']}").json
        assert below == {"node": village.seats[1], "items": []}
        assert village.seller.get("/me/team/spill").json == {"items": []}

    def test_standing_and_rank_say_what_comes_next(self, village):
        told = village.seller.get("/me/standing").json
        assert [(one["step"], one["have"], one["need"]) for one in told["next"]] == [("cycle", 1, 3)]
        rank = village.seller.get("/me/rank").json
        assert (rank["next"], rank["sales_fen"], rank["needed_fen"]) == ("expert", 9_900, 500_000)

    def test_products_are_those_of_the_own_merchant(self, village):
        told = village.seller.get("/products").json
        assert [one["id"] for one in told["items"]] == [village.product]
        assert village.seller.get(f"/products/{village.product}").json["commission_fen"] == 2_000
        assert village.seller.get("/products?category=无").json["items"] == []

    def test_a_product_goes_into_the_own_window_and_out_again(self, village, work):
        path = f"/me/listings/{village.product}"
        assert village.buyer.ask("DELETE", path).status_code == 404
        assert village.buyer.ask("PUT", path).json["state"] == "asked"
        assert village.buyer.ask("PUT", path).json["state"] == "asked"
        assert village.buyer.ask("DELETE", path).json["state"] == "refused"
        assert village.seller.ask("PUT", path).json["state"] == "asked"
        work()
        assert village.seller.ask("PUT", path).json["state"] in ("listed", "asked")

    def test_an_export_holds_everything_of_the_own_and_nothing_of_others(self, village):
        told = village.buyer.get("/me/export").json
        assert (told["phone"], [one["order"] for one in told["after_sales"]]) == ("13800138001", ["o1"])
        assert {one["number"] for one in told["bought"]} == {"o1", "o2", "o3"}
        assert [one["version"] for one in told["consents"]] == ["1"]
        assert "W2" not in village.seller.get("/me/export").text

    def test_an_agency_is_asked_for_once(self, village):
        assert village.stranger.post("/agency/applications", {"region_code": "110000"}).status_code == 201
        again = village.stranger.post("/agency/applications", {"region_code": "110000"})
        assert (again.status_code, again.json["code"]) == (409, "already_applied")
        assert village.stranger.post("/agency/applications", {"region_code": "999999"}).status_code == 422
        assert [one["region_code"] for one in village.stranger.get("/me/agency").json["items"]] == ["110000"]
