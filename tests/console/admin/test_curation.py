"""选品看板 through the console."""

from datetime import UTC, datetime
from typing import Any

import pytest

from models import Product, ProductStat, db
from tests import factories

AT = datetime(2026, 11, 23, tzinfo=UTC)


def counted(title: str, **figures: Any) -> Product:
    """A product with its figures as the job keeps them; nothing sold by default."""
    product = factories.product(title=title)
    columns = {
        column.name: 0 for column in ProductStat.__table__.columns if column.name not in ("product_id", "merchant_id")
    }
    own = {"product_id": product.id, "merchant_id": product.merchant_id, "counted_at": AT}
    db.session.add(ProductStat(**columns | own | figures))
    db.session.flush()
    return product


class TestBoard:
    @pytest.mark.parametrize(
        "figure",
        [
            "margin_bps", "commission_bps", "repurchase_bps", "conversion_bps", "sales_7_fen", "sales_30_fen",
            "refund_bps", "windows",
        ],
    )  # fmt: skip
    def test_sorts_by_each_figure(self, staff, figure):
        for title, value in (("中等的", 200), ("最高的", 300), ("最低的", 100)):
            counted(title, **{figure: value})
        page = staff("operator").get(f"/curation/?sort=-{figure}").text
        assert page.index("最高的") < page.index("中等的") < page.index("最低的")

    @pytest.mark.parametrize(
        ("asked", "column"),
        [
            ("margin_from=2", "margin_bps"), ("commission_from=2", "commission_bps"),
            ("repurchase_from=2", "repurchase_bps"), ("conversion_from=2%25", "conversion_bps"),
            ("refund_from=2", "refund_bps"), ("sales_7_from=2", "sales_7_fen"), ("sales_30_from=2", "sales_30_fen"),
        ],
    )  # fmt: skip
    def test_filters_by_each_figure(self, staff, asked, column):
        counted("高于两点", **{column: 200})
        counted("低于两点", **{column: 199})
        page = staff("operator").get(f"/curation/?{asked}").text
        assert "高于两点" in page
        assert "低于两点" not in page

    def test_says_what_is_no_percentage(self, staff):
        counted("面膜")
        assert "不是百分比" in staff("operator").get("/curation/?margin_from=abc").text

    def test_leads_from_each_figure_to_its_rows(self, staff):
        product = counted(
            "面膜", sales_7_fen=100, sales_30_fen=200, refund_bps=50, buyers_30=4, repurchase_bps=2_500, windows=3,
            window_days_30=90, conversion_bps=111,
        )  # fmt: skip
        page = staff("operator").get("/curation/").text
        for place, times in (("#waterfall", 1), ("#sales", 4), ("#orders", 1), ("#windows", 1)):
            assert page.count(f"/products/{product.id}{place}") >= times
        page = staff("operator").get(f"/products/{product.id}").text
        for rows in ("history", "orders"):
            assert page.count(f"/{rows}/?product={product.code}&amp;paid_from=") == 2

    def test_leads_to_the_imported_rows_where_nothing_else_was_sold(self, staff):
        product = counted("面膜", sales_7_fen=100, sales_30_fen=200, refund_bps=50, buyers_30=4, repurchase_bps=2_500)
        page = staff("operator").get("/curation/").text
        assert page.count(f"/history/?product={product.code}&amp;paid_from=") == 4
        assert "state=part_refunded&amp;state=refunded" in page

    def test_counts_what_needs_a_look(self, staff):
        counted("亏本的", margin_bps=-1, sales_30_fen=5)
        counted("卖不动的", margin_bps=1, window_days_30=300, conversion_bps=49)
        page = staff("operator").get("/curation/").text
        assert "最坏情况下亏本 1 个" in page
        assert "在售但 30 天无销售 1 个" in page
        assert "橱窗转化过低 1 个" in page
        assert "卖不动的" not in staff("operator").get("/curation/?margin_to=-0.01").text

    def test_leads_to_the_products_page(self, staff):
        product = counted("面膜")
        assert staff("operator").get(f"/curation/{product.id}").location == f"/products/{product.id}"

    def test_is_not_for_merchants(self, staff):
        assert staff("merchant").get("/curation/").status_code == 403
