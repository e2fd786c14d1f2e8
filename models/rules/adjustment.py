"""Corrections of the ledger: a few templates, each with its accounts; nobody picks accounts freely."""

from dataclasses import dataclass
from enum import StrEnum

from models import money
from models.errors import Conflict, Invalid
from models.rules.compliance import check_amount


class Template(StrEnum):
    """What a correction does."""

    COMPENSATE = "compensate"  # margin pays a member, debts first
    RECOVER = "recover"  # a member gives back what was paid too much; what is not there becomes debt
    FORGIVE = "forgive"  # margin takes over a member's debt
    HOUSE = "house"  # shares nobody may have become margin
    RESERVE = "reserve"  # the reserve covers a loss


OF_MEMBER = {Template.COMPENSATE, Template.RECOVER, Template.FORGIVE}


class NoTemplate(Invalid):
    """No correction of this name."""


class WrongParty(Invalid):
    """The template wants a member, or wants none."""


class NotThere(Conflict):
    """More than the account holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """One correction, amount in fen."""

    template: Template
    amount_fen: int
    member: str | None = None


def parsed(*, template: str, amount_fen: int, member: str | None = None) -> Adjustment:
    """A correction as asked for, or a refusal (rules 5.10)."""
    if template not in set(Template):
        raise NoTemplate(f"规则 5.10：没有名为 {template} 的调账模板，请从列表中选择。")
    check_amount(amount_fen, "规则 5.10：调账金额", least_fen=1)
    found = Template(template)
    if (member is not None) != (found in OF_MEMBER):
        raise WrongParty(
            "规则 5.10：该调账模板" + ("须填写会员。" if found in OF_MEMBER else "不涉及会员，请去掉会员。")
        )
    return Adjustment(template=found, amount_fen=amount_fen, member=member)


def check_there(*, amount_fen: int, held_fen: int) -> None:
    """A correction moves what is there and no more (rules 5.10)."""
    if amount_fen > held_fen:
        raise NotThere(f"规则 5.10：该账户可调 {money.yuan(held_fen)}，不足 {money.yuan(amount_fen)}。")
