"""One's team, standing and rank: what is there, what is missing, what comes next."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from console.api.route import Call, route
from console.api.schema import Answer, Count, Fen, Instant, Query, digits
from console.api.shown import masked, not_there
from models import Member, db
from models.queries import dossier, ego, outlook, portal, tree
from models.queries import member as members
from models.queries import policy as policies
from models.rules import outlook as ahead
from models.rules.compliance import LEVELS_SHOWN
from models.rules.standing import Rank

AT = "2026-11-24T08:00:00.000+08:00"
CHILD = {"node": 12, "slot": 1, "depth": 11, "name": "林*", "standing": "active", "is_direct": True, "below": 0}
VACANCIES = 10


class Vacancy(Answer):
    """A place that the next ones below would take."""

    depth: Count
    slot: Count
    parent: str


class TeamAnswer(Answer):
    """Directs, how many are still missing to unlock, heads on each of ten levels, and where the next ones go."""

    directs: Count
    directs_needed: Count
    directs_missing: Count
    is_unlocked: bool
    levels: list[Count]
    vacancies: list[Vacancy]


class Child(Answer):
    """Somebody right below a node, by a masked name."""

    node: int
    slot: int | None
    depth: Count
    name: str
    standing: str
    is_direct: bool
    below: Count


class Generation(Answer):
    node: int
    items: list[Child]


class Node(Query):
    """A place within ten levels below one's own; one's own without."""

    node: Annotated[int, BeforeValidator(digits), Field(ge=1, le=999_999_999)] | None = None


class Spilled(Answer):
    """Somebody placed right below by another's invitation."""

    slot: int | None
    name: str
    invited_by: str | None
    placed_at: Instant


class Spills(Answer):
    items: list[Spilled]


class Step(Answer):
    """One thing to come: how far it is and what becomes of it."""

    step: str
    rule: str
    have: Count
    need: Count
    missing: Count
    at: Instant | None
    outcome: str | None


class StandingAnswer(Answer):
    standing: str
    failures: Count
    cycle_start: Instant | None
    cycle_end: Instant | None
    next: list[Step]


class RankAnswer(Answer):
    """The rank that is held and how far the next one is; amounts are sales, nobody's income."""

    rank: str | None
    next: str | None
    people: Count | None
    people_needed: Count | None
    sales_fen: Fen | None
    needed_fen: Fen | None


@route(
    "GET", "/me/team", "team.read", "我的团队", answer=TeamAnswer,
    gives={
        "directs": 1, "directs_needed": 3, "directs_missing": 2, "is_unlocked": False, "levels": [1] + [0] * 9,
        "vacancies": [{"depth": 1, "slot": 2, "parent": "***001"}],
    },
)  # fmt: skip
def team(call: Call) -> TeamAnswer:
    """Counted now (rules §2.7, §4.1)."""
    found = db.session.get_one(Member, call.member_id)
    _, policy = policies.in_force(call.at)
    directs, seat = members.directs(found.id), members.seat_of(found.id)
    vacancies = tree.first_vacancies(seat.id, VACANCIES) if seat else []
    codes = tree.codes([one.parent_id for one in vacancies])
    return TeamAnswer(
        directs=directs, directs_needed=policy.unlock_directs,
        directs_missing=0 if found.unlocked_at else max(0, policy.unlock_directs - directs),
        is_unlocked=found.unlocked_at is not None,
        levels=tree.level_counts(seat.id) if seat else [0] * LEVELS_SHOWN,
        vacancies=[
            Vacancy(depth=one.depth, slot=one.slot, parent=masked(codes[one.parent_id], None)) for one in vacancies
        ],
    )  # fmt: skip


@route(
    "GET", "/me/team/tree", "team.tree", "排位树的一层", query=Node, answer=Generation,
    gives={"node": 11, "items": [CHILD]},
)  # fmt: skip
def generation(call: Call) -> Generation:
    """Right below a place of one's own ten levels; any other place is not there."""
    seat = members.seat_of(call.member_id)
    if seat is None:
        raise not_there()
    node = call.query.node or seat.id
    if portal.distance(mine=seat.id, node=node, levels=LEVELS_SHOWN - 1) is None:
        raise not_there()
    found = ego.places(parents=[node])
    names = portal.names([one.member_id for one in found])
    directs = dossier.sponsored(call.member_id, [one.member_id for one in found])
    return Generation(
        node=node,
        items=[
            Child(
                node=one.seat_id, slot=one.slot, depth=one.depth, name=masked(*names[one.member_id]),
                standing=one.standing, is_direct=one.member_id in directs, below=one.people,
            )
            for one in found
        ],
    )  # fmt: skip


@route(
    "GET", "/me/team/spill", "team.spill", "滑落到我下方的人", answer=Spills,
    gives={"items": [{"slot": 1, "name": "林*", "invited_by": "周*", "placed_at": AT}]},
)  # fmt: skip
def spill(call: Call) -> Spills:
    """Who came by whose invitation, both by masked names."""
    seat = members.seat_of(call.member_id)
    found = portal.spilled(seat.id) if seat else []
    names = portal.names([one for row in found for one in (row.member_id, row.sponsor_id) if one])
    return Spills(
        items=[
            Spilled(
                slot=row.slot, name=masked(*names[row.member_id]), placed_at=row.placed_at,
                invited_by=masked(*names[row.sponsor_id]) if row.sponsor_id else None,
            )
            for row in found
        ]
    )  # fmt: skip


@route(
    "GET", "/me/standing", "standing.read", "我的资格与下一步", answer=StandingAnswer,
    gives={
        "standing": "active", "failures": 0, "cycle_start": AT, "cycle_end": AT,
        "next": [{"step": "cycle", "rule": "4.2", "have": 0, "need": 3, "missing": 3, "at": AT, "outcome": "reminded"}],
    },
)  # fmt: skip
def standing(call: Call) -> StandingAnswer:
    """The cycle that runs and everything that comes next (rules §4)."""
    found = db.session.get_one(Member, call.member_id)
    _, policy = policies.in_force(call.at)
    steps = ahead.next_steps(outlook.position(found, policy), policy)
    return StandingAnswer(
        standing=found.standing, failures=found.failures, cycle_start=found.cycle_start, cycle_end=found.cycle_end,
        next=[
            Step(
                step=one.step, rule=one.rule, have=one.have, need=one.need, missing=one.missing, at=one.at,
                outcome=one.outcome,
            )
            for one in steps
        ],
    )  # fmt: skip


@route(
    "GET", "/me/rank", "rank.read", "我的等级与下一级", answer=RankAnswer,
    gives={"rank": None, "next": "expert", "people": 1, "people_needed": 13, "sales_fen": 0, "needed_fen": 500000},
)  # fmt: skip
def rank(call: Call) -> RankAnswer:
    """Both conditions with what there is (rules §4.6)."""
    found, told = db.session.get_one(Member, call.member_id), dossier.dossier(call.member_id)
    _, policy = policies.in_force(call.at)
    ahead_of = ahead.next_rank(
        kept=Rank(found.rank) if found.rank else None, team_size=told.size or 0, team_sales_fen=told.sales_fen or 0,
        own_sales_fen=told.own_fen or 0, policy=policy,
    )  # fmt: skip
    if ahead_of is None:
        return RankAnswer(rank=found.rank, next=None, people=None, people_needed=None, sales_fen=None, needed_fen=None)
    return RankAnswer(
        rank=found.rank, next=ahead_of.rank, people=ahead_of.people, people_needed=ahead_of.people_needed,
        sales_fen=ahead_of.sales_fen, needed_fen=ahead_of.sales_needed_fen,
    )  # fmt: skip
