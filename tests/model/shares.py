"""What happens to shares once they are booked: maturing, release, holds, fraud, obligations of high earners."""

from datetime import datetime

from models.rules import share, withdrawal
from models.rules.share import Bucket, House
from models.rules.withdrawal import Obligation
from tests.model.ledger import Posting
from tests.model.state import Booked, Member, Order, World


def account(member: str, bucket: Bucket) -> str:
    return f"member:{member}:{bucket}"


def give(posting: Posting, member: str, amount_fen: int) -> None:
    """Make an amount available, debts first."""
    owed = -posting.balance(account(member, Bucket.DEBT))
    to = share.credit(amount_fen, owed_fen=owed)
    posting.add(account(member, Bucket.DEBT), to.debt_fen)
    posting.add(account(member, Bucket.AVAILABLE), to.available_fen)


def take(posting: Posting, member: str, amount_fen: int) -> None:
    """Take an amount back from what is available; the rest makes debt."""
    of = share.debit(amount_fen, available_fen=posting.balance(account(member, Bucket.AVAILABLE)))
    posting.add(account(member, Bucket.AVAILABLE), -of.available_fen)
    posting.add(account(member, Bucket.DEBT), -of.debt_fen)


def take_row(posting: Posting, row: Booked, amount_fen: int) -> None:
    """Take an amount out of where a row lies now."""
    if row.bucket is Bucket.AVAILABLE and row.member is not None:
        take(posting, row.member, amount_fen)
    else:
        posting.add(row.account, -amount_fen)


def move(posting: Posting, row: Booked, bucket: Bucket) -> None:
    """Carry what is left of a share to another bucket."""
    assert row.member is not None
    if bucket is row.bucket:
        return
    posting.add(row.account, -row.left_fen)
    row.bucket, row.account = bucket, account(row.member, bucket)
    if bucket is Bucket.AVAILABLE:
        give(posting, row.member, row.left_fen)
    else:
        posting.add(row.account, row.left_fen)


def matured(world: World, order: Order, at: datetime) -> bool:
    return order.completed_at is not None and share.is_mature(order.completed_at, at, order.marks, world.policy)


def release(world: World, posting: Posting, order: Order, row: Booked, at: datetime) -> None:
    assert row.member is not None
    person = world.members[row.member].person()
    level = None if row.is_region else row.level
    move(posting, row, share.release(person, level, order.marks, matured=matured(world, order, at)))


def release_all(world: World, member: Member, bucket: Bucket, at: datetime, key: str) -> None:
    """Release every share that a member has in a bucket."""
    for order in world.orders.values():
        posting = Posting(world.ledger)
        for row in order.rows:
            if row.member == member.code and row.bucket is bucket:
                release(world, posting, order, row, at)
        if posting.legs:
            posting.book(f"{key}:{order.code}")


def mature(world: World, code: str, at: datetime) -> None:
    order = world.orders[code]
    posting = Posting(world.ledger)
    for row in order.rows:
        if row.bucket is Bucket.PENDING and matured(world, order, at):
            move(posting, row, Bucket.AVAILABLE)
    posting.book(f"mature:{code}")


def hold(world: World, order: Order, at: datetime) -> None:
    order.held = True
    posting = Posting(world.ledger)
    for row in order.rows:
        if row.bucket is Bucket.PENDING:
            move(posting, row, Bucket.HELD)
    posting.book(f"hold:{order.code}:{at.isoformat()}:{len(world.ledger.keys)}")


def clear(world: World, order: Order, at: datetime) -> None:
    order.held = False
    posting = Posting(world.ledger)
    for row in order.rows:
        if row.bucket is Bucket.HELD:
            release(world, posting, order, row, at)
    posting.book(f"clear:{order.code}:{at.isoformat()}:{len(world.ledger.keys)}")


def confirm_fraud(world: World, order: Order) -> None:
    """Every member share of the order goes to the house."""
    order.held, order.fraud = False, True
    posting = Posting(world.ledger)
    for row in order.rows:
        if row.member is not None and row.bucket is not None:
            take_row(posting, row, row.left_fen)
            posting.add("platform:house", row.left_fen)
            row.bucket, row.account = None, "platform:house"
            world.members[row.member].earnings_fen -= row.left_fen
    posting.book(f"{House.FRAUD}:{order.code}:{len(world.ledger.keys)}")


def earn(world: World, member: str, amount_fen: int, at: datetime) -> None:
    """Count earnings; each full multiple passed asks for an own order."""
    person = world.members[member]
    before, person.earnings_fen = person.earnings_fen, person.earnings_fen + amount_fen
    for _ in range(withdrawal.passed(before, person.earnings_fen, world.policy)):
        person.obligations.append(Obligation(since=at))


def meet_obligation(member: Member, at: datetime) -> None:
    member.obligations = withdrawal.meet(member.obligations, at)
