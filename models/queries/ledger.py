"""Reading the ledger: balances, statements, the trial balance, and what `verify` finds wrong."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from models import money
from models.base import db
from models.rules import ledger as rules
from models.tables.ledger import Account, Block, Leg, Posting

# A hot account holds its last snapshot and what was posted since.
_HOT = """
    SELECT a.id, a.code, coalesce(s.posting_id, 0) AS last_posting_id,
           coalesce(s.balance_fen, 0) + coalesce((
               SELECT sum(l.amount_fen) FROM leg l WHERE l.account_id = a.id
               AND l.posting_id > coalesce(s.posting_id, 0) AND l.posting_id <= :upto), 0)::bigint AS balance_fen
    FROM account a
    LEFT JOIN LATERAL (
        SELECT posting_id, balance_fen FROM snapshot WHERE account_id = a.id ORDER BY posting_id DESC LIMIT 1) s ON true
    WHERE a.is_hot
"""
NO_LIMIT = 2**63 - 1
NOTHING_KEPT: Mapping[int, bytes] = MappingProxyType({})


@dataclass(frozen=True)
class LegRow:
    """A leg with its account's code, as *why* shows it."""

    posting_id: int
    n: int
    code: str
    amount_fen: int
    cause: str
    level: int | None
    rate_bps: int | None
    base_fen: int | None
    reason: str


@dataclass(frozen=True)
class Statement:
    """A line of an account's statement: the leg and the posting it stands in."""

    posting_id: int
    key: str
    kind: str
    subject: str
    at: datetime
    amount_fen: int
    cause: str
    reason: str


def legs(posting_id: int) -> list[LegRow]:
    """The legs of a posting, in their order."""
    columns = (Leg.posting_id, Leg.n, Account.code, Leg.amount_fen, Leg.cause, Leg.level, Leg.rate_bps, Leg.base_fen)
    found = db.session.execute(
        sa.select(*columns, Leg.reason).join(Account, Account.id == Leg.account_id)
        .where(Leg.posting_id == posting_id).order_by(Leg.n)
    )  # fmt: skip
    return [LegRow(*row) for row in found]


def balances(codes: Sequence[str] | None = None) -> dict[str, int]:
    """What accounts hold now, in fen; all of them, or those named (0 for one that nothing was posted to)."""
    cold = sa.select(Account.code, Account.balance_fen).where(~Account.is_hot)
    if codes is not None:
        cold = cold.where(Account.code.in_(codes))
    held = {row.code: row.balance_fen for row in db.session.execute(cold)}
    hot = {row.code: row.balance_fen for row in hot_balances(NO_LIMIT)}
    if codes is None:
        return held | hot
    return {code: (held | hot).get(code, 0) for code in codes}


def cold_balances(codes: Sequence[str]) -> dict[str, int]:
    """What accounts that are not hot hold now, in fen; 0 for one that nothing was posted to."""
    found = db.session.execute(
        sa.text("SELECT code, balance_fen FROM account WHERE code = ANY (:codes)"), {"codes": list(codes)}
    )
    return dict.fromkeys(codes, 0) | {row.code: row.balance_fen for row in found}


def balance(code: str) -> int:
    """What one account that is not hot holds now, in fen; 0 for one that nothing was posted to."""
    return db.session.scalar(sa.select(Account.balance_fen).where(Account.code == code)) or 0


def is_booked(key: str) -> bool:
    """Whether a posting stands under a key."""
    return bool(db.session.scalar(sa.select(sa.exists().where(Posting.key == key))))


def count(subject: str, kind: str) -> int:
    """How many postings of a kind a subject has."""
    chosen = sa.select(sa.func.count()).where(Posting.subject == subject, Posting.kind == kind)
    return db.session.scalar(chosen) or 0


def hot_balances(upto: int) -> Sequence[Any]:
    """(id, code, last_posting_id of the snapshot, balance_fen) of every hot account, up to a posting."""
    return db.session.execute(sa.text(_HOT), {"upto": upto}).all()


def statement(code: str, *, before: int = NO_LIMIT, limit: int = 50) -> list[Statement]:
    """An account's newest lines before a posting, newest first."""
    columns = (Posting.id, Posting.key, Posting.kind, Posting.subject, Posting.at)
    found = db.session.execute(
        sa.select(*columns, Leg.amount_fen, Leg.cause, Leg.reason)
        .join(Posting, Posting.id == Leg.posting_id).join(Account, Account.id == Leg.account_id)
        .where(Account.code == code, Leg.posting_id < before)
        .order_by(Leg.posting_id.desc(), Leg.n).limit(limit)
    )  # fmt: skip
    return [Statement(*row) for row in found]


def blocks(*, after: int) -> Sequence[Block]:
    """The sealed blocks after a number, oldest first."""
    return db.session.scalars(sa.select(Block).where(Block.id > after).order_by(Block.id)).all()


