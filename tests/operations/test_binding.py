"""A member names its showcase; it counts for nothing before somebody has checked it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import Binding, Event, RiskEvent, ShopAccount, StandingChange, db
from models.operations import binding, identity, risk_intake, showcase
from models.operations.binding import BoundAlready, NothingStated
from models.operations.shop_order import AccountTaken
from models.queries import binding as queries
from models.queries import shop
from models.rules.binding import BadFinder, NotNow
from models.rules.shop_order import Account, Kind
from tests.operations import world
from tests.operations.world import AT

MINE, OTHER = "sphA1b2C3d4E5", "sphZ9y8X7w6"


@pytest.fixture
def seller(session):
    world.network()
    return world.member("W1", "M-10")


def stated(member, account=MINE, at=AT):
    return binding.state(member_id=member.id, account=account, at=at)


def bound(member, account=MINE):
    stated(member, account)
    return binding.confirm(member_id=member.id, at=AT, by="staff:1")


class TestState:
    def test_credits_nobody_before_it_is_checked(self, seller):
        made = stated(seller, f" {MINE} ")
        assert (made.account, made.state) == (MINE, "waiting")
        assert shop.seller([Account(Kind.FINDER, MINE)]) is None
        assert seller.showcase == "open"

    def test_makes_a_showcase_pending_that_was_not_asked_for(self, seller):
        newcomer = world.joins("W2", "W1")
        stated(newcomer)
        kept = db.session.query(StandingChange).filter_by(member_id=newcomer.id, kind="stated").one()
        assert (newcomer.showcase, kept.before, kept.after, kept.reason) == ("pending", "none", "pending", "binding")

    def test_again_is_the_same_and_another_corrects_it(self, seller):
        first = stated(seller)
        assert stated(seller).id == first.id
        second = stated(seller, OTHER)
        assert (first.state, queries.waiting(seller.id).id) == ("withdrawn", second.id)
        assert db.session.query(Event).filter_by(name="binding.stated").count() == 2

    @pytest.mark.parametrize("account", ["", "wx123", "sph", "sph 12", "sph" + "x" * 62, "sph视频号", "https://sph1"])
    def test_refuses_what_is_no_finder_id(self, seller, account):
        with pytest.raises(BadFinder, match="视频号助手"):
            stated(seller, account)

    def test_refuses_another_members_showcase_and_a_second_one(self, seller):
        bound(seller)
        with pytest.raises(AccountTaken):
            stated(world.member("W2", "W1"))
        with pytest.raises(BoundAlready):
            stated(seller, OTHER)
        assert stated(seller).state == "bound"

    @pytest.mark.parametrize("change", [{"standing": "exited"}, {"standing": "lapsed"}, {"showcase": "closed"}])
    def test_refuses_who_left_or_is_closed(self, seller, change):
        for name, value in change.items():
            setattr(seller, name, value)
        db.session.flush()
        with pytest.raises(NotNow):
            stated(seller)


class TestConfirm:
    def test_lets_the_shops_orders_find_their_seller(self, seller):
        found = bound(seller)
        assert (found.state, found.decided_by) == ("bound", "staff:1")
        assert shop.seller([Account(Kind.FINDER, MINE)]).id == seller.id

    def test_is_told_to_the_risk_rules(self, seller):
        bound(seller)
        risk_intake.showcases(member_ids=[seller.id], at=AT)
        changes = db.session.scalars(sa.select(RiskEvent.facts["change"].astext).order_by(RiskEvent.id)).all()
        assert changes == ["qualified", "bound"]
        assert db.session.query(Event).filter_by(name="showcase.changed").count() == 2

    def test_gives_it_to_the_first_who_is_checked(self, seller):
        second = world.member("W2", "W1")
        stated(second)
        bound(seller)
        with pytest.raises(AccountTaken):
            binding.confirm(member_id=second.id, at=AT, by="staff:1")

    def test_needs_something_to_check(self, seller):
        with pytest.raises(NothingStated):
            binding.confirm(member_id=seller.id, at=AT, by="staff:1")


class TestRefuse:
    def test_tells_why_and_lets_the_member_name_another(self, seller):
        newcomer = world.joins("W2", "W1")
        stated(newcomer)
        refused = binding.refuse(member_id=newcomer.id, why="not_found: 查过", at=AT, by="staff:1")
        assert (refused.state, newcomer.showcase) == ("refused", "none")
        assert refused.words.startswith("没有找到这个视频号")
        assert stated(newcomer, at=AT + timedelta(hours=1)).state == "waiting"


class TestForgetting:
    def test_takes_the_words_along_and_leaves_what_is_bound(self, seller):
        bound(seller)
        binding.forget(member_id=seller.id)
        assert db.session.query(Binding).count() == 0
        assert db.session.query(ShopAccount).one().account == MINE

    def test_happens_when_a_member_cancels(self, seller):
        person = identity.sign_in(
            openid="openid-of-w1", code="c1", device=identity.Device(ip="10.1.2.3", user_agent="t"), at=AT
        ).identity_id  # fmt: skip
        db.session.execute(sa.text("UPDATE member_identity SET member_id = :m"), {"m": seller.id})
        stated(seller)
        identity.cancel(identity_id=person, at=AT)
        assert db.session.query(Binding).count() == 0
        assert showcase.last_closing(seller.id).reason == "cancelled"
