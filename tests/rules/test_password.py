"""Passwords: long enough, not guessable, kept whole."""

import pytest

from models.rules import password

GOOD = "lantern quarry 41 mosaic"


class TestCheck:
    @pytest.mark.parametrize(
        "good", [GOOD, "q8#kd02;wlx9", "山高月小水落石出清风徐来", "correct horse battery" + "x" * 107]
    )
    def test_lets_a_strong_one_pass_without_a_rule_of_composition(self, good):
        password.check(good)

    @pytest.mark.parametrize("bad", ["", "short", "q8#kd02;wlx", "k" * 129, GOOD * 10])
    def test_refuses_less_than_12_and_more_than_128(self, bad):
        with pytest.raises(password.WeakPassword, match="12 到 128"):
            password.check(bad)

    @pytest.mark.parametrize(
        "common",
        [
            "password1234", "Password1234!", "1qaz2wsx3edc", "qwerty123456", "123456789012", "abcdefghijkl",
            "111111111111", "qianxing2024", "q1w2e3r4t5y6", "iloveyou1234", "千星控台千星控台千星控台",
        ],
    )  # fmt: skip
    def test_refuses_what_everybody_chooses(self, common):
        with pytest.raises(password.WeakPassword, match="太容易"):
            password.check(common)

    def test_refuses_the_persons_own_name(self):
        with pytest.raises(password.WeakPassword):
            password.check("wangxiaoming8", about=("wangxiaoming", "王小明"))


class TestHash:
    def test_is_argon2id_with_the_agreed_cost(self):
        assert password.hash_of(GOOD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")

    def test_takes_the_whole_password(self):
        kept = password.hash_of("a" * 72 + " tail of seventy-three")
        assert not password.matches(kept, "a" * 72 + " another tail")

    def test_is_the_same_however_the_keyboard_composes(self):
        assert password.matches(password.hash_of("caf\u00e9 au lait noir"), "cafe\u0301 au lait noir")


class TestMatches:
    def test_knows_the_right_from_the_wrong(self):
        kept = password.hash_of(GOOD)
        assert password.matches(kept, GOOD)
        assert not password.matches(kept, GOOD.upper())

    def test_is_false_without_a_kept_one_whatever_is_typed(self):
        assert not password.matches(None, "0" * 128 + "x")
        assert not password.matches(None, "")

    def test_works_as_hard_for_nobody_as_for_somebody(self, monkeypatch):
        seen = []

        class Counting:
            def verify(self, kept, typed):
                seen.append(kept.rsplit("$", 2)[0])
                return True

        kept = password.hash_of(GOOD)
        monkeypatch.setattr(password, "_hasher", Counting())
        password.matches(kept, GOOD)
        password.matches(None, GOOD)
        password.matches(kept, "x" * 5000)
        assert seen == ["$argon2id$v=19$m=19456,t=2,p=1"] * 3
