"""Lists written to files: what goes in, who gets them, how long they live."""

import csv
import io
import os
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import openpyxl
import pytest
import sqlalchemy as sa

from jobs import export as jobs
from jobs.export import neutral
from models import Audit, Export, Job, db
from models.operations import export as operations
from models.operations.download import NoFile, NotReady, TooOften
from models.operations.export import Wish
from tests import factories, people
from tests.console.admin.probe import ProbeView, application

LIVE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\x00=1",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    "=cmd|'/c calc'!A1",
]
AT = datetime(2026, 11, 23, 4, tzinfo=UTC)
COLUMNS = ["order_number", "ordered_at", "paid_on", "shop", "buyer", "quantity", "paid_fen", "is_paid"]


@pytest.fixture(scope="module")
def app(settings):
    """The console with a list that can be exported."""
    application_ = application(settings, ProbeView)
    yield application_
    with application_.app_context():
        db.engine.dispose()


@pytest.fixture
def rows(session):
    shop = factories.shop(name="=HYPERLINK(1)")
    run = factories.import_run(shop_id=shop.id)
    money = {"paid_fen": 123_450, "placed_fen": 123_450}
    factories.history_line(run=run, order_number="D1", buyer="王小明", quantity=3, **money)
    factories.history_line(run=run, order_number="D2", buyer=None, paid_on=None, placed_fen=500)
    factories.history_line(order_number="X3", paid_on=date(2026, 11, 3))
    return shop


def ask(browser, path="/exports/ask", **form):
    values = {"page": "probe", "query": "number=D&sort=order_number", "format": "csv", "columns": COLUMNS}
    return browser.post(path, data=values | form)


def newest() -> Export:
    db.session.expire_all()
    return db.session.scalars(sa.select(Export).order_by(Export.id.desc()).limit(1)).one()


def fetched(browser, work, **form) -> bytes:
    """The file one gets for a wish."""
    assert ask(browser, **form).location == "/exports/"
    work()
    answer = browser.get(f"/exports/{newest().id}/file")
    assert answer.status_code == 200, db.session.scalars(sa.select(Job.error)).all()
    assert answer.headers["Content-Disposition"].startswith("attachment")
    with answer:
        return answer.data


class TestNeutral:
    @pytest.mark.parametrize("text", LIVE)
    def test_leaves_nothing_a_spreadsheet_runs(self, text):
        assert neutral(text)[0] == "'"
        assert "\x00" not in neutral(text)

    @pytest.mark.parametrize("text", ["", "苹果", "a=1", "1-2", "编号S13676", "'already"])
    def test_leaves_plain_text_alone(self, text):
        assert neutral(text) == text


class TestNeutralised:
    @pytest.mark.parametrize("text", [*LIVE, "", "苹果", "a=1", "'already", "%s %%"])
    def test_says_the_same_to_postgresql(self, session, text):
        text = text.replace("\x00", "")
        assert session.scalar(sa.select(jobs.neutralised(sa.literal(text)))) == neutral(text)


