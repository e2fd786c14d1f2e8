"""The ledger's grammar, without a database."""

import hashlib

import pytest

from models.rules import ledger
from models.rules.ledger import AmountRefused, Leg, Unbalanced, UnknownAccount


def leg(account: str = "custody", amount_fen: int = 1, **facts: object) -> Leg:
    return Leg(account=account, amount_fen=amount_fen, cause="pay", **facts)


class TestBucket:
    @pytest.mark.parametrize(
        ("account", "found"),
        [
            ("custody", ("custody", True)),
            ("clearing", ("clearing", True)),
            ("platform:margin", ("margin", True)),
            ("platform:house", ("house", True)),
            ("platform:reserve", ("reserve", True)),
            ("tax:withheld", ("withheld", True)),
            ("supplier:shop", ("supplier", True)),
            ("deposit:330106", ("deposit", False)),
            *((f"member:a:{name}", (name, False)) for name in
              ("pending", "locked", "frozen", "held", "available", "payout", "debt")),
            ("member:a:b:debt", ("debt", False)),
        ],
    )  # fmt: skip
    def test_knows_each_account_and_whether_it_is_hot(self, account, found):
        assert ledger.bucket(account) == found

    @pytest.mark.parametrize(
        "account",
        [
            "", "cash", "supplier", "supplier:", "deposit:33010", "deposit:3301066", "deposit:33010x", "member:a",
            "member::debt", "member:a:wallet", "people:a:debt", "house:330106", "vendor:shop",
        ],
    )  # fmt: skip
    def test_refuses_what_the_chart_does_not_have(self, account):
        with pytest.raises(UnknownAccount):
            ledger.bucket(account)


class TestChecked:
    def test_takes_two_legs_and_more_that_sum_to_zero(self):
        ledger.checked([leg(amount_fen=10**12), leg(amount_fen=-(10**12))])
        ledger.checked([leg(amount_fen=1), leg(amount_fen=1), leg(amount_fen=-2)])

    @pytest.mark.parametrize("amounts", [[], [1], [1, -2], [1, 1]])
    def test_refuses_what_does_not_balance(self, amounts):
        with pytest.raises(Unbalanced):
            ledger.checked([leg(amount_fen=one) for one in amounts])

    @pytest.mark.parametrize("amounts", [[0, 0], [10**12 + 1, -(10**12) - 1], [-(10**12) - 1, 10**12 + 1]])
    def test_refuses_nothing_and_the_huge(self, amounts):
        with pytest.raises(AmountRefused):
            ledger.checked([leg(amount_fen=one) for one in amounts])


class TestText:
    def test_says_every_part_of_a_leg(self):
        legs = [leg(level=1, rate_bps=7_000, base_fen=3_000, reason="why"), leg("clearing", -1)]
        assert (
            ledger.text(legs)
            == "custody\x1f1\x1fpay\x1f1\x1f7000\x1f3000\x1fwhy\nclearing\x1f-1\x1fpay\x1f\x1f\x1f\x1f"
        )


class TestChained:
    def test_begins_with_a_hash_of_its_own(self):
        assert hashlib.sha256(b"qianxing ledger").digest() == ledger.GENESIS

    def test_covers_the_block_before_and_each_line(self):
        assert ledger.chained(b"before", ["a", "b"]) == hashlib.sha256(b"beforea\nb\n").digest()
