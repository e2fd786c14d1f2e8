"""Taking money out: what a withdrawal asks for, and the own orders that high earners owe."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from models import money
from models.errors import Conflict
from models.rules.compliance import check_amount
from models.rules.policy import EarnerMode, Policy
from models.rules.standing import Standing

OBLIGATION_DAYS = 30
# What one share may ask for at once: a tiny step and an outsized order would otherwise ask for a million own orders.
OBLIGATIONS_AT_ONCE = 1_000


class TransferState(StrEnum):
    """The eight states of WeChat's transfer bills, one to one."""

    ACCEPTED = "ACCEPTED"
    PROCESSING = "PROCESSING"
    WAIT_USER_CONFIRM = "WAIT_USER_CONFIRM"
    TRANSFERING = "TRANSFERING"
    SUCCESS = "SUCCESS"
    FAIL = "FAIL"
    CANCELING = "CANCELING"
    CANCELLED = "CANCELLED"


FINAL = {TransferState.SUCCESS, TransferState.FAIL, TransferState.CANCELLED}


CONFIRM_HOURS = 24
"""How long a payee may confirm a transfer before WeChat closes it."""

LOST_MINUTES = 10
"""A transfer that the channel does not know so long after it was sent never reached it."""


class BelowMinimum(Conflict):
    """Too small to withdraw."""


class NotActive(Conflict):
    """Only an active member withdraws."""


class InDebt(Conflict):
    """A debt is paid before anything leaves."""


class OrderOnHold(Conflict):
    """An order sold by the member is under review."""


class PurchaseOverdue(Conflict):
    """A high earner's own order is overdue."""


class NameMissing(Conflict):
    """No real name on file."""


class NotEnough(Conflict):
    """More than what is available."""


class AlreadySent(Conflict):
    """The transfer was asked for: only its bill can end the withdrawal."""


class PayoutEnded(Conflict):
    """A transfer ends once."""


class WrongAmount(Conflict):
    """The channel's bill is about another amount than the withdrawal."""


def check_amount_told(*, told_fen: int, net_fen: int, number: str) -> None:
    """Refuse to write down a bill whose amount is not ours (rules 5.9); 0 where the channel tells none."""
    if told_fen and told_fen != net_fen:
        raise WrongAmount(
            f"规则 5.9：提现 {number} 的转账单金额为 {money.yuan(told_fen)}，应为 {money.yuan(net_fen)}。"
            "请勿重发，先到商户平台核对。"
        )


def confirm_by(made_at: datetime) -> datetime:
    """The instant at which an unconfirmed transfer closes by itself."""
    return made_at + timedelta(hours=CONFIRM_HOURS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """What a withdrawal looks at, read under the member's row lock."""

    standing: Standing
    available_fen: int
    owed_fen: int
    on_hold: bool
    real_name: bool
    overdue: bool


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of a withdrawal: its rule, what it asks (translated in the catalogue), and what is wrong, if so."""

    rule: str
    title: str
    refusal: Conflict | None = None


def checks(amount_fen: int, purse: Purse, policy: Policy) -> Iterator[Check]:
    """Every condition of rules 5.9 but the balance, in the order in which a person can do something about it."""

    def check(rule: str, title: str, is_met: bool, refusal: Conflict) -> Check:
        return Check(rule, title, None if is_met else refusal)

    least = f"规则 5.9：单笔提现至少 {money.yuan(policy.withdraw_min_fen)}。"
    yield check("5.9", "At least the minimum", amount_fen >= policy.withdraw_min_fen, BelowMinimum(least))
    standing = "规则 4.3、5.9：只有资格有效的成员可以提现，请先恢复资格。"
    yield check("4.3", "The member is active", purse.standing is Standing.ACTIVE, NotActive(standing))
    name = "规则 5.9：尚未登记实名，请先完成实名认证。"
    yield check("5.9", "A real name is on file", purse.real_name, NameMissing(name))
    debt = f"规则 5.9：还有 {purse.owed_fen} 分欠款，后续收入抵清后才能提现。"
    yield check("5.9", "No debt", not purse.owed_fen, InDebt(debt))
    held = "规则 5.9：有本人售出的订单正在风控核查，核查结束后才能提现。"
    yield check("5.9", "No order sold is under review", not purse.on_hold, OrderOnHold(held))
    overdue = "规则 5.8：高收入成员的自购订单已逾期，完成一笔普通订单后即可提现。"
    is_met = not purse.overdue or policy.high_earner_mode is not EarnerMode.HOLD
    yield check("5.8", "No own order is overdue", is_met, PurchaseOverdue(overdue))


def check_withdrawal(amount_fen: int, purse: Purse, policy: Policy) -> None:
    """Refuse a withdrawal that breaks a condition, or asks for more than there is (rules 5.9)."""
    check_amount(amount_fen, "规则 5.9：提现金额")
    for one in checks(amount_fen, purse, policy):
        if one.refusal is not None:
            raise one.refusal
    if amount_fen > purse.available_fen:
        raise NotEnough(f"规则 5.9：可提现余额为 {money.yuan(purse.available_fen)}，不足 {money.yuan(amount_fen)}。")


def may_send(*, sent_at: datetime | None, at: datetime) -> bool:
    """Whether a transfer that its channel does not know is sent: once, and again only when it never arrived.

    The number stays the same, so that a bill which turns up late is the same bill (rules 5.9).
    """
    return sent_at is None or sent_at + timedelta(minutes=LOST_MINUTES) <= at


def needs_second_approval(amount_fen: int, policy: Policy) -> bool:
    """Whether a second person must approve (rules 5.9)."""
    return amount_fen >= policy.withdraw_second_approval_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """An own normal order asked of a high earner (rules 5.8)."""

    since: datetime
    met_at: datetime | None = None

    @property
    def due_at(self) -> datetime:
        return self.since + timedelta(days=OBLIGATION_DAYS)

    def overdue(self, at: datetime) -> bool:
        """Not met within the thirty days, [since, due)."""
        return self.met_at is None and self.due_at <= at


def passed(before_fen: int, after_fen: int, policy: Policy) -> int:
    """How many full multiples of the step lifetime earnings passed on their way up (rules 5.8)."""
    step = policy.high_earner_step_fen
    return min(max(0, after_fen // step - before_fen // step), OBLIGATIONS_AT_ONCE)


def meet(obligations: Sequence[Obligation], at: datetime) -> list[Obligation]:
    """The obligations after one more own normal order: the oldest open one is met (rules 5.8)."""
    found = list(obligations)
    for i, one in enumerate(found):
        if one.met_at is None:
            found[i] = Obligation(since=one.since, met_at=at)
            return found
    return found


def any_overdue(obligations: Iterable[Obligation], at: datetime) -> bool:
    """Whether withdrawals wait, or a reminder goes out."""
    return any(one.overdue(at) for one in obligations)
