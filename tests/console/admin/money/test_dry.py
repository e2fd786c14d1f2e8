"""A dry run books through the real engine and keeps nothing."""

import pytest
import sqlalchemy as sa

from models import Order, Posting, Share, db
from tests.operations import world

FORM = "seller=a&paid=99&cost=40&commission=30&kind=normal"


@pytest.fixture
def seller(session, plan) -> None:
    world.member("a")
    world.completed("o1", "a")
    session.commit()


def rows() -> tuple[int, ...]:
    return tuple(db.session.scalar(sa.select(sa.func.count()).select_from(one)) for one in (Order, Posting, Share))


class TestDryRun:
    @pytest.mark.parametrize("question", [FORM, "number=o1"])
    def test_shows_the_rows_with_their_reasons_and_keeps_nothing(self, staff, seller, question):
        before = rows()
        page = staff("finance").get(f"/dry-run/?{question}").text
        assert "卖家 a（第 1 级）得佣金 ¥30.00 × 70.00% = ¥21.00" in page
        assert "种子奖励为零" in page
        assert rows() == before

    def test_takes_the_version_that_is_chosen(self, staff, seller):
        page = staff("finance").get(f"/dry-run/?{FORM}&policy=1").text
        assert "= ¥30.00（规则 5.2，策略版本 1）" in page

    def test_works_a_presale_out(self, staff, seller):
        assert "¥21.00" in staff("finance").get(f"/dry-run/?{FORM.replace('normal', 'presale')}").text

    @pytest.mark.parametrize("question", ["number=none", "seller=nobody&paid=1&cost=0&commission=0", "seller=a&paid=x"])
    def test_refuses_what_is_no_order_and_keeps_nothing(self, staff, seller, question):
        before = rows()
        page = staff("finance").get(f"/dry-run/?{question}").text
        assert 'class="note refused"' in page
        assert rows() == before
