"""The monthly team dividend: built once, confirmed by a second person, paid line by line (rules §5.7)."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, DomainError, Forbidden
from models.operations import outbox, share
from models.queries import dividend as queries
from models.queries import member as members
from models.queries import policy as policies
from models.queries import switch as switches
from models.rules.switch import MoneyJob
from models.tables.job import Job, Queue
from models.tables.payout import DividendBill, DividendLine


class MonthRunning(Conflict):
    """The month has not ended."""


class BilledAlready(Conflict):
    """One bill a month."""


class NotBuilt(Conflict):
    """Only a built bill is confirmed."""


class NotConfirmed(Conflict):
    """Only a confirmed bill is paid."""


class LinesChanged(Conflict):
    """The lines are not those that the second person saw."""


class SameHands(Forbidden):
    """Who built a bill may not confirm it."""


def build(*, month: date, bounds: queries.Bounds, at: datetime, by: str) -> DividendBill:
    """Compute a month's lines and the corrections of earlier ones; ``bounds`` knows where months begin and end."""
    if bounds(month)[1] > at:
        raise MonthRunning("规则 5.7：该月尚未结束，月末之后才能出账单。")
    db.session.execute(sa.text("LOCK TABLE dividend_bill IN SHARE ROW EXCLUSIVE MODE"))
    if db.session.scalar(sa.select(DividendBill.id).where(DividendBill.month == month)):
        raise BilledAlready("规则 5.7：该月账单已存在，每月只有一张。")
    _, policy = policies.in_force(at)
    bill = DividendBill(month=month, state="built", built_at=at, built_by=by)
    db.session.add(bill)
    db.session.flush()
    for line in (*queries.corrections(bounds=bounds), *queries.preview(month=month, bounds=bounds, policy=policy)):
        db.session.add(
            DividendLine(
                bill_id=bill.id,
                member_id=line.member_id,
                of_month=line.of_month,
                rank=line.rank,
                bps=line.bps,
                base_fen=line.base_fen,
                amount_fen=line.amount_fen,
                state="due",
                failure="",
            )  # fmt: skip
        )
    db.session.flush()
    return bill


def confirm(*, bill_id: int, at: datetime, by: str, digest: bytes | None = None) -> DividendBill:
    """A second person vouches for the lines as they stand; ``digest`` is of the lines that were shown."""
    bill = db.session.get_one(DividendBill, bill_id, with_for_update=True)
    if digest is not None and digest != queries.digest(bill_id):
        raise LinesChanged("规则 5.7：账单内容与您查看的不一致，请重新核对后再确认。")
    if bill.state != "built":
        raise NotBuilt("该账单已确认，请刷新后查看最新状态")
    if bill.built_by == by:
        raise SameHands("规则 5.7：账单须由另一人确认，制单人不能确认自己的账单")
    bill.state, bill.confirmed_at, bill.confirmed_by = "confirmed", at, by
    db.session.flush()
    return bill


def pay_line(*, line_id: int, at: datetime) -> DividendLine:
    """Pay one line of a confirmed bill from margin straight to available; a paid line stays as it is."""
    line = db.session.get_one(DividendLine, line_id, with_for_update=True)
    bill = db.session.get_one(DividendBill, line.bill_id)
    if bill.state == "built":
        raise NotConfirmed("账单尚未由第二人确认，不能付款")
    if line.state == "paid":
        return line
    switches.check(MoneyJob.DIVIDEND)
    member = members.locked([line.member_id])[line.member_id]
    _, policy = policies.in_force(at)
    draft = share.Draft()
    draft.add("platform:margin", -line.amount_fen, "dividend", rate_bps=line.bps, base_fen=line.base_fen)
    if line.amount_fen > 0:
        draft.give(member.code, line.amount_fen, "dividend")
    else:
        draft.take(member.code, -line.amount_fen, "dividend")
    key = f"dividend:{bill.month:%Y-%m}:{member.code}"
    if line.of_month != bill.month:
        key += f":{line.of_month:%Y-%m}"
    facts: dict[str, Any] = {"bill": bill.id, "of_month": f"{line.of_month:%Y-%m}", "rank": line.rank}
    line.posting_id = draft.book(key=key, kind="dividend", subject=f"dividend:{bill.month:%Y-%m}", at=at, **facts)
    line.state, line.failure = "paid", ""
    share.earn(member=member, amount_fen=line.amount_fen, policy=policy, at=at)
    db.session.flush()
    return line


def fail_line(*, line_id: int, error: DomainError) -> None:
    """Keep why a line could not be paid; it is retried alone."""
    line = db.session.get_one(DividendLine, line_id, with_for_update=True)
    if line.state != "paid":
        line.state, line.failure = "failed", str(error)


def ask_to_pay(*, bill_id: int, at: datetime, by: str, run_at: datetime | None = None) -> Job:
    """Have a confirmed bill paid in the background, what is paid already left as it is; from ``run_at`` on."""
    bill = db.session.get_one(DividendBill, bill_id)
    if bill.state != "confirmed":
        raise NotConfirmed("规则 5.7：账单须先由另一人确认，且尚未付清，才能支付。")
    return outbox.request(
        "pay_bill", queue=Queue.MONEY, payload={"bill_id": bill_id}, subject=f"bill:{bill_id}", title="支付分红账单",
        by=by, key=f"pay_bill:{bill_id}:{(run_at or at):%Y-%m-%dT%H:%M:%S}", run_at=run_at,
    )  # fmt: skip


def retry_line(*, line_id: int, at: datetime) -> DividendLine:
    """Pay one line that failed, and close its bill where it was the last."""
    line = pay_line(line_id=line_id, at=at)
    close(bill_id=line.bill_id, at=at)
    return line


def close(*, bill_id: int, at: datetime) -> DividendBill:
    """Mark a bill as paid once every line is."""
    bill = db.session.get_one(DividendBill, bill_id, with_for_update=True)
    left = sa.select(sa.func.count()).where(DividendLine.bill_id == bill_id, DividendLine.state != "paid")
    if bill.state == "confirmed" and not db.session.scalar(left):
        bill.state, bill.paid_at = "paid", at
        db.session.flush()
    return bill
