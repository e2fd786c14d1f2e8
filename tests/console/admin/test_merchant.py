"""商家, 矩阵 and 橱窗 through the console."""

import re

import pytest
import sqlalchemy as sa

from console import formatting
from models import Matrix, Member, Merchant, Seat, Shop, StandingChange, db
from models.operations import standing
from models.queries import tree
from models.rules.placement import Template
from tests import factories
from tests.operations import world


def fresh(row):
    db.session.expire_all()
    return db.session.get_one(type(row), row.id)


class TestMerchants:
    def test_are_listed_with_what_they_have(self, staff):
        world.network()
        page = staff("auditor").get("/merchants/").text
        assert "商家" in page
        assert "/merchants/new" not in page

    def test_are_taken_in_once(self, staff, trail):
        browser = staff("operator")
        answer = browser.post("/merchants/new", data={"code": "xinyu", "name": "新屿"})
        made = db.session.scalars(sa.select(Merchant).where(Merchant.code == "xinyu")).one()
        assert answer.location.endswith(f"/merchants/{made.id}")
        assert len(trail("merchant")) == 1
        again = browser.post("/merchants/new", data={"code": "xinyu", "name": "另一家"}, follow_redirects=True).text
        assert "已被使用" in again

    def test_are_renamed_and_open_shops(self, staff, trail):
        merchant = factories.merchant(name="旧名")
        browser = staff("operator")
        browser.post(f"/merchants/{merchant.id}/rename", data={"name": "新名"})
        browser.post(f"/merchants/{merchant.id}/shop", data={"name": "旗舰店", "platform": "wechat"})
        assert fresh(merchant).name == "新名"
        assert db.session.scalar(sa.select(Shop.name).where(Shop.merchant_id == merchant.id)) == "旗舰店"
        assert [row.kind for row in trail("merchant", kind="update")] == ["update"]

    def test_keep_their_name_when_the_new_one_is_empty(self, staff):
        merchant = factories.merchant(name="旧名")
        staff("operator").post(f"/merchants/{merchant.id}/rename", data={"name": "  "})
        assert fresh(merchant).name == "旧名"

    def test_show_orders_and_money_of_their_network(self, staff):
        matrix = world.network()
        world.completed("o1")
        page = staff("finance").get(f"/merchants/{matrix.merchant_id}").text
        for words in ("应付商家", "¥40.00", "<code>M</code>"):
            assert words in page

    def test_lead_from_their_figures_to_the_very_orders(self, staff):
        world.network()
        world.completed("here-1", at=formatting.now())
        factories.merchant(name="别家")
        merchant = db.session.scalars(sa.select(Merchant).join(Matrix, Matrix.merchant_id == Merchant.id)).one()
        browser = staff("operator")
        found = re.search(r'href="(/orders/\?[^"]+)">1</a>', browser.get(f"/merchants/{merchant.id}").text)
        page = browser.get(found[1].replace("&amp;", "&")).text
        assert ("here-1" in page, "network=" in found[1], "paid_from=" in found[1]) == (True, True, True)

    def test_see_only_themselves(self, staff):
        other = world.network()
        browser = staff("merchant")
        own = browser.person.merchant_id
        assert browser.get(f"/merchants/{own}").status_code == 200
        assert browser.get(f"/merchants/{other.merchant_id}").status_code == 404
        assert browser.get(f"/matrices/{other.id}").status_code == 404
        assert "M-10" not in browser.get("/showcases/").text

    def test_are_made_by_nobody_who_may_only_look(self, staff):
        assert staff("finance").post("/merchants/new", data={"code": "a", "name": "b"}).status_code == 403


