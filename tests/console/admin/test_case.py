"""The desk of review cases through the client: who may, who may not, what is refused, what is shown."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from models import Case, Staff, StaffTie, Strike, db
from models.operations import appeal, case_decision, hold
from models.queries import casefile
from tests.operations import docket, world
from tests.operations.docket import opened, taken

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def network(stage):
    world.network()


def now() -> datetime:
    return datetime.now(UTC)


def fresh(subject: str = "ring:1", **facts) -> Case:
    return opened(subject, at=now(), **facts)


class TestInbox:
    def test_shows_the_queues_of_the_role_with_the_most_urgent_first(self, staff):
        fresh("ring:1", stake_fen=100_00), fresh("ring:2", stake_fen=900_00)
        page = staff("reviewer").get("/cases/").text
        assert "初审" in page
        assert "投诉处理" not in page
        assert page.index("团伙 2") < page.index("团伙 1")

    def test_gives_the_next_case(self, staff):
        made, browser = fresh(), staff("reviewer")
        answer = browser.post("/cases/next", data={"queue": "first_review"})
        assert answer.location == f"/cases/{made.id}"
        assert made.assignee_id == browser.person.id

    def test_says_when_nothing_waits(self, staff):
        page = staff("reviewer").post("/cases/next", follow_redirects=True).text
        assert "没有可领取的个案" in page

    def test_is_closed_to_finance(self, staff):
        assert staff("finance").get("/cases/").status_code == 403

    def test_lets_an_auditor_look_and_do_nothing(self, staff):
        made, browser = fresh(), staff("auditor")
        assert browser.get(f"/cases/{made.id}").status_code == 200
        assert browser.post("/cases/next").status_code == 403

    def test_hides_queues_of_other_roles(self, staff):
        assert staff("support").get(f"/cases/{fresh().id}").status_code == 404

    def test_hides_what_concerns_oneself(self, staff):
        member, browser = world.member("a"), staff("reviewer")
        made = fresh(f"member:{member.id}")
        assert browser.get(f"/cases/{made.id}").status_code == 200
        db.session.add(StaffTie(staff_id=browser.person.id, member_id=member.id, note="本人", set_at=now(), set_by="t"))
        db.session.flush()
        assert browser.get(f"/cases/{made.id}").status_code == 404
        assert "团伙" not in browser.get("/cases/").text


class TestSheet:
    def test_shows_evidence_money_people_and_story(self, staff):
        docket.suspect("o1", at=now())
        made = fresh("order:o1", orders=[docket.order("o1").id])
        page = staff("reviewer").get(f"/cases/{made.id}").text
        for words in ("同一 IP 在 24 小时内有 3 个买家", "buyers", "¥30.00", "M-10", "冻结", "开立"):
            assert words in page

    def test_takes_a_decision_with_a_coded_reason_and_goes_on_to_the_next(self, staff):
        first, second, browser = fresh("ring:1", stake_fen=900_00), fresh("ring:2"), staff("reviewer")
        browser.post("/cases/next")
        answer = browser.post(
            f"/cases/{first.id}/decide",
            data={"lease": 1, "verdict": "cleared", "reason_code": "household", "onward": "next"},
        )
        assert answer.location == f"/cases/{second.id}"
        assert (first.state, first.reason) == ("cleared", "household")
        assert second.assignee_id == browser.person.id

    def test_refuses_a_decision_without_a_reason(self, staff):
        made, browser = fresh(), staff("reviewer")
        taken(made, browser.person, now())
        page = browser.post(f"/cases/{made.id}/decide", data={"lease": 1, "verdict": "cleared"}, follow_redirects=True)
        assert "请选择原因后再提交" in page.text
        assert made.state == "in_review"

    def test_refuses_a_foreign_case_and_a_stale_lease(self, staff):
        made, mine, other = fresh(), staff("reviewer"), staff("reviewer")
        taken(made, mine.person, now())
        db.session.commit()  # a refusal takes back whatever was not
        decision = {"verdict": "cleared", "reason_code": "household"}
        page = other.post(f"/cases/{made.id}/decide", data={"lease": 1, **decision}, follow_redirects=True)
        assert "不在您手上" in page.text
        page = mine.post(f"/cases/{made.id}/decide", data={"lease": 7, **decision}, follow_redirects=True)
        assert "重新领取" in page.text
        assert made.state == "in_review"

    def test_is_refused_a_verdict_that_is_none(self, staff):
        made, browser = fresh(), staff("reviewer")
        taken(made, browser.person, now())
        answer = browser.post(f"/cases/{made.id}/decide", data={"lease": 1, "verdict": "x", "reason_code": "household"})
        assert answer.status_code == 400

    def test_renews_the_lease_and_keeps_the_draft_of_a_page_that_stays_open(self, staff):
        made, browser = fresh(), staff("reviewer")
        taken(made, browser.person, now())
        assert browser.post(f"/cases/{made.id}/renew", data={"lease": 1}).json["left"] == 600
        assert browser.post(f"/cases/{made.id}/draft", data={"note": "待核实"}).status_code == 200
        assert casefile.draft(made.id, browser.person.id).note == "待核实"
        answer = browser.post(f"/cases/{made.id}/renew", data={"lease": 9})
        assert (answer.status_code, "领取已过期" in answer.json["refused"]) == (409, True)

    @pytest.mark.parametrize(
        ("step", "values", "state"),
        [
            ("escalate", {"note": "金额大"}, "open"),
            ("snooze", {"note": "等物流", "hours": "24"}, "open"),
            ("pause", {"note": "等买家"}, "assigned"),
            ("give-back", {}, "open"),
        ],
    )
    def test_passes_a_case_on(self, staff, step, values, state):
        made, browser = fresh(), staff("reviewer")
        taken(made, browser.person, now())
        browser.post(f"/cases/{made.id}/{step}", data={"lease": 1, **values})
        assert made.state == state

    def test_hands_a_case_to_a_colleague(self, staff):
        made, browser, other = fresh(), staff("reviewer"), docket.reviewer()
        taken(made, browser.person, now())
        assert other.name in browser.get(f"/cases/{made.id}").text
        browser.post(f"/cases/{made.id}/hand-over", data={"lease": 1, "to_id": other.id, "note": "请跟进"})
        assert made.assignee_id == other.id

    def test_leaves_after_sales_to_their_desk(self, staff):
        made, browser = fresh("after_sale:1", queue="after_sale"), staff("support")
        taken(made, browser.person, now())
        page = browser.post(
            f"/cases/{made.id}/decide",
            data={"lease": 1, "verdict": "cleared", "reason_code": "household"},
            follow_redirects=True,
        )
        assert "业务台办理" in page.text

    def test_clears_those_on_the_same_evidence_together(self, staff):
        docket.suspect("o1", at=now()), docket.suspect("o2", at=now())
        first, other = fresh("order:o1"), fresh("order:o2")
        browser = staff("reviewer")
        taken(first, browser.person, now())
        assert "证据完全相同的个案" in browser.get(f"/cases/{first.id}").text
        browser.post(f"/cases/{first.id}/alike", data={"lease": 1, "others": [other.id], "reason_code": "household"})
        assert (first.state, other.state) == ("cleared", "cleared")

    def test_shows_the_first_decision_only_after_the_second_look(self, staff):
        made, first, second = fresh(), docket.reviewer(), staff("reviewer")
        taken(made, first, now())
        case_decision.decide(case_id=made.id, staff_id=first.id, lease=1, verdict="cleared", why="household", at=now())
        made.second = "due"
        db.session.flush()
        assert "请独立判断" in second.get(f"/cases/{made.id}").text
        assert "已存证" not in second.get(f"/cases/{made.id}").text
        second.post(f"/cases/{made.id}/look", data={"verdict": "confirmed", "reason_code": "fake_trade"})
        page = second.get(f"/cases/{made.id}").text
        assert "已存证" in page
        assert "为佣金虚假交易" in page


class TestLists:
    def test_of_strikes_and_appeals_lead_to_the_case(self, staff):
        made = docket.held()
        mine, me = taken(made, docket.reviewer(), docket.AT), made.assignee_id
        case_decision.decide(case_id=mine.id, staff_id=me, lease=1, verdict="confirmed", why="fake_trade", at=docket.AT)
        one = db.session.scalars(sa.select(Strike)).one()
        filed = appeal.file(member_id=one.member_id, subject=f"strike:{one.id}", words="真实顾客", at=docket.AT)
        browser = staff("reviewer")
        assert "M-10" in browser.get("/strikes/").text
        page = browser.get(f"/appeals/{filed.id}").text
        assert "真实顾客" in page
        assert db.session.get_one(Staff, me).name in page

    def test_of_money_on_hold_names_the_case_or_its_lack(self, staff):
        made = docket.held()
        docket.suspect("o2")
        hold.hold(number="o2", at=docket.AT)
        page = staff("reviewer").get("/held/").text
        assert f"/cases/{made.id}" in page
        assert "无个案" in page
        assert (
            "o1"
            not in staff("reviewer").get("/held/?kept=orphan").text.partition("<tbody>")[2].partition("</tbody>")[0]
        )


class TestReviewers:
    def test_are_shown_with_load_and_skills(self, staff):
        browser = staff("reviewer")
        assert browser.person.name in browser.get("/reviewers/").text

    def test_are_set_by_compliance(self, staff):
        lead, one = staff("compliance"), docket.reviewer()
        lead.post("/reviewers/skills", data={"of_id": one.id, "queues": ["payout"], "cap": "3"})
        lead.post("/reviewers/tie", data={"of_id": one.id, "kind": "member", "ref": "M-10", "note": "配偶"})
        lead.post("/reviewers/away", data={"of_id": one.id, "since": "2027-01-01T09:00", "until": "2999-01-01T09:00"})
        page = lead.get("/reviewers/").text
        for words in ("提现核查", "/ 3", "配偶", "2999"):
            assert words in page

    def test_are_refused_values_that_make_no_sense(self, staff):
        lead, one = staff("compliance"), docket.reviewer()
        for path, data, words in (
            ("skills", {"queues": ["payout"], "cap": "x"}, "上限填 0 到 200"),
            ("tie", {"kind": "member", "ref": "nobody", "note": "x"}, "没有这个编码"),
            ("tie", {"kind": "member", "ref": "M-10", "note": " "}, "请写明是什么关系"),
            ("away", {"since": "2027-01-02T09:00", "until": "2027-01-01T09:00"}, "离岗结束须晚于开始"),
        ):
            page = lead.post(f"/reviewers/{path}", data={"of_id": one.id, **data}, follow_redirects=True)
            assert words in page.text

    def test_are_not_set_by_themselves(self, staff):
        browser = staff("reviewer")
        assert browser.post("/reviewers/skills", data={"of_id": browser.person.id, "cap": "9"}).status_code == 403

    def test_end_no_relation_of_their_own(self, staff):
        lead = staff("compliance")
        lead.post("/reviewers/tie", data={"of_id": lead.person.id, "kind": "member", "ref": "M-10", "note": "本人"})
        tie = db.session.scalars(sa.select(StaffTie)).one()
        assert "须由他人解除" in lead.post("/reviewers/untie", data={"id": tie.id}, follow_redirects=True).text
        staff("compliance").post("/reviewers/untie", data={"id": tie.id})
        assert db.session.scalars(sa.select(StaffTie)).all() == []


TERMS = {
    "queue": "payout", "sla_minutes": "45", "opens": "08:30", "closes": "22:00", "cap": "5", "lease_minutes": "6",
    "second_look": "10", "two_people": "5000", "expires_days": "",
}  # fmt: skip


class TestQueues:
    def test_are_set_for_new_cases(self, staff):
        lead = staff("compliance")
        lead.post("/review-queues/set", data=TERMS)
        page = lead.get("/review-queues/").text
        for words in ("45 分钟", "08:30–22:00", "10%", "¥5,000.00"):
            assert words in page

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"sla_minutes": "0"}, "时限 1–14400"),
            ({"opens": "23:00"}, "开始早于结束"),
            ({"opens": "soon"}, "0:00 至 24:00"),
            ({"two_people": "many"}, "请核对"),
            ({"queue": "nowhere"}, "没有这个队列"),
        ],
    )
    def test_are_refused_what_makes_no_sense(self, staff, wrong, words):
        page = staff("compliance").post("/review-queues/set", data=TERMS | wrong, follow_redirects=True)
        assert words in page.text

    def test_know_holidays(self, staff):
        lead = staff("compliance")
        day = {"day": "2099-10-01", "name": "国庆节"}
        lead.post("/review-queues/day", data=day)
        assert "国庆节" in lead.get("/review-queues/").text
        assert "已经设置过" in lead.post("/review-queues/day", data=day, follow_redirects=True).text

    def test_are_set_by_nobody_else(self, staff):
        assert staff("reviewer").post("/review-queues/set", data=TERMS).status_code == 403
