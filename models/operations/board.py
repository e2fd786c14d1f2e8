"""Counting the boards anew."""

from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.queries import board as queries
from models.queries import sold
from models.rules import leaderboard as rules
from models.rules.leaderboard import Board as Name
from models.tables.challenge import Board, BoardPlace


def count(*, board: Name, at: datetime) -> Board:
    """Count one board over the days before an instant; what stood there is replaced."""
    since = at - rules.span(board)
    facts = asdict(rules.spread(*sold.earned(since=since, until=at))) if board is Name.EARNINGS else {}
    told = {"since": since, "until": at, "counted_at": at, "facts": facts}
    made = insert(Board).values(name=board, **told).on_conflict_do_update(index_elements=["name"], set_=told)
    db.session.execute(made)
    if board in rules.OF_NAMES:
        _place(board, since, at)
    return db.session.get_one(Board, board, populate_existing=True)


def _place(board: Name, since: datetime, at: datetime) -> None:
    found = sold.counted(since=since, until=at)
    scores = {row.seller_id: row.returning if board is Name.RETURNING else row.orders for row in found}
    shown = queries.able(list(scores), qualified_since=since if board is Name.NEWCOMERS else None)
    best = sorted(
        ((-score, member) for member, score in scores.items() if member in shown and score > 0)
    )[: rules.MOST]  # fmt: skip
    db.session.execute(sa.delete(BoardPlace).where(BoardPlace.name == board))
    if best:
        rows = [
            {"name": board, "place": place, "member_id": member, "score": -score}
            for place, (score, member) in enumerate(best, 1)
        ]
        db.session.execute(sa.insert(BoardPlace), rows)
