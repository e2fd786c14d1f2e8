"""员工, 会话, 角色与权限 through the console."""

import re

import pytest
import sqlalchemy as sa

from models import Audit, Staff, StaffSession, db
from models.rules.permission import ROLES
from tests import factories
from tests.people import Browser, person


def state(who: Staff) -> Staff:
    db.session.expire_all()
    return db.session.get_one(Staff, who.id)


class TestList:
    def test_shows_names_roles_and_state_in_chinese(self, staff):
        person("finance", "support", code="wang.li", name="王丽")
        page = staff("auditor").get("/staff/").text
        for word in ("wang.li", "王丽", "财务、客服", "在用"):
            assert word in page

    def test_finds_by_the_beginning_of_the_login(self, staff):
        person(code="wang.li")
        person(code="zhao.yi")
        page = staff("auditor").get("/staff/?q=wang").text
        assert "wang.li" in page
        assert "zhao.yi" not in page

    def test_offers_no_button_to_who_may_only_look(self, staff):
        who = person()
        assert "/staff/new" not in staff("auditor").get("/staff/").text
        page = staff("auditor").get(f"/staff/{who.id}").text
        for action in ("roles", "disable", "reset", "rename"):
            assert f"/staff/{who.id}/{action}" not in page

    def test_escapes_what_people_call_themselves(self, staff):
        person(name="<img src=x onerror=alert(1)>")
        page = staff("auditor").get("/staff/").text
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page


class TestNew:
    def test_hands_over_a_link_that_lets_its_owner_in(self, staff, client):
        page = staff("admin").post("/staff/new", data={"code": "wang.li", "name": "王丽", "roles": ["support"]}).text
        link = re.search(r"http://localhost(/link/[\w-]{43})", page)[1]
        assert "王丽" in client.get(link).text
        made = db.session.scalars(sa.select(Staff).where(Staff.code == "wang.li")).one()
        assert (made.roles, made.password_hash) == (["support"], None)

    def test_binds_a_merchants_account(self, staff):
        merchant = factories.merchant()
        filled = {"code": "m.one", "name": "商家", "roles": ["merchant"], "merchant_id": merchant.id}
        staff("admin").post("/staff/new", data=filled)
        assert db.session.scalar(sa.select(Staff.merchant_id).where(Staff.code == "m.one")) == merchant.id

    def test_says_what_is_wrong_and_keeps_what_was_typed(self, staff):
        person(code="wang")
        page = staff("admin").post("/staff/new", data={"code": "wang", "name": "王丽", "roles": ["support"]}).text
        assert "已有人使用" in page
        assert 'value="王丽"' in page

    def test_takes_nothing_but_the_forms_own_fields(self, staff):
        extra = {
            "code": "wang",
            "name": "王",
            "roles": ["support"],
            "state": "disabled",
            "password_hash": "x",
            "id": "1",
        }
        staff("admin").post("/staff/new", data=extra)
        made = db.session.scalars(sa.select(Staff).where(Staff.code == "wang")).one()
        assert (made.state, made.password_hash) == ("active", None)


class TestRoles:
    def test_are_changed_with_a_reason_that_the_trail_keeps(self, staff, trail):
        who, browser = person("support"), staff("admin")
        filled = {"roles": ["operator"], "reason": "duty", "note": "转岗"}
        browser.post(f"/staff/{who.id}/roles", data=filled)
        assert state(who).roles == ["operator"]
        row = trail("staff")[-1]
        assert (row.actor, row.action, row.reason) == (f"staff:{browser.person.id}", "staff.grant", "duty: 转岗")
        assert (row.before["roles"], row.after["roles"]) == (["support"], ["operator"])

    @pytest.mark.parametrize(
        "reason", [{}, {"reason": "because"}, {"reason": "other"}, {"reason": "other", "note": " "}]
    )
    def test_stay_without_a_reason(self, staff, reason):
        who = person("support")
        staff("admin").post(f"/staff/{who.id}/roles", data={"roles": ["operator"]} | reason)
        assert state(who).roles == ["support"]

    def test_hold_from_the_next_request_on(self, staff):
        admin, other = staff("admin"), staff("operator")
        assert other.get("/exports/").status_code == 200
        admin.post(f"/staff/{other.person.id}/roles", data={"roles": ["support"], "reason": "duty"})
        assert other.get("/exports/").status_code == 303

    def test_taken_in_the_database_hold_from_the_next_request_on_too(self, staff):
        other = staff("admin")
        db.session.execute(sa.update(Staff).where(Staff.id == other.person.id).values(roles=["support"]))
        db.session.commit()
        assert other.get("/audit/").status_code == 403

    def test_of_oneself_are_not_ones_own_to_change(self, staff):
        browser = staff("admin")
        person("admin")
        browser.post(f"/staff/{browser.person.id}/roles", data={"roles": ["support"], "reason": "duty"})
        assert state(browser.person).roles == ["admin"]


