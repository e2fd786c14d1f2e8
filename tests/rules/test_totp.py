"""Codes of an authenticator: the published values, once, however they are typed."""

from datetime import UTC, datetime, timedelta

import pytest

from models.rules import totp

# The key and two of the moments of RFC 6238, appendix B (its eight digits end in these six).
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
AT = datetime(2005, 3, 18, 1, 58, 29, tzinfo=UTC)
STEP = 37037036


class TestCodeOf:
    def test_is_the_published_one(self):
        assert totp.code_of(SECRET, STEP) == "081804"
        assert totp.code_of(SECRET, STEP + 1) == "050471"


class TestStepOf:
    def test_is_the_step_of_the_moment(self):
        assert totp.step_of(SECRET, "081804", at=AT, after=0) == STEP

    @pytest.mark.parametrize("seconds", [-30, 30])
    def test_bears_a_clock_one_step_off(self, seconds):
        assert totp.step_of(SECRET, "081804", at=AT + timedelta(seconds=seconds), after=0) == STEP

    @pytest.mark.parametrize("seconds", [-90, 90])
    def test_bears_no_more(self, seconds):
        assert totp.step_of(SECRET, "081804", at=AT + timedelta(seconds=seconds), after=0) is None

    @pytest.mark.parametrize("typed", ["081 804", " 081804\u3000", "０８１８０４", "٠٨١٨٠٤", "081\u00a0804"])
    def test_reads_blanks_and_other_digits(self, typed):
        assert totp.step_of(SECRET, typed, at=AT, after=0) == STEP

    @pytest.mark.parametrize("typed", ["081804", "081 804", "０８１８０４", "٠٨١٨٠٤"])
    def test_takes_a_code_once_in_whatever_digits(self, typed):
        assert totp.step_of(SECRET, typed, at=AT, after=STEP) is None

    @pytest.mark.parametrize("typed", ["", "81804", "0818040", "abcdef", "081804x", "²81804", "081-804"])
    def test_refuses_anything_else(self, typed):
        assert totp.step_of(SECRET, typed, at=AT, after=0) is None


class TestAddress:
    def test_names_the_house_and_the_login(self):
        address = totp.address(SECRET, login="wang")
        assert address.startswith("otpauth://totp/")
        assert f"secret={SECRET}" in address
        assert "%E5%8D%83%E6%98%9F%E6%8E%A7%E5%8F%B0:wang" in address


class TestNewSecret:
    def test_has_160_bits_and_never_repeats(self):
        secrets = {totp.new_secret() for _ in range(100)}
        assert len(secrets) == 100
        assert {len(secret) for secret in secrets} == {32}
