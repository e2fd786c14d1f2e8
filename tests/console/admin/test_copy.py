"""文案扫描 through the console, and the job that scans what goes out."""

import sqlalchemy as sa

from models import Finding, db
from models.operations import agreement
from models.queries import wording
from tests import factories
from tests.jobs.conftest import ask
from tests.operations.world import AT


class TestScanner:
    def test_shows_what_may_not_stand_and_what_may(self, staff):
        page = staff("operator").post("/copy/", data={"kind": "copy", "text": "加入千星，躺 赚不是梦"}).text
        assert '<mark class="is-block"' in page
        assert "按实际推广成交计佣，收入不确定" in page
        assert "P001" in page

    def test_passes_a_clean_text_and_names_a_bare_figure(self, staff):
        person = staff("operator")
        assert "没有发现问题" in person.post("/copy/", data={"text": "线上线下同价，新品上线"}).text
        assert "R17" in person.post("/copy/", data={"text": "佣金 20 元起"}).text

    def test_shows_markup_as_text(self, staff):
        page = staff("operator").post("/copy/", data={"text": "<i>躺赚</i>"}).text
        assert "<i>" not in page

    def test_is_not_for_auditors(self, staff):
        assert staff("auditor").get("/copy/").status_code == 403


class TestEvery:
    def test_reads_products_agreements_and_our_own_statements(self, session):
        factories.product(title="躺赚面膜")
        agreement.publish(version="9", text="第九版", effective_at=AT)
        subjects = {one.subject for one in wording.every()}
        assert {"disclaimer:D-01", "receipt:complaint", "agreement:9"} <= subjects
        assert any(one.startswith("product:") for one in subjects)

    def test_becomes_findings_that_name_the_product(self, work, session):
        made = factories.product(title="躺赚面膜")
        ask("scan_copy")
        work()
        one = db.session.scalars(sa.select(Finding)).one()
        assert (one.rule, one.subject) == ("R16", f"product:{made.code}:block")
