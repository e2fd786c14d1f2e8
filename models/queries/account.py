"""What an account holds, now and after each of its legs."""

from collections.abc import Sequence

import sqlalchemy as sa

from models.base import db
from models.tables.ledger import Account, Leg, Snapshot

_AFTER = """
    SELECT posting_id, n, cast(:anchor + sum(amount_fen) OVER (ORDER BY posting_id, n) AS bigint) AS fen FROM leg
    WHERE account_id = :account AND posting_id > :beyond AND (posting_id, n) <= (:last, :n)
"""
_BACK = """
    SELECT posting_id, n, cast(:anchor - sum(amount_fen) OVER (ORDER BY posting_id DESC, n DESC) + amount_fen AS bigint)
           AS fen FROM leg
    WHERE account_id = :account AND posting_id >= :first
"""


def held_fen() -> sa.ColumnElement[int]:
    """What an account holds: a hot one its newest snapshot and the legs since, any other its own balance."""
    newest = (
        sa.select(Snapshot.posting_id, Snapshot.balance_fen).where(Snapshot.account_id == Account.id)
        .order_by(Snapshot.posting_id.desc()).limit(1).correlate(Account).subquery().lateral()
    )  # fmt: skip
    upto = sa.select(newest.c.posting_id).scalar_subquery()
    noted = sa.select(newest.c.balance_fen).scalar_subquery()
    since = (
        sa.select(sa.func.sum(Leg.amount_fen))
        .where(Leg.account_id == Account.id, Leg.posting_id > sa.func.coalesce(upto, 0))
        .correlate(Account).scalar_subquery()
    )  # fmt: skip
    hot = sa.func.coalesce(noted, 0) + sa.func.coalesce(since, 0)
    return sa.cast(sa.case((Account.is_hot, hot), else_=Account.balance_fen), sa.BigInteger)


def by_code(code: str) -> Account | None:
    """The account with a code, if anything was ever posted to it."""
    return db.session.scalars(sa.select(Account).where(Account.code == code)).one_or_none()


def running(account: Account, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """What an account held after each of some of its legs, given as (posting, n).

    A hot account is summed up from the snapshot before the oldest of them, any other back from its balance of now:
    a page near the newest leg costs the page alone.
    """
    if not places:
        return {}
    (first, _), (last, n) = min(places), max(places)
    if account.is_hot:
        noted = db.session.execute(
            sa.select(Snapshot.posting_id, Snapshot.balance_fen)
            .where(Snapshot.account_id == account.id, Snapshot.posting_id < first)
            .order_by(Snapshot.posting_id.desc()).limit(1)
        ).one_or_none()  # fmt: skip
        beyond, anchor = noted or (0, 0)
        told = {"account": account.id, "anchor": anchor, "beyond": beyond, "last": last, "n": n}
        found = db.session.execute(sa.text(_AFTER), told)
    else:
        told = {"account": account.id, "anchor": account.balance_fen or 0, "first": first}
        found = db.session.execute(sa.text(_BACK), told)
    wanted = set(places)
    return {(row.posting_id, row.n): row.fen for row in found if (row.posting_id, row.n) in wanted}
