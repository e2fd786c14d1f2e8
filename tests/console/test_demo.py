"""The demonstration's world: the same by seed and day, alive for the boards, made by operations and made once."""

import csv
import io
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from console import demo, demo_export
from console.demo_export import FOOD, SKINCARE
from jobs import queue
from models import ImportRun, db, transaction
from models.operations import importing

LAST_ON = date(2026, 10, 31)
AT = datetime(2026, 11, 1, 4, tzinfo=UTC)


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


class TestExport:
    def test_is_the_same_for_the_same_seed_and_day(self):
        first = demo_export.export(SKINCARE, rows=500, last_on=LAST_ON, seed=7)
        assert demo_export.export(SKINCARE, rows=500, last_on=LAST_ON, seed=7) == first
        assert demo_export.export(SKINCARE, rows=500, last_on=LAST_ON, seed=8) != first

    def test_has_the_rows_asked_for_over_thirteen_months(self):
        rows = _rows(demo_export.export(FOOD, rows=3000, last_on=LAST_ON, seed=7, dirty=False))
        days = sorted(row["订单创建时间"][:10] for row in rows)
        assert len(rows) == 3000
        assert ("2025-10-02" <= days[0] <= "2025-10-15", days[-1]) == (True, "2026-10-31")
        assert len({day[:7] for day in days}) == 13
        assert len({row["订单编号"] for row in rows}) == 3000

    def test_has_buyers_who_come_back_places_goods_and_refunds(self):
        rows = _rows(demo_export.export(SKINCARE, rows=3000, last_on=LAST_ON, seed=7, dirty=False))
        orders = Counter(row["买家昵称"] for row in rows)
        returning = sum(count > 1 for count in orders.values()) / len(orders)
        assert 0.25 < returning < 0.75
        assert len({row["省份"] for row in rows}) > 20
        assert len({row["小类"] for row in rows}) == 10
        assert 0.03 < sum(row["退款金额"] != "0.00" for row in rows) / len(rows) < 0.12
        assert all(float(row["退款金额"]) <= float(row["实付金额"]) <= float(row["总金额"]) for row in rows)

    def test_plants_every_kind_of_dirt(self):
        text = demo_export.export(SKINCARE, rows=12_000, last_on=LAST_ON, seed=7)
        rows = _rows(text)
        assert any(row["数量"].endswith("个") for row in rows)
        assert any(row["单价"].endswith("元") for row in rows)
        assert any(row["数量"] in "１２３５" for row in rows)
        assert any(" " in row["省份"] for row in rows)
        assert any("#" in row["订单创建时间"] for row in rows)
        assert any(row["总金额"] == "" for row in rows)
        assert any(row["订单创建时间"].startswith("2050") for row in rows)
        assert max(Counter(row["订单编号"] for row in rows).values()) == 2


class TestWorld:
    @pytest.fixture
    def build(self, own_app, tmp_path, monkeypatch) -> Callable[[], demo.World]:
        """Build a small world, its jobs done in this process; nothing is due when it waits in vain."""
        small = [demo.Plan(plan.merchant, plan.shop, plan.platform, plan.assortment, 120) for plan in demo.PLANS]
        monkeypatch.setattr(demo, "PLANS", small)
        monkeypatch.setattr(demo, "SAMPLE_ROWS", 50)
        queue.load()

        def wait(done: Callable[[], bool]) -> None:
            while not done():
                assert queue.drain(beating=False), "nothing left to do, yet it is not done"

        def built() -> demo.World:
            with own_app.app_context():
                return demo.build(folder=tmp_path, at=AT, wait=wait)

        return built

    def test_fills_three_shops_of_two_merchants(self, build, own_app):
        world = build()
        with own_app.app_context():
            assert db.session.scalar(sa.text("SELECT count(DISTINCT merchant_id) FROM sale")) == 2
            assert db.session.scalar(sa.text("SELECT count(DISTINCT shop_id) FROM sale")) == 3
            assert db.session.scalar(sa.text("SELECT count(*) FROM sale")) >= 350
            assert db.session.scalar(sa.text("SELECT name FROM merchant WHERE id = :id"), {"id": world.merchant_id})
        assert world.sample.read_text(encoding="gb18030").startswith("订单编号,买家昵称")

    def test_built_again_is_found_and_left_alone(self, build, own_app):
        first = build()
        count = sa.text("SELECT (SELECT count(*) FROM sale), (SELECT count(*) FROM import_run), count(*) FROM audit")
        with own_app.app_context():
            before = tuple(db.session.execute(count).one())
        assert build() == first
        with own_app.app_context():
            assert tuple(db.session.execute(count).one()) == before

    def test_does_not_bring_back_what_somebody_undid(self, build, own_app):
        build()
        with own_app.app_context():
            with transaction():
                run = db.session.scalars(sa.select(ImportRun).order_by(ImportRun.id).limit(1)).one()
                importing.undo(import_id=run.id, reason_code="other", by="staff:1")
            queue.drain(beating=False)
            before = db.session.scalar(sa.text("SELECT count(*) FROM sale"))
        build()
        with own_app.app_context():
            assert db.session.scalar(sa.text("SELECT count(*) FROM sale")) == before
