"""How figures read."""

import pytest

from reports.numbers import Lang, Unit, compact, exact, tick


class TestExact:
    @pytest.mark.parametrize(
        ("value", "unit", "text"),
        [
            (247_482_307, Unit.YUAN, "¥2,474,823.07"),
            (-50, Unit.YUAN, "-¥0.50"),
            (27_826_936, Unit.COUNT, "27,826,936"),
            (0.23126, Unit.RATE, "23.13%"),
            (1.5, Unit.RATIO, "1.50"),
            (None, Unit.YUAN, "—"),
        ],
    )
    def test_is_the_whole_number(self, value, unit, text):
        assert exact(value, unit) == text


class TestCompact:
    @pytest.mark.parametrize(
        ("value", "unit", "lang", "text"),
        [
            (445_406_885_900, Unit.YUAN, Lang.ZH, "¥44.54亿"),
            (247_482_307, Unit.YUAN, Lang.ZH, "¥247.5万"),
            (247_482_307, Unit.YUAN, Lang.EN, "¥2.475M"),
            (27_826_936, Unit.COUNT, Lang.ZH, "2,783万"),
            (9_063, Unit.COUNT, Lang.ZH, "9,063"),
            (123_456, Unit.YUAN, Lang.ZH, "¥1,234.56"),
            (0.4, Unit.RATE, Lang.ZH, "40.00%"),
        ],
    )
    def test_has_four_digits_and_a_word(self, value, unit, lang, text):
        assert compact(value, unit, lang) == text


class TestTick:
    @pytest.mark.parametrize(
        ("value", "unit", "lang", "text"),
        [
            (50_000_000_000, Unit.YUAN, Lang.ZH, "5亿"),
            (150_000_000, Unit.YUAN, Lang.EN, "1.5M"),
            (2_000, Unit.COUNT, Lang.ZH, "2,000"),
            (0.25, Unit.RATE, Lang.ZH, "25%"),
            (0.025, Unit.RATE, Lang.ZH, "2.5%"),
            (0, Unit.YUAN, Lang.ZH, "0"),
        ],
    )
    def test_is_as_short_as_can_be(self, value, unit, lang, text):
        assert tick(value, unit, lang) == text
