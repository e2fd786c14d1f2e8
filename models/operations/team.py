"""What ranks look at, kept with every change: team sizes, team sales, and the ranks themselves."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm.util import identity_key

from models.base import copy_text, db
from models.operations import outbox
from models.queries import headcount
from models.rules import standing as rules
from models.rules.compliance import LEVELS_SHOWN
from models.rules.policy import Policy
from models.rules.standing import Rank, Showcase, Standing
from models.tables.member import Member
from models.tables.standing import StandingChange, Team

# Presets hold no rank: leaving them out keeps the network's top from being everybody's lock.
_LOCKED = """
    WITH RECURSIVE above AS (
        SELECT s.member_id, s.parent_id, 0 AS distance FROM seat s WHERE s.member_id = :member
        UNION ALL
        SELECT s.member_id, s.parent_id, a.distance + 1 FROM above a JOIN seat s ON s.id = a.parent_id
        WHERE a.distance < :levels),
    locked AS MATERIALIZED (
        SELECT t.member_id FROM team t JOIN above a ON a.member_id = t.member_id
        ORDER BY t.member_id FOR UPDATE OF t)
"""
_TEAM = sa.text(f"{_LOCKED} SELECT member_id FROM locked")
_ADD = sa.text(
    f"""
    {_LOCKED}
    UPDATE team t
    SET size = t.size + CASE WHEN :counts OR t.member_id = :member THEN :people ELSE 0 END,
        sales_fen = t.sales_fen + CASE WHEN :counts OR t.member_id = :member THEN :sales_fen ELSE 0 END,
        own_fen = t.own_fen + CASE WHEN t.member_id = :member THEN :sales_fen ELSE 0 END
    FROM locked WHERE t.member_id = locked.member_id RETURNING t.member_id
    """
)
_ADD_HEADS = sa.text(
    """
    WITH RECURSIVE above AS (
        SELECT s.member_id, s.parent_id, 0 AS distance, 1 AS heads FROM seat s WHERE s.member_id = ANY (:members)
        UNION ALL
        SELECT s.member_id, s.parent_id, a.distance + 1, a.heads FROM above a JOIN seat s ON s.id = a.parent_id
        WHERE a.distance < :levels),
    grown AS (SELECT member_id, sum(heads) AS heads FROM above GROUP BY member_id),
    locked AS MATERIALIZED (
        SELECT t.member_id FROM team t JOIN grown g ON g.member_id = t.member_id
        ORDER BY t.member_id FOR UPDATE OF t)
    UPDATE team t SET size = t.size + g.heads FROM locked l JOIN grown g ON g.member_id = l.member_id
    WHERE t.member_id = l.member_id RETURNING t.member_id
    """
)
_RECOUNTED = sa.text(
    """
    INSERT INTO team (member_id, size, sales_fen, own_fen)
    SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:sizes AS bigint[]), CAST(:sales AS bigint[]),
                         CAST(:owns AS bigint[]))
    ON CONFLICT (member_id) DO UPDATE
    SET size = excluded.size, sales_fen = excluded.sales_fen, own_fen = excluded.own_fen
    """
)
_TEAMS = sa.text(
    """
    SELECT m.id, m.standing, m.rank, t.size, t.sales_fen, t.own_fen
    FROM member m JOIN team t ON t.member_id = m.id WHERE m.id = ANY (:ids) ORDER BY m.id
    """
)

_RANKED = sa.text(
    """
    UPDATE member m SET rank = r.rank
    FROM unnest(CAST(:ids AS bigint[]), CAST(:ranks AS text[])) AS r (id, rank) WHERE m.id = r.id
    """
)


class Transition(NamedTuple):
    """What `changed` writes down, put by for `changed_many`."""

    member_id: int
    at: datetime
    kind: str
    before: str | None
    after: str | None
    reason: str
    evidence: Mapping[str, object]


def teams_of(member_id: int) -> list[int]:
    """The members in whose team one is, itself included, their rows locked in id order."""
    return list(db.session.scalars(_TEAM, {"member": member_id, "levels": LEVELS_SHOWN}))


_BOTH = sa.text(
    """
    WITH RECURSIVE above AS (
        SELECT s.member_id, s.parent_id, 0 AS distance FROM seat s WHERE s.member_id = ANY(:members)
        UNION ALL
        SELECT s.member_id, s.parent_id, a.distance + 1 FROM above a JOIN seat s ON s.id = a.parent_id
        WHERE a.distance < :levels)
    SELECT t.member_id FROM team t WHERE t.member_id IN (SELECT member_id FROM above)
    ORDER BY t.member_id FOR UPDATE OF t
    """
)


def hold_teams(member_ids: Sequence[int]) -> None:
    """Lock the rows of every team that these members are in, all at once in id order."""
    db.session.execute(_BOTH, {"members": list(member_ids), "levels": LEVELS_SHOWN})


def open_team(member: Member) -> None:
    """Begin to count for a member."""
    db.session.add(Team(member_id=member.id))
    db.session.flush()


def add(*, member: Member, people: int = 0, sales_fen: int = 0) -> list[int]:
    """Count heads or net sales of a member for every team it is in; answers whose teams those are.

    A head counts for the member itself however its showcase stands, for those above only while it is not closed; the
    same holds for sales (rules §4.6): ``member.showcase`` decides, so a showcase is closed after its team was told.
    """
    told = {
        "member": member.id,
        "levels": LEVELS_SHOWN,
        "people": people,
        "sales_fen": sales_fen,
        "counts": member.showcase != "closed",
    }
    return list(db.session.scalars(_ADD, told))


def add_heads(member_ids: Sequence[int]) -> list[int]:
    """`add` for one head each of many members whose showcases are open; answers whose teams those are."""
    return list(db.session.scalars(_ADD_HEADS, {"members": list(member_ids), "levels": LEVELS_SHOWN}))


def recount() -> int:
    """Count everybody's team afresh and write down what differs; answers how many were wrong.

    Whoever changes a team waits meanwhile; what such a one has begun is counted before, what it begins then is added.
    """
    db.session.execute(sa.text("LOCK TABLE team IN SHARE ROW EXCLUSIVE MODE"))
    counts = headcount.counted()
    wrong = counts.wrong()
    size, sales, own = (column[wrong].tolist() for column in counts.fresh)
    told = {"ids": counts.member_ids[wrong].tolist(), "sizes": size, "sales": sales, "owns": own}
    if told["ids"]:
        db.session.execute(_RECOUNTED, told)
    return len(told["ids"])


def leave_teams(*, member: Member) -> None:
    """A closed showcase and what it sold no longer count for those above (rules §4.6)."""
    _regard(member, -1)


def rejoin_teams(*, member: Member) -> None:
    """A reopened showcase counts again for those above."""
    _regard(member, +1)


def _regard(member: Member, sign: int) -> None:
    above = [one for one in teams_of(member.id) if one != member.id]
    own = db.session.scalar(sa.select(Team.own_fen).where(Team.member_id == member.id)) or 0
    if above:
        db.session.execute(
            sa.update(Team)
            .where(Team.member_id.in_(above))
            .values(size=Team.size + sign, sales_fen=Team.sales_fen + sign * own)
        )


def evaluate(*, member_ids: Sequence[int], policy: Policy, at: datetime) -> None:
    """Raise the ranks that are reached now; a rank is kept once reached (rules §4.6)."""
    if not member_ids:
        return
    raised = []
    for row in db.session.execute(_TEAMS, {"ids": list(member_ids)}).all():
        if not rules.is_ranked(Standing(row.standing)):
            continue
        reached = rules.rank_for(
            team_size=row.size, team_sales_fen=row.sales_fen, own_sales_fen=row.own_fen, policy=policy
        )
        best = rules.higher(Rank(row.rank) if row.rank else None, reached)
        if best is not None and best != row.rank:
            evidence = {"team_size": row.size, "team_sales_fen": row.sales_fen, "own_sales_fen": row.own_fen}
            raised.append(Transition(row.id, at, "ranked", row.rank, str(best), "reached", evidence))
    if raised:
        _raise(raised)


def _raise(raised: Sequence[Transition]) -> None:
    db.session.flush()
    db.session.execute(_RANKED, {"ids": [one.member_id for one in raised], "ranks": [one.after for one in raised]})
    changed_many(raised)
    for one in raised:
        known = db.session.identity_map.get(identity_key(Member, one.member_id))
        if known is not None:
            db.session.expire(known, ["rank"])


def tell_showcase(member: Member) -> None:
    """A showcase opened, closed or opened again: whoever listens reads the rows that say so."""
    outbox.emit("showcase.changed", subject=f"member:{member.code}", member_id=member.id, after=str(member.showcase))


def tell_showcases(people: Sequence[tuple[int, str]], after: Showcase) -> None:
    """`tell_showcase` of many members, by id and code, whose showcases are ``after`` now."""
    outbox.emit_many(
        outbox.Fact("showcase.changed", f"member:{code}", {"member_id": member_id, "after": str(after)})
        for member_id, code in people
    )


def changed(
    member: Member,
    kind: str,
    *,
    at: datetime,
    reason: str,
    before: str | None = None,
    after: str | None = None,
    evidence: Mapping[str, object] | None = None,
) -> None:
    """Write down one transition of a member with what it rested on."""
    db.session.add(
        StandingChange(
            member_id=member.id,
            at=at,
            kind=kind,
            before=before,
            after=after,
            reason=reason,
            evidence=dict(evidence or {}),
        )
    )


def changed_many(transitions: Sequence[Transition]) -> None:
    """`changed` for many members, in this order."""
    copy_text(
        "standing_change",
        ("member_id", "at", "kind", "before", "after", "reason", "evidence"),
        (
            (one.member_id, one.at.isoformat(), one.kind, one.before, one.after, one.reason, json.dumps(one.evidence))
            for one in transitions
        ),
    )
