"""会员: the list, and all about one member on one page."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import MemberNote, Person, RegionAgent, StandingChange, db
from models.operations import note, region_agent
from models.operations.note import Facts
from models.rules.placement import Template
from tests.operations import world
from tests.village import happens


@pytest.fixture
def network(session, trail):
    """A matrix under the plan without admission orders, with three promoters, one of them a direct of another."""
    happens("policy", preset="plan", set={"admission.orders": 0})
    world.network(Template.TRIPLE)
    people = {code: world.member(code, inviter) for code, inviter in (("a", "M-2"), ("b", "a"), ("c", "a"))}
    note.keep_person(member_id=people["a"].id, facts=Facts(nickname="王小明", phone="13800001234", real_name="王明"))
    session.commit()
    return people


def page_of(browser, member) -> str:
    answer = browser.get(f"/members/{member.id}")
    assert answer.status_code == 200
    return answer.text


class TestList:
    def test_masks_who_people_are(self, staff, network):
        page = staff("operator").get("/members/").text
        assert "王***" in page or "王**" in page
        assert "138****1234" in page
        assert "王小明" not in page
        assert "13800001234" not in page

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ("q=1234", {"a"}),
            ("q=13800001234", {"a"}),
            ("q=9999", set()),
            ("q=b", {"b"}),
            ("sponsor=a", {"b", "c"}),
            ("sponsor=nobody", set()),
            ("standing=active&has=locked", {"a", "b", "c"}),
            ("has=preset&q=M-10", {"M-10"}),
            ("rank=expert", set()),
            ("has=debt", set()),
            ("standing=frozen", set()),
        ],
    )
    def test_answers_what_is_asked(self, staff, network, asked, found):
        page = staff("operator").get(f"/members/?{asked}").text
        assert set(re.findall(r'class="open" href="/members/\d+"><code>([^<]+)', page)) == found

    def test_leads_from_a_code_to_the_page(self, staff, network):
        answer = staff("operator").get("/members/by-code/b")
        assert answer.location.endswith(f"/members/{network['b'].id}")
        assert staff("operator").get("/members/by-code/nobody").status_code == 404

    def test_is_not_for_merchants(self, staff, network):
        browser = staff("merchant")
        assert browser.get("/members/").status_code == 403
        assert browser.get("/members/by-code/b").status_code == 403


class TestPage:
    def test_says_what_comes_next_and_what_is_missing(self, staff, network):
        page = page_of(staff("operator"), network["a"])
        assert "周期结束时将冻结" in page
        assert "还差 1 人（2 / 3）" in page

    def test_leads_to_the_tree_the_sponsor_and_the_directs(self, staff, network):
        page = page_of(staff("operator"), network["a"])
        assert "/tree/?code=a" in page
        for code in ("M-2", "b", "c"):
            assert f"/members/by-code/{code}" in page

    def test_shows_each_bucket_with_the_postings_behind_it(self, staff, network):
        world.completed(seller="a", at=world.AT + timedelta(hours=1))
        db.session.commit()
        browser = staff("finance")
        assert "¥21.00" in page_of(browser, network["a"])
        lines = browser.get(f"/members/{network['a'].id}/money/pending").text
        assert "settle:o1" in lines
        assert browser.get(f"/members/{network['a'].id}/money/elsewhere").status_code == 404

    def test_leads_to_the_regions_it_is_an_agent_of(self, staff, network):
        region_agent.appoint(code="a", region="310115", at=world.AT)
        db.session.commit()
        page = page_of(staff("operator"), network["a"])
        chosen = sa.select(RegionAgent.id).where(RegionAgent.region_code == "310115")
        assert f'<a href="/agencies/{db.session.scalars(chosen).one()}">上海市 浦东新区</a>' in page

    def test_shows_no_money_to_a_reviewer(self, staff, network):
        browser = staff("reviewer")
        page = page_of(browser, network["a"])
        assert "待结算" not in page
        assert "自购义务与提现" not in page
        assert browser.get(f"/members/{network['a'].id}/money/available").status_code == 403

    def test_shows_consent_and_why_of_each_change(self, staff, network):
        browser = staff("auditor")
        page = page_of(browser, network["b"])
        assert "10.1.2.3" in page
        chosen = sa.select(StandingChange.id).where(StandingChange.member_id == network["b"].id)
        change = db.session.scalars(chosen.where(StandingChange.kind == "qualified")).one()
        assert f"/standing-log/{change}" in page
        assert "全部准入任务通过" in browser.get(f"/standing-log/{change}").text

    def test_shows_nothing_of_a_member_who_is_not_there(self, staff, network):
        assert staff("operator").get("/members/999999999").status_code == 404

    def test_shows_what_people_typed_as_text(self, staff, network):
        browser = staff("support")
        browser.post(f"/members/{network['c'].id}/add-note", data={"text": "<script>alert(1)</script>"})
        page = page_of(browser, network["c"])
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page

    def test_takes_few_statements_whoever_it_is(self, staff, network, session):
        browser, asked = staff("admin"), []

        def listen(connection, cursor, statement, *rest):
            asked.append(statement)

        sa.event.listen(sa.Engine, "before_cursor_execute", listen)
        try:
            page_of(browser, network["a"])
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", listen)
        assert 10 < len(asked) <= 40


class TestNote:
    def test_is_kept_with_its_author_and_one_row_in_the_trail(self, staff, network, trail):
        browser = staff("support")
        answer = browser.post(
            f"/members/{network['a'].id}/add-note", data={"text": "电话已回访"}, follow_redirects=True
        )
        assert "电话已回访" in answer.text
        assert browser.person.name in answer.text
        assert len(trail("member_note")) == 1

    def test_needs_words_and_the_permission(self, staff, network):
        refused = staff("support").post(
            f"/members/{network['a'].id}/add-note", data={"text": " "}, follow_redirects=True
        )
        assert "请写下" in refused.text
        assert staff("finance").post(f"/members/{network['a'].id}/add-note", data={"text": "x"}).status_code == 403
        assert db.session.scalar(sa.select(sa.func.count()).select_from(MemberNote)) == 0

    def test_never_changes(self, staff, network, session):
        note.add(member_id=network["a"].id, text="x", at=world.AT, by="staff:1")
        session.commit()
        with pytest.raises(sa.exc.ProgrammingError, match="append-only|permission denied"), session.begin_nested():
            session.execute(sa.update(MemberNote).values(text="y"))


class TestPerson:
    def test_leaves_no_value_in_the_trail(self, network, trail, session):
        rows = trail("person")
        assert len(rows) == 1
        assert rows[0].after["phone"] == "***"
        assert "13800001234" not in str(rows[0].after)

    def test_keeps_what_is_not_given(self, network, session):
        note.keep_person(member_id=network["a"].id, facts=Facts(nickname="王"))
        kept = session.scalars(sa.select(Person).execution_options(populate_existing=True)).one()
        assert (kept.nickname, kept.phone, kept.phone_tail) == ("王", "13800001234", "1234")

    def test_refuses_what_is_no_phone(self, network):
        with pytest.raises(note.NoPhone):
            note.keep_person(member_id=network["a"].id, facts=Facts(phone="138-0000"))
