"""The desk of members in a real browser: its three commonest tasks, and the clicks that each takes."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from models import transaction
from models.operations import admission, note
from models.operations.note import Facts
from models.rules.placement import Template
from tests import factories
from tests.operations import world
from tests.village import happens

TAIL = "4821"


@pytest.fixture(scope="module")
def network(live) -> dict[str, int]:
    """A network of its own: a promoter whose cycle ends within days, with a phone, and a candidate."""
    at = datetime.now(UTC)
    with live.app.app_context():
        with transaction():
            happens("policy", preset="plan")
            world.agreement.publish(version="1", text=world.TEXT, effective_at=world.AT)
        with transaction():
            admission.make_matrix(
                code="PEOPLE", merchant=factories.merchant(), template=Template.TRIPLE, at=world.AT, by="t"
            )
            joined = {"acceptance": world.agreed(at), "by": "t"}
            promoter = admission.register(
                code="people-1", inviter="PEOPLE-2", at=at - timedelta(days=28), **joined
            )  # fmt: skip
            admission.qualify(member_id=promoter.id, at=at - timedelta(days=28))
            note.keep_person(member_id=promoter.id, facts=Facts(nickname="林小满", phone=f"1390000{TAIL}"))
            candidate = admission.register(
                code="people-2", inviter="people-1", at=at - timedelta(days=6, hours=12), **joined
            )  # fmt: skip
            return {"promoter": promoter.id, "candidate": candidate.id}


class TestDesk:
    def test_finds_a_member_by_its_phone_and_writes_a_note(self, visit, network):
        watched = visit("support")
        page = watched.go("/members/")
        with watched.clicks(2, "find a member by phone and write a note"):
            page.keyboard.press("/")
            page.keyboard.type(TAIL)
            page.keyboard.press("Enter")
            page.locator("a.open", has_text="people-1").click()
            page.locator("textarea[name=text]").fill("电话已回访，愿意继续推广")
            page.locator("button", has_text="添加备注").click()
            expect(page.locator(".note.done")).to_be_visible()
        expect(page.locator(".word", has_text="电话已回访")).to_be_visible()
        assert "林小满" not in page.content()

    def test_asks_to_qualify_a_candidate_who_lapses_soon(self, visit, network):
        watched = visit("operator")
        page = watched.go("/admission/?within=24")
        with watched.clicks(3, "ask to qualify a candidate by hand"):
            page.locator("a.open", has_text="people-2").click()
            page.locator("summary", has_text="人工通过准入").click()
            page.locator("select[name=reason_code]").select_option("migrated")
            page.locator(".sheet button.primary", has_text="人工通过准入").click()
            expect(page.locator(".note.done")).to_be_visible()
        expect(page.locator("a", has_text="等待另一人审批")).to_be_visible()

    def test_leads_from_the_forecast_to_the_member_who_freezes(self, visit, network):
        watched = visit("operator")
        page = watched.go("/standing/")
        with watched.clicks(3, "from the forecast to a member who will freeze"):
            page.locator("a.button", has_text="预测").click()
            page.locator("td[data-label=将冻结] a").first.click()
            page.locator("tbody a", has_text="people-1").first.click()
            page.wait_for_url(re.compile(rf"/members/{network['promoter']}$"))
        expect(page.locator(".next", has_text="周期结束时将冻结")).to_be_visible()


class TestPhone:
    @pytest.mark.parametrize(
        "path", ["/members/", "/admission/", "/standing/", "/standing/forecast", "/ranks/", "/seeds/", "/standing-log/"]
    )
    def test_shows_every_list_without_scrolling_sideways(self, visit, network, path):
        watched = visit("admin", window="phone")
        watched.go(path)
        assert watched.overflow() == []

    def test_shows_the_page_of_a_member_without_scrolling_sideways(self, visit, network):
        watched = visit("admin", window="phone")
        watched.go(f"/members/{network['promoter']}")
        assert watched.overflow() == []
