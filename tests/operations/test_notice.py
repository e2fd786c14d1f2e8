from datetime import timedelta

import pytest

from models import MemberIdentity, Notice, NoticeDelivery, db
from models.operations import notice
from models.queries import notice as queries
from models.rules import notice as rules
from models.rules.scanning import Banned
from tests.operations import world
from tests.operations.world import AT

SHIPPED = {"number": "o1", "carrier": "顺丰", "waybill": "SF12345"}


@pytest.fixture
def member(session):
    world.network()
    found = world.member("A", "M-10")
    db.session.add(MemberIdentity(openid="openid-of-a", member_id=found.id, made_at=AT))
    db.session.flush()
    return found


def told(member, **values):
    return notice.tell(
        member_id=member.id, template="order.shipped", values=SHIPPED | values, about="parcel:1", at=AT
    )  # fmt: skip


def worded(template_id="", **fields):
    return notice.set_wording(
        kind="order.shipped", title="包裹出发了", body="{number} 由 {carrier} 送出", template_id=template_id,
        fields=fields, at=AT, by="staff:1",
    )  # fmt: skip


def sole():
    return db.session.query(NoticeDelivery).populate_existing().one()


class TestTell:
    def test_fills_the_words_of_the_kind(self, member):
        made = told(member)
        assert (made.title, made.body) == ("商品已发货", "订单 o1 已由 顺丰 发出，运单号 SF12345。")
        assert db.session.query(NoticeDelivery).count() == 0

    def test_says_the_same_once(self, member):
        assert told(member) is not None
        assert told(member) is None

    def test_uses_the_words_that_somebody_set_last(self, member):
        worded()
        assert told(member).body == "o1 由 顺丰 送出"

    def test_leaves_out_a_value_that_may_not_go_out(self, member):
        assert told(member, carrier="躺赚快递").body == "订单 o1 已由 — 发出，运单号 SF12345。"

    def test_never_reads_a_value_as_a_placeholder(self, member):
        assert "{waybill} 发出" in told(member, carrier="{waybill}").body

    def test_knows_no_other_kinds(self, member):
        with pytest.raises(rules.UnknownKind):
            notice.tell(member_id=member.id, template="free.money", values={}, about="x", at=AT)

    def test_sends_a_message_along_where_a_template_is_set(self, member):
        worded("tmpl-1", character_string1="{number}", thing2="{carrier}" * 9)
        told(member)
        made = sole()
        assert (made.state, made.next_at, made.template_id) == ("waiting", AT, "tmpl-1")
        assert made.message == {"character_string1": "o1", "thing2": "顺丰" * 9}

    def test_cuts_a_field_to_what_wechat_takes(self, member):
        worded("tmpl-1", thing1="{waybill}")
        told(member, waybill="9" * 40)
        assert sole().message == {"thing1": "9" * 20}


class TestWording:
    def test_is_scanned_before_it_is_set(self, session):
        with pytest.raises(Banned, match="禁用表述"):
            notice.set_wording(
                kind="order.shipped", title="躺赚通知", body="{number}", template_id="", fields={}, at=AT, by="staff:1"
            )

    @pytest.mark.parametrize(
        ("body", "fields", "said"),
        [("{secret}", {}, "没有名为 secret"), ("x", {"wish1": "y"}, "没有名为 wish1 的字段"), (" ", {}, "正文须为")],
    )
    def test_names_what_cannot_be_filled(self, session, body, fields, said):
        with pytest.raises(rules.BadWording, match=said):
            notice.set_wording(
                kind="order.shipped", title="标题", body=body, template_id="", fields=fields, at=AT, by="staff:1"
            )


class TestRead:
    def test_marks_ones_own_up_to_the_newest_seen(self, member):
        other = world.member("B", "M-10")
        first = told(member)
        later = notice.tell(
            member_id=member.id, template="cycle.ending", values={"day": "2026-01-31"}, about="cycle:1", at=AT
        )
        told(other)
        assert notice.read(member_id=member.id, until=first.id, at=AT + timedelta(hours=1)) == (1, 1)
        assert queries.unread(member.id) == 1
        assert notice.read(member_id=member.id, until=later.id, at=AT) == (1, 0)
        assert queries.unread(other.id) == 1
        assert notice.read(member_id=member.id, until=2**62, at=AT) == (0, 0)


class TestDelivery:
    @pytest.fixture
    def delivery(self, member):
        worded("tmpl-1", thing1="{number}")
        told(member)
        return sole().id

    def test_ends_sent_or_refused_for_good(self, delivery):
        notice.record_sent(delivery_id=delivery, at=AT)
        notice.record_refused(delivery_id=delivery, error="43101")
        assert (sole().state, sole().sent_at, sole().tries) == ("sent", AT, 1)

    def test_waits_longer_after_each_silence_and_is_given_up_in_the_end(self, delivery):
        waits = []
        for _ in range(5):
            notice.record_silent(delivery_id=delivery, error="-1", at=AT)
            waits.append(sole().next_at - AT)
        assert waits == [timedelta(minutes=n) for n in (1, 5, 30, 120, 360)]
        notice.record_silent(delivery_id=delivery, error="-1", at=AT)
        assert (sole().state, sole().next_at, sole().tries) == ("dropped", None, 6)

    def test_counts_no_try_while_the_quota_is_used_up(self, delivery):
        notice.put_off(delivery_ids=[delivery], at=AT)
        db.session.expire_all()
        assert (sole().state, sole().next_at, sole().tries) == ("waiting", AT + timedelta(hours=6), 0)

    def test_is_sent_again_by_hand_once_it_ended_without_arriving(self, delivery):
        with pytest.raises(notice.NotEnded):
            notice.send_again(delivery_id=delivery, at=AT)
        notice.record_refused(delivery_id=delivery, error="43101")
        notice.send_again(delivery_id=delivery, at=AT)
        assert (sole().state, sole().tries) == ("waiting", 0)

    def test_goes_with_its_notice_to_nobody_else(self, delivery, member):
        (due,) = queries.due(at=AT, limit=5)
        assert (due.openid, due.message) == ("openid-of-a", {"thing1": "o1"})
        assert db.session.query(Notice).one().member_id == member.id
        assert queries.due(at=AT - timedelta(seconds=1), limit=5) == []
