"""Imports through the real job: real files, repeats, interruptions, conflicts, undo."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from jobs import importing as jobs
from models import HistoryLine, ImportIssue, ImportRun, Job, StagedLine, db, transaction
from models.operations import importing, job, publishing, staging
from models.rules.importing import sniff
from tests import factories

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
ORDERS = "订单编号,总金额,买家实际支付金额,收货地址,订单创建时间,订单付款时间,退款金额\n"


def bring(path: Path, shop_id: int, *, mark: str = "") -> int:
    """Enter a file as the upload page does; ``mark`` makes its digest another one."""
    jobs.folder().mkdir(parents=True, exist_ok=True)
    stored = f"{factories.noon(date(2026, 1, 1)):%Y}-{next(factories._numbers)}{path.suffix}"
    shutil.copy(path, jobs.folder() / stored)
    layout = sniff(jobs.sheets_of(stored))
    upload = importing.Upload(shop_id, path.name, stored, stored + mark, path.stat().st_size)
    with transaction():
        return importing.take_in(upload=upload, layout=layout.to_json(), layout_name="", by="staff:1", at=AT).id


def written(folder: Path, text: str) -> Path:
    path = folder / "orders.csv"
    path.write_text(text, encoding="utf-8")
    return path


def tried(work, import_id: int) -> ImportRun:
    with transaction():
        importing.try_out(import_id=import_id, by="staff:1")
    work()
    return found(import_id)


def published(work, import_id: int) -> ImportRun:
    with transaction():
        importing.publish(import_id=import_id, by="staff:1")
    work()
    return found(import_id)


def undone(work, import_id: int) -> ImportRun:
    with transaction():
        importing.undo(import_id=import_id, reason_code="wrong_file", by="staff:1")
    work()
    return found(import_id)


def found(import_id: int) -> ImportRun:
    return db.session.get_one(ImportRun, import_id, populate_existing=True)


def lines() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(HistoryLine))


def codes(import_id: int, kind: str) -> dict[str, int]:
    query = sa.select(ImportIssue.code, sa.func.count(ImportIssue.row_number.distinct()))
    query = query.where(ImportIssue.import_id == import_id, ImportIssue.kind == kind).group_by(ImportIssue.code)
    return dict(db.session.execute(query).all())


def orders(count: int, *, paid: str = "12.5") -> str:
    rows = (f"{n},12.5,{paid},上海,2020-02-01 10:00:00,2020-02-01 10:01:00,0\n" for n in range(1, count + 1))
    return ORDERS + "".join(rows)


@pytest.fixture
def shop(session) -> int:
    with transaction():
        return factories.shop().id


class TestTmall:
    def test_gives_the_published_totals(self, work, shop, shared):
        run = tried(work, bring(shared / "data/orders/tmall_order_report.csv", shop))
        assert (run.state, run.rows_ready, run.rows_refused, run.orders) == ("staged", 28_010, 0, 28_010)
        assert (run.paid_fen, run.refund_fen, run.paid_fen - run.refund_fen) == (247_482_307, 57_233_592, 190_248_715)
        assert (run.placed_fen, run.first_on, run.last_on) == (299_576_061, date(2020, 2, 1), date(2020, 2, 29))
        assert codes(run.id, "repaired") == {"region_short": 7_596}
        run = published(work, run.id)
        assert (run.state, run.rows_published, lines()) == ("done", 28_010, 28_010)
        assert db.session.scalar(sa.select(sa.func.count()).where(HistoryLine.paid_at.is_(None))) == 3_923
        assert db.session.scalar(sa.select(sa.func.count()).select_from(StagedLine)) == 0

    def test_adds_nothing_the_second_time_and_everything_after_an_undo(self, work, shop, shared):
        path = shared / "data/orders/tmall_order_report.csv"
        first = published(work, tried(work, bring(path, shop)).id)
        again = tried(work, bring(path, shop, mark="-again"))
        assert (again.rows_ready, again.rows_refused) == (0, 28_010)
        assert codes(again.id, "refused") == {"already_imported": 28_010}
        with transaction():
            importing.cancel(import_id=again.id, by="staff:1")
        work()
        assert undone(work, first.id).state == "undone"
        assert lines() == 0
        third = published(work, tried(work, bring(path, shop, mark="-third")).id)
        assert (third.rows_published, third.paid_fen, lines()) == (28_010, 247_482_307, 28_010)


class TestRihua:
    def test_gives_the_published_totals_and_exactly_the_known_dirt(self, work, shop, shared):
        run = tried(work, bring(shared / "data/orders/rihua_orders_2019.xlsx", shop))
        assert (run.rows_read, run.rows_ready, run.rows_refused) == (31_452, 31_441, 11)
        assert (run.paid_fen, run.pieces) == (445_406_885_900, 27_826_936)
        assert (run.first_on, run.last_on) == (date(2019, 1, 1), date(2019, 9, 30))
        assert codes(run.id, "refused") == {"repeated_row": 6, "missing": 4, "future_date": 1}
        assert codes(run.id, "repaired") == {
            "date_form": 2_894, "text_form": 1_133, "region_pseudo": 218, "region_short": 213, "region_old": 72,
            "region_filled": 2, "label": 3, "money_form": 1, "quantity_form": 1, "slip": 1,
        }  # fmt: skip
        published(work, run.id)
        buyers = db.session.scalar(sa.select(sa.func.count(HistoryLine.buyer.distinct())))
        phantom = db.session.scalar(sa.select(sa.func.count()).where(HistoryLine.buyer.like("编号%")))
        assert (buyers, phantom) == (1_083, 0)
        query = sa.select(HistoryLine.sales_region, sa.func.sum(HistoryLine.paid_fen)).group_by(
            HistoryLine.sales_region
        )
        regions = {name: int(fen) // 100 for name, fen in db.session.execute(query)}
        assert regions == {
            "东区": 1_588_714_208, "南区": 1_253_605_507, "北区": 885_232_667, "西区": 726_162_551, None: 353_926,
        }  # fmt: skip


class TestRepeat:
    def test_of_a_row_is_left_out_and_named(self, work, shop, tmp_path):
        text = orders(3) + "2,12.5,12.5,上海,2020-02-01 10:00:00,2020-02-01 10:01:00,0\n"
        run = tried(work, bring(written(tmp_path, text), shop))
        assert (run.rows_ready, codes(run.id, "refused")) == (3, {"repeated_row": 1})
        issue = db.session.scalar(sa.select(ImportIssue).where(ImportIssue.code == "repeated_row"))
        assert (issue.row_number, issue.value) == (5, "2")
        assert "本文件第 3 行" in issue.reason

    def test_of_a_number_with_other_content_is_a_conflict_that_names_the_difference(self, work, shop, tmp_path):
        first = published(work, tried(work, bring(written(tmp_path, orders(3)), shop)).id)
        run = tried(work, bring(written(tmp_path, orders(3, paid="10")), shop, mark="-b"))
        assert (run.rows_ready, codes(run.id, "refused")) == (0, {"conflict": 3})
        issue = db.session.scalar(sa.select(ImportIssue).where(ImportIssue.code == "conflict").limit(1))
        assert "实付金额 12.50 → 10.00" in issue.reason
        assert issue.other_import_id == first.id

    def test_published_in_between_is_found_at_the_end_and_named(self, work, shop, tmp_path):
        early = tried(work, bring(written(tmp_path, orders(5)), shop))
        late = tried(work, bring(written(tmp_path, orders(7)), shop, mark="-b"))
        assert (early.rows_ready, late.rows_ready) == (5, 7)
        published(work, early.id)
        late = published(work, late.id)
        assert (late.rows_published, late.rows_ready, late.rows_refused, lines()) == (2, 2, 5, 7)
        assert codes(late.id, "refused") == {"already_imported": 5}

    def test_in_another_shop_is_another_order(self, work, shop, tmp_path):
        path = written(tmp_path, orders(3))
        published(work, tried(work, bring(path, shop)).id)
        with transaction():
            other = factories.shop().id
        published(work, tried(work, bring(path, other)).id)
        assert lines() == 6


class Killed(BaseException):
    """The process is gone: nothing catches it, nothing is written down."""


class TestInterruption:
    @pytest.mark.parametrize("at_chunk", [1, 4, 7])
    def test_between_chunks_costs_no_row_and_doubles_none(self, work, shop, tmp_path, monkeypatch, at_chunk):
        monkeypatch.setattr(jobs, "CHUNK_ROWS", 500)
        text = orders(3_200) + "7,12.5,12.5,上海,2020-02-01 10:00:00,2020-02-01 10:01:00,0\n"
        import_id = bring(written(tmp_path, text), shop)
        whole, calls = staging.write, []

        def dies(**arguments):
            calls.append(1)
            whole(**arguments)
            if len(calls) == at_chunk:
                raise Killed

        monkeypatch.setattr(staging, "write", dies)
        with pytest.raises(Killed):
            tried(work, import_id)
        monkeypatch.setattr(staging, "write", whole)
        assert found(import_id).checkpoint == (0 if at_chunk == 1 else (at_chunk - 1) * 500 + 1)
        again(work)
        run = published(work, found(import_id).id)
        assert (run.rows_read, run.rows_refused, run.rows_published, lines()) == (3_201, 1, 3_200, 3_200)

    def test_of_publishing_leaves_nothing_half_done(self, work, shop, tmp_path, monkeypatch):
        monkeypatch.setattr(publishing, "STEP_ROWS", 500)
        run = tried(work, bring(written(tmp_path, orders(2_000)), shop))
        settle = publishing.settle

        def dies(**arguments):
            settle(**arguments)
            raise Killed

        monkeypatch.setattr(publishing, "settle", dies)
        with pytest.raises(Killed):
            published(work, run.id)
        monkeypatch.setattr(publishing, "settle", settle)
        assert (found(run.id).state, lines()) == ("publishing", 0)
        again(work)
        assert (found(run.id).state, lines()) == ("done", 2_000)


def again(work) -> None:
    """The sweeper finds the job of a dead worker: its lease is over."""
    with transaction():
        db.session.execute(sa.text("UPDATE job SET lease_until = now() - interval '1 second' WHERE state = 'running'"))
    with transaction():
        job.sweep()
    with transaction():
        db.session.execute(sa.text("UPDATE job SET run_at = now() WHERE state = 'waiting'"))
    work()


class TestCancel:
    def test_of_a_waiting_dry_run_ends_it_without_a_row(self, work, shop, tmp_path):
        import_id = bring(written(tmp_path, orders(3)), shop)
        with transaction():
            importing.try_out(import_id=import_id, by="staff:1")
            importing.cancel(import_id=import_id, by="staff:1")
        work()
        assert found(import_id).state == "cancelled"
        assert not (jobs.folder() / found(import_id).stored_name).exists()
        assert db.session.scalar(sa.select(sa.func.count()).select_from(StagedLine)) == 0
        assert set(db.session.scalars(sa.select(Job.state))) == {"done"}

    def test_of_a_tried_import_drops_its_rows(self, work, shop, tmp_path):
        run = tried(work, bring(written(tmp_path, orders(3)), shop))
        with transaction():
            importing.cancel(import_id=run.id, by="staff:1")
        work()
        assert db.session.scalar(sa.select(sa.func.count()).select_from(StagedLine)) == 0


class TestBadFile:
    def test_that_breaks_off_in_the_middle_fails_with_the_reason_and_keeps_nothing(
        self, work, shop, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(jobs, "CHUNK_ROWS", 100)
        text = orders(900) + '"901,12.5\n' + "902,1\n" * 200
        run = tried(work, bring(written(tmp_path, text), shop))
        assert (run.state, run.rows_ready) == ("failed", 0)
        assert "引号" in run.failure
        assert db.session.scalar(sa.select(sa.func.count()).select_from(StagedLine)) == 0

    def test_with_a_formula_and_a_date_of_2050_refuses_those_rows_alone(self, work, shop, tmp_path):
        text = orders(3) + "8,=1+1,1,上海,2020-02-01 10:00:00,,0\n9,5,5,上海,2050-06-09 10:00:00,,0\n"
        run = tried(work, bring(written(tmp_path, text), shop))
        assert (run.rows_ready, codes(run.id, "refused")) == (3, {"formula": 1, "future_date": 1})
