"""The steps of an import as rows change: what follows what, and what is refused."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from models import Audit, ImportLayout, ImportRun, Job, db
from models.operations import importing, merchant, publishing, staging
from models.rules import intake
from models.rules.intake import State
from tests import factories

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
LAYOUT = {"sheet": "CSV", "header_row": 1, "columns": {}, "grain": "order"}


def entered(*, shop_id: int, sha256: str = "a" * 64, name: str = "orders.csv") -> ImportRun:
    stored = f"{next(factories._numbers)}.csv"
    upload = importing.Upload(shop_id, name, stored, sha256, 10)
    return importing.take_in(upload=upload, layout=LAYOUT, layout_name="", by="staff:1", at=AT)


@pytest.fixture
def run(session) -> ImportRun:
    return entered(shop_id=factories.shop().id)


class TestTakeIn:
    def test_refuses_the_same_file_of_the_same_shop_and_names_the_import(self, run):
        with pytest.raises(importing.AlreadyTaken, match=f"导入 #{run.id}"):
            entered(shop_id=run.shop_id)

    def test_takes_it_for_another_shop_and_after_a_cancel(self, run):
        assert entered(shop_id=factories.shop().id).state == "uploaded"
        importing.cancel(import_id=run.id, by="staff:1")
        assert entered(shop_id=run.shop_id).state == "uploaded"

    def test_is_judged_by_the_index_when_two_look_at_once(self, run, monkeypatch):
        monkeypatch.setattr(importing, "refuse_twin", lambda **_: None)
        with pytest.raises(importing.AlreadyTaken, match="另一个页面"):
            entered(shop_id=run.shop_id)
        assert db.session.scalar(sa.select(sa.func.count()).select_from(ImportRun)) == 1


class TestSteps:
    def test_ask_for_a_job_in_the_lane_of_the_import(self, run):
        importing.try_out(import_id=run.id, by="staff:1")
        job = db.session.get_one(Job, run.job_id)
        assert (job.kind, job.lane, job.subject, job.created_by) == (
            "stage_import", f"import:{run.id}", f"import:{run.id}", "staff:1",
        )  # fmt: skip

    @pytest.mark.parametrize("step", ["publish", "undo"])
    def test_are_refused_out_of_order(self, run, step):
        more = {"reason_code": "other"} if step == "undo" else {}
        with pytest.raises(intake.NotNow, match="已上传"):
            getattr(importing, step)(import_id=run.id, by="staff:1", **more)

    def test_of_publishing_need_a_good_row(self, run):
        run.state = "staged"
        with pytest.raises(importing.NothingToPublish):
            importing.publish(import_id=run.id, by="staff:1")
        assert run.state == "staged"

    def test_of_undoing_need_a_reason_of_the_list(self, run):
        run.state = "done"
        with pytest.raises(importing.Unreasoned):
            importing.undo(import_id=run.id, reason_code="because", by="staff:1")

    def test_of_cancelling_give_a_publishing_import_back(self, run):
        run.state = "publishing"
        assert importing.cancel(import_id=run.id, by="staff:1").state == "staged"
        run.state = "undoing"
        assert importing.cancel(import_id=run.id, by="staff:1").state == "done"

    def test_of_correcting_are_closed_once_it_is_done(self, run):
        run.state = "done"
        with pytest.raises(intake.NotNow):
            importing.correct(import_id=run.id, layout=LAYOUT, layout_name="")

    def test_name_an_import_that_is_not_there(self, session):
        with pytest.raises(importing.NoSuchImport):
            importing.try_out(import_id=10**9, by="staff:1")

    def test_leave_a_row_in_the_trail_but_their_progress_does_not(self, run):
        db.session.flush()
        trail = sa.select(sa.func.count()).where(Audit.table_name == "import_run", Audit.row_id == str(run.id))
        before = db.session.scalar(trail)
        run.checkpoint, run.rows_read = 500, 499
        db.session.flush()
        assert db.session.scalar(trail) == before
        importing.try_out(import_id=run.id, by="staff:1")
        db.session.flush()
        changed = sa.select(Audit.after).where(Audit.row_id == str(run.id), Audit.kind == "update").order_by(Audit.id)
        assert {"state": "staging"} in [{"state": after.get("state")} for after in db.session.scalars(changed)]


class TestJobsHold:
    def test_is_lost_when_the_import_was_asked_for_anew(self, run):
        importing.try_out(import_id=run.id, by="staff:1")
        old = run.job_id
        staging.take(import_id=run.id, job_id=old, state=State.STAGING)
        importing.stop(import_id=run.id, job_id=old + 1, back=State.CANCELLED)
        assert run.state == "staging"
        run.job_id = old + 1
        db.session.flush()
        with pytest.raises(staging.Stale):
            staging.take(import_id=run.id, job_id=old, state=State.STAGING)

    def test_ends_with_the_state_it_worked_for(self, run):
        importing.try_out(import_id=run.id, by="staff:1")
        importing.stop(import_id=run.id, job_id=run.job_id, back=State.CANCELLED)
        assert run.state == "cancelled"


class TestWithdraw:
    def test_takes_the_rows_of_this_import_alone(self, session):
        mine, other = factories.history_line(), factories.history_line()
        run = db.session.get_one(ImportRun, mine.import_id)
        run.state = "undoing"
        db.session.flush()
        assert publishing.withdraw(run=run, at=AT) == 1
        assert (run.state, run.undone_at) == ("undone", AT)
        left = db.session.scalars(sa.text("SELECT id FROM history_line")).all()
        assert left == [other.id]


class TestLayout:
    def test_of_the_same_name_is_replaced(self, session):
        importing.save_layout(name=" 天猫 ", layout=LAYOUT, by="staff:1", at=AT)
        importing.save_layout(name="天猫", layout={**LAYOUT, "grain": "line"}, by="staff:2", at=AT)
        saved = db.session.scalars(sa.select(ImportLayout)).one()
        assert (saved.name, saved.layout["grain"], saved.created_by) == ("天猫", "line", "staff:2")

    def test_needs_a_name_and_can_be_forgotten_once(self, session):
        with pytest.raises(importing.LayoutNameless):
            importing.save_layout(name="  ", layout=LAYOUT, by="staff:1", at=AT)
        saved = importing.save_layout(name="天猫", layout=LAYOUT, by="staff:1", at=AT)
        importing.forget_layout(layout_id=saved.id)
        db.session.flush()
        with pytest.raises(importing.NoSuchLayout):
            importing.forget_layout(layout_id=saved.id)


class TestShop:
    def test_has_a_name_of_its_own_within_its_merchant(self, session):
        shop = merchant.open_shop_of(
            merchant_id=None, merchant_code="m1", merchant_name="甲", name="旗舰店", platform="tmall"
        )
        with pytest.raises(merchant.NameTaken):
            merchant.open_shop(merchant_id=shop.merchant_id, name="旗舰店", platform="jd")
        with pytest.raises(merchant.Nameless):
            merchant.open_shop(merchant_id=shop.merchant_id, name=" ", platform="jd")
        with pytest.raises(merchant.NoSuchMerchant):
            merchant.open_shop(merchant_id=10**9, name="店", platform="jd")
        with pytest.raises(merchant.NameTaken):
            merchant.open_merchant(code="m1", name="乙")
