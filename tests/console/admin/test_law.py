"""法规 through the console."""

import sqlalchemy as sa

from models import LawCheck, db


class TestLaws:
    def test_are_listed_with_what_they_demand(self, staff):
        page = staff("operator").get("/laws/").text
        assert "禁止传销条例" in page
        assert "2026-11-23" in page

    def test_are_looked_at_by_compliance(self, staff):
        assert staff("operator").post("/laws/cp-25/check", data={"words": "x"}).status_code == 403
        officer = staff("compliance")
        officer.post("/laws/cp-25/check", data={"words": " "})
        assert db.session.scalar(sa.select(sa.func.count()).select_from(LawCheck)) == 0
        officer.post("/laws/cp-25/check", data={"words": "国家法律法规数据库 2026 版，没有变化"})
        assert "没有变化" in officer.get("/laws/cp-25").text

    def test_that_are_not_there_are_not_found(self, staff):
        assert staff("compliance").get("/laws/nowhere").status_code == 404
