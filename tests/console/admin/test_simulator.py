"""The simulator's page and file: the cap and the texts stand beside the theory, or nothing does."""

import csv
import io

import pytest

from tests import factories


class TestPage:
    def test_shows_the_cap_the_mean_the_median_and_the_texts_beside_the_theory(self, staff):
        page = staff("support").get("/simulator/").text
        for told in ("88,572", "¥1,771,440.00", "59,049", "¥780.00", "39", "¥60.00", "¥0.00", "66.67%"):
            assert f">{told}<" in page
        for text in ("不代表任何人实际能够获得", "推算数字，不承诺收益", "收入取决于真实的销售与复购"):
            assert text in page

    def test_computes_the_tree_asked_for(self, staff):
        page = staff("finance").get("/simulator/?width=2&depth=2&yuan=1.50").text
        assert ">¥9.00<" in page
        assert ">¥2.14<" in page

    @pytest.mark.parametrize("query", ["depth=11", "depth=x", "width=4", "yuan=1e3", "yuan=NaN", "yuan=-1", "width="])
    def test_refuses_what_is_no_tree_with_the_rules_number(self, staff, query):
        page = staff("finance").get(f"/simulator/?{query}")
        assert page.status_code == 200
        assert "规则" in page.text
        assert "不代表任何人实际能够获得" in page.text
        assert "88,572" not in page.text

    def test_is_closed_to_merchants(self, staff, merchant_id):
        assert staff("merchant", merchant_id=merchant_id).get("/simulator/").status_code == 403

    @pytest.fixture
    def merchant_id(self, session):
        return factories.merchant().id


class TestFile:
    def test_carries_the_texts_above_the_figures(self, staff):
        answer = staff("finance").get("/simulator/projection.csv?shown=D-01&shown=D-02")
        rows = dict(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
        assert list(rows)[:2] == ["D-01", "D-02"]
        assert rows["计酬上限最多支付（分）"] == "78000"
        assert rows["中位数（分）"] == "0"

    @pytest.mark.parametrize("query", ["", "?shown=D-01", "?shown=D-02&shown=D-07"])
    def test_is_refused_without_them(self, staff, query):
        answer = staff("finance").get(f"/simulator/projection.csv{query}")
        assert answer.status_code == 400
        assert answer.text.startswith("规则 9")
        assert "78000" not in answer.text