class TestFile:
    def test_holds_the_filter_the_order_and_the_columns(self, staff, work, rows):
        data = fetched(staff("operator"), work).decode("utf-8-sig")
        assert list(csv.reader(io.StringIO(data))) == [
            ["Order", "Ordered", "Paid on", "Shop", "Buyer", "Pieces", "Paid（元）", "State"],
            ["D1", "2026-11-02 11:55:00", "2026-11-02", "'=HYPERLINK(1)", "王**", "3", "1234.50", "Has paid"],
            ["D2", "2026-11-02 11:55:00", "", "'=HYPERLINK(1)", "", "1", "0.00", "Owes"],
        ]

    def test_is_a_sheet_with_numbers_and_texts(self, staff, work, rows):
        data = fetched(staff("operator"), work, format="xlsx")
        sheet = openpyxl.load_workbook(io.BytesIO(data)).active
        cells = [[(cell.value, cell.data_type) for cell in row] for row in sheet.iter_rows(min_row=2)]
        assert cells[0][3] == ("=HYPERLINK(1)", "s")
        assert cells[0][5:7] == [(3, "n"), (1234.5, "n")]

    def test_holds_the_merchants_rows_alone(self, staff, work, rows):
        browser = staff("merchant", merchant_id=rows.merchant_id)
        data = fetched(browser, work, query="", columns=["order_number"]).decode("utf-8-sig")
        assert data.split() == ["Order", "D2", "D1"]

    def test_shows_people_after_a_fresh_proof_alone(self, staff, work, rows):
        support = staff("compliance")
        data = fetched(support, work, path="/exports/ask-unmasked", columns=["buyer"]).decode("utf-8-sig")
        assert "王小明" in data
        assert ask(staff("operator"), path="/exports/ask-unmasked").status_code == 403

    def test_has_a_name_nobody_guesses_and_a_mode_nobody_reads(self, staff, work, rows):
        fetched(staff("operator"), work)
        path = jobs.folder() / newest().file
        assert len(path.stem) == 32
        assert path.stat().st_mode & 0o077 == 0

    def test_leaves_a_trail_of_asking_writing_and_fetching(self, staff, work, rows):
        browser = staff("operator")
        fetched(browser, work)
        notes = db.session.execute(
            sa.select(Audit.table_name, Audit.actor, Audit.after).where(Audit.kind == "note").order_by(Audit.id)
        ).all()
        assert [(name, actor) for name, actor, _ in notes] == [
            ("export.ready", "job:export_list"),
            ("export.fetched", f"staff:{browser.person.id}"),
        ]
        assert notes[0].after["rows"] == 2

    def test_is_not_written_for_who_may_no_longer_see_the_list(self, staff, work, rows):
        browser = staff("operator")
        ask(browser)
        browser.person.roles = ["reviewer"]
        db.session.flush()
        work()
        assert newest().file is None
        assert db.session.scalars(sa.select(Job.error)).all() == ["申请人已没有导出这个列表的权限"]
        assert "失败" in browser.get("/exports/").text

    def test_is_not_written_for_who_is_gone(self, staff, work, rows):
        browser = staff("operator")
        ask(browser)
        browser.person.state = "disabled"
        db.session.flush()
        work()
        assert db.session.scalars(sa.select(Job.error)).all() == ["申请导出的账号已停用"]

    def test_keeps_a_number_a_number_and_a_text_a_text(self, session, tmp_path):
        cells = ["-5", -5, None, "苹果", '="x",', "100%"]
        fields = [jobs.Field(str(number), sa.literal(cell)) for number, cell in enumerate(cells)]
        run = SimpleNamespace(check=lambda: None, progress=lambda *_: None)
        assert jobs.write_csv(run, sa.select(), fields, tmp_path / "x.csv", 1) == 1
        written = (tmp_path / "x.csv").read_bytes()
        assert written == b"\xef\xbb\xbf0,1,2,3,4,5\n" + '\'-5,-5,,苹果,"\'=""x"",",100%\n'.encode()

    def test_is_refused_where_a_sheet_holds_no_more_rows(self, staff, work, rows, monkeypatch):
        monkeypatch.setattr(jobs, "XLSX_ROWS", 1)
        ask(staff("operator"), format="xlsx")
        work()
        assert "请改用 CSV" in db.session.scalars(sa.select(Job.error)).one()

    def test_leaves_no_half_file_behind(self, staff, work, rows, monkeypatch):
        def broken(*_):
            raise jobs.TooManyRows("写到一半")

        monkeypatch.setitem(jobs.WRITERS, "xlsx", broken)
        before = set(jobs.folder().iterdir())
        ask(staff("operator"), format="xlsx")
        work()
        assert set(jobs.folder().iterdir()) == before


class TestAsking:
    @pytest.mark.parametrize(
        ("form", "status"),
        [
            ({"page": "nonsense"}, 404),
            ({"page": "staff"}, 403),
            ({"page": "exports"}, 404),
            ({"query": "ordered_from=x"}, 400),
        ],
    )
    def test_is_refused_where_there_is_nothing_to_have(self, staff, rows, form, status):
        assert ask(staff("operator"), **form).status_code == status
        assert db.session.scalar(sa.select(sa.func.count(Export.id))) == 0

    @pytest.mark.parametrize("form", [{"columns": []}, {"columns": ["nonsense"]}, {"format": "pdf"}])
    def test_needs_a_column_and_a_format(self, staff, rows, form):
        browser = staff("operator")
        ask(browser, **form)
        assert "请至少选择一列" in browser.get("/exports/").text

    def test_is_for_who_may_export(self, staff, rows):
        assert ask(staff("reviewer")).status_code == 403
        forged = staff("operator").post("/exports/ask", data={"page": "probe"}, csrf=False)
        assert forged.status_code == 400

    def test_stops_after_ten_in_an_hour(self, session):
        wish = Wish("probe", "订单", "", ("order_number",), "csv", True, "zh_Hans_CN")
        person = people.person("operator")
        for _ in range(10):
            operations.ask(wish=wish, staff_id=person.id, at=AT)
        with pytest.raises(TooOften):
            operations.ask(wish=wish, staff_id=person.id, at=AT + timedelta(minutes=59))
        operations.ask(wish=wish, staff_id=person.id, at=AT + timedelta(minutes=61))


