"""The distribution agreement: published once a version, accepted before registration, asked for again."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError

from models import Consent, Member, db
from models.operations import admission, agreement, region_agent, withdrawal
from models.rules.tax import Month
from models.rules.withdrawal import NotEnough
from tests.operations import world
from tests.operations.world import AT

LATER = AT + timedelta(days=3)

pytestmark = pytest.mark.usefixtures("session")


class TestPublish:
    def test_keeps_text_and_digest(self):
        kept = agreement.publish(version="1", text="abc", effective_at=AT)
        assert kept.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    def test_twice_changes_nothing(self):
        first = agreement.publish(version="1", text="abc", effective_at=AT)
        assert agreement.publish(version="1", text="abc", effective_at=AT).id == first.id

    @pytest.mark.parametrize(("text", "at"), [("abd", AT), ("abc", LATER)])
    def test_never_gives_a_version_another_content(self, text, at):
        agreement.publish(version="1", text="abc", effective_at=AT)
        with pytest.raises(agreement.VersionReused, match="规则 3.1：协议版本 1 已发布"):
            agreement.publish(version="1", text=text, effective_at=at)

    @pytest.mark.parametrize(("version", "text"), [("", "abc"), ("1", " \n")])
    def test_refuses_nothing(self, version, text):
        with pytest.raises(agreement.NoText, match="规则 3.1"):
            agreement.publish(version=version, text=text, effective_at=AT)

    def test_is_held_to_its_digest_by_the_database(self):
        with pytest.raises(IntegrityError, match="ck_agreement_digest"):
            db.session.execute(
                sa.text("INSERT INTO agreement (version, text, sha256, effective_at) VALUES ('x', 'abc', 'no', now())")
            )

    @pytest.mark.parametrize("statement", ["UPDATE agreement SET text = 'x'", "DELETE FROM consent"])
    def test_stays_as_it_is(self, statement):
        with pytest.raises(ProgrammingError, match="denied"):
            db.session.execute(sa.text(statement))


class TestRegistration:
    def test_keeps_version_digest_time_address_and_browser(self):
        world.network()
        joined = world.joins("a")
        kept = db.session.execute(
            sa.select(Consent.sha256, Consent.accepted_at, Consent.ip, Consent.user_agent)
            .where(Consent.member_id == joined.id)
        ).all()  # fmt: skip
        assert kept == [(world.acceptance().sha256, AT, "10.1.2.3", "tests")]

    @pytest.mark.parametrize("accepted", [world.acceptance("0"), world.acceptance("1", "别的正文")])
    def test_refuses_consent_to_anything_but_the_current_version(self, accepted):
        world.network()
        with pytest.raises(agreement.Outdated, match="规则 3.1：推广协议已更新为 1"):
            admission.register(code="a", inviter=None, acceptance=accepted, at=AT, by="t")
        assert db.session.scalar(sa.select(sa.func.count()).where(Member.code == "a")) == 0

    def test_waits_for_an_agreement(self):
        with pytest.raises(agreement.NoAgreement, match="规则 3.1：还没有生效的推广协议"):
            admission.register(code="a", inviter=None, acceptance=world.acceptance(), at=AT, by="t")

    def test_of_a_lapsed_one_keeps_the_first_consent(self):
        world.network()
        joined = world.joins("a")
        admission.lapse(member_id=joined.id, at=AT + timedelta(days=7))
        world.joins("a", at=AT + timedelta(days=8))
        assert db.session.scalars(sa.select(Consent.accepted_at)).all() == [AT]


class TestNewVersion:
    def test_asks_again_before_the_next_earning_action(self):
        world.network()
        someone = world.member("a")
        agreement.publish(version="2", text="第二版", effective_at=LATER)
        agreement.check_consent(member=someone, at=LATER - timedelta(microseconds=1))
        with pytest.raises(agreement.ConsentMissing, match="规则 3.1：请先阅读并同意推广协议 2"):
            region_agent.appoint(code="a", region="310000", at=LATER)
        agreement.accept(member=someone, acceptance=world.acceptance("2", "第二版"), at=LATER)
        assert region_agent.appoint(code="a", region="310000", at=LATER).state == "active"

    def test_asks_before_a_withdrawal_and_before_a_seed_is_named(self):
        world.network()
        someone = world.member("a")
        agreement.publish(version="2", text="第二版", effective_at=LATER)
        with pytest.raises(agreement.ConsentMissing, match="规则 3.1"):
            withdrawal.request(number="w", code="a", amount_fen=100, month=Month(2026, 1), at=LATER)
        with pytest.raises(agreement.ConsentMissing, match="规则 3.1"):
            admission.name_seed(member_id=someone.id, at=LATER)
        agreement.accept(member=someone, acceptance=world.acceptance("2", "第二版"), at=LATER)
        admission.name_seed(member_id=someone.id, at=LATER)
        with pytest.raises(NotEnough):
            withdrawal.request(number="w", code="a", amount_fen=100, month=Month(2026, 1), at=LATER)

    def test_asks_no_preset(self):
        world.network()
        preset = db.session.scalars(sa.select(Member).where(Member.code == "M-10")).one()
        agreement.check_consent(member=preset, at=AT)
