"""Putting a policy in force: what a new installation starts on, two people, findings, the opinion."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from models import PolicyVersion, db
from models.operations import policy
from models.queries import policy as policies
from models.rules.approval import Expired
from models.rules.policy import PLAN, STEADY, FindingOpen, OpinionMissing, SameHands, changed

AT = datetime(2026, 1, 1, 1, tzinfo=UTC)
OPINION = AT + timedelta(days=365)
RED = ["R02", "R03", "R04", "R05", "R06", "R13", "R20", "R21"]

pytestmark = pytest.mark.usefixtures("session")


def drafted(preset: str = "plan", **terms: object) -> PolicyVersion:
    return policy.propose(preset=preset, terms=terms, effective_at=AT, at=AT, by="staff:1")


def approved(version: PolicyVersion, **values: object) -> PolicyVersion:
    given = {"acknowledged": RED, "opinion_until": OPINION, "at": AT, "by": "staff:2", "digest": version.digest}
    return policy.approve(version_id=version.id, **given | values)


class TestFounding:
    def test_puts_steady_in_force_before_anybody_made_a_policy(self):
        assert policies.in_force(datetime(2000, 1, 1, tzinfo=UTC))[1] == STEADY

    def test_names_two_hands(self):
        found = db.session.execute(sa.select(PolicyVersion.made_by, PolicyVersion.approved_by)).all()
        assert found == [("system:founding", "system:founding-check")]


class TestApprove:
    def test_puts_the_plan_in_force_with_findings_and_opinion(self):
        version = approved(drafted())
        assert policies.in_force(AT) == (version.id, PLAN)
        assert (version.acknowledged, version.opinion_until) == (RED, OPINION)

    def test_lets_new_orders_run_on_steady_once_the_opinion_lapses(self):
        approved(drafted())
        assert policies.in_force(OPINION - timedelta(microseconds=1))[1] == PLAN
        assert policies.in_force(OPINION)[1] == STEADY

    @pytest.mark.parametrize("missing", RED)
    def test_asks_for_each_red_finding_by_its_number(self, missing):
        version = drafted()
        with pytest.raises(FindingOpen, match=f"规则 10：红色检查项 {missing} 尚未逐条确认"):
            approved(version, acknowledged=[one for one in RED if one != missing])
        assert policies.in_force(AT)[1] == STEADY

    @pytest.mark.parametrize("until", [None, AT - timedelta(days=1), AT])
    def test_asks_for_an_opinion_that_still_runs(self, until):
        with pytest.raises(OpinionMissing, match="规则 10：.*法律意见书"):
            approved(drafted(), opinion_until=until)

    def test_keeps_no_opinion_where_nothing_is_red(self):
        version = approved(drafted("steady", reserve_bps=200), acknowledged=())
        assert (version.acknowledged, version.opinion_until) == ([], None)
        assert policies.in_force(OPINION)[1] == changed(STEADY, {"reserve_bps": 200})

    def test_is_a_second_persons(self):
        with pytest.raises(SameHands, match="规则 10：策略须由另一人审批"):
            approved(drafted(), by="staff:1")

    def test_is_a_second_persons_in_the_database_too(self):
        version = approved(drafted())
        version.approved_by = "staff:1"
        with pytest.raises(IntegrityError, match="ck_policy_version_two_people"):
            db.session.flush()

    def test_holds_for_what_was_seen(self):
        with pytest.raises(policy.PayloadChanged, match="规则 10：内容在您查看之后有改动"):
            approved(drafted(), digest=b"x" * 32)

    def test_comes_within_a_day(self):
        version = policy.propose(
            preset="steady", terms={}, effective_at=AT + timedelta(days=30), at=AT, by="staff:1"
        )  # fmt: skip
        with pytest.raises(Expired, match="规则 10：该申请已超过 24 小时"):
            approved(version, at=AT + timedelta(hours=24))
        assert approved(version, at=AT + timedelta(hours=24, microseconds=-1)).state == "approved"

    def test_never_reaches_back(self):
        with pytest.raises(policy.TooLate, match="规则 10：生效时间已过"):
            approved(drafted(), at=AT + timedelta(seconds=1))

    def test_happens_once(self):
        version = approved(drafted())
        with pytest.raises(policy.NotADraft, match="规则 10：该版本已经处理过"):
            approved(version)


class TestWithdraw:
    def test_ends_a_draft(self):
        version = drafted()
        policy.withdraw(version_id=version.id, by="staff:1")
        with pytest.raises(policy.NotADraft):
            approved(version)

    def test_is_the_makers(self):
        with pytest.raises(policy.NotTheMaker, match="规则 10：只有提交人可以撤回"):
            policy.withdraw(version_id=drafted().id, by="staff:2")