class TestFetching:
    def test_is_ones_own_alone(self, staff, work, rows):
        fetched(staff("operator"), work)
        export_id = newest().id
        assert staff("operator").get(f"/exports/{export_id}/file").status_code == 404
        assert staff("admin").get(f"/exports/{export_id}/file").status_code == 404
        assert staff("operator").get("/exports/9223372036854775808/file").status_code == 404

    def test_asks_strangers_to_sign_in(self, client, staff, work, rows):
        fetched(staff("operator"), work)
        assert client.get(f"/exports/{newest().id}/file").status_code == 303

    def test_needs_the_right_to_the_list_still(self, staff, work, rows, monkeypatch):
        browser = staff("operator")
        fetched(browser, work)
        monkeypatch.setattr(ProbeView, "permission", "staff.view")
        assert browser.get(f"/exports/{newest().id}/file").status_code == 403

    def test_ends_after_a_day(self, session):
        wish = Wish("probe", "订单", "", ("order_number",), "csv", True, "zh_Hans_CN")
        person = people.person("operator")
        export = operations.ask(wish=wish, staff_id=person.id, at=AT)
        with pytest.raises(NotReady, match="还没有生成好"):
            operations.fetch(export_id=export.id, staff_id=person.id, at=AT)
        operations.record_ready(export_id=export.id, file="x.csv", rows=1, octets=1, at=AT)
        operations.fetch(export_id=export.id, staff_id=person.id, at=AT + timedelta(hours=23, minutes=59))
        with pytest.raises(NoFile, match="过期"):
            operations.fetch(export_id=export.id, staff_id=person.id, at=AT + timedelta(hours=24))


class TestForgetting:
    def test_removes_files_whose_day_is_over_and_what_a_crash_left(self, staff, work, rows, session):
        fetched(staff("operator"), work)
        fetched(staff("operator"), work)
        kept, old = newest(), db.session.scalars(sa.select(Export).order_by(Export.id)).first()
        old.expires_at = datetime.now(UTC) - timedelta(minutes=1)
        db.session.flush()
        orphan, fresh = jobs.folder() / f"{'0' * 32}.csv", jobs.folder() / f"{'1' * 32}.csv"
        for path in (orphan, fresh):
            path.touch()
        os.utime(orphan, (0, 0))
        operations.outbox.request("forget_exports", payload={"at": datetime.now(UTC).isoformat()})
        session.commit()
        work()
        names = {path.name for path in jobs.folder().iterdir()}
        assert kept.file in names
        assert fresh.name in names
        assert not {old.file, orphan.name} & names
        db.session.refresh(old)
        assert old.removed_at is not None
        fresh.unlink()


class TestPage:
    def test_shows_how_far_the_files_are(self, staff, work, rows):
        browser = staff("operator")
        ask(browser)
        assert "排队中" in browser.get("/exports/").text
        assert "data-reload" not in browser.get("/exports/under-way").text
        work()
        assert "data-reload" in browser.get("/exports/under-way").text
        text = browser.get("/exports/").text
        assert "可下载" in text
        assert f"/exports/{newest().id}/file" in text

    def test_shows_ones_own_and_to_auditors_all_but_no_file(self, staff, work, rows):
        fetched(staff("operator"), work)
        assert "还没有导出" in staff("finance").get("/exports/").text
        text = staff("auditor").get("/exports/").text
        assert "Probe" in text
        assert f"/exports/{newest().id}/file" not in text

    def test_offers_the_export_on_the_list(self, staff, rows):
        assert 'id="export"' in staff("operator").get("/probe/").text
        assert 'id="export"' not in staff("reviewer").get("/probe/").text
