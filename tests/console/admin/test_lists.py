"""Lists: what they can be asked, how they are paged, whose rows they show."""

import re
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from console.admin import lists
from console.admin.columns import Column
from console.admin.filters import escaped
from console.admin.lists import Order
from models import Audit, HistoryLine, SavedView, db
from tests import factories
from tests.console.admin.probe import ProbeView, application

LINK = re.compile(r'rel="(prev|next)" href="([^"]+)"')
NUMBER = re.compile(r"<code>(D\w+)</code>")


@pytest.fixture(scope="module")
def app(settings):
    """The console with a list that can be asked everything."""
    application_ = application(settings, ProbeView)
    yield application_
    with application_.app_context():
        db.engine.dispose()


def numbers(answer) -> list[str]:
    """The order numbers on a page, from top to bottom."""
    assert answer.status_code == 200, answer.text
    return NUMBER.findall(answer.text)


def links(answer) -> dict[str, str]:
    return {rel: href.replace("&amp;", "&") for rel, href in LINK.findall(answer.text)}


@pytest.fixture
def fifty_five(session):
    """Rows D100 to D154 of one import; three share each moment, so that the id must break ties."""
    run = factories.import_run()
    start = datetime(2026, 11, 1, tzinfo=UTC)
    for i in range(55):
        factories.history_line(run=run, order_number=f"D{100 + i}", ordered_at=start + timedelta(minutes=i // 3))
    return run


class TestPaging:
    def test_shows_each_row_once_on_the_way_forward(self, staff, fifty_five):
        browser, address, seen = staff("operator"), "/probe/?size=20", []
        while address:
            answer = browser.get(address)
            seen += numbers(answer)
            address = links(answer).get("next")
        assert seen == [f"D{100 + i}" for i in reversed(range(55))]

    def test_leads_back_to_the_same_page(self, staff, fifty_five):
        browser = staff("operator")
        first = browser.get("/probe/?size=20")
        second = browser.get(links(first)["next"])
        third = browser.get(links(second)["next"])
        assert "next" not in links(third)
        assert numbers(browser.get(links(third)["prev"])) == numbers(second)
        back = browser.get(links(second)["prev"])
        assert numbers(back) == numbers(first)
        assert "prev" not in links(back)

    @pytest.mark.parametrize(("sort", "first"), [("order_number", "D100"), ("-order_number", "D154"), ("id", "D100")])
    def test_follows_the_order_asked_for(self, staff, fifty_five, sort, first):
        browser = staff("operator")
        answer = browser.get(f"/probe/?size=20&sort={sort}")
        assert numbers(answer)[0] == first
        assert len(numbers(browser.get(links(answer)["next"]))) == 20

    @pytest.mark.parametrize("sort", ["paid_fen", "row_key", "nonsense", "-", "id;drop table staff"])
    def test_ignores_an_order_that_is_not_offered(self, staff, fifty_five, sort):
        assert numbers(staff("operator").get("/probe/", query_string={"sort": sort}))[0] == "D154"

    def test_jumps_to_a_day(self, staff, session):
        for day in range(1, 10):
            factories.history_line(paid_on=date(2026, 11, day), order_number=f"D{day}")
        browser = staff("operator")
        answer = browser.get("/probe/?from=2026-11-05")
        assert numbers(answer) == ["D5", "D4", "D3", "D2", "D1"]
        assert numbers(browser.get(links(answer)["prev"])) == ["D9", "D8", "D7", "D6"]

    @pytest.mark.parametrize("size", ["1", "101", "100000", "-1", "x"])
    def test_caps_the_page_size(self, staff, fifty_five, size):
        assert len(numbers(staff("operator").get(f"/probe/?size={size}"))) == 50

    @pytest.mark.parametrize(
        "cursor", ["x", "bm9uc2Vuc2U", "W10", "WyJ4IiwgMV0", "WyIyMDI2LTExLTAxIiwgOTk5OTk5OTk5OTk5OTk5OTk5OTldCg", "é"]
    )
    def test_says_that_a_torn_address_is_torn(self, staff, fifty_five, cursor):
        answer = staff("operator").get("/probe/", query_string={"after": cursor})
        assert answer.status_code == 200
        assert "页面地址已损坏" in answer.text

    def test_asks_for_as_many_statements_whatever_the_page_size(self, staff, fifty_five):
        browser, counted = staff("operator"), []
        for size in (20, 50):
            statements: list[str] = []
            event.listen(db.engine, "before_cursor_execute", lambda *a, kept=statements: kept.append(a[2]))
            browser.get(f"/probe/?size={size}")
            counted.append(len(statements))
        assert counted[1] < 2 * counted[0] <= 40


class TestFilters:
    @pytest.fixture(autouse=True)
    def rows(self, session):
        self.run = factories.import_run()
        factories.history_line(
            run=self.run, order_number="DA1", paid_on=date(2026, 10, 1), paid_fen=500, placed_fen=500, category="眼霜"
        )
        factories.history_line(order_number="DB2", paid_on=date(2026, 11, 1), paid_fen=12_345, placed_fen=12_345)
        # Ten minutes past midnight in Shanghai is still the day before in UTC.
        midnight = datetime(2026, 11, 1, 16, 10, tzinfo=UTC)
        factories.history_line(order_number="DC3", paid_on=None, ordered_at=midnight, product_name="保湿苹果面霜")
        factories.history_line(order_number="D_4", paid_on=date(2026, 12, 1), product_name="100%棉柔巾")

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("number=DA", ["DA1"]),
            ("number=D_", ["D_4"]),
            ("number=%25", []),
            ("category=眼霜", ["DA1"]),
            ("category=眼霜&category=面膜", ["D_4", "DC3", "DB2", "DA1"]),
            ("ordered_from=2026-11-02&ordered_to=2026-11-02", ["DC3"]),
            ("ordered_to=2026-11-01", ["DB2", "DA1"]),
            ("paid_from=2026-11-01&paid_to=2026-11-30", ["DB2"]),
            ("amount_from=123.45&amount_to=¥123.45", ["DB2"]),
            ("amount_to=5", ["DC3", "DA1"]),
            ("q=DB", ["DB2"]),
            ("q=苹果", ["DC3"]),
            ("q=果面", ["DC3"]),
            ("q=苹面", []),
            ("q=100%25", ["D_4"]),
            ("q=_", []),
            ("q=面", ["DC3"]),
        ],
    )
    def test_find_exactly(self, staff, query, found):
        assert numbers(staff("operator").get(f"/probe/?{query}")) == found

    def test_take_a_whole_number(self, staff):
        assert numbers(staff("operator").get(f"/probe/?import={self.run.id}")) == ["DA1"]

    @pytest.mark.parametrize(
        ("query", "sentence"),
        [
            ("import=x", "不是整数"),
            ("import=9223372036854775808", "不是整数"),
            ("import=99999999999999999999999999", "不是整数"),
            ("category=毒药", "没有“毒药”这个选项"),
            ("ordered_from=gestern", "不是有效日期"),
            ("ordered_from=0001-01-01", "不是有效日期"),
            ("paid_from=2026-12-01&paid_to=2026-11-01", "起点晚于终点"),
            ("amount_from=1.234", "不是有效金额"),
            ("amount_from=1e400", "不是有效金额"),
            ("amount_from=nan", "不是有效金额"),
        ],
    )
    def test_say_what_they_cannot_read_and_show_nothing(self, staff, query, sentence):
        answer = staff("operator").get(f"/probe/?{query}")
        assert sentence in answer.text
        assert numbers(answer) == []

    @pytest.mark.parametrize("query", ["q=%00", "number=D%00", "sort=%00"])
    def test_refuse_a_null_byte(self, staff, query):
        assert staff("operator").get(f"/probe/?{query}").status_code == 400

    def test_stand_for_themselves_in_like(self):
        assert escaped(r"50%_\x") == r"50\%\_\\x"


