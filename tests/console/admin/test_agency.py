"""区域代理 through the console."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from console import formatting
from models import Approval, Order, RegionAgent, db
from models.operations import agency, order
from tests.operations import world

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def network(stage):
    world.network()
    world.member("amy")


def only() -> RegionAgent:
    db.session.expire_all()
    return db.session.scalars(sa.select(RegionAgent)).one()


def running() -> RegionAgent:
    at = formatting.now() - timedelta(days=1)
    made = agency.apply(code="amy", region_code="330100", at=at)
    agency.sign(agent_id=made.id, contract="HT-1", at=at)
    return agency.admit(agent_id=made.id, ends_at=at + timedelta(days=20), at=at)


class TestAgency:
    def test_goes_from_application_to_office(self, staff):
        operator, finance = staff("operator"), staff("finance")
        operator.post("/agencies/apply", data={"member": "amy", "region": "330106"})
        operator.post(f"/agencies/{only().id}/sign", data={"contract": "HT-2026-1"})
        until = (formatting.today() + timedelta(days=365)).isoformat()
        finance.post(f"/agencies/{only().id}/admit", data={"until": until})
        made = only()
        assert (made.state, made.contract, formatting.day(made.ends_at - timedelta(seconds=1))) == (
            "active", "HT-2026-1", until,
        )  # fmt: skip
        page = operator.get(f"/agencies/{made.id}").text
        assert "浙江省 杭州市 西湖区" in page
        assert "¥5,000.00" in page

    @pytest.mark.parametrize("region", ["", "33", "杭州市", "339999"])
    def test_of_no_region_is_refused_in_words(self, staff, region):
        asked = {"member": "amy", "region": region}
        page = staff("operator").post("/agencies/apply", data=asked, follow_redirects=True).text
        assert "规则 6" in page
        assert db.session.scalar(sa.select(sa.func.count()).select_from(RegionAgent)) == 0

    @pytest.mark.parametrize("until", ["", "soon", "9999-12-31", "2001-01-01"])
    def test_never_begins_without_a_day_to_end(self, staff, until):
        made = agency.apply(code="amy", region_code="330100", at=formatting.now())
        agency.sign(agent_id=made.id, contract="HT-1", at=formatting.now())
        staff("finance").post(f"/agencies/{made.id}/admit", data={"until": until})
        assert only().state == "applied"

    def test_is_ended_by_two_people(self, staff):
        made, asker, checker = running(), staff("operator"), staff("finance")
        asked = {"when": "now", "amount": "100", "reason_code": "breach"}
        asker.post(f"/agencies/{made.id}/ask", data=asked)
        request = db.session.scalars(sa.select(Approval)).one()
        page = checker.get(f"/approvals/{request.id}").text
        assert "¥19,900.00" in page
        checker.post(f"/approvals/{request.id}/approve", data={"digest": request.digest.hex()})
        assert (only().state, only().deducted_fen) == ("ended", 10_000)

    def test_whose_term_ends_soon_is_found(self, staff):
        running()
        assert "amy" in staff("operator").get("/agencies/?term=soon").text
        assert "amy" not in staff("operator").get("/agencies/?term=later").text

    def test_is_hidden_from_reviewers_and_merchants(self, staff):
        assert staff("reviewer").get("/agencies/").status_code == 403


class TestIncome:
    def test_of_each_order_stands_in_a_row_that_the_agency_and_the_report_lead_to(self, staff):
        made = running()
        world.completed("A-1", region="330106", at=formatting.now())
        order.refund(number="A-1", amount_fen=4_950, at=formatting.now())
        finance, month = staff("finance"), formatting.today().replace(day=1)
        page = finance.get(f"/region-income/?member=amy&region=330100&completed_from={month}").text
        assert "A-1" in page
        for amount in ("¥99.00", "¥0.99", "¥0.49", "¥0.50"):
            assert amount in page
        assert "/region-income/?region=330100&amp;member=amy" in finance.get(f"/agencies/{made.id}").text
        assert "region=330100&amp;member=amy" in finance.get(f"/region-report/?month={month:%Y-%m}").text
        assert "A-1" not in finance.get("/region-income/?level=province").text
        assert staff("reviewer").get("/region-income/").status_code == 403


class TestReport:
    def test_leads_from_the_month_to_the_orders(self, staff):
        running()
        world.completed("A-1", region="330106", at=formatting.now())
        month = f"{formatting.today():%Y-%m}"
        page = staff("finance").get(f"/region-report/?month={month}").text
        assert "浙江省 杭州市" in page
        assert "¥0.99" in page
        assert f"/orders/?region=3301&amp;completed_from={month}-01" in page

    def test_stands_beside_the_month_before_and_goes_home_as_a_file(self, staff):
        running()
        at = formatting.now()
        world.completed("A-1", region="330106", at=at)
        following = (formatting.today().replace(day=1) + timedelta(days=40)).strftime("%Y-%m")
        page = staff("finance").get(f"/region-report/?month={following}").text
        assert "上期 ¥0.99" in page
        file = staff("finance").get(f"/region-report/agents.csv?month={at + timedelta(hours=8):%Y-%m}")
        assert file.mimetype == "text/csv"
        assert "浙江省 杭州市,amy,1,99.00,0.99" in file.text
        assert staff("support").get("/region-report/agents.csv").status_code == 403

    @pytest.mark.parametrize("month", ["", "2026-13", "x", "1999-01"])
    def test_of_no_month_is_of_this_one(self, staff, month):
        assert f"{formatting.today():%Y-%m}" in staff("finance").get(f"/region-report/?month={month}").text


class TestUnmatched:
    def test_address_is_matched_by_its_code(self, staff):
        order.place(purchase=world.purchase("A-1"), at=formatting.now())
        operator = staff("operator")
        assert "A-1" in operator.get("/unmatched/?when=waiting").text
        one = db.session.scalars(sa.select(Order)).one()
        operator.post("/unmatched/match", data={"id": one.id, "region": "330106"})
        assert "A-1" not in operator.get("/unmatched/").text
