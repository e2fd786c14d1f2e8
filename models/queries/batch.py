"""Reading batches: how many rows came to what."""

import sqlalchemy as sa

from models.base import db
from models.tables.batch import BatchRow, Outcome


def outcomes(batch_id: int) -> dict[str, int]:
    """How many rows of a batch stand at each outcome."""
    query = sa.select(BatchRow.outcome, sa.func.count()).where(BatchRow.batch_id == batch_id).group_by(BatchRow.outcome)
    counted = {row[0]: row[1] for row in db.session.execute(query)}
    return {outcome.value: counted.get(outcome.value, 0) for outcome in Outcome}
