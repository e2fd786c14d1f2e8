"""Answers kept beside their effects: the same request again is the same answer, and no second effect."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from models.base import db
from models.errors import Invalid
from models.queries.identity import Kept
from models.tables.answer import KeptAnswer

KEEP = timedelta(days=30)
FORGOTTEN_AT_ONCE = 1000
_KEEP = sa.text(
    "INSERT INTO kept_answer (identity_id, key, digest, status, body, at)"
    " VALUES (:identity, :key, :digest, :status, :body, :at) ON CONFLICT (identity_id, key) DO NOTHING RETURNING 1"
)


class KeyReused(Invalid):
    """The key stands for another request."""


class Answered(Exception):
    """An equal request was answered while this one was worked on: its answer counts, and its effect alone."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as its key knows it: whose, under which key, and the SHA-256 of what was asked."""

    identity_id: int
    key: str
    digest: bytes


def again(ask: Ask, kept: Kept | None) -> Kept | None:
    """The answer that stands under the key, if one does, for the very same request."""
    if kept is not None and kept.digest != ask.digest:
        raise KeyReused("这个 Idempotency-Key 已用于另一个请求，请换一个新的再提交。")
    return kept


def keep(ask: Ask, *, status: int, body: bytes, at: datetime) -> None:
    """Write the answer down under its key, last in the transaction of its effect: neither is left without the other.

    An equal request under way is waited for here; where it was answered, this one's effect goes with ``Answered``.
    """
    told = {
        "identity": ask.identity_id, "key": ask.key, "digest": ask.digest, "status": status, "body": body, "at": at
    }  # fmt: skip
    if db.session.execute(_KEEP, told).scalar_one_or_none() is None:
        raise Answered


def forget(*, at: datetime) -> int:
    """Remove answers older than thirty days, a batch at a time; how many."""
    old = sa.select(KeptAnswer.identity_id, KeptAnswer.key).where(KeptAnswer.at < at - KEEP).limit(FORGOTTEN_AT_ONCE)
    chosen = sa.tuple_(KeptAnswer.identity_id, KeptAnswer.key).in_(old)
    gone = sa.delete(KeptAnswer).where(chosen).returning(KeptAnswer.key)
    return len(db.session.execute(gone.execution_options(synchronize_session=False)).all())
