from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from jobs import queue
from models import (
    BalanceReminder,
    Delisting,
    DelistingWindow,
    Listing,
    MemberIdentity,
    Notice,
    NoticeDelivery,
    Withdrawal,
    db,
    transaction,
)
from models.operations import agreement, notice, order, outbox, parcel, standing
from models.queries import news
from models.rules.commission import Kind
from tests import factories
from tests.operations import world

NOW = datetime.now(UTC)
TODAY = NOW - timedelta(hours=1)


@pytest.fixture
def member(session):
    with transaction():
        world.network()
        found = world.member("A", "M-10", TODAY)
        db.session.add(MemberIdentity(openid="openid-of-a", member_id=found.id, made_at=TODAY))
    return found


@pytest.fixture
def runs(session, work):
    """Asks for a kind of job of the timetable and does what is due."""
    queue.load()

    def run(kind: str) -> dict:
        with transaction():
            made = outbox.request(kind, payload={"at": NOW.isoformat()}, title=kind)
        work()
        db.session.expire_all()
        assert made.state == "done", made.error
        return made.result

    return run


def told():
    return [(one.kind, one.about) for one in db.session.query(Notice).order_by(Notice.id)]


class TestStanding:
    def test_is_told_once(self, member, runs):
        assert runs("tell_changes")["told"] == 1
        assert runs("tell_changes")["told"] == 0
        assert [kind for kind, _ in told()] == ["admission.qualified"]

    def test_is_told_of_a_closed_showcase(self, member, runs):
        with transaction():
            standing.close_showcase(member=member, at=TODAY, reason="rules")
        assert runs("tell_changes")["told"] == 2
        assert {kind for kind, _ in told()} == {"admission.qualified", "showcase.closed"}

    def test_of_long_ago_is_no_news(self, session, runs):
        with transaction():
            world.network()
            world.member("A", "M-10", NOW - timedelta(days=4))
        assert runs("tell_changes")["told"] == 0

    def test_is_told_before_a_cycle_ends(self, member, runs):
        with transaction():
            member.cycle_end = NOW + timedelta(days=2)
        assert runs("tell_cycles")["told"] == 1
        assert runs("tell_cycles")["told"] == 0

    def test_asks_for_a_new_agreement_once(self, member, runs):
        assert runs("ask_consent")["told"] == 0
        with transaction():
            agreement.publish(version="2", text="推广协议第二版", effective_at=TODAY)
        assert runs("ask_consent")["told"] == 1
        assert runs("ask_consent")["told"] == 0
        assert db.session.query(Notice).one().body == "推广协议已更新为 2，请阅读并同意后继续。"


class TestEvents:
    def test_of_an_order_reach_its_buyer(self, member, work):
        with transaction():
            order.place(purchase=world.purchase("o1", "M-10", buyer="A"), at=TODAY)
            parcel.send(number="o1", carrier="顺丰", waybill="SF12345", at=TODAY)
        with transaction():
            order.refund(number="o1", amount_fen=900, at=TODAY)
        work()
        bodies = {one.kind: one.body for one in db.session.query(Notice)}
        assert bodies == {
            "order.shipped": "订单 o1 已由 顺丰 发出，运单号 SF12345。",
            "order.refunded": "订单 o1 退款 ¥9.00 已受理，将原路退回。",
        }

    def test_of_a_buyer_who_is_no_member_reach_nobody(self, member, work):
        with transaction():
            order.place(purchase=world.purchase("o1", "M-10", buyer="路人"), at=TODAY)
            parcel.send(number="o1", carrier="顺丰", waybill="SF12345", at=TODAY)
        work()
        assert told() == []

    @pytest.mark.parametrize(
        ("event", "state", "said"),
        [("paid", "SUCCESS", "提现 w1 已到账：税前 ¥10.00"), ("returned", "FAIL", "提现 w1 未成功，¥10.00 已退回")],
    )
    def test_of_a_withdrawal_reach_its_member(self, member, work, event, state, said):
        with transaction():
            db.session.add(
                Withdrawal(
                    number="w1", member_id=member.id, amount_fen=1_000, tax_fen=0, month=TODAY.date(), state=state,
                    requested_at=TODAY, ended_at=TODAY, reason="姓名不符",
                )
            )  # fmt: skip
            outbox.emit(f"withdrawal.{event}", subject="withdrawal:w1", number="w1")
        work()
        assert said in db.session.query(Notice).one().body