class TestTotal:
    def test_is_exact_for_few_rows(self, staff, fifty_five):
        assert "55 条" in staff("operator").get("/probe/?number=D1").text

    def test_is_an_estimate_beyond_the_limit(self, session, monkeypatch, staff, fifty_five):
        monkeypatch.setattr(lists, "EXACT_UP_TO", 50)
        assert "约 5" in staff("operator").get("/probe/?number=D1").text

    def test_is_estimated_from_the_plan_where_counting_would_scan(self, session, monkeypatch, fifty_five):
        monkeypatch.setattr(lists, "COST_OF_COUNTING", 0.0)
        query = sa.select(HistoryLine.id).where(HistoryLine.category == "面膜")
        total = lists.total_of(query, HistoryLine.__table__, is_bare=False)
        assert not total.is_exact
        assert total.rows > 0


class TestScope:
    @pytest.fixture
    def two(self, session):
        ours, theirs = factories.shop(), factories.shop()
        mine = factories.history_line(run=factories.import_run(shop_id=ours.id), order_number="DMINE")
        other = factories.history_line(run=factories.import_run(shop_id=theirs.id), order_number="DTHEIRS")
        return ours.merchant_id, mine, other

    def test_holds_in_list_search_and_count(self, staff, two):
        browser = staff("merchant", merchant_id=two[0])
        for address in ("/probe/", "/probe/?q=D", "/probe/?sort=order_number", "/probe/?from=2099-01-01"):
            answer = browser.get(address)
            assert numbers(answer) == ["DMINE"]
            assert "1 条" in answer.text
        assert set(numbers(browser.get("/find?q=D"))) == {"DMINE"}

    def test_makes_anothers_row_a_row_that_is_not_there(self, staff, two):
        browser = staff("merchant", merchant_id=two[0])
        assert browser.get(f"/probe/{two[1].id}").status_code == 200
        missing = browser.get("/probe/999999999").text
        assert browser.get(f"/probe/{two[2].id}").status_code == 404
        assert "DTHEIRS" not in missing

    @pytest.mark.parametrize("row", ["0", "9223372036854775808", "99999999999999999999999", "-1", "x", "1.5"])
    def test_answers_404_to_an_id_that_cannot_be(self, staff, row):
        assert staff("operator").get(f"/probe/{row}").status_code == 404

    def test_closes_what_flask_admin_opens(self, app, staff, two):
        browser = staff("admin")
        rules = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("probe.")}
        assert rules == {"/probe/", "/probe/<int:row_id>", "/probe/<int:row_id>/reveal"}
        for path in ("new/", "edit/?id=1", "details/?id=1", "export/csv/", "ajax/lookup/?name=x"):
            assert browser.get(f"/probe/{path}").status_code == 404
        for path in ("delete/", "action/", "ajax/update/", "edit/?id=1"):
            assert browser.post(f"/probe/{path}", data={"id": "1"}).status_code == 404

    def test_reaches_flask_admins_own_hooks_too(self, app, session, staff, two):
        view = next(view for view in app.extensions["admin"][0]._views if isinstance(view, ProbeView))
        browser = staff("merchant", merchant_id=two[0])
        with app.test_request_context(environ_base={"HTTP_COOKIE": f"qianxing={browser.get_cookie('qianxing').value}"}):
            assert db.session.scalar(view.get_count_query()) == 1
            assert view.get_one(two[2].id) is None
            assert view.get_one("9" * 30) is None
            assert view.get_one(two[1].id).order_number == "DMINE"


