"""The pages of an import: who may, what is refused in which words, what is done."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa

from console import files
from jobs import importing as jobs
from models import HistoryLine, ImportIssue, ImportLayout, ImportRun, Shop, db, transaction
from models.operations import importing
from tests import factories, people

HEADER = "订单编号,总金额,买家实际支付金额,收货地址,订单创建时间,订单付款时间,退款金额\n"
ROW = "{0},12.5,12.5,上海,2020-02-01 10:00:00,2020-02-01 10:01:00,0\n"
READ = {"sheet": "CSV", "header_row": "1", "grain": "order", "paid": "gross", "date_order": "unknown"}


def text(count: int = 3) -> str:
    return HEADER + "".join(ROW.format(number) for number in range(1, count + 1))


def stored() -> list[Path]:
    return sorted(jobs.folder().glob("*")) if jobs.folder().exists() else []


@pytest.fixture
def browser(staff):
    return staff("operator")


@pytest.fixture
def shop(session) -> Shop:
    with transaction():
        return factories.shop(name="旗舰店")


@pytest.fixture
def send(browser, shop):
    """Uploads content to the shop, and answers with the page it led to."""

    def sending(content: bytes | str, name: str = "orders.csv", **values):
        raw = content.encode() if isinstance(content, str) else content
        form = {"shop": str(shop.id), "file": (io.BytesIO(raw), name), **values}
        return browser.post("/imports/new", data=form, content_type="multipart/form-data", follow_redirects=True)

    return sending


def only() -> ImportRun:
    db.session.expire_all()
    return db.session.scalars(sa.select(ImportRun)).one()


def none_left() -> bool:
    return db.session.scalar(sa.select(sa.func.count()).select_from(ImportRun)) == 0


class TestWholeWay:
    def test_leads_from_the_file_to_history_and_back(self, browser, send, work):
        page = send(text(4) + ROW.format(2) + "8,=1+1,1,上海,2020-02-01 10:00:00,,0\n")
        assert page.status_code == 200
        assert page.request.path == f"/imports/{only().id}/layout"
        here = f"/imports/{only().id}"
        form = {
            **READ, "then": "try",
            "col_order_number": "订单编号", "col_ordered_at": "订单创建时间", "col_paid_at": "订单付款时间",
            "col_amount": "总金额", "col_paid": "买家实际支付金额", "col_refund": "退款金额", "col_address": "收货地址",
            "must_order_number": "on", "must_ordered_at": "on", "must_amount": "on",
        }  # fmt: skip
        assert browser.post(f"{here}/layout", data=form).location == here
        assert only().state == "staging"
        assert "data-poll" in browser.get(here).text
        work()
        report = browser.get(here).text
        assert "导入 4 行" in report
        assert browser.get(f"{here}/progress").text.count("data-reload") == 1
        for path in ("findings", "findings?kind=refused", "rows", "file", "row/3", "row/6", "row/7", "layout"):
            assert browser.get(f"{here}/{path}").status_code == 200, path
        assert browser.post(f"{here}/publish").location == here
        work()
        assert (only().state, only().rows_published) == ("done", 4)
        assert browser.get(f"{here}/rows").location.endswith(f"/history/?import={only().id}")
        listed = browser.get(f"/history/?import={only().id}").text
        assert listed.count("<tr tabindex") == 4
        line = db.session.scalars(sa.select(HistoryLine).order_by(HistoryLine.row_number)).first()
        assert "上海" in browser.get(f"/history/{line.id}").text
        assert browser.get(f"{here}/undo").status_code == 200
        assert browser.post(f"{here}/undo", data={"reason": "wrong_file"}).location == here
        work()
        assert only().state == "undone"
        assert db.session.scalar(sa.select(sa.func.count()).select_from(HistoryLine)) == 0
        assert browser.get("/imports/").status_code == 200

    def test_takes_a_file_larger_than_any_form(self, send):
        assert send(text(30_000)).status_code == 200
        assert only().size_bytes > files.FORM_BYTES


class TestBadInput:
    @pytest.mark.parametrize(
        ("content", "name", "words"),
        [
            (b"", "orders.csv", "文件是空的"),
            (HEADER, "orders.csv", "只有表头"),
            ("a,b\n1,2\n3,4\n", "orders.csv", "认不出这个文件的表头"),
            (text(), "orders.xls", "另存为 .xlsx"),
            (text().encode("utf-16"), "orders.csv", "UTF-16"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "orders.xlsx", ".xls"),
            (b"PK\x03\x04 broken", "orders.xlsx", "损坏"),
        ],
    )
    def test_is_refused_with_what_to_do_and_leaves_nothing(self, send, content, name, words):
        before = stored()
        page = send(content, name)
        assert words in page.text
        assert none_left()
        assert stored() == before

    def test_of_a_zip_bomb_is_refused(self, send):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
            book.writestr("[Content_Types].xml", "<Types/>")
            with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
                for _ in range(64):
                    sheet.write(b" " * 2**20)
        page = send(packed.getvalue(), "orders.xlsx")
        assert "note refused" in page.text
        assert none_left()

    def test_over_the_limit_gets_a_page_that_says_so(self, send, monkeypatch):
        monkeypatch.setattr(files, "LARGEST_BYTES", 100)
        page = send(text(50))
        assert "按月份拆分" in page.text
        assert none_left()

    def test_far_over_the_limit_is_turned_away_before_it_is_read(self, browser, shop):
        answer = browser.post(
            "/imports/new",
            input_stream=io.BytesIO(b"--x"),
            environ_overrides={"CONTENT_LENGTH": str(200 * 2**20)},
            content_type="multipart/form-data; boundary=x",
        )
        assert answer.status_code == 413
        assert "128" in answer.text

    def test_of_a_form_that_is_large_elsewhere_is_turned_away_too(self, browser):
        answer = browser.post("/imports/shop", data={"name": "x" * 2**21})
        assert answer.status_code == 413

    def test_of_the_same_file_twice_names_the_import_that_holds_it(self, send):
        send(text())
        before = stored()
        page = send(text(), "another name.csv")
        assert f"导入 #{only().id}" in page.text
        assert stored() == before

    def test_of_two_tabs_at_once_lets_one_through(self, send, monkeypatch):
        send(text())
        look, seen = importing.refuse_twin, []

        def blind_once(**arguments):
            seen.append(1)
            if len(seen) > 2:
                look(**arguments)

        monkeypatch.setattr(importing, "refuse_twin", blind_once)
        page = send(text())
        assert f"导入 #{only().id}" in page.text

    def test_of_a_wrong_sheet_is_refused_and_the_right_one_found(self, browser, send):
        book = openpyxl.Workbook()
        book.active.title = "说明"
        book.active.append(["这是说明", "无数据"])
        sheet = book.create_sheet("订单")
        for line in text(5).splitlines():
            sheet.append(line.split(","))
        raw = io.BytesIO()
        book.save(raw)
        send(raw.getvalue(), "orders.xlsx")
        assert only().layout["sheet"] == "订单"
        here = f"/imports/{only().id}/layout"
        assert "没有指定" in browser.get(f"{here}?sheet=说明").text
        form = {
            "then": "try",
            "sheet": "不存在",
            "header_row": "1",
            "grain": "order",
            "paid": "gross",
            "date_order": "unknown",
        }
        page = browser.post(here, data=form, follow_redirects=True)
        assert "没有“不存在”这个工作表" in page.text
        assert only().state == "uploaded"

    def test_of_a_missing_column_is_named(self, browser, send):
        send(text())
        form = {
            **READ, "then": "try",
            "col_order_number": "订单编号", "col_ordered_at": "没有这列", "col_amount": "总金额",
        }  # fmt: skip
        page = browser.post(f"/imports/{only().id}/layout", data=form, follow_redirects=True)
        assert "没有“没有这列”这一列" in page.text
        assert only().state == "uploaded"

    def test_of_signs_that_nobody_types_breaks_nothing(self, browser, send):
        send(text(), "or\x1bders.csv")
        assert only().file_name == "orders.csv"
        here = f"/imports/{only().id}"
        assert browser.post(f"{here}/layout", data={**READ, "then": "look", "col_buyer": "a\0"}).status_code == 400
        assert browser.post(f"{here}/layout/use", data={"saved": "\0"}).status_code == 400
        for path in ("findings?kind=a%00", "findings?row=%00", "rows?after=%00"):
            assert browser.get(f"{here}/{path}").status_code == 400, path
        assert browser.get(f"{here}/layout?header=0").status_code == 200

    def test_of_a_torn_form_changes_nothing(self, browser, send):
        send(text())
        before = only().layout
        page = browser.post(f"/imports/{only().id}/layout", data={"then": "try"}, follow_redirects=True)
        assert "表单不完整" in page.text
        assert (only().layout, only().state) == (before, "uploaded")


class TestRefusal:
    def test_of_an_undo_without_a_reason(self, browser, send, work):
        run = self.imported(browser, send, work)
        page = browser.post(f"/imports/{run.id}/undo", data={}, follow_redirects=True)
        assert "必须选择原因" in page.text
        assert only().state == "done"

    def test_of_a_step_that_does_not_follow(self, browser, send):
        send(text())
        page = browser.post(f"/imports/{only().id}/publish", follow_redirects=True)
        assert "当前为“已上传”" in page.text
        assert only().state == "uploaded"

    def test_of_publishing_a_file_without_a_good_row(self, browser, send, work):
        send(HEADER + "8,=1+1,1,上海,2020-02-01 10:00:00,,0\n9,5,5,上海,2050-06-09 10:00:00,,0\n")
        browser.post(f"/imports/{only().id}/try")
        work()
        page = browser.post(f"/imports/{only().id}/publish", follow_redirects=True)
        assert "没有得到可导入的行" in page.text

    def imported(self, browser, send, work) -> ImportRun:
        send(text())
        browser.post(f"/imports/{only().id}/try")
        work()
        browser.post(f"/imports/{only().id}/publish")
        work()
        return only()


class TestPermission:
    STEPS = ("try", "publish", "cancel", "undo", "layout", "layout/save", "layout/use")

    def test_of_an_auditor_is_to_look_only(self, app, send, browser):
        send(text())
        with transaction():
            auditor = people.person("auditor")
        browser.sign_in(auditor)
        assert browser.get(f"/imports/{only().id}").status_code == 200
        assert browser.get("/imports/new").status_code == 403
        for step in self.STEPS:
            assert browser.post(f"/imports/{only().id}/{step}").status_code == 403, step
        assert browser.post("/imports/shop").status_code == 403

    def test_of_a_merchant_is_its_own_history_alone(self, browser, session):
        with transaction():
            own, foreign = factories.shop(), factories.shop()
            mine = factories.history_line(shop_id=own.id)
            other = factories.history_line(shop_id=foreign.id)
            merchant = people.person("merchant", merchant_id=own.merchant_id)
        browser.sign_in(merchant)
        assert browser.get(f"/history/{mine.id}").status_code == 200
        assert browser.get(f"/history/{other.id}").status_code == 404
        listed = browser.get("/history/").text
        assert f"/history/{mine.id}" in listed
        assert f"/history/{other.id}" not in listed
        assert own.name in listed
        assert foreign.name not in listed
        assert browser.get("/imports/").status_code == 403

    def test_of_nobody_is_the_sign_in_page(self, client):
        assert client.get("/imports/").status_code == 303


class TestLayout:
    def test_is_saved_proposed_and_forgotten(self, browser, send):
        send(text())
        form = {
            **READ, "name": "天猫订单", "paid": "net",
            "col_order_number": "订单编号", "col_ordered_at": "订单创建时间", "col_amount": "总金额",
        }  # fmt: skip
        browser.post(f"/imports/{only().id}/layout/save", data=form)
        saved = db.session.scalars(sa.select(ImportLayout)).one()
        assert (saved.name, saved.layout["paid"]) == ("天猫订单", "net")
        browser.post(f"/imports/{only().id}/cancel")
        send(text(9))
        newest = db.session.scalars(sa.select(ImportRun).order_by(ImportRun.id.desc())).first()
        assert (newest.layout_name, newest.layout["paid"]) == ("天猫订单", "net")
        assert browser.get(f"/import-layouts/{saved.id}").status_code == 200
        browser.post(f"/import-layouts/{saved.id}/forget")
        assert db.session.scalar(sa.select(sa.func.count()).select_from(ImportLayout)) == 0


class TestShop:
    def test_opens_with_its_merchant_and_is_chosen(self, browser, session):
        form = {
            "merchant": "",
            "merchant_code": "M9",
            "merchant_name": "九号商家",
            "name": "九号店",
            "platform": "tmall",
        }
        answer = browser.post("/imports/shop", data=form)
        shop = db.session.scalars(sa.select(Shop).where(Shop.name == "九号店")).one()
        assert answer.location == f"/imports/new?shop={shop.id}"
        page = browser.post("/imports/shop", data=form, follow_redirects=True)
        assert "已被使用" in page.text


class TestFindings:
    def test_travel_without_live_formulas(self, browser, send, work):
        send(HEADER + '"=HYPERLINK(""http://x"")",5,5,上海,2020-02-01 10:00:00,,0\n' + ROW.format(3))
        browser.post(f"/imports/{only().id}/try")
        work()
        sheet = browser.get(f"/imports/{only().id}/findings.csv").data.decode("utf-8-sig")
        assert "'=HYPERLINK" in sheet
        raw = browser.get(f"/imports/{only().id}/findings.xlsx").data
        cells = [cell for row in openpyxl.load_workbook(io.BytesIO(raw)).active.iter_rows() for cell in row]
        assert {cell.data_type for cell in cells} <= {"s", "n"}
        assert any(str(cell.value).startswith("'=HYPERLINK") for cell in cells)

    def test_are_listed_behind_every_number(self, browser, send, work):
        send(text(3) + ROW.format(1))
        browser.post(f"/imports/{only().id}/try")
        work()
        issue = db.session.scalars(sa.select(ImportIssue).where(ImportIssue.code == "repeated_row")).one()
        page = browser.get(f"/imports/{only().id}/findings?kind=refused&code=repeated_row").text
        assert issue.reason in page
        assert browser.get(f"/imports/{only().id}/findings?row=notanumber&after=x").status_code == 200
        assert browser.get(f"/imports/{only().id}/row/999999").status_code == 404
        assert browser.get(f"/imports/{10**30}").status_code == 404