class TestDesigner:
    @pytest.mark.parametrize(("template", "vacancies"), [("linear", 3), ("triple", 21)])
    def test_draws_what_then_stands_in_the_tree(self, staff, template, vacancies):
        merchant = factories.merchant()
        browser = staff("operator")
        page = browser.get(f"/matrices/new?merchant={merchant.id}&template={template}").text
        assert f"{vacancies} 个空位" in page
        browser.post("/matrices/new", data={"merchant": merchant.id, "code": "XY", "template": template})
        matrix = db.session.scalars(sa.select(Matrix).where(Matrix.code == "XY")).one()
        root = db.session.scalar(sa.select(Seat.id).where(Seat.matrix_id == matrix.id, Seat.parent_id.is_(None)))
        assert len(tree.first_vacancies(root, 100)) == vacancies
        assert "XY-10" in browser.get(f"/matrices/{matrix.id}").text

    @pytest.mark.parametrize(
        ("code", "template", "says"),
        [
            ("", "triple", "规则 2.1"),
            ("有汉字", "triple", "规则 2.1"),
            ("XY", "square", "模板"),
            ("M", "linear", "已存在"),
        ],
    )
    def test_refuses_what_cannot_be_made(self, staff, code, template, says):
        merchant = world.network().merchant_id
        page = staff("operator").post(
            "/matrices/new", data={"merchant": merchant, "code": code, "template": template}, follow_redirects=True
        )
        assert says in page.text
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Matrix)) == 1

    def test_leaves_one_row_of_the_trail_for_each_row_made(self, staff, trail):
        merchant = factories.merchant()
        staff("operator").post("/matrices/new", data={"merchant": merchant.id, "code": "XY", "template": "triple"})
        assert len(trail("matrix", kind="insert")) == 1
        assert len(trail("member", kind="insert")) == 10
        assert len(trail("seat", kind="insert")) == 10


class TestShowcases:
    def close(self, browser, member, code="rules"):
        return browser.post(f"/showcases/{member.id}/close", data={"reason_code": code}, follow_redirects=True)

    def test_are_closed_with_a_reason_that_the_trail_keeps(self, staff, trail):
        world.network()
        member = world.member("a")
        page = self.close(staff("compliance"), member).text
        assert "橱窗已关闭" in page
        assert fresh(member).showcase == "closed"
        rows = [row for row in trail("member") if row.action == "showcase.close"]
        assert [(row.table_name, row.reason) for row in rows] == [("member", "rules")]

    def test_stay_open_without_a_reason(self, staff):
        world.network()
        member = world.member("a")
        assert "请选择原因" in self.close(staff("compliance"), member, code="").text
        assert fresh(member).showcase == "open"

    def test_come_back_as_they_stood_and_count_again(self, staff):
        world.network()
        above, member = world.member("a"), world.member("b", "a")
        browser = staff("operator")
        self.close(browser, member)
        size = "SELECT size FROM team WHERE member_id = :id"
        assert db.session.scalar(sa.text(size), {"id": above.id}) == 1
        browser.post(f"/showcases/{member.id}/reopen", data={"reason_code": "closed_by_mistake"})
        assert fresh(member).showcase == "open"
        assert db.session.scalar(sa.text(size), {"id": above.id}) == 2
        kinds = sa.select(StandingChange.kind).where(StandingChange.member_id == member.id)
        assert list(db.session.scalars(kinds.order_by(StandingChange.id)))[-2:] == ["closed", "reopened"]

    def test_closed_by_a_rule_stay_closed(self, staff):
        world.network()
        member = world.member("a")
        standing.close_showcase(member=member, at=world.AT, reason="strikes")
        db.session.commit()
        page = staff("operator").post(
            f"/showcases/{member.id}/reopen", data={"reason_code": "closed_by_mistake"}, follow_redirects=True
        )
        assert "规则 8.2" in page.text
        assert fresh(member).showcase == "closed"

    def test_are_found_by_state_and_kind(self, staff):
        world.network(Template.TRIPLE)
        self.close(staff("operator"), world.member("anna"))
        browser = staff("auditor")
        page = browser.get("/showcases/?state=closed").text
        assert "anna" in page
        assert "M-10" not in page
        assert "anna" not in browser.get("/showcases/?kind=preset").text

    def test_escape_what_people_call_themselves(self, staff):
        world.network()
        world.joins("<img src=x onerror=1>")
        page = staff("auditor").get("/showcases/").text
        assert "<img src=x" not in page

    def test_show_their_history(self, staff):
        world.network()
        member = world.member("a")
        page = staff("support").get(f"/showcases/{member.id}").text
        assert "通过准入" in page
        assert db.session.scalar(sa.select(Member.showcase).where(Member.id == member.id)) == "open"