class TestDisable:
    def test_shuts_out_within_one_request(self, staff):
        admin, other = staff("admin"), staff("operator")
        admin.post(f"/staff/{other.person.id}/disable", data={"reason": "left"})
        assert other.get("/").status_code == 303
        assert "已停用" in admin.get(f"/staff/{other.person.id}").text

    def test_is_undone(self, staff):
        admin, other = staff("admin"), person(state="disabled")
        admin.post(f"/staff/{other.id}/enable", data={"reason": "joined"})
        assert state(other).state == "active"

    def test_of_oneself_is_refused(self, staff):
        admin = staff("admin")
        person("admin")
        admin.post(f"/staff/{admin.person.id}/disable", data={"reason": "left"})
        assert state(admin.person).state == "active"

    def test_leaves_one_row_for_the_account_and_one_for_each_session(self, staff):
        admin, other = staff("admin"), staff("operator")
        before = db.session.scalar(sa.select(sa.func.max(Audit.id)))
        admin.post(f"/staff/{other.person.id}/disable", data={"reason": "left"})
        rows = db.session.execute(sa.select(Audit.table_name, Audit.kind).where(Audit.id > before).order_by(Audit.id))
        assert [tuple(row) for row in rows] == [("staff", "update"), ("staff_session", "update")]


class TestReset:
    def test_takes_both_factors_and_hands_over_a_link(self, staff, client):
        admin, other = staff("admin"), staff("operator")
        page = admin.post(f"/staff/{other.person.id}/reset", data={"reason": "lost"}).text
        assert client.get(re.search(r"http://localhost(/link/[\w-]{43})", page)[1]).status_code == 200
        assert state(other.person).password_hash is None
        assert other.get("/").status_code == 303

    def test_changes_nothing_without_a_reason(self, staff):
        other = person()
        staff("admin").post(f"/staff/{other.id}/reset")
        assert state(other).password_hash is not None


class TestRename:
    def test_changes_the_name(self, staff):
        who = person()
        staff("admin").post(f"/staff/{who.id}/rename", data={"name": " 李  四 "})
        assert state(who).name == "李 四"

    def test_refuses_an_empty_one(self, staff):
        who = person(name="王五")
        staff("admin").post(f"/staff/{who.id}/rename", data={"name": " "})
        assert state(who).name == "王五"


class TestSessions:
    def test_are_listed_and_ended(self, staff, trail):
        admin, other = staff("admin"), staff("operator")
        assert other.person.name in admin.get("/sessions/").text
        row = db.session.scalars(sa.select(StaffSession).where(StaffSession.staff_id == other.person.id)).one()
        admin.post("/sessions/end", data={"id": row.id})
        assert other.get("/").status_code == 303
        assert trail("staff_session")[-1].after["ended_why"] == "by_admin"

    @pytest.mark.parametrize("number", ["", "x", "0", "-1", "999999999", "9" * 30, "１"])
    def test_that_are_not_there_are_not_ended(self, staff, number):
        assert staff("admin").post("/sessions/end", data={"id": number}).status_code == 404


class TestMatrix:
    def test_shows_every_permission_and_role(self, staff):
        page = staff("auditor").get("/roles/").text
        assert page.count('class="yes"') == sum(len(held) for held in ROLES.values())
        for word in ("staff.grant", "授予角色", "须再次验证", "审计员"):
            assert word in page


class TestRefusal:
    def test_is_written_down(self, staff, trail):
        browser: Browser = staff("support")
        browser.get("/audit/?actor=staff:1")
        row = trail("access.refused")[-1]
        assert (row.actor, row.row_id, row.after) == (
            f"staff:{browser.person.id}", "audit.view", {"path": "/audit/", "method": "GET"},
        )  # fmt: skip