class TestDelivery:
    def waits(self, member, template_id):
        with transaction():
            notice.set_wording(
                kind="rank.reached",
                title="等级",
                body="{day}",
                template_id=template_id,
                fields={"date1": "{day}"},
                at=TODAY,
                by="staff:1",
            )
            for n in (1, 2):
                notice.tell(
                    member_id=member.id, template="rank.reached", values={"day": "2026-01-01"}, about=f"r{n}", at=TODAY
                )

    def ends(self):
        found = db.session.execute(sa.select(NoticeDelivery.state, NoticeDelivery.tries, NoticeDelivery.error))
        return sorted(tuple(row) for row in found)

    def test_sends_each_message_once_to_its_member(self, app, member, runs):
        self.waits(member, "tmpl-1")
        app.extensions["wechat_program"].world.messages.clear()
        assert runs("deliver_notices")["sent"] == 2
        assert runs("deliver_notices")["sent"] == 0
        sent = app.extensions["wechat_program"].world.messages
        assert [(one["touser"], one["template_id"], one["data"]) for one in sent] == [
            ("openid-of-a", "tmpl-1", {"date1": {"value": "2026-01-01"}})
        ] * 2
        assert self.ends() == [("sent", 1, "")] * 2

    def test_never_repeats_what_wechat_refuses(self, member, runs):
        self.waits(member, "43101.x")
        assert runs("deliver_notices")["refused"] == 2
        assert runs("deliver_notices")["refused"] == 0
        assert self.ends() == [("refused", 1, "simulated（43101）")] * 2

    @pytest.mark.parametrize("template_id", ["-1.x", "silent.x"])
    def test_comes_back_after_silence(self, member, runs, template_id):
        self.waits(member, template_id)
        assert runs("deliver_notices")["silent"] == 2
        assert runs("deliver_notices")["silent"] == 0
        assert [(state, tries) for state, tries, _ in self.ends()] == [("waiting", 1)] * 2

    def test_stops_when_the_quota_is_used_up(self, member, runs):
        self.waits(member, "45009.x")
        assert runs("deliver_notices")["put_off"] == 2
        assert self.ends() == [("waiting", 0, "45009")] * 2

    def test_reaches_nobody_who_has_left(self, member, runs):
        self.waits(member, "tmpl-1")
        with transaction():
            db.session.execute(sa.update(MemberIdentity).values(openid=None, ended_at=NOW))
        assert runs("deliver_notices")["refused"] == 2

    def test_waits_for_a_gateway(self, app, member, runs):
        self.waits(member, "tmpl-1")
        gateway = app.extensions.pop("outreach")
        try:
            assert runs("deliver_notices")["sent"] == 0
        finally:
            app.extensions["outreach"] = gateway
        assert self.ends() == [("waiting", 0, "")] * 2


class TestGrowth:
    def test_boards_challenges_and_words_are_kept_up(self, member, runs):
        assert runs("count_boards") == {"boards": 4}
        assert runs("close_challenges") == {"closed": 0, "placed": 0}
        assert runs("rescan_copy") == {"held": 0, "pulled": 0}


class TestGoods:
    def test_that_are_sold_no_longer_are_told_to_those_who_sold_them(self, member, work):
        shelves = {"removed": member, "unauthorised": world.member("B", "M-10", TODAY)}
        product = factories.product(title="千星洗衣液")
        made = Delisting(product_id=product.id, reason="sold_out", asked_at=TODAY, asked_by="shop", ended_at=TODAY)
        db.session.add(made)
        db.session.flush()
        for outcome, seller in shelves.items():
            listing = Listing(
                product_id=product.id,
                member_id=seller.id,
                source="agency",
                state="listed",
                listed_at=TODAY,
                asked_at=TODAY,
                asked_by="t",
            )
            db.session.add(listing)
            db.session.flush()
            db.session.add(DelistingWindow(delisting_id=made.id, listing_id=listing.id, outcome=outcome, at=TODAY))
        db.session.commit()
        for _ in range(2):
            with transaction():
                outbox.emit("product.delisted", subject="product:1", delisting_id=made.id)
            work()
        said = db.session.scalars(sa.select(Notice.body).order_by(Notice.member_id)).all()
        day = f"{TODAY.astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%d}"
        assert said == [
            f"“千星洗衣液”已于 {day} 下架（已售罄）。它已从您的橱窗移出，无需操作。",
            f"“千星洗衣液”已于 {day} 下架（已售罄）。它还在您的橱窗里，请您自行移出。",
        ]

    def test_whose_balance_is_due_are_asked_for_three_times_at_most(self, member, runs):
        with transaction():
            purchase = world.purchase("P1", "M-10", buyer="A", kind=Kind.PRESALE, deposit_fen=900)
            order.await_payment(purchase=purchase, at=TODAY)
            order.pay_deposit(number="P1", at=TODAY)
            order.call_balance(number="P1")
        assert runs("remind_balances") == {"reminded": 1}
        assert runs("remind_balances") == {"reminded": 0}
        assert (
            "尾款 ¥90.00" in db.session.scalars(sa.select(Notice.body).where(Notice.kind == "order.balance_due")).one()
        )
        made = db.session.scalars(sa.select(BalanceReminder)).one()
        for n in (2, 3):
            db.session.add(BalanceReminder(order_id=made.order_id, n=n, at=NOW - timedelta(days=5 - n), by="t"))
        db.session.commit()
        assert news.unreminded(before=NOW + timedelta(days=9), most=3, limit=9) == []
        assert news.unreminded(before=NOW + timedelta(days=9), most=4, limit=9) == ["P1"]