class TestColumns:
    def test_are_chosen_in_the_address(self, staff, session):
        factories.history_line(order_number="D1", paid_fen=1234, placed_fen=1234)
        answer = staff("operator").get("/probe/?cols=order_number,quantity,row_key,nonsense")
        head = re.findall(r'<th scope="col"[^>]*>\s*(?:<a[^>]*>)?(\w+)', answer.text)
        assert head == ["Order", "Pieces"]

    def test_escape_what_people_wrote(self, staff, session):
        factories.history_line(order_number="D1", product_name='<img src=x onerror="alert(1)">', buyer="<b>x</b>")
        text = staff("operator").get("/probe/?number=D1&q=<script>alert(1)</script>").text
        assert "<img src=x" not in text
        assert "<script>alert(1)" not in text
        row = staff("operator").get("/probe/?number=D1").text
        assert "&lt;img src=x onerror=" in row

    def test_mask_a_name_and_show_money_in_yuan(self, staff, session):
        factories.history_line(order_number="D1", buyer="王小明", paid_fen=123_456, placed_fen=123_456)
        text = staff("operator").get("/probe/").text
        assert "王小明" not in text
        assert "王**" in text
        assert "¥1,234.56" in text

    def test_sort_on_indexed_columns_that_are_never_null(self, app):
        """Keyset paging needs both; a new sortable column without its index fails here."""
        for view in app.extensions["admin"][0]._views:
            for column in getattr(view, "columns", ()):
                if column.sort:
                    assert _is_indexed(view, column), f"{view.endpoint}.{column.key}"


# Expressions that are never null whatever a row holds.
WHOLE = {"case_urgency"}
# Lists that only ever show the rows of one parent: their index begins with it.
NARROWED = {"statements": ["account_id"]}


def _may_be_null(view, column: sa.Column) -> bool:
    """Whether a row of this list may lack the value: the column allows it and the list's scope does not rule it out."""
    if not column.nullable:
        return False
    anybody = SimpleNamespace(id=1, merchant_id=None, permissions=frozenset())
    return f"{column} IS NOT NULL" not in str(view.scope(sa.select(column), anybody))


