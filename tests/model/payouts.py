"""Money that leaves or comes once a month: agents' deposits, dividends, withdrawals."""

from datetime import datetime
from zoneinfo import ZoneInfo

from models.errors import Conflict
from models.rules import dividend, region_share, tax, withdrawal
from models.rules.commission import Kind
from models.rules.scenario import Appoint, EndPayout, PayDividend, PayoutEnd, Withdraw
from models.rules.share import Bucket
from models.rules.tax import Month, Payment
from models.rules.withdrawal import Purse
from tests.model import people, shares, trade
from tests.model.ledger import Posting
from tests.model.state import Line, Member, Withdrawal, World

SHANGHAI = ZoneInfo("Asia/Shanghai")


def month_of(at: datetime) -> Month:
    there = at.astimezone(SHANGHAI)
    return Month(there.year, there.month)


def begins(month: Month) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=SHANGHAI)


def appoint(world: World, event: Appoint) -> None:
    member = world.member(event.member)
    region_share.check_appointment(
        code=event.region, standing=member.standing, incumbent=world.agents.get(event.region)
    )
    deposit = region_share.deposit_fen(event.region)
    world.agents[event.region] = event.member
    world.ledger.post(f"deposit:{event.region}", [("custody", -deposit), (f"deposit:{event.region}", deposit)])


def pay_dividend(world: World, event: PayDividend) -> None:
    if begins(event.month.next()) > event.at:
        raise Conflict("规则 5.7：该月尚未结束，月末之后才能出账单。")
    if event.month in world.billed:
        raise Conflict("规则 5.7：该月账单已存在，每月只有一张。")
    world.billed.add(event.month)
    people.evaluate_ranks(world)
    lines = [*_corrections(world), *_new(world, event.month)]
    for line, amount in lines:
        posting = Posting(world.ledger)
        posting.add("platform:margin", -amount)
        if amount > 0:
            shares.give(posting, line.member, amount)
        else:
            shares.take(posting, line.member, -amount)
        posting.book(f"dividend:{event.month.year}-{event.month.month}:{line.member}:{line.month}")
        line.booked_fen += amount
        shares.earn(world, line.member, amount, event.at)


def _new(world: World, month: Month) -> list[tuple[Line, int]]:
    found = []
    for member in world.members.values():
        bps = dividend.rate_bps(member.rank, world.policy)
        if bps and dividend.is_billed(member.person()):
            base = _base(world, member, month)
            line = Line(month, member.code, bps, 0)
            world.lines.append(line)
            found.append((line, dividend.amount_fen(base, bps)))
    return [(line, amount) for line, amount in found if amount]


def _corrections(world: World) -> list[tuple[Line, int]]:
    found = []
    for line in world.lines:
        base = _base(world, world.members[line.member], line.month)
        found.append((line, dividend.correction_fen(base_fen=base, bps=line.bps, booked_fen=line.booked_fen)))
    return [(line, amount) for line, amount in found if amount]


def _base(world: World, member: Member, month: Month) -> int:
    """Net paid amount of a month's normal and presale orders sold by the people who count."""
    total = 0
    for order in world.orders.values():
        if order.kind is Kind.ADMISSION or order.completed_at is None or month_of(order.completed_at) != month:
            continue
        if member in world.upline(world.members[order.seller], world.policy.levels):
            total += order.net_fen()
    return total


def withdraw(world: World, event: Withdraw) -> None:
    member = world.member(event.member)
    body = (event.member, event.amount)
    if event.withdrawal in world.withdrawals:
        if world.withdrawals[event.withdrawal].body == body:
            return
        raise Conflict(f"规则 5.9：提现单号 {event.withdrawal} 已存在且内容不同，请核对。")
    withdrawal.check_withdrawal(event.amount, _purse(world, member, event.at), world.policy)
    month = month_of(event.at)
    paid = [
        Payment(one.month, one.amount_fen, one.tax_fen)
        for one in world.withdrawals.values()
        if one.member == member.code and one.state != PayoutEnd.FAIL
    ]
    due = tax.withhold_fen(amount_fen=event.amount, month=month, paid=paid, method=world.policy.tax_method)
    world.withdrawals[event.withdrawal] = Withdrawal(event.withdrawal, member.code, event.amount, due, month, body)
    world.ledger.post(
        f"withdraw:{event.withdrawal}",
        [
            (shares.account(member.code, Bucket.AVAILABLE), -event.amount),
            (shares.account(member.code, Bucket.PAYOUT), event.amount - due),
            ("tax:withheld", due),
        ],
    )


def _purse(world: World, member: Member, at: datetime) -> Purse:
    balances = world.ledger.balances
    return Purse(
        standing=member.standing,
        available_fen=balances[shares.account(member.code, Bucket.AVAILABLE)],
        owed_fen=-balances[shares.account(member.code, Bucket.DEBT)],
        on_hold=trade.on_hold(world, member.code),
        real_name=member.qualified,
        overdue=withdrawal.any_overdue(member.obligations, at),
    )


def end_payout(world: World, event: EndPayout) -> None:
    one = world.withdrawal(event.withdrawal)
    if one.state is not None:
        if one.state == event.state:
            return
        raise Conflict(f"规则 5.9：提现 {one.code} 已是 {one.state}，结果不再改变。")
    one.state = event.state
    net = one.amount_fen - one.tax_fen
    posting = Posting(world.ledger)
    posting.add(shares.account(one.member, Bucket.PAYOUT), -net)
    if event.state is PayoutEnd.SUCCESS:
        posting.add("custody", net)
    else:
        posting.add("tax:withheld", -one.tax_fen)
        shares.give(posting, one.member, one.amount_fen)
    posting.book(f"payout:{one.code}")
