import pytest

from models.rules import compliance
from models.rules.compliance import BadAmount, TooDeep, Unlabelled


class TestCheckLevel:
    @pytest.mark.parametrize("level", [1, 2, 3])
    def test_passes_the_three_levels(self, level):
        assert compliance.check_level(level) == level

    @pytest.mark.parametrize("level", [0, 4, 11])
    def test_refuses_every_other_with_the_number_of_the_rule(self, level):
        with pytest.raises(TooDeep, match=rf"规则 5\.3.*第 {level} 层"):
            compliance.check_level(level)


class TestCheckAmount:
    @pytest.mark.parametrize(
        ("amount", "said"), [(-1, "-¥0.01"), (10**12 + 1, "¥10,000,000,000.01"), (10**30, "¥10,000,000,000,000,000,")]
    )
    def test_refuses_negative_and_huge_amounts(self, amount, said):
        with pytest.raises(BadAmount, match=f"金额为 {said}"):
            compliance.check_amount(amount, "金额")

    def test_passes_the_bounds(self):
        assert compliance.check_amount(0, "金额") == 0
        assert compliance.check_amount(10**12, "金额") == 10**12


class TestCheckLabelled:
    def test_refuses_a_projection_without_one_of_its_texts(self):
        with pytest.raises(Unlabelled, match="D-02"):
            compliance.check_labelled(["D-01"])

    def test_passes_with_all(self):
        compliance.check_labelled(["D-02", "D-01", "D-07"])
