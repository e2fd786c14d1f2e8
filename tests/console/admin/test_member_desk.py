"""准入台, 考核, 等级: candidates before they lapse, what will come of cycles, what a rank rests on."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console.admin.member import standing
from models import Member, StandingChange, db
from models.operations import approval
from models.queries import policy as policies
from models.rules.outlook import Outcome
from models.rules.placement import Template
from models.tables.approval import Approval
from tests.operations import world
from tests.people import person
from tests.village import happens

NOW = datetime.now(UTC)


@pytest.fixture
def candidate(session):
    """Under the plan, somebody who registered six and a half days ago and bought in two of ten showcases."""
    happens("policy", preset="plan")
    world.network(Template.TRIPLE)
    joined = NOW - timedelta(days=6, hours=12)
    member = world.joins("k", "M-2", joined)
    for number, seller in (("k1", "M-2"), ("k2", "M-1")):
        world.completed(number, seller, joined, buyer="k", kind="admission", paid_fen=5_000)
    session.commit()
    return member


@pytest.fixture
def cycles(session):
    """Under the plan without admission: cycles that began 28 days ago, of one who has three directs and of two."""
    happens("policy", preset="plan", set={"admission.orders": 0})
    world.network(Template.TRIPLE)
    began = NOW - timedelta(days=28)
    people = {"a": world.member("a", "M-2", began), "b": world.member("b", "M-3", began)}
    for n in range(3):
        world.member(f"d{n}", "a", NOW - timedelta(days=10))
    session.commit()
    return people


def listed(page: str) -> set[str]:
    return set(re.findall(r"/members/by-code/([^\"]+)\"", page))


class TestAdmission:
    def test_shows_tasks_beside_their_orders_of_record(self, staff, candidate):
        page = staff("operator").get(f"/admission/{candidate.id}").text
        assert page.count('class="badge good">已通过') == 2
        assert page.count("未下单") == 8
        for word in ("k1", "k2", "还差 8 单（2 / 10）", "¥50.00"):
            assert word in page

    def test_takes_a_refunded_task_back(self, staff, candidate):
        world.order.refund(number="k1", amount_fen=5_000, at=NOW)
        db.session.commit()
        page = staff("operator").get(f"/admission/{candidate.id}").text
        assert "还差 9 单（1 / 10）" in page
        assert "已退款" in page

    @pytest.mark.parametrize(
        ("asked", "is_found"),
        [("", True), ("within=24", True), ("q=k", True), ("sponsor=M-2", True), ("q=z", False), ("sponsor=a", False)],
    )
    def test_lists_who_lapses_soon(self, staff, candidate, asked, is_found):
        page = staff("support").get(f"/admission/?{asked}").text
        assert (f'href="/admission/{candidate.id}"' in page) is is_found

    def test_forgets_who_is_no_candidate(self, staff, candidate):
        db.session.execute(sa.update(Member).where(Member.id == candidate.id).values(standing="lapsed", lapse_at=None))
        assert staff("operator").get(f"/admission/{candidate.id}").status_code == 404


class TestQualifyByHand:
    ASKED = {"reason_code": "migrated"}

    def request(self):
        return db.session.scalars(sa.select(Approval).where(Approval.kind == "member.qualify")).one()

    def test_takes_two_people(self, staff, candidate, trail):
        maker = staff("operator")
        maker.post(f"/admission/{candidate.id}/qualify", data=self.ASKED)
        assert candidate.standing == "candidate"
        asked = self.request()
        assert f"/approvals/{asked.id}" in maker.get(f"/admission/{candidate.id}").text
        approval.approve(approval_id=asked.id, digest=asked.digest, at=NOW, by=f"staff:{person('compliance').id}")
        db.session.commit()
        assert db.session.get(Member, candidate.id).standing == "active"
        assert len(trail("approval", kind="insert")) == 1

    def test_is_never_decided_by_its_maker(self, staff, candidate):
        maker = staff("operator")
        maker.post(f"/admission/{candidate.id}/qualify", data=self.ASKED)
        asked = self.request()
        with pytest.raises(approval.rules.SameHands):
            approval.approve(approval_id=asked.id, digest=asked.digest, at=NOW, by=f"staff:{maker.person.id}")

    def test_needs_a_reason(self, staff, candidate):
        answer = staff("operator").post(f"/admission/{candidate.id}/qualify", data={}, follow_redirects=True)
        assert "请选择原因" in answer.text
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Approval)) == 0

    def test_is_not_for_support(self, staff, candidate):
        assert staff("support").post(f"/admission/{candidate.id}/qualify", data=self.ASKED).status_code == 403

    def test_refuses_who_qualified_in_the_meantime(self, staff, candidate):
        staff("operator").post(f"/admission/{candidate.id}/qualify", data=self.ASKED)
        asked = self.request()
        world.admission.qualify(member_id=candidate.id, at=NOW)
        with pytest.raises(approval.rules.AlreadyDecided.__mro__[1], match="规则 3.4"):
            approval.approve(approval_id=asked.id, digest=asked.digest, at=NOW, by="staff:0")


class TestForecast:
    def test_counts_by_day_who_freezes_and_who_passes(self, session, cycles):
        today = (NOW + timedelta(hours=8)).date()
        days = standing.forecast(today, policies.in_force(NOW)[1])
        assert len(days) == 30
        by_day = {day.on: day.outcomes for day in days if day.outcomes}
        (first, second) = sorted(by_day)
        assert by_day[first] == {Outcome.FROZEN: 1, Outcome.PASSED: 1}
        assert by_day[second] == {Outcome.FROZEN: 3}

    def test_foresees_the_exit_of_the_frozen_who_failed(self, session, cycles):
        values = {"standing": "frozen", "failures": 1, "suspended_at": NOW}
        session.execute(sa.update(Member).where(Member.code == "b").values(values))
        found = standing.totals(standing.forecast((NOW + timedelta(hours=8)).date(), policies.in_force(NOW)[1]))
        assert (found["exited"], found["frozen"], found["passed"], found["lapse"]) == (1, 3, 1, 0)

    def test_counts_own_sales_where_the_policy_does(self, session, cycles):
        happens("policy", preset="plan", set={"admission.orders": 0, "assess.metric": "orders", "assess.target": 1})
        world.completed(seller="b", at=NOW - timedelta(days=1))
        found = standing.totals(standing.forecast((NOW + timedelta(hours=8)).date(), policies.in_force(NOW)[1]))
        assert (found["passed"], found["frozen"]) == (1, 4)

    def test_leads_from_each_number_to_its_rows(self, staff, cycles):
        browser = staff("operator")
        page = browser.get("/standing/forecast/days").text
        links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/standing/\?[^"]*outcome=[^"]*)"', page)]
        assert links
        frozen = [link for link in links if "outcome=frozen" in link]
        found = set.union(*(listed(browser.get(link).text) & {"a", "b", "d0", "d1", "d2"} for link in frozen))
        assert found >= {"b", "d0", "d1", "d2"}
        passed = next(link for link in links if "outcome=passed" in link)
        rows = browser.get(passed).text
        assert re.findall(r'by-code/(\w+)"><code>\1</code></a></td>\s*<td class=" is-badge"', rows) == ["a"]

    def test_is_one_sentence_on_the_lists_of_members(self, staff, cycles):
        browser = staff("operator")
        for path in ("/members/", "/standing/"):
            assert 'data-poll="/standing/sentence"' in browser.get(path).text
        said = browser.get("/standing/sentence").text
        assert "1 人将在 5 天内冻结" in said
        assert "退出" not in said
        link = re.search(r'href="(/standing/[^"]*)"', said)[1].replace("&amp;", "&")
        assert listed(browser.get(link).text) & {"a", "b"} == {"b"}

    def test_that_is_empty_says_so(self, staff, session):
        world.network(Template.TRIPLE)
        assert "5 天内没有人将冻结" in staff("operator").get("/standing/sentence").text

    def test_counts_candidates_who_lapse(self, staff, candidate):
        page = staff("operator").get("/standing/forecast/days").text
        assert "/admission/?lapses_from=" in page


class TestRanks:
    @pytest.fixture
    def ranked(self, cycles, session):
        member = cycles["a"]
        session.execute(sa.update(Member).where(Member.id == member.id).values(rank="expert"))
        session.execute(
            sa.text("UPDATE team SET size = 20, sales_fen = 600000 WHERE member_id = :id"), {"id": member.id}
        )
        evidence = {"team_size": 13, "team_sales_fen": 500_000, "own_sales_fen": 0}
        row = StandingChange(
            member_id=member.id, at=NOW, kind="ranked", after="expert", reason="reached", evidence=evidence
        )  # fmt: skip
        session.add(row)
        session.commit()
        return member

    def test_show_how_far_the_next_is(self, staff, ranked):
        page = staff("auditor").get("/ranks/").text
        assert "还差 101 人 · 还差 ¥44,000.00" in page

    def test_show_what_each_rested_on(self, staff, ranked):
        page = staff("auditor").get(f"/ranks/{ranked.id}").text
        for word in ("¥5,000.00", "团队人数", "13"):
            assert word in page

    def test_of_nobody_are_no_page(self, staff, cycles):
        assert staff("auditor").get(f"/ranks/{cycles['b'].id}").status_code == 404


class TestShowcase:
    def test_is_closed_from_the_page_with_a_reason(self, staff, cycles):
        browser = staff("compliance")
        page = browser.get(f"/members/{cycles['a'].id}").text
        assert f"/showcases/{cycles['a'].id}/close" in page
        browser.post(f"/showcases/{cycles['a'].id}/close", data={"reason_code": "rules"})
        assert "橱窗已关闭" in browser.get(f"/members/{cycles['a'].id}").text
        assert db.session.get(Member, cycles["a"].id).showcase == "closed"


class TestLog:
    def test_is_taken_home_by_an_auditor(self, staff, cycles):
        browser = staff("auditor")
        asked = {"page": "standing_log", "query": "", "format": "csv", "columns": ["at", "member", "kind", "reason"]}
        assert browser.post("/exports/ask", data=asked).status_code == 302
        assert "会员操作日志" in browser.get("/exports/").text
