"""结构监测: the four promises, what breaks one with its repair, and the jobs that stand still."""

from console import formatting
from models import Job, db
from models.operations import structure
from models.rules.finding import Hit
from models.rules.lint import Severity
from models.tables.job import Queue


class TestStructure:
    def test_says_what_is_broken_how_it_is_mended_and_what_stands_still(self, staff, session):
        browser = staff("reviewer")
        assert browser.get("/structure/").text.count("lamp-card is-good") == 4
        hit = Hit(rule="S01", severity=Severity.BLOCK, subject="seat:7", evidence="下面有 4 人", mend="移到第一个空位")
        structure.judge(hits=[hit], is_whole=False, at=formatting.now())
        page = browser.get("/structure/").text
        assert page.count("lamp-card is-bad") == 1
        for words in ("下面有 4 人", "移到第一个空位", "已关停：", "订单结算"):
            assert words in page

    def test_is_looked_at_now_by_those_who_may(self, staff, session):
        assert staff("operator").post("/structure/").status_code == 403
        assert "检查" in staff("compliance").post("/structure/", follow_redirects=True).text
        made = db.session.query(Job).filter(Job.kind == "check_structure").one()
        assert (made.queue, made.created_by[:6]) == (Queue.MONEY, "staff:")
