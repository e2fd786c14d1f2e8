"""Counting the turnover: the ledger's legs summed by day, once."""

import sqlalchemy as sa

from models.base import db
from models.operations import ledger
from models.queries import turnover as queries
from models.tables.ledger import Posting

STEP_POSTINGS = 100_000

_COUNT = sa.text(
    f"""
    INSERT INTO turnover (since_id, n, upto_id, day, bucket, kind, cause, level, amount_fen)
    SELECT :since, row_number() OVER (ORDER BY g.day, g.bucket, g.kind, g.cause, g.level), :upto, g.*
    FROM ({queries.GROUPED}) AS g
    """
)


def count(*, most: int = STEP_POSTINGS) -> int:
    """Sum up the next postings that none can come before any more; how many they were, 0 when there is nothing new."""
    since, settled = queries.counted(), ledger.settled()
    chosen = sa.select(Posting.id).where(Posting.id > since, Posting.id <= settled).order_by(Posting.id).limit(most)
    number, upto = db.session.execute(sa.select(sa.func.count(), sa.func.max(chosen.subquery().c.id))).one()
    if number:
        db.session.execute(_COUNT, {"since": since, "upto": upto})
    return int(number)