def last_block() -> Block | None:
    """The newest sealed block."""
    return db.session.scalar(sa.select(Block).order_by(Block.id.desc()).limit(1))


def sealable(*, after: int, upto: int, limit: int = NO_LIMIT) -> Sequence[Any]:
    """(id, text) of postings as the chain covers them; the digest stands for kind, facts and legs."""
    text = sa.func.concat_ws(
        "\x1f",
        Posting.id,
        Posting.key,
        sa.func.encode(Posting.digest, "hex"),
        Posting.subject,
        sa.func.extract("epoch", Posting.at),
        Posting.actor,
    )
    chosen = sa.select(Posting.id, text.label("text")).where(Posting.id > after, Posting.id <= upto)
    return db.session.execute(chosen.order_by(Posting.id).limit(limit)).all()


# Both in one pass over the legs, in the order of their postings.
_BROKEN = """
    SELECT p.id, coalesce(t.fen, 1) <> 0 AS is_unbalanced,
           p.digest IS DISTINCT FROM posting_digest(p.kind, p.facts, t.legs) AS is_rewritten
    FROM posting p LEFT JOIN (
        SELECT l.posting_id, sum(l.amount_fen) AS fen, string_agg(concat_ws(
                   E'\\x1f', a.code, l.amount_fen, l.cause, coalesce(l.level::text, ''),
                   coalesce(l.rate_bps::text, ''), coalesce(l.base_fen::text, ''), l.reason),
                   E'\\n' ORDER BY l.n) AS legs
        FROM leg l JOIN account a ON a.id = l.account_id GROUP BY l.posting_id) t ON t.posting_id = p.id
    WHERE coalesce(t.fen, 1) <> 0 OR p.digest IS DISTINCT FROM posting_digest(p.kind, p.facts, t.legs)
    ORDER BY p.id
"""

_DRIFTED = """
    SELECT a.code, a.balance_fen, coalesce(m.fen, 0) AS fen
    FROM account a LEFT JOIN (SELECT account_id, sum(amount_fen) AS fen FROM leg GROUP BY account_id) m
      ON m.account_id = a.id
    WHERE NOT a.is_hot AND a.balance_fen <> coalesce(m.fen, 0)
"""

# Each snapshot is the one before and the legs in between: every leg is read once.
_SNAPSHOT_WRONG = """
    SELECT a.code, s.posting_id FROM (
        SELECT s.account_id, s.posting_id, s.balance_fen,
               sum(m.fen) OVER (PARTITION BY s.account_id ORDER BY s.posting_id) AS fen
        FROM (
            SELECT account_id, posting_id, balance_fen,
                   lag(posting_id, 1, 0::bigint) OVER (PARTITION BY account_id ORDER BY posting_id) AS since
            FROM snapshot) s
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(l.amount_fen), 0) AS fen FROM leg l
            WHERE l.account_id = s.account_id AND l.posting_id > s.since AND l.posting_id <= s.posting_id) m) s
    JOIN account a ON a.id = s.account_id WHERE s.balance_fen <> s.fen ORDER BY a.code, s.posting_id
"""


def differences(kept: Mapping[int, bytes] = NOTHING_KEPT) -> Iterator[str]:
    """Everything wrong with the ledger, a Chinese sentence each; ``kept`` are hashes of blocks kept outside of it."""
    for row in db.session.execute(sa.text(_BROKEN)):
        if row.is_unbalanced:
            yield f"账目 {row.id} 的分录合计不为零"
        if row.is_rewritten:
            yield f"账目 {row.id} 或它的分录在入账后被改写"
    for row in db.session.execute(sa.text(_DRIFTED)):
        yield f"账户 {row.code} 的余额 {money.yuan(row.balance_fen)}，分录合计 {money.yuan(int(row.fen))}"
    for row in db.session.execute(sa.text(_SNAPSHOT_WRONG)):
        yield f"账户 {row.code} 在账目 {row.posting_id} 处的快照与分录不符"
    yield from _chain(kept)


def _chain(kept: Mapping[int, bytes]) -> Iterator[str]:
    previous, after = rules.GENESIS, 0
    outside = dict(kept)
    blocks = db.session.execute(
        sa.select(Block.id, Block.last_posting_id, Block.postings, Block.hash).order_by(Block.id)
    )
    for number, block in enumerate(blocks, start=1):
        run = sealable(after=after, upto=block.last_posting_id)
        intact = block.id == number and len(run) == block.postings
        if not intact or rules.chained(previous, (row.text for row in run)) != bytes(block.hash):
            yield f"封存块 {block.id}（账目 {after + 1} 至 {block.last_posting_id}）与账目不符"
        previous, after = bytes(block.hash), block.last_posting_id
        if outside.pop(block.id, previous) != previous:
            yield f"封存块 {block.id} 与库外留存的链头不符"
    for number in sorted(outside):
        yield f"库外留存了封存块 {number}，库内却没有"
