"""A slip of the pen in a column of few words."""

from models.rules.importing import Mend, mend

FUJIAN, HUBEI, GUANGDONG = "350000", "420000", "440000"
ORDINARY = {(FUJIAN, "南区"): 1760, (GUANGDONG, "南区"): 3346, (HUBEI, "东区"): 900, (HUBEI, "西区"): 160}


class TestMend:
    def test_a_slip_is_mended_to_the_only_word_that_stands_beside_its_province(self):
        assert mend({**ORDINARY, (FUJIAN, "男区"): 1}) == [Mend(FUJIAN, "男区", "南区")]

    def test_a_province_with_two_words_leaves_the_slip_unresolved(self):
        assert mend({**ORDINARY, (HUBEI, "男区"): 1}) == [Mend(HUBEI, "男区", None)]

    def test_a_word_two_characters_away_is_another_word(self):
        assert mend({**ORDINARY, (FUJIAN, "海外"): 1}) == [Mend(FUJIAN, "海外", None)]

    def test_a_row_without_a_province_is_left_alone(self):
        assert mend({**ORDINARY, (None, "男区"): 1}) == [Mend(None, "男区", None)]

    def test_a_word_that_is_not_rare_is_a_word_of_its_own(self):
        assert mend({**ORDINARY, (FUJIAN, "男区"): 40}) == []

    def test_blank_values_are_no_words(self):
        assert mend({**ORDINARY, (FUJIAN, None): 2}) == []

    def test_a_file_too_small_to_know_its_words_mends_nothing(self):
        assert mend({(FUJIAN, "南区"): 3, (FUJIAN, "男区"): 1}) == []

    def test_a_column_of_many_words_is_no_vocabulary(self):
        assert mend({(FUJIAN, f"区{chr(0x4E00 + i)}"): 50 for i in range(40)} | {(FUJIAN, "区区"): 1}) == []

    def test_an_empty_file_has_nothing_to_mend(self):
        assert mend({}) == []
