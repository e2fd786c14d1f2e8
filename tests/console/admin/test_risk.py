"""The risk desk: why something was held, the rules lab from draft to roll-back, allow-lists, rings."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from models import Approval, RiskAllow, RiskBacktest, RiskDecision, RiskRing, RiskRule, db
from models.operations import backtest, risk, risk_rule
from models.rules import risk_shipped
from tests.operations import world
from tests.operations.suspects import AT, bought, decided

REASON = {"reason_code": "new_pattern", "reason_note": ""}
FORM = {
    "code": "many_orders", "group": "burst", "weight": "30", "reason": "一天内下了 {buyer_orders_1d} 单", "on": "place",
    "mode": "form", "join": "all", "feature": "buyer_orders_1d", "op": ">=", "value": "7",
    "hits": "buyer_orders_1d=7", "misses": "buyer_orders_1d=6", "what": "keep",
}  # fmt: skip


pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def matrix(stage):
    made = world.network()
    risk_rule.counting(at=AT)
    return made


def farm() -> RiskDecision:
    events = [bought(f"o{n}", f"b{n}", AT, device="farm", ip="10.1.2.3") for n in range(4)]
    risk.score(event_ids=events[:3], at=AT)
    return decided(events[3])


def rule(code: str = "many_orders") -> RiskRule:
    db.session.expire_all()
    return db.session.scalars(sa.select(RiskRule).where(RiskRule.code == code).order_by(RiskRule.id.desc())).first()


def refused(page) -> str:
    return page.get_data(as_text=True)


class TestDecisions:
    def test_say_which_rule_saw_what(self, staff):
        made = farm()
        page = staff("reviewer").get(f"/risk-decisions/{made.id}").get_data(as_text=True)
        for words in ("30 天内同一设备上有 4 个账号", "≥ 2", "same_ip", "分数与处置一致", "10.1.2.0/24"):
            assert words in page
        assert "10.1.2.3" not in page

    def test_are_listed_with_their_score_and_reason(self, staff):
        farm()
        page = staff("reviewer").get("/risk-decisions/?action=hold").get_data(as_text=True)
        assert "扣留佣金" in page
        assert "o3" in page

    @pytest.mark.parametrize("role", ["operator", "finance", "support", "merchant"])
    def test_are_nobodys_but_the_reviewers(self, staff, role):
        made = farm()
        assert staff(role).get("/risk-decisions/").status_code == 403
        assert staff(role).get(f"/risk-decisions/{made.id}").status_code == 403

    def test_lift_no_block_that_is_not_there(self, staff):
        made = farm()
        reason = {"reason_code": "checked"}
        page = staff("reviewer").post(f"/risk-decisions/{made.id}/lift", data=reason, follow_redirects=True)
        assert "没有被风控拦截" in refused(page)


class TestEditor:
    def test_keeps_a_draft_from_the_form(self, staff):
        page = staff("reviewer").post("/risk-rules/new", data=FORM, follow_redirects=True).get_data(as_text=True)
        assert "buyer_orders_1d &gt;= 7" in page
        assert (rule().state, rule().version, rule().terms["weight"]) == ("draft", 1, 30)

    def test_keeps_a_draft_from_text(self, staff):
        text = FORM | {"mode": "text", "text": "buyer_orders_1d >= 7 且 非 is_own == 1", "misses": "buyer_orders_1d=6"}
        staff("reviewer").post("/risk-rules/new", data=text)
        assert rule().terms["when"] == {
            "all": [
                {"feature": "buyer_orders_1d", "op": ">=", "value": 7},
                {"not": {"feature": "is_own", "op": "==", "value": 1}},
            ]
        }

    def test_runs_the_cases_without_keeping_anything(self, staff):
        page = staff("reviewer").post("/risk-rules/new", data=FORM | {"what": "check"}).get_data(as_text=True)
        assert "全部例子通过" in page
        assert rule() is None

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"misses": "buyer_orders_1d=8"}, "不应命中的例 1 命中了"),
            ({"weight": "many"}, "weight 填写有误"),
            ({"mode": "text", "text": "__import__"}, "无法读取"),
            ({"value": "x"}, "填写有误"),
            ({"code": "Bad Code"}, "code 填写有误"),
            ({"hits": "soon"}, "应写成 指标=整数"),
        ],
    )
    def test_says_what_is_wrong_and_keeps_what_was_typed(self, staff, changes, says):
        page = staff("reviewer").post("/risk-rules/new", data=FORM | changes).get_data(as_text=True)
        assert says in page
        assert "一天内下了 {buyer_orders_1d} 单" in page
        assert rule() is None

    def test_opens_with_a_rule_that_is_there(self, staff):
        live = rule("same_ip")
        page = staff("compliance").get(f"/risk-rules/new?from={live.id}").get_data(as_text=True)
        assert 'value="same_ip"' in page
        assert "ip_buyers_1d=3" in page

    def test_is_not_the_auditors(self, staff):
        assert staff("auditor").get("/risk-rules/").status_code == 200
        assert staff("auditor").get("/risk-rules/new").status_code == 403


class TestWayLive:
    def drafted(self, staff, **changes) -> tuple:
        maker = staff("reviewer")
        maker.post("/risk-rules/new", data=FORM | changes)
        return maker, rule(changes.get("code", "many_orders"))

    def tried(self, found: RiskRule) -> RiskBacktest:
        asked = backtest.ask(rule_id=found.id, days=30, at=datetime.now(UTC), by="staff:1")
        return backtest.keep(backtest_id=asked.id, result=backtest.measure(backtest_id=asked.id), at=AT)

    def test_goes_through_history_shadow_and_a_second_person(self, staff, session):
        maker, found = self.drafted(staff)
        assert "须先用至少 30 天" in refused(maker.post(f"/risk-rules/{found.id}/shadow", follow_redirects=True))
        self.tried(found)
        maker.post(f"/risk-rules/{found.id}/shadow")
        assert rule().state == "shadow"
        early = maker.post(f"/risk-rules/{found.id}/publish", data=REASON, follow_redirects=True)
        assert "影子运行满 24 小时" in refused(early)
        rule().shadow_at = datetime.now(UTC) - timedelta(hours=25)
        session.commit()
        maker.post(f"/risk-rules/{found.id}/publish", data=REASON)
        asked = session.scalars(sa.select(Approval).where(Approval.kind == "risk.publish")).one()
        digest = {"digest": bytes(asked.digest).hex()}
        maker.post(f"/approvals/{asked.id}/approve", data=digest)
        assert rule().state == "shadow"
        staff("compliance").post(f"/approvals/{asked.id}/approve", data=digest)
        assert rule().state == "live"

    def test_shows_the_approver_what_it_would_hold(self, staff, session):
        maker, found = self.drafted(staff)
        self.tried(found)
        maker.post(f"/risk-rules/{found.id}/shadow")
        rule().shadow_at = datetime.now(UTC) - timedelta(hours=25)
        session.commit()
        maker.post(f"/risk-rules/{found.id}/publish", data=REASON)
        asked = session.scalars(sa.select(Approval).where(Approval.kind == "risk.publish")).one()
        page = staff("compliance").get(f"/approvals/{asked.id}").get_data(as_text=True)
        assert "将新扣留的订单" in page

    def test_is_rolled_back_to_the_version_before(self, staff, session):
        terms = risk_shipped.RULES[0] | {"weight": 34}
        second = risk_rule.draft(terms=terms, note="", at=AT, by="staff:901")
        self.tried(second)
        risk_rule.shadow(rule_id=second.id, at=AT, by="staff:901")
        risk_rule.publish(rule_id=second.id, at=AT + timedelta(hours=24), by="staff:902")
        session.commit()
        assert rule("same_ip").state == "live"
        done = staff("compliance").post(f"/risk-rules/{second.id}/roll-back", data={"reason_code": "wrong_hits"})
        assert done.status_code == 302
        states = session.scalars(sa.select(RiskRule.state).where(RiskRule.code == "same_ip").order_by(RiskRule.version))
        assert list(states) == ["live", "retired"]

    def test_shows_its_back_tests_and_what_it_changes(self, staff):
        maker, found = self.drafted(staff, code="same_ip", feature="ip_buyers_1d", value="4", hits="ip_buyers_1d=4",
                                    misses="ip_buyers_1d=3", reason="同一 IP 有 {ip_buyers_1d} 位买家")  # fmt: skip
        self.tried(found)
        page = maker.get(f"/risk-rules/{found.id}?try=ip_buyers_1d=9").get_data(as_text=True)
        assert '<del class="risk-lines">ip_buyers_1d &gt;= 3</del>' in page
        assert "将新扣留的金额" in page
        assert ">命中</span>" in page

    def test_refuses_a_back_test_that_is_too_short(self, staff):
        maker, found = self.drafted(staff)
        page = maker.post(f"/risk-rules/{found.id}/backtest", data={"days": "7"}, follow_redirects=True)
        assert "回测须覆盖 30" in refused(page)


class TestAllowList:
    ENTRY = {"kind": "ip", "value": "10.1.2.3", "label": "学院 3 号宿舍楼", "days": "90", "reason_code": "dormitory"}

    def test_takes_an_entry_and_ends_it(self, staff, session):
        reviewer = staff("reviewer")
        page = reviewer.post("/risk-allow/", data=self.ENTRY, follow_redirects=True).get_data(as_text=True)
        assert "学院 3 号宿舍楼" in page
        assert "10.1.2.3" not in page
        entry = session.scalars(sa.select(RiskAllow)).one()
        assert (entry.until - entry.since).days == 90
        reviewer.post(f"/risk-allow/{entry.id}/end", data={"reason_code": "moved"})
        session.expire_all()
        assert session.scalars(sa.select(RiskAllow.ended_by)).one() is not None

    def test_takes_a_fingerprint_from_a_decision(self, staff, session):
        made = farm()
        page = staff("reviewer").get(f"/risk-decisions/{made.id}").get_data(as_text=True)
        digest = page.partition("/risk-allow/?digest=")[2].partition("&")[0]
        assert digest in staff("reviewer").get(f"/risk-allow/?digest={digest}&of=ip").get_data(as_text=True)
        data = self.ENTRY | {"digest": digest, "value": ""}
        staff("reviewer").post("/risk-allow/", data=data)
        assert bytes(session.scalars(sa.select(RiskAllow.digest)).one()).hex() == digest

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"value": "nowhere"}, "请填写有效的 IP"), ({"days": "0"}, "有效期应为 1 到 366 天"),
            ({"days": "9999999"}, "有效期应为 1 到 366 天"), ({"label": " "}, "请写明这是什么地方"),
            ({"kind": "name"}, "名单类型应为"), ({"reason_code": ""}, "请选择原因"),
        ],
    )  # fmt: skip
    def test_refuses_what_is_unclear_or_for_ever(self, staff, session, changes, says):
        page = staff("reviewer").post("/risk-allow/", data=self.ENTRY | changes, follow_redirects=True)
        assert says in refused(page)
        assert session.scalars(sa.select(RiskAllow)).all() == []

    def test_refuses_the_same_thing_twice(self, staff):
        reviewer = staff("reviewer")
        reviewer.post("/risk-allow/", data=self.ENTRY)
        assert "已在名单中" in refused(reviewer.post("/risk-allow/", data=self.ENTRY, follow_redirects=True))

    def test_is_written_by_those_who_may(self, staff):
        assert staff("auditor").post("/risk-allow/", data=self.ENTRY).status_code == 403


class TestRings:
    def test_are_drawn_with_what_they_share_and_the_money_between_them(self, staff, session):
        world.member("W1", "M-10")
        world.member("W2", "W1")
        for n, (buyer, seller) in enumerate([("W1", "W2"), ("W2", "W1"), ("guest", "W1")]):
            bought(f"o{n}", buyer, AT, seller=seller, device="one phone")
        ring = session.scalars(sa.select(RiskRing).where(RiskRing.size > 0)).one()
        assert ring.size == 3
        page = staff("reviewer").get(f"/risk-rings/{ring.id}").get_data(as_text=True)
        assert page.count("risk-person") == 3
        assert "设备 3" in page
        assert 'class="risk-line sponsor' in page
        assert "297.00" in page

    def test_become_a_case(self, staff, session):
        farm()
        ring = session.scalars(sa.select(RiskRing).where(RiskRing.size > 0)).one()
        done = staff("reviewer").post(f"/risk-rings/{ring.id}/case", data={"reason_code": "same_hands"})
        assert done.status_code == 302
        assert session.scalar(sa.text("SELECT count(*) FROM review_case WHERE subject = :s"), {"s": f"ring:{ring.id}"})
