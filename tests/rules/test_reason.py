"""Coded reasons: what they accept and what they leave in the trail."""

import re

import pytest

from models.rules import reason


class TestCheck:
    @pytest.mark.parametrize(
        ("code", "note", "kept"),
        [
            ("contact", "", "contact"),
            ("contact", "  来电\n核实 ", "contact: 来电 核实"),
            ("other", "补寄发票", "other: 补寄发票"),
            ("contact", "长" * 300, "contact: " + "长" * 200),
        ],
    )
    def test_gives_what_the_trail_keeps(self, code, note, kept):
        assert reason.check("pii.reveal", code, note) == kept

    @pytest.mark.parametrize(
        ("code", "note", "says"),
        [
            ("", "写了说明", "请选择原因"),
            ("wrong_amount", "", "没有这个原因"),
            ("other", " \n ", "选择“其他”时请在说明中写明"),
        ],
    )
    def test_refuses_what_says_nothing(self, code, note, says):
        with pytest.raises(reason.Unstated, match=says):
            reason.check("pii.reveal", code, note)

    def test_knows_the_kinds_of_the_house_alone(self):
        with pytest.raises(KeyError):
            reason.check("nothing.there", "other", "x")


class TestTold:
    @pytest.mark.parametrize(
        ("kept", "told"),
        [
            ("contact: 来电 核实", ("Contact the person", "来电 核实")),
            ("contact", ("Contact the person", "")),
            ("物流赔付", ("", "物流赔付")),
            ("新版本: 调整门槛", ("", "新版本: 调整门槛")),
            ("", ("", "")),
        ],
    )
    def test_gives_the_title_of_a_code_and_leaves_other_words(self, kept, told):
        assert reason.told(kept) == told


class TestKinds:
    @pytest.mark.parametrize("kind", reason.REASONS)
    def test_have_codes_of_their_own(self, kind):
        codes = [each.code for each in reason.of(kind)]
        assert len(codes) == len(set(codes)) >= 2
        assert all(re.fullmatch(r"[a-z][a-z_]*", code) for code in (*codes, *kind.split(".")))
