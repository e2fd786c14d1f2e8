"""Money that leaves: asked for, approved, on its way, arrived or come back (rules §5.9)."""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Forbidden, Missing
from models.operations import agreement, outbox, share
from models.queries import case as cases
from models.queries import ledger as books
from models.queries import member as members
from models.queries import policy as policies
from models.queries import risk as risks
from models.queries import switch as switches
from models.rules import tax
from models.rules import withdrawal as rules
from models.rules.share import Bucket
from models.rules.standing import Standing
from models.rules.switch import MoneyJob
from models.rules.tax import Month, Payment
from models.rules.withdrawal import TransferState
from models.tables.job import Queue
from models.tables.member import Member
from models.tables.order import Order
from models.tables.payout import Withdrawal

BACK = ("FAIL", "CANCELLED", "rejected")


class NumberReused(Conflict):
    """The number names another withdrawal already."""


class NoWithdrawal(Missing):
    """No withdrawal has this number."""


class NotWaiting(Conflict):
    """The withdrawal is not where this step could happen."""


class Blocked(Conflict):
    """The risk rules stopped the withdrawal."""


class UnderReview(Conflict):
    """A reviewer has not decided the case about the withdrawal yet."""


class SameHands(Forbidden):
    """The second approval is a second person's."""


def request(*, number: str, code: str, amount_fen: int, month: Month, at: datetime) -> Withdrawal:
    """Reserve an amount for its way out, the tax withheld. ``month`` is the Shanghai month of ``at``.

    Under the member's row lock: two at once never overdraw.
    """
    found = members.by_code(code)
    member = members.locked([found.id])[found.id]
    there = db.session.scalars(sa.select(Withdrawal).where(Withdrawal.number == number)).one_or_none()
    if there is not None:
        if (there.member_id, there.amount_fen) != (member.id, amount_fen):
            raise NumberReused(f"规则 5.9：提现单号 {number} 已存在且内容不同，请核对。")
        return there
    agreement.check_consent(member=member, at=at)
    _, policy = policies.in_force(at)
    rules.check_withdrawal(amount_fen, purse(member, at), policy)
    due = tax.withhold_fen(amount_fen=amount_fen, month=month, paid=paid(member.id), method=policy.tax_method)
    withdrawal = Withdrawal(
        number=number, member_id=member.id, amount_fen=amount_fen, tax_fen=due, month=date(month.year, month.month, 1),
        state="requested", requested_at=at,
    )  # fmt: skip
    db.session.add(withdrawal)
    draft = share.Draft()
    draft.add(share.account(code, Bucket.AVAILABLE), -amount_fen, "withdrawal")
    draft.add(share.account(code, Bucket.PAYOUT), amount_fen - due, "withdrawal")
    draft.add("tax:withheld", due, "tax", base_fen=amount_fen)
    draft.book(key=f"withdraw:{number}", kind="withdrawal", subject=f"withdrawal:{number}", at=at)
    outbox.emit("withdrawal.requested", subject=f"withdrawal:{number}", number=number)
    return withdrawal


def purse(member: Member, at: datetime) -> rules.Purse:
    """What a withdrawal of a member looks at."""
    held = sa.select(sa.exists().where(Order.seller_id == member.id, Order.is_held))
    return rules.Purse(
        standing=Standing(member.standing),
        available_fen=books.balance(share.account(member.code, Bucket.AVAILABLE)),
        owed_fen=-books.balance(share.account(member.code, Bucket.DEBT)),
        on_hold=bool(db.session.scalar(held)),
        real_name=member.real_name_at is not None or member.position is not None,
        overdue=rules.any_overdue(share.open_obligations(member.id), at),
    )


def paid(member_id: int, *, before: int | None = None) -> list[Payment]:
    """What a member has withdrawn and not got back; with ``before`` the withdrawals older than that one."""
    chosen = sa.select(Withdrawal).where(Withdrawal.member_id == member_id, Withdrawal.state.not_in(BACK))
    found = db.session.scalars(chosen if before is None else chosen.where(Withdrawal.id < before))
    return [Payment(Month(one.month.year, one.month.month), one.amount_fen, one.tax_fen) for one in found]


def approve(*, number: str, by: str, at: datetime) -> Withdrawal:
    """Approve a withdrawal; a large one is approved once a second person has said so too."""
    withdrawal = _locked(number)
    if withdrawal.state != "requested":
        raise NotWaiting("该提现已处理，请刷新后查看最新状态")
    if risks.is_blocked(withdrawal.id):
        raise Blocked(f"规则 8.2：提现 {number} 被风控拦截，请先由风控核查并解除拦截，再审批。")
    if cases.open_on(f"withdrawal:{withdrawal.id}"):
        raise UnderReview("规则 8.2：该提现有未结的审核个案，请等待风控结论后再审批。")
    _, policy = policies.in_force(at)
    if withdrawal.approved_by is None:
        withdrawal.approved_by = by
    elif withdrawal.approved_by == by:
        raise SameHands("规则 5.9：第二次审批须由另一人完成")
    else:
        withdrawal.second_by = by
    if withdrawal.second_by or not rules.needs_second_approval(withdrawal.amount_fen, policy):
        withdrawal.state = "approved"
        outbox.emit("withdrawal.approved", subject=f"withdrawal:{number}", number=number)
    db.session.flush()
    return withdrawal


