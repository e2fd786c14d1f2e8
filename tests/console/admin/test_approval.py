"""待审批 in the console: what is shown, who may decide, what changes when they do."""

from datetime import UTC, datetime, timedelta

import pytest

from models import Approval, db
from models.operations import approval as operations
from tests.operations import world


@pytest.fixture
def asked(session):
    """Makes a request in somebody's name, a correction in a member's favour by default."""
    world.network()
    world.member("a")
    db.session.commit()

    def ask(by: str = "staff:999999", *, amount_fen: int = 12_345, age: timedelta = timedelta(hours=2)) -> Approval:
        payload = {"template": "compensate", "amount_fen": amount_fen, "member": "a"}
        request = operations.ask(
            kind="ledger.adjust", payload=payload, reason="物流赔付", at=datetime.now(UTC) - age, by=by
        )
        db.session.commit()
        return request

    return ask


def decide(browser, request, how="approve", **form):
    return browser.post(f"/approvals/{request.id}/{how}", data={"digest": request.digest.hex()} | form)


def note_on(browser, path="/approvals/"):
    return browser.get(path).text


class TestPage:
    def test_tells_line_by_line_what_will_happen(self, asked, staff):
        request = asked()
        text = staff("finance").get(f"/approvals/{request.id}").text
        for words in ("从毛利补偿会员", "¥123.45", "当前可用", "物流赔付", "规则 5.10", "2 小时"):
            assert words in text
        assert request.digest.hex() in text
        assert 'data-key="a"' in text

    def test_says_that_it_cannot_happen_as_things_stand(self, asked, staff):
        payload = {"template": "compensate", "amount_fen": 5, "member": "nobody"}
        request = operations.ask(
            kind="ledger.adjust", payload=payload, reason="x", at=datetime.now(UTC), by="staff:999999"
        )
        db.session.commit()
        text = staff("finance").get(f"/approvals/{request.id}").text
        assert "没有代码为 nobody 的会员" in text
        assert "/approve" not in text

    def test_shows_what_one_may_decide_or_asked_for(self, asked, staff):
        request = asked()
        assert staff("finance").get(f"/approvals/{request.id}").status_code == 200
        assert staff("auditor").get(f"/approvals/{request.id}").status_code == 200
        assert staff("reviewer").get(f"/approvals/{request.id}").status_code == 404
        maker = staff("support")
        assert maker.get(f"/approvals/{asked(by=f'staff:{maker.person.id}', amount_fen=7).id}").status_code == 200

    def test_offers_the_oldest_that_waits(self, asked, staff):
        first = asked(age=timedelta(hours=3))
        asked(amount_fen=2)
        assert f"/approvals/{first.id}" in staff("finance").get("/approvals/").text.split("处理下一条")[0]
        assert "处理下一条" not in staff("auditor").get("/approvals/").text


class TestApproval:
    def test_happens_at_once_and_leaves_its_trail(self, asked, staff, trail):
        request = asked()
        browser = staff("finance")
        decide(browser, request)
        assert db.session.get_one(Approval, request.id).state == "approved"
        assert world.accounts()["member:a:available"] == 12_345
        (row,) = trail("approval", kind="update")
        assert (row.actor, row.action, row.reason) == (f"staff:{browser.person.id}", "approval.approve", "物流赔付")

    def test_is_refused_to_the_maker(self, asked, staff):
        browser = staff("finance")
        request = asked(by=f"staff:{browser.person.id}")
        decide(browser, request)
        assert "申请人不能审批自己的申请" in note_on(browser)
        assert "须由另一人审批" in note_on(browser, f"/approvals/{request.id}")
        assert db.session.get_one(Approval, request.id).state == "open"

    def test_is_refused_to_whom_the_kind_is_not_entrusted(self, asked, staff):
        request = asked()
        for role, status in (("operator", 404), ("compliance", 403), ("auditor", 403)):
            assert decide(staff(role), request).status_code == status
        assert db.session.get_one(Approval, request.id).state == "open"

    def test_is_refused_about_other_contents(self, asked, staff):
        request = asked()
        browser = staff("finance")
        browser.post(f"/approvals/{request.id}/approve", data={"digest": "00" * 32})
        assert "内容与您查看的不一致" in note_on(browser)
        assert browser.post(f"/approvals/{request.id}/approve", data={"digest": "zz"}).status_code == 400

    def test_is_refused_after_a_day(self, asked, staff):
        request = asked(age=timedelta(hours=25))
        browser = staff("finance")
        decide(browser, request)
        assert "已超过 24 小时" in note_on(browser)
        assert "已过期" in note_on(browser, f"/approvals/{request.id}")

    def test_leads_to_the_next(self, asked, staff):
        first, second = asked(age=timedelta(hours=3)), asked(amount_fen=2)
        assert decide(staff("finance"), first).location == f"/approvals/{second.id}"


class TestRefusal:
    def test_takes_a_reason(self, asked, staff):
        request = asked()
        browser = staff("finance")
        decide(browser, request, "refuse")
        assert "请选择原因后再提交" in note_on(browser)
        decide(browser, request, "refuse", reason_code="wrong_amount", reason_note="应为 12 元")
        ended = db.session.get_one(Approval, request.id)
        assert (ended.state, ended.note) == ("refused", "wrong_amount: 应为 12 元")
        assert "member:a:available" not in world.accounts()


class TestWithdrawal:
    def test_is_the_makers(self, asked, staff):
        maker = staff("support")
        request = asked(by=f"staff:{maker.person.id}")
        other = staff("finance")
        decide(other, request, "withdraw")
        assert "只有申请人可以撤回" in note_on(other)
        decide(maker, request, "withdraw")
        assert db.session.get_one(Approval, request.id).state == "withdrawn"
