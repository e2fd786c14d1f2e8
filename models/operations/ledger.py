"""Writing the ledger: a posting once under its key, the hot balances' snapshots, the sealed blocks."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import OperationalError

from models.base import copy_rows, db
from models.operations import outbox
from models.queries import ledger as queries
from models.rules import ledger as rules
from models.tables.job import Job, Queue
from models.tables.ledger import Block, Posting, Snapshot

LOCK = 7310003  # shared by every posting in flight (trigger posting_open)

# One call for a posting with all its legs: see migration 0006.
_BOOK = sa.text(
    "SELECT posting_book(:key, :kind, :subject, :at, :facts, :legs, CAST(:account AS text[]), CAST(:bucket AS text[]),"
    " CAST(:is_hot AS boolean[]), CAST(:amount_fen AS bigint[]), CAST(:cause AS text[]), CAST(:level AS smallint[]),"
    " CAST(:rate_bps AS bigint[]), CAST(:base_fen AS bigint[]), CAST(:reason AS text[]))"
).bindparams(sa.bindparam("facts", type_=JSONB))
_OPEN = sa.text("SELECT account_open(CAST(:codes AS text[]), CAST(:buckets AS text[]), CAST(:hot AS boolean[]))")
_IDS = sa.text("SELECT code, id FROM account WHERE code = ANY (:codes)")
_HEADS = sa.text(
    "INSERT INTO posting (key, digest, kind, subject, at, facts)"
    " SELECT key, posting_digest(kind, CAST(facts AS jsonb), legs), kind, subject, at, CAST(facts AS jsonb)"
    " FROM unnest(CAST(:key AS text[]), CAST(:kind AS text[]), CAST(:subject AS text[]), CAST(:at AS timestamptz[]),"
    " CAST(:facts AS text[]), CAST(:legs AS text[])) AS heads (key, kind, subject, at, facts, legs) RETURNING id, key"
)
_COLUMNS = ("account", "amount_fen", "cause", "level", "rate_bps", "base_fen", "reason")

_SAME = sa.text(
    "SELECT id, digest = posting_digest(:kind, :facts, :legs) AS is_same FROM posting WHERE key = :key"
).bindparams(sa.bindparam("facts", type_=JSONB))


def post(
    *, key: str, kind: str, subject: str, at: datetime, legs: Sequence[rules.Leg], facts: Mapping[str, Any]
) -> int:
    """Book one posting and answer its id. A repeat changes nothing; the same key with other content is refused."""
    rules.checked(legs)
    row = {"key": key, "kind": kind, "subject": subject, "at": at, "facts": dict(facts), "legs": rules.text(legs)}
    places = [rules.bucket(leg.account) for leg in legs]
    columns: dict[str, Any] = {name: [getattr(leg, name) for leg in legs] for name in _COLUMNS}
    columns |= {"bucket": [bucket for bucket, _ in places], "is_hot": [is_hot for _, is_hot in places]}
    posting_id = db.session.scalar(_BOOK, row | columns)
    return _repeated(row) if posting_id is None else int(posting_id)


def post_many(postings: Sequence[Mapping[str, Any]]) -> None:
    """Book many postings, each as `post` takes one, under keys that are all new: else none is booked."""
    for one in postings:
        rules.checked(one["legs"])
    legs = [(one["key"], n, leg) for one in postings for n, leg in enumerate(one["legs"], 1)]
    codes = {leg.account for _, _, leg in legs}
    accounts = _opened(sorted(codes))
    ids = _headed(postings)
    copy_rows(
        "leg",
        ("posting_id", "n", "account_id", "amount_fen", "cause", "level", "rate_bps", "base_fen", "reason"),
        (
            (ids[key], n, accounts[leg.account], leg.amount_fen, str(leg.cause), leg.level, leg.rate_bps, leg.base_fen,
             leg.reason)
            for key, n, leg in legs
        ),
    )  # fmt: skip


def _opened(codes: list[str]) -> dict[str, int]:
    places = [rules.bucket(code) for code in codes]
    told = {"codes": codes, "buckets": [one for one, _ in places], "hot": [is_hot for _, is_hot in places]}
    db.session.execute(_OPEN, told)
    return {row.code: row.id for row in db.session.execute(_IDS, told)}


def _headed(postings: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    columns: dict[str, list[Any]] = {name: [one[name] for one in postings] for name in ("key", "kind", "subject", "at")}
    columns["facts"] = [json.dumps(dict(one["facts"]), ensure_ascii=False) for one in postings]
    columns["legs"] = [rules.text(one["legs"]) for one in postings]
    return {row.key: row.id for row in db.session.execute(_HEADS, columns)}


def _repeated(row: dict[str, Any]) -> int:
    there = db.session.execute(_SAME, row).one()
    if not there.is_same:
        raise rules.KeyReused(f"键 {row['key']} 已经记过另一笔账，内容不同：请核对后用新的键")
    return int(there.id)


def reverse(*, posting_id: int, key: str, at: datetime, reason: str) -> int:
    """Book the opposite of a posting, leg by leg; the original stays as it is."""
    legs = [
        rules.Leg(row.code, -row.amount_fen, row.cause, row.level, row.rate_bps, row.base_fen, reason)
        for row in queries.legs(posting_id)
    ]
    subject = db.session.scalars(sa.select(Posting.subject).where(Posting.id == posting_id)).one()
    return post(key=key, kind="reversal", subject=subject, at=at, legs=legs, facts={"reverses": posting_id})


def settled() -> int:
    """The newest posting before which none is still in flight; 0 when the ledger is too busy to say now.

    Every poster shares the lock until it commits: holding it alone for one read is that instant. Rolling back to the
    savepoint gives the lock back, whatever happened in between.
    """
    nested = db.session.begin_nested()
    try:
        db.session.execute(sa.text("SET LOCAL lock_timeout = '2s'"))
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        return db.session.scalar(sa.select(sa.func.max(Posting.id))) or 0
    except OperationalError:
        return 0
    finally:
        nested.rollback()


def ask_to_verify(*, at: datetime, by: str) -> Job:
    """Have the whole ledger verified in the background."""
    return outbox.request(
        "verify_ledger", queue=Queue.MONEY, payload={}, subject="ledger", title="核对账本", by=by,
        key=f"verify_ledger:{at:%Y-%m-%dT%H:%M}",
    )  # fmt: skip


def snapshot() -> int:
    """Note what every hot account holds up to one posting; answers that posting's id (0 with nothing new)."""
    upto = settled()
    rows = [
        {"account_id": row.id, "posting_id": upto, "balance_fen": row.balance_fen}
        for row in queries.hot_balances(upto)
        if row.last_posting_id < upto
    ]
    if rows:
        db.session.execute(sa.insert(Snapshot), rows)
    return upto if rows else 0


def seal(*, at: datetime, limit: int = 10_000) -> Block | None:
    """Hash the next run of postings onto the chain; ``None`` when there is nothing new. Keep the hash elsewhere too."""
    last = queries.last_block()
    run = queries.sealable(after=last.last_posting_id if last else 0, upto=settled(), limit=limit)
    if not run:
        return None
    block = Block(
        id=last.id + 1 if last else 1,
        last_posting_id=run[-1].id,
        postings=len(run),
        hash=rules.chained(last.hash if last else rules.GENESIS, (row.text for row in run)),
        sealed_at=at,
    )
    db.session.add(block)
    db.session.flush()
    return block
