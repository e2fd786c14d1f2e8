"""回调 as operators see it: what came, why one failed, and deciding it again."""

import pytest
import sqlalchemy as sa

from models import Inbound, db
from tests.jobs.callbacks import call_pay, installed, notice


@pytest.fixture
def failed(app, session, monkeypatch, client, work) -> Inbound:
    installed(app, monkeypatch)
    call_pay(client, notice("MCHTRANSFER.BILL.FINISHED", {"mchid": "1900000001", "out_bill_no": "w9", "state": "FAIL"}))
    call_pay(client, notice("X", {}), signer="forger")
    work()
    return db.session.scalars(sa.select(Inbound)).one()


class TestCallbacks:
    def test_show_what_came_and_what_was_turned_away(self, staff, failed):
        page = staff("operator").get("/callbacks/").text
        assert "没有编号为 w9 的提现" in page
        assert "签名错误" in page

    def test_lead_from_a_transfer_to_our_transfer(self, staff, failed):
        assert 'href="/transfers/?q=w9"' in staff("finance").get("/callbacks/").text

    def test_are_decided_again_with_a_reason(self, session, staff, failed):
        operator = staff("operator")
        operator.post(f"/callbacks/{failed.id}/again", data={})
        session.refresh(failed)
        assert failed.state == "failed"
        operator.post(f"/callbacks/{failed.id}/again", data={"reason_code": "repaired"})
        session.refresh(failed)
        assert failed.state == "waiting"

    def test_are_read_alone_by_an_auditor(self, staff, failed):
        auditor = staff("auditor")
        assert auditor.get(f"/callbacks/{failed.id}").status_code == 200
        assert auditor.post(f"/callbacks/{failed.id}/again", data={}).status_code == 403