def reject(*, number: str, reason: str, at: datetime) -> Withdrawal:
    """Refuse a withdrawal before its transfer is asked for: the money and the tax come back."""
    withdrawal = _locked(number)
    if withdrawal.state not in ("requested", "approved"):
        raise NotWaiting("转账已经发起，不能再驳回：请先查询转账结果")
    if withdrawal.sent_at is not None:
        raise rules.AlreadySent("规则 5.9：转账已经发起，不能再驳回，请等待转账结果。")
    outbox.emit("withdrawal.rejected", subject=f"withdrawal:{number}", number=number)
    return _come_back(withdrawal, "rejected", reason, at)


def look_again(*, number: str, at: datetime, by: str) -> Withdrawal:
    """Have the channel asked about a transfer now: asked, never sent anew (rules §5.9)."""
    withdrawal = _locked(number)
    if withdrawal.ended_at is not None or withdrawal.state in ("requested", "rejected"):
        raise NotWaiting("规则 5.9：该提现没有未完结的转账，无需查询。")
    outbox.request(
        "pay_out", queue=Queue.MONEY, payload={"number": number}, subject=f"withdrawal:{number}", title="查询转账",
        by=by, key=f"pay_out:{number}:{at:%Y-%m-%dT%H:%M}",
    )  # fmt: skip
    return withdrawal


def mark_sent(*, number: str, seen: datetime | None, at: datetime) -> bool:
    """Take the one right to send a transfer; no where its bill is known, or another took the right since ``seen``."""
    withdrawal = _locked(number)
    if withdrawal.state != "approved" or withdrawal.sent_at != seen:
        return False
    switches.check(MoneyJob.TRANSFER)
    withdrawal.sent_at = at
    db.session.flush()
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a channel says of a transfer's bill; ``made_at`` and ``package`` while its payee is waited for."""

    state: TransferState
    amount_fen: int = 0
    reason: str = ""
    package: str = ""
    made_at: datetime | None = None


def hear(*, number: str, told: Told, at: datetime) -> Withdrawal:
    """Write down all that a channel says of a bill; one about another amount is refused (rules §5.9)."""
    withdrawal = _locked(number)
    net = withdrawal.amount_fen - withdrawal.tax_fen
    rules.check_amount_told(told_fen=told.amount_fen, net_fen=net, number=number)
    if withdrawal.ended_at is None:
        is_waiting = told.state is TransferState.WAIT_USER_CONFIRM
        if is_waiting and withdrawal.confirm_by is None:
            withdrawal.confirm_by = rules.confirm_by(told.made_at or at)
        withdrawal.package = (told.package or withdrawal.package) if is_waiting else ""
    return record(number=number, state=told.state, at=at, reason=told.reason)


def record(*, number: str, state: TransferState, at: datetime, reason: str = "") -> Withdrawal:
    """Write down what the transfer's bill says; an end is an end, and the same again or older news change nothing."""
    withdrawal = _locked(number)
    if withdrawal.ended_at is not None:
        if withdrawal.state == state or state not in rules.FINAL:
            return withdrawal
        raise rules.PayoutEnded(f"规则 5.9：提现 {number} 已是 {withdrawal.state}，结果不再改变。")
    told = reason or withdrawal.reason
    if state in (TransferState.FAIL, TransferState.CANCELLED):
        return _come_back(withdrawal, state, told, at)
    withdrawal.state, withdrawal.reason = state, told
    if state is TransferState.SUCCESS:
        withdrawal.ended_at = at
        code = db.session.get_one(Member, withdrawal.member_id).code
        net = withdrawal.amount_fen - withdrawal.tax_fen
        draft = share.Draft()
        draft.add(share.account(code, Bucket.PAYOUT), -net, "payout")
        draft.add("custody", net, "payout")
        draft.book(key=f"payout:{number}", kind="payout", subject=f"withdrawal:{number}", at=at)
        outbox.emit("withdrawal.paid", subject=f"withdrawal:{number}", number=number)
    db.session.flush()
    return withdrawal


def _come_back(withdrawal: Withdrawal, state: str, reason: str, at: datetime) -> Withdrawal:
    member = members.locked([withdrawal.member_id])[withdrawal.member_id]
    withdrawal.state, withdrawal.reason, withdrawal.ended_at = state, reason, at
    draft = share.Draft()
    draft.add(share.account(member.code, Bucket.PAYOUT), withdrawal.tax_fen - withdrawal.amount_fen, "payout_back")
    draft.add("tax:withheld", -withdrawal.tax_fen, "payout_back")
    draft.give(member.code, withdrawal.amount_fen, "payout_back")
    number = withdrawal.number
    draft.book(key=f"payout:{number}", kind="payout_back", subject=f"withdrawal:{number}", at=at)
    outbox.emit("withdrawal.returned", subject=f"withdrawal:{number}", number=number)
    db.session.flush()
    return withdrawal


def _locked(number: str) -> Withdrawal:
    withdrawal = db.session.scalars(
        sa.select(Withdrawal).where(Withdrawal.number == number).with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()  # fmt: skip
    if withdrawal is None:
        raise NoWithdrawal(f"没有编号为 {number} 的提现。")
    return withdrawal
