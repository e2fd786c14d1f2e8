"""Answers kept beside their effects: the same request again is the same answer, and no second effect."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.errors import Invalid
from models.queries import identity as identities
from models.tables.answer import KeptAnswer

KEEP = timedelta(days=30)
FORGOTTEN_AT_ONCE = 1000


class KeyReused(Invalid):
    """The key stands for another request."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as its key knows it: whose, under which key, and the SHA-256 of what was asked."""

    identity_id: int
    key: str
    digest: bytes


def claim(ask: Ask, *, at: datetime) -> KeptAnswer | None:
    """Take a key, or give the answer that stands under it; an equal request under way is waited for.

    The row is taken first and answered last, in one transaction with the effect: an effect without its answer, or an
    answer without its effect, cannot be left behind.
    """
    taken = (
        insert(KeptAnswer)
        .values(identity_id=ask.identity_id, key=ask.key, digest=ask.digest, status=0, body=b"", at=at)
        .on_conflict_do_nothing(index_elements=["identity_id", "key"])
        .returning(KeptAnswer.key)
    )
    if db.session.execute(taken).scalar_one_or_none() is not None:
        return None
    found = identities.kept(identity_id=ask.identity_id, key=ask.key)
    if found is None or bytes(found.digest) != ask.digest:
        raise KeyReused("这个 Idempotency-Key 已用于另一个请求，请换一个新的再提交。")
    return found


def keep(ask: Ask, *, status: int, body: bytes) -> None:
    """Write the answer down under the key that was taken."""
    mine = (KeptAnswer.identity_id == ask.identity_id, KeptAnswer.key == ask.key)
    db.session.execute(sa.update(KeptAnswer).where(*mine).values(status=status, body=body))


def forget(*, at: datetime) -> int:
    """Remove answers older than thirty days, a batch at a time; how many."""
    old = sa.select(KeptAnswer.identity_id, KeptAnswer.key).where(KeptAnswer.at < at - KEEP).limit(FORGOTTEN_AT_ONCE)
    chosen = sa.tuple_(KeptAnswer.identity_id, KeptAnswer.key).in_(old)
    gone = sa.delete(KeptAnswer).where(chosen).returning(KeptAnswer.key)
    return len(db.session.execute(gone.execution_options(synchronize_session=False)).all())
