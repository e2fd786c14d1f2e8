"""The lint vectors of the compliance research (appendix B) that speak of what is there, each by its number."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from models import Audit, Export, OrderSource, Person, Seat, Share, Shop, Withdrawal, db
from models.operations import admission, alert, approval, curation, order, placement, seat_move
from models.queries import curation as figures
from models.queries import watched
from models.rules import shanghai
from models.rules.placement import Template
from models.rules.policy import STEADY
from models.rules.risk_feature import Kind
from tests import factories, people
from tests.operations import suspects, world
from tests.operations.tale import Tale
from tests.operations.world import AT

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _session(session):
    return session


def found(rule: str, at=AT) -> list[tuple[str, str, str]]:
    return [(one.subject, one.severity.value, one.evidence) for one in watched.hits(at) if one.rule == rule]


def withdrawn(number: str, member_id: int, amount_fen: int, state: str = "approved", at=AT) -> None:
    made = Withdrawal(
        number=number, member_id=member_id, amount_fen=amount_fen, tax_fen=0, month=date(2026, 1, 1), state=state,
        requested_at=at, reason="", ended_at=at if state == "SUCCESS" else None,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()


def named(member_id: int, name: str) -> None:
    db.session.merge(Person(member_id=member_id, real_name=name))
    db.session.flush()


class TestLevels:
    def test_06_a_second_level_of_a_purchase_to_join_is_named(self):
        tale = (
            Tale().chain("a", "b").do("register", member="x", inviter="b").sell("o1", "a", buyer="x", kind="admission")
        )
        (hit,) = [one for one in found("R06", tale.at) if one[0].startswith("order:")]
        assert hit[:2] == ("order:o1", "block")

    def test_07_the_fourth_ancestor_gets_no_row_and_the_house_keeps_one(self):
        tale = Tale().chain("a", "b", "c", "d").do("register", member="x", inviter="d")
        tale.sell("o1", "a", buyer="x", kind="admission")
        rows = db.session.execute(sa.select(Share.member_id, Share.reason).where(Share.kind == "level")).all()
        houses = db.session.execute(sa.select(Share.member_id, Share.reason).where(Share.reason == "over_cap")).all()
        assert [row for row in rows if row.member_id is not None] == []
        assert [tuple(row) for row in houses] == [(None, "over_cap")]
        assert found("R01", tale.at) == []


class TestMoney:
    def test_08_what_is_available_within_the_days_of_return_is_named_with_its_earliest_moment(self):
        world.network()
        world.completed()
        assert found("R12", AT + 6 * DAY) == []
        db.session.execute(sa.text("UPDATE share SET bucket = 'available' WHERE member_id IS NOT NULL"))
        assert found("R12", AT + 6 * DAY) == [
            ("order:o1", "block", "最早应于 01-08 09:00 可用，已提前转为可用")
        ]  # fmt: skip
        assert found("R12", AT + 7 * DAY) == []

    def test_09_a_product_that_loses_at_the_worst_is_named_with_what_is_missing(self):
        """49 yuan at 40 %: 20 yuan of commission, 3.5 % of regions (1.71), 5 % of the commission for a seed (1.00)."""
        shelf = factories.product(price_fen=4_900, cost_fen=2_940, commission_fen=2_000, freight_fen=0, fee_bps=0,
                                  state="listed")  # fmt: skip
        assert found("R11") == [(f"product:{shelf.code}", "block", "最坏情况每件亏 ¥3.11")]
        shelf.cost_fen = 1_000
        db.session.flush()
        assert [one[1] for one in found("R11")] == ["warn"]

    def test_21_two_thousand_yuan_need_a_name(self):
        world.network()
        payee = world.member("amy", "M-10")
        withdrawn("w1", payee.id, 199_999)
        assert found("R31") == []
        withdrawn("w2", payee.id, 200_000)
        assert [one[:2] for one in found("R31")] == [("withdrawal:w2", "block")]
        named(payee.id, "张三")
        assert found("R31") == []

    @pytest.mark.parametrize(("signals", "names", "is_split"), [
        ({"payee": "account"}, ("张三", "李四"), True),
        ({"device": "phone"}, ("张三", "张三"), True),
        ({"device": "phone"}, ("张三", "李四"), False),
        ({"ip": "10.0.0.1"}, ("张三", "张三"), False),
    ])  # fmt: skip
    def test_22_one_person_paid_on_two_accounts_in_a_month_is_critical(self, signals, names, is_split):
        world.network()
        for n, (code, name) in enumerate(zip(("amy", "bob"), names, strict=True)):
            payee = world.member(code, "M-10")
            named(payee.id, name)
            withdrawn(f"w{n}", payee.id, 1_000, "SUCCESS")
            suspects.happened(Kind.PAYOUT, f"w{n}", AT, actor=suspects.member(payee.id), **signals)
        split = [one for one in found("R33") if one[0].startswith("split:")]
        assert [one[:2] for one in split] == ([("split:2026-01:amy:bob", "crit")] if is_split else [])

    def test_29_receipts_of_two_merchants_under_one_number_of_ours_are_blocked(self):
        world.network()
        admission.make_matrix(code="N", merchant=factories.merchant(code="S2"), template=Template.LINEAR, at=AT, by="t")
        for n, seller in enumerate(("M-10", "N-10")):
            assert found("R29") == []
            sold = world.completed(f"o{n}", seller)
            told = {"transaction": "", "openid": "", "status": "SUCCESS", "told_at": AT}
            db.session.add(OrderSource(order_id=sold.id, channel="pay", number=f"o{n}", **told))
            db.session.flush()
        assert found("R29") == [("pay:2", "block", "近 30 天自有商户号代收 2 个商家的货款，合计 ¥198.00")]


class TestRights:
    def test_10_a_refund_on_the_sixth_day_touches_no_right(self):
        world.network()
        buyer = world.member("amy", "M-10")
        world.completed("o1", "M-10", buyer="amy", kind="admission")
        before = (buyer.standing, buyer.showcase)
        order.refund(number="o1", amount_fen=9_900, at=AT + 6 * DAY)
        db.session.refresh(buyer)
        assert (buyer.standing, buyer.showcase) == before == ("active", "open")
        assert found("R13", AT + 6 * DAY) == []

    def test_23_an_unmasked_export_of_more_than_a_thousand_rows_is_blocked(self):
        one = people.person("finance")
        for rows in (1_000, 1_001):
            db.session.add(Export(
                staff_id=one.id, page="members", title="t", format="csv", query="", columns=["code"], is_masked=False,
                language="zh", created_at=AT, file="f", rows=rows, ready_at=AT, expires_at=AT + DAY,
            ))  # fmt: skip
        db.session.flush()
        assert [one[1:] for one in found("R35")] == [("block", "明文导出 1001 行，超过 1000 行没有第二人复核")]


class TestMoves:
    def moved(self, *, by_two: bool) -> SimpleNamespace:
        """A seller with a paid order, moved below a colleague."""
        world.network()
        one, other = world.member("amy", "M-10"), world.member("bob", "M-10")
        world.completed("o1", "bob")
        to, seat = (db.session.scalars(sa.select(Seat).where(Seat.member_id == who.id)).one() for who in (one, other))
        target = {"seat_id": seat.id, "to_parent_id": to.id, "to_slot": 1, "at": AT}
        if by_two:
            asked = seat_move.ask(**target, why="wrong team", by="staff:1")
            approval.approve(approval_id=asked.id, digest=asked.digest, at=AT, by="staff:2")
        else:
            placement.move(**target, by="staff:1", reason="wrong team")
        return SimpleNamespace(member=other, to=to, seat=seat)

    def test_26_by_two_people_with_consent_and_the_sponsor_unchanged_pass_and_stand_in_the_trail(self):
        made = self.moved(by_two=True)
        sponsor_id = made.member.sponsor_id
        db.session.refresh(made.seat)
        db.session.refresh(made.member)
        assert (made.seat.parent_id, made.member.sponsor_id) == (made.to.id, sponsor_id)
        assert found("R26") == []
        trail = sa.select(sa.func.count()).where(Audit.table_name == "seat", Audit.kind == "update")
        assert db.session.scalar(trail) >= 1

    def test_26_by_one_person_are_blocked(self):
        self.moved(by_two=False)
        assert found("R26") == [("member:bob", "block", "没有第二人复核")]


class TestRepurchase:
    @pytest.mark.parametrize(
        ("buyers", "returning", "said"),
        [
            (30, 12, []),
            (30, 11, ["近 30 天 30 名买家中 11 名复购，复购率 36.66%，低于 40.00%"]),
            (29, 0, []),
        ],
    )
    def test_below_two_fifths_of_thirty_buyers_is_an_alert(self, buyers, returning, said):
        run, today = factories.import_run(), date(2026, 1, 1)
        lines = [{"paid_on": today - 29 * DAY, "buyer": f"S{n}"} for n in range(buyers)]
        lines += [{"paid_on": today, "buyer": f"S{n}"} for n in range(returning)]
        lines += [{"paid_on": today - 30 * DAY, "buyer": f"S{n}"} for n in range(buyers)]
        factories.history_lines({"run": run, **line} for line in lines)
        assert [evidence for _subject, _severity, evidence in found("B01")] == said

    def test_speaks_of_own_orders_alone_where_there_are_any(self):
        run = factories.import_run()
        factories.history_lines({"run": run, "paid_on": date(2026, 1, 1), "buyer": f"S{n}"} for n in range(30))
        world.network()
        world.completed("o1", at=AT)
        assert found("B01") == []

    def test_names_the_products_whose_buyers_stayed_away(self):
        run = factories.import_run()
        shelf = factories.product(title="面膜", merchant_id=db.session.get_one(Shop, run.shop_id).merchant_id)
        factories.history_lines(
            {"run": run, "paid_on": date(2026, 1, 1), "buyer": f"S{n}", "product_code": shelf.code} for n in range(30)
        )
        begin = shanghai.begins(date(2025, 12, 3))
        curation.keep(counted=figures.counted(begin=begin, at=AT), policy=STEADY, at=AT)
        assert f"流失最多的商品：面膜 {shelf.code}（0.00%）" in found("B01")[0][2]


class TestMargin:
    def test_below_nothing_is_an_alert_with_the_orders_behind_it(self):
        world.network()
        world.completed("o1", at=AT)
        world.completed("o2", cost_fen=9_000, commission_fen=2_000, at=AT)
        world.completed("o3", cost_fen=9_000, commission_fen=1_900, at=AT - 8 * DAY)
        said = "近 7 天 1 笔订单结算后平台毛利为负，合计亏 ¥11.00：o2"
        assert found("B02") == [("margin", "warn", said)]

    def test_speaks_by_the_line_and_the_window_that_staff_have_set(self):
        world.network()
        world.completed("o2", cost_fen=9_000, commission_fen=2_000, at=AT)
        world.completed("o3", cost_fen=9_000, commission_fen=2_000, at=AT - 8 * DAY)
        asked = {"rule": "B02", "owner_id": None, "why": "season", "at": AT, "by": "staff:1"}
        alert.change(terms={"loss_fen": 1_100}, **asked)
        assert found("B02") == []
        alert.change(terms={"loss_fen": 1_100, "days": 10}, **asked)
        said = "近 10 天 2 笔订单结算后平台毛利为负，合计亏 ¥22.00（预警线 ¥11.00）：o2、o3"
        assert found("B02") == [("margin", "warn", said)]
