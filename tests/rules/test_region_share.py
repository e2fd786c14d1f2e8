from datetime import UTC, datetime, timedelta

import pytest

from models.rules import region_share
from models.rules.policy import PLAN
from models.rules.region_share import (
    BadRegion,
    DeductionTooLarge,
    Level,
    NotQualified,
    RegionTaken,
    TermBackwards,
    UnknownRegion,
)
from models.rules.standing import Standing

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class TestCode:
    @pytest.mark.parametrize("code", ["33010", "3301066", "33010a", "", "３３０１０６", "003301", "-33010", "33 106"])
    def test_refuses_what_is_not_six_digits(self, code):
        with pytest.raises(BadRegion, match="规则 6"):
            region_share.check_code(code)

    @pytest.mark.parametrize(
        ("code", "level"),
        [("330000", Level.PROVINCE), ("330100", Level.CITY), ("330106", Level.DISTRICT), ("429004", Level.DISTRICT)],
    )
    def test_its_zeros_say_what_it_names(self, code, level):
        assert region_share.level_of(code) is level

    def test_its_chain_is_cut_from_the_code(self):
        district = {Level.PROVINCE: "320000", Level.CITY: "320100", Level.DISTRICT: "320106"}
        assert region_share.chain("320106") == district
        assert region_share.chain("320100") == {Level.PROVINCE: "320000", Level.CITY: "320100"}
        assert region_share.chain("320000") == {Level.PROVINCE: "320000"}


class TestKnown:
    @pytest.mark.parametrize("code", ["330106", "330100", "330000", "310100", "429004", "429000"])
    def test_takes_divisions_and_the_cities_of_their_codes(self, code):
        assert region_share.check_known(code) == code

    @pytest.mark.parametrize("code", ["999999", "330199", "123456"])
    def test_refuses_a_code_that_names_no_place(self, code):
        with pytest.raises(UnknownRegion, match=code):
            region_share.check_known(code)


class TestShares:
    def test_places_of_one_name_in_two_cities_are_two_places(self):
        agents = {"320106": "nanjing", "350102": "fuzhou"}
        found = region_share.shares(address="350102", paid_fen=10_000, agents=agents, policy=PLAN)
        assert [(one.agent, one.amount_fen) for one in found] == [("fuzhou", 200)]

    def test_a_share_that_rounds_to_nothing_is_no_row(self):
        assert region_share.shares(address="330106", paid_fen=49, agents={"330106": "d"}, policy=PLAN) == []


class TestAppointment:
    def check(self, now=Standing.ACTIVE, incumbent=None):
        region_share.check_appointment(code="330106", standing=now, incumbent=incumbent)

    def test_takes_the_active_and_the_frozen(self):
        self.check()
        self.check(Standing.FROZEN)

    @pytest.mark.parametrize("now", [Standing.CANDIDATE, Standing.LAPSED, Standing.EXITED])
    def test_refuses_who_has_not_qualified_or_has_left(self, now):
        with pytest.raises(NotQualified, match="规则 6"):
            self.check(now)

    def test_refuses_a_second_agent(self):
        with pytest.raises(RegionTaken, match="330106"):
            self.check(incumbent="d")


class TestDeposit:
    @pytest.mark.parametrize(("code", "fen"), [("330000", 5_000_000), ("330100", 2_000_000), ("330106", 500_000)])
    def test_by_the_size_of_the_region(self, code, fen):
        assert region_share.deposit_fen(code) == fen

    def test_goes_back_less_what_is_deducted(self):
        backs = [region_share.deposit_back_fen(500_000, deducted) for deducted in (0, 20_000, 500_000)]
        assert backs == [500_000, 480_000, 0]
        for deducted in (-1, 500_001):
            with pytest.raises(DeductionTooLarge):
                region_share.deposit_back_fen(500_000, deducted)

    def test_a_term_ends_after_it_begins(self):
        region_share.check_term(NOW, NOW + timedelta(days=365))
        with pytest.raises(TermBackwards):
            region_share.check_term(NOW, NOW)


class TestLevel:
    def test_is_written_as_the_console_shows_it(self):
        assert [str(one) for one in Level] == ["province", "city", "district"]