def _is_computed(view, column: Column) -> bool:
    """Whether the list sorts by an expression that an index holds, with the row's identity behind it."""
    text = str(column.at).replace(f"{view.model.__table__.name}.", "")
    kept = [[str(one).rpartition(".")[2] if one is index.expressions[-1] else str(one) for one in index.expressions]
            for index in view.model.__table__.indexes]  # fmt: skip
    return column.at.name in WHOLE and [text, view.identity.key] in kept


def _is_indexed(view, column: Column) -> bool:
    if isinstance(column.at, sa.Function):
        return _is_computed(view, column)
    table = view.model.__table__
    own = getattr(column.at, "property", None)
    if own is None or own.columns[0].table is not table or _may_be_null(view, own.columns[0]):
        return False
    keys = [key.name for key in Order(column, view.identity, descending=False).parts()]
    keys = NARROWED.get(view.endpoint, []) + keys
    if keys == [view.identity.key]:
        return True
    unique = [[c.name for c in index.columns] for index in table.constraints if hasattr(index, "columns")]
    indexed = [[getattr(e, "name", "") for e in index.expressions] for index in table.indexes]
    return any(index[: len(keys)] == keys for index in indexed + unique) or [keys[0]] in unique


class TestViews:
    def save(self, browser, **form):
        return browser.post(
            "/saved-views/save", data={"page": "probe", "name": "大单", "query": "amount_from=100"} | form
        )

    def test_are_kept_and_found_again(self, staff, session):
        browser = staff("operator")
        assert self.save(browser).status_code == 302
        text = browser.get("/probe/").text
        assert "/probe/?amount_from=100" in text
        assert "大单" in text

    def test_are_replaced_by_the_same_name(self, staff, session):
        browser = staff("operator")
        self.save(browser)
        self.save(browser, query="amount_from=200")
        assert db.session.scalars(sa.select(SavedView.query)).all() == ["amount_from=200"]

    def test_are_ones_own_until_shared(self, staff, session):
        owner, other = staff("operator"), staff("finance")
        self.save(owner)
        assert "大单" not in other.get("/probe/").text
        view = db.session.scalars(sa.select(SavedView)).one()
        owner.post("/saved-views/share", data={"id": view.id, "is_shared": "yes"})
        assert "大单" in other.get("/probe/").text
        assert "大单" not in staff("merchant").get("/probe/").text

    def test_are_shown_to_nobody_who_may_not_open_their_page_or_after_their_owner_left(self, staff, session):
        admin, other = staff("admin"), staff("operator")
        self.save(admin, page="staff", is_shared="yes", name="离职员工")
        self.save(admin, is_shared="yes")
        text = other.get("/saved-views/").text
        assert "大单" in text
        assert "离职员工" not in text
        admin.person.state = "disabled"
        db.session.commit()
        assert "大单" not in other.get("/saved-views/").text + other.get("/probe/").text

    @pytest.mark.parametrize("verb", ["share", "remove"])
    def test_are_changed_by_their_owner_alone(self, staff, session, verb):
        self.save(staff("operator"), is_shared="yes")
        view = db.session.scalars(sa.select(SavedView)).one()
        answer = staff("admin").post(f"/saved-views/{verb}", data={"id": view.id}, follow_redirects=True)
        assert "只有它的主人可以修改" in answer.text
        assert db.session.scalars(sa.select(SavedView.is_shared)).all() == [True]

    def test_cannot_be_shared_by_a_merchant(self, staff, session):
        browser = staff("merchant")
        self.save(browser, is_shared="yes")
        assert db.session.scalars(sa.select(SavedView.is_shared)).all() == [False]

    @pytest.mark.parametrize(
        ("form", "sentence"),
        [
            ({"name": "  "}, "请给视图起一个"),
            ({"name": "长" * 41}, "请给视图起一个"),
            ({"query": "x" * 2001}, "筛选条件太长"),
        ],
    )
    def test_refuse_what_nobody_could_use(self, staff, session, form, sentence):
        browser = staff("operator")
        self.save(browser, **form)
        assert sentence in browser.get("/probe/").text
        assert db.session.scalar(sa.select(sa.func.count(SavedView.id))) == 0

    def test_are_kept_for_pages_one_may_open(self, staff, session):
        assert self.save(staff("operator"), page="staff").status_code == 404
        assert self.save(staff("operator"), page="home").status_code == 404

    def test_leave_a_trail(self, staff, session):
        self.save(staff("operator"))
        kinds = sa.select(Audit.kind, Audit.action).where(Audit.table_name == "saved_view")
        assert db.session.execute(kinds).all() == [("insert", "view.save")]
