"""Figures of products, counted by the job."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from jobs.product import first_moment
from models import CurationProposal, Listing, OrderLine, Product, ProductStat, db
from models.operations import curation, order, outbox
from models.rules.curation import Decided
from tests import factories
from tests.factories import SHANGHAI
from tests.operations import world


@pytest.fixture
def counted(session, work):
    """Counts now; the stat of a product."""

    def of(product: Product) -> ProductStat:
        outbox.request("count_products", payload={})
        db.session.commit()
        work()
        db.session.expire_all()
        return db.session.get_one(ProductStat, product.id)

    return of


def days_ago(days: int):
    return datetime.now(UTC).astimezone(SHANGHAI).date() - timedelta(days=days)


def sold(product: Product, number: str, *, at: datetime, buyer: str = "b1", pieces: int = 2, **facts) -> None:
    """An own order of a product through the tenth window of matrix M."""
    line = OrderLine(n=1, product_code=product.code, title=product.title, quantity=pieces, price_fen=9_900)
    terms = {"paid_fen": 9_900 * pieces, "cost_fen": 3_000, "commission_fen": 2_000, "lines": (line,), "buyer": buyer}
    order.place(purchase=world.purchase(number, **terms | facts), at=at)


class TestSales:
    def test_of_imports_count_by_the_shops_merchant(self, counted):
        shop = factories.shop()
        run = factories.import_run(shop_id=shop.id)
        product = factories.product(merchant_id=shop.merchant_id, code="X001")
        for age, buyer in ((0, "a"), (6, "a"), (7, "b"), (29, "c"), (30, "d")):
            factories.history_line(run=run, paid_on=days_ago(age), buyer=buyer, refund_fen=2_500 if age == 7 else 0)
        factories.history_line(paid_on=days_ago(1))  # the same code in another merchant's shop
        stat = counted(product)
        assert (stat.orders_7, stat.sales_7_fen) == (2, 20_000)
        assert (stat.orders_30, stat.sales_30_fen, stat.refund_30_fen, stat.refund_bps) == (4, 40_000, 2_500, 625)
        assert (stat.buyers_30, stat.returning_30, stat.repurchase_bps) == (3, 1, 3_333)

    def test_of_our_own_count_by_the_sellers_matrix(self, counted):
        matrix = world.network()
        product = factories.product(merchant_id=matrix.merchant_id)
        now = datetime.now(UTC)
        sold(product, "o1", at=now - timedelta(days=3))
        sold(product, "o2", at=now - timedelta(days=1), pieces=1)
        sold(product, "o3", at=now - timedelta(days=1), buyer="b2")
        order.refund(number="o3", amount_fen=9_900, at=now)
        stat = counted(product)
        assert (stat.own_orders_30, stat.orders_30, stat.sales_30_fen, stat.refund_30_fen) == (3, 3, 49_500, 9_900)
        assert (stat.buyers_30, stat.returning_30) == (2, 1)

    def test_of_two_sources_stand_together(self, counted):
        matrix = world.network()
        shop = factories.shop(merchant_id=matrix.merchant_id)
        product = factories.product(merchant_id=matrix.merchant_id, code="X001")
        factories.history_line(run=factories.import_run(shop_id=shop.id), paid_on=days_ago(1))
        sold(product, "o1", at=datetime.now(UTC) - timedelta(days=1))
        stat = counted(product)
        assert (stat.orders_30, stat.own_orders_30, stat.sales_30_fen) == (2, 1, 29_800)


class TestMargin:
    def test_is_that_of_the_policy_in_force(self, counted):
        stat = counted(factories.product())
        assert (stat.margin_fen, stat.margin_bps, stat.commission_bps) == (4_351, 4_394, 2_020)

    def test_is_counted_anew_each_time(self, counted):
        product = factories.product()
        first = counted(product).counted_at
        product.cost_fen = 4_000
        again = counted(product)
        assert again.margin_fen == 3_361
        assert again.counted_at > first


class TestFirstMoment:
    def test_is_midnight_in_shanghai_thirty_days_with_today(self):
        late = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)  # the 24th in Shanghai
        assert first_moment(late) == datetime(2026, 10, 26, tzinfo=SHANGHAI)


def stat(product: Product, **figures: int) -> None:
    """The figures of a product as the job keeps them; nothing sold by default."""
    names = {column.name for column in ProductStat.__table__.columns} - {"product_id", "merchant_id", "counted_at"}
    own = {"product_id": product.id, "merchant_id": product.merchant_id, "counted_at": datetime.now(UTC)}
    db.session.add(ProductStat(**dict.fromkeys(names, 0) | own | figures))
    db.session.flush()


class TestRefresh:
    MONDAY = "2026-11-23T06:00:00+08:00"

    def proposed(self, work) -> dict[int, CurationProposal]:
        outbox.request("propose_refresh", payload={"at": self.MONDAY})
        db.session.commit()
        work()
        return {one.product_id: one for one in db.session.scalars(sa.select(CurationProposal))}

    def test_drops_what_hardly_sells_and_adds_what_sells_elsewhere(self, session, work):
        slow, good, seller, loser = (factories.product(state=state) for state in ("listed", "listed", "draft", "draft"))
        stat(slow, windows=10, window_days_30=300, own_orders_30=1, conversion_bps=33, margin_fen=100)
        stat(good, windows=10, window_days_30=300, own_orders_30=30, conversion_bps=1_000, margin_fen=100)
        stat(seller, orders_30=5, sales_30_fen=50_000, margin_fen=100)
        stat(loser, orders_30=5, sales_30_fen=50_000, margin_fen=-1)
        found = self.proposed(work)
        assert {key: one.kind for key, one in found.items()} == {slow.id: "drop", seller.id: "add"}
        assert found[slow.id].week == date(2026, 11, 23)
        assert found[slow.id].evidence["conversion_bps"] == 33

    def test_proposes_a_product_once_a_week(self, session, work):
        product = factories.product()
        stat(product, windows=10, window_days_30=300)
        self.proposed(work)
        assert len(self.proposed(work)) == 1

    def test_carries_out_what_is_approved(self, session, work):
        matrix = world.network()
        old = factories.product(merchant_id=matrix.merchant_id)
        new = factories.product(merchant_id=matrix.merchant_id, state="draft")
        stat(old, windows=10, window_days_30=300)
        stat(new, orders_30=9, sales_30_fen=90_000, margin_fen=100)
        for one in self.proposed(work).values():
            curation.approve(proposal_id=one.id, at=datetime.now(UTC), by="staff:1")
        db.session.commit()
        work()
        db.session.expire_all()
        assert [one.state for one in db.session.scalars(sa.select(CurationProposal))] == ["applied", "applied"]
        assert (old.state, new.state) == ("retired", "listed")
        assert db.session.scalar(sa.select(sa.func.count()).where(Listing.product_id == new.id)) == 10

    def test_keeps_the_refusal_of_what_cannot_be_any_more(self, session, work):
        product = factories.product(state="draft")
        stat(product, orders_30=9, sales_30_fen=90_000, margin_fen=100)
        (one,) = self.proposed(work).values()
        curation.approve(proposal_id=one.id, at=datetime.now(UTC), by="staff:1")
        db.session.commit()
        work()
        db.session.expire_all()
        assert (one.state, product.state) == ("refused", "draft")
        assert "没有可上架的橱窗" in one.reason

    def test_is_decided_once(self, session, work):
        product = factories.product()
        stat(product, windows=10, window_days_30=300)
        (one,) = self.proposed(work).values()
        curation.refuse(proposal_id=one.id, why="new_arrival", at=datetime.now(UTC), by="staff:1")
        with pytest.raises(Decided):
            curation.approve(proposal_id=one.id, at=datetime.now(UTC), by="staff:2")
