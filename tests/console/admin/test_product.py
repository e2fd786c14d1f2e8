"""商品 through the console."""

import pytest
import sqlalchemy as sa

from models import Product, db
from tests import factories


def typed(**changes: str) -> dict[str, str]:
    """The form of a face mask at ¥99."""
    filled = {
        "code": "SL-102", "title": "积雪草舒缓面膜", "category": "面膜", "price": "99", "cost": "30.00",
        "commission": "20", "freight": "", "fee": "0.6", "stock": "50", "deposit": "", "balance_days": "",
    }  # fmt: skip
    return filled | changes


def again(row: Product) -> Product:
    db.session.expire_all()
    return db.session.get_one(Product, row.id)


class TestNew:
    def test_keeps_fen_of_the_yuan_typed(self, staff, trail):
        merchant = factories.merchant()
        browser = staff("operator")
        answer = browser.post("/products/new", data=typed(merchant_id=str(merchant.id), price="¥1,099.5"))
        made = db.session.scalars(sa.select(Product).where(Product.code == "SL-102")).one()
        assert answer.location == f"/products/{made.id}"
        assert (made.price_fen, made.cost_fen, made.commission_fen, made.fee_bps) == (109_950, 3_000, 2_000, 60)
        assert (made.state, made.stock, made.created_by) == ("draft", 50, f"staff:{browser.person.id}")
        assert len(trail("product")) == 1

    def test_refuses_a_loss_with_the_amounts_and_keeps_what_was_typed(self, staff):
        merchant = factories.merchant()
        answer = staff("operator").post("/products/new", data=typed(merchant_id=str(merchant.id), cost="95"))
        assert answer.status_code == 422
        assert "规则 5.2：售价 ¥99.00 付不起最坏情况下的" in answer.text
        for kept in ('value="95"', 'value="积雪草舒缓面膜"', f'value="{merchant.id}" selected'):
            assert kept in answer.text
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Product)) == 0

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"price": "12.345"}, "请输入金额"),
            ({"price": ""}, "请输入金额"),
            ({"cost": "-1"}, "请输入金额"),
            ({"fee": "101"}, "请输入 0 到 100 之间的百分比"),
            ({"stock": "一百"}, "请输入整数"),
            ({"deposit": "10"}, "同时填写定金和尾款期限"),
            ({"title": " "}, "请填写商品名称"),
        ],
    )
    def test_says_in_chinese_what_is_wrong(self, staff, changes, says):
        merchant = factories.merchant()
        answer = staff("operator").post("/products/new", data=typed(merchant_id=str(merchant.id), **changes))
        assert answer.status_code == 422
        assert says in answer.text

    def test_refuses_a_code_that_the_merchant_has(self, staff):
        there = factories.product(code="SL-102")
        answer = staff("operator").post("/products/new", data=typed(merchant_id=str(there.merchant_id)))
        assert "该商家已有编码为“SL-102”的商品" in answer.text

    def test_refuses_a_merchant_that_is_not_there(self, staff):
        assert "没有这个商家" in staff("operator").post("/products/new", data=typed(merchant_id="0")).text


class TestEdit:
    def test_changes_the_terms_with_a_reason_in_the_trail(self, staff, trail):
        row = factories.product()
        filled = typed(price="109", reason_code="promotion", reason_note="双十一")
        answer = staff("operator").post(f"/products/{row.id}/edit", data=filled)
        assert answer.location == f"/products/{row.id}"
        assert (again(row).price_fen, row.title, row.code[:1]) == (10_900, "积雪草舒缓面膜", "P")
        (change,) = [one for one in trail("product") if one.kind == "update"]
        assert change.reason == "promotion: 双十一"
        assert (change.before["price_fen"], change.after["price_fen"]) == (9_900, 10_900)

    def test_is_refused_without_a_reason_and_keeps_what_was_typed(self, staff):
        row = factories.product()
        answer = staff("operator").post(f"/products/{row.id}/edit", data=typed(price="109"))
        assert answer.status_code == 422
        assert "请选择原因" in answer.text
        assert 'value="109"' in answer.text
        assert again(row).price_fen == 9_900

    def test_shows_the_amounts_in_yuan(self, staff):
        row = factories.product(price_fen=9_950, deposit_fen=1_000, balance_days=7)
        page = staff("operator").get(f"/products/{row.id}/edit").text
        for value in ('value="99.50"', 'value="30.00"', 'value="10.00"', 'value="0.60"', 'value="7"'):
            assert value in page

    def test_is_not_for_those_who_only_look(self, staff):
        row = factories.product()
        assert staff("finance").get(f"/products/{row.id}/edit").status_code == 403
        assert f"/products/{row.id}/edit" not in staff("finance").get(f"/products/{row.id}").text


class TestPage:
    def test_shows_the_waterfall_of_the_policy_in_force(self, staff):
        page = staff("operator").get(f"/products/{factories.product().id}").text
        for text in ("一件商品还剩多少", "¥43.51", "至少剩 ¥43.51", "waterfall"):
            assert text in page

    def test_hides_the_waterfall_from_merchants(self, staff):
        row = factories.product()
        page = staff("merchant", merchant_id=row.merchant_id).get(f"/products/{row.id}").text
        assert row.title in page
        assert "一件商品还剩多少" not in page

    def test_escapes_the_title(self, staff):
        row = factories.product(title="<img src=x onerror=alert(1)>")
        page = staff("operator").get(f"/products/{row.id}").text
        assert "<img src=x" not in page


class TestLife:
    def test_goes_on_sale_and_off_again(self, staff, trail):
        row = factories.product(state="draft")
        browser = staff("operator")
        browser.post(f"/products/{row.id}/put-on-sale")
        assert again(row).state == "listed"
        browser.post(f"/products/{row.id}/retire", data={"reason_code": "season_over"})
        assert again(row).state == "retired"
        assert [one.reason for one in trail("product") if one.kind == "update"] == ["", "season_over"]

    def test_does_not_retire_without_a_reason(self, staff):
        row = factories.product()
        staff("operator").post(f"/products/{row.id}/retire")
        assert again(row).state == "listed"

    def test_does_not_sell_at_a_loss(self, staff):
        row = factories.product(state="draft", cost_fen=9_000)
        page = staff("operator").post(f"/products/{row.id}/put-on-sale", follow_redirects=True).text
        assert "每件亏" in page
        assert again(row).state == "draft"


class TestList:
    def test_finds_by_a_part_of_the_title(self, staff):
        factories.product(title="山茶花精华水")
        factories.product(title="每日坚果")
        page = staff("operator").get("/products/?q=茶花").text
        assert "山茶花精华水" in page
        assert "每日坚果" not in page

    def test_sorts_by_price(self, staff):
        for fen, title in ((20_000, "贵的"), (5_000, "便宜的"), (9_000, "中间的")):
            factories.product(price_fen=fen, cost_fen=1_000, commission_fen=100, title=title)
        page = staff("operator").get("/products/?sort=price_fen").text
        assert page.index("便宜的") < page.index("中间的") < page.index("贵的")

    def test_shows_a_merchant_its_own_alone(self, staff):
        mine, other = factories.product(title="自家的"), factories.product(title="别家的")
        page = staff("merchant", merchant_id=mine.merchant_id).get("/products/").text
        assert "自家的" in page
        assert "别家的" not in page
        assert db.session.get_one(Product, other.id)
