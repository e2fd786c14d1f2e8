"""Many newcomers registered, many candidates qualified at once, with the result of one after the other, set by set.

Whatever is out of the ordinary is refused as a whole, so that the caller goes one by one and learns which and why. A
rank that several bring about together is written down once, with what the team stood at in the end.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import repeat
from typing import Any, NamedTuple

import sqlalchemy as sa

from models.base import copy_text, db
from models.errors import Conflict
from models.operations import agreement, outbox, placement, seating, share, team
from models.operations.agreement import Acceptance
from models.queries import member as members
from models.queries import policy as policies
from models.rules import placement as shapes
from models.rules import standing as rules
from models.rules.policy import Policy
from models.rules.share import Bucket
from models.rules.standing import Showcase, Standing


class NotTogether(Conflict):
    """One of them is no matter of course: known already, unknown, refused, or under another policy."""


class Newcomer(NamedTuple):
    """Who registers, through whom, and when."""

    code: str
    inviter: str | None
    at: datetime


class Candidate(NamedTuple):
    """Who qualifies, and when."""

    code: str
    at: datetime


class Host(NamedTuple):
    """Where a newcomer goes: the network, the sponsor's id and the sponsor's seat."""

    network: int
    sponsor_id: int | None
    seat_id: int | None


_NETWORKS = sa.text(
    """
    SELECT DISTINCT matrix_id FROM member WHERE code = ANY (:inviters)
    UNION SELECT min(id) FROM matrix HAVING :with_default AND count(*) > 0
    ORDER BY 1
    """
)
_KNOWN = sa.text("SELECT EXISTS (SELECT FROM member WHERE code = ANY (:codes))")
_HOSTS = sa.text(
    """
    SELECT m.code, m.id, m.matrix_id, m.standing, m.showcase, m.position, x.template, s.id AS seat_id
    FROM member m JOIN matrix x ON x.id = m.matrix_id LEFT JOIN seat s ON s.member_id = m.id WHERE m.code = ANY (:codes)
    """
)
_IDS = sa.text("SELECT nextval(pg_get_serial_sequence('member', 'id')) FROM generate_series(1, :count)")
_TASKS = sa.text(
    "INSERT INTO admission_task (member_id, seller_ids)"
    " SELECT s.member_id, admission_tasks(s.matrix_id, s.parent_id, :wanted) FROM seat s WHERE s.member_id = ANY (:ids)"
)


def register_many(*, newcomers: Sequence[Newcomer], acceptance: Acceptance, by: str) -> None:
    """Register newcomers in this order, as `admission.register` would one by one (rules §2.3, §3)."""
    policy = _policy([one.at for one in newcomers])
    accepted = agreement.required(acceptance=acceptance, at=newcomers[0].at)
    _lock(newcomers)
    hosts = _hosts(newcomers)
    ids = list(db.session.scalars(_IDS, {"count": len(newcomers)}))
    instants = [one.at.isoformat() for one in newcomers]
    lapses = [rules.lapses_at(one.at, policy).isoformat() for one in newcomers]
    copy_text(
        "member",
        ("id", "code", "matrix_id", "sponsor_id", "standing", "showcase", "registered_at", "lapse_at", "failures",
         "strikes", "earned_fen"),
        (
            (id_, one.code, host.network, host.sponsor_id, "candidate", "none", at, lapse, 0, 0, 0)
            for id_, one, host, at, lapse in zip(ids, newcomers, hosts, instants, lapses, strict=True)
        ),
    )  # fmt: skip
    asking: dict[int, list[seating.Newcomer]] = defaultdict(list)
    for id_, one, host in zip(ids, newcomers, hosts, strict=True):
        asking[host.network].append(seating.Newcomer(id_, host.seat_id, one.at))
    for network, those in sorted(asking.items()):
        seating.take_many(matrix_id=network, newcomers=those, by=by)
    if policy.admission_orders:
        db.session.execute(_TASKS, {"ids": ids, "wanted": policy.admission_orders})
    copy_text("team", ("member_id", "size", "sales_fen", "own_fen"), zip(ids, *[repeat(0)] * 3, strict=False))
    copy_text(
        "consent",
        ("member_id", "agreement_id", "sha256", "accepted_at", "ip", "user_agent"),
        ((id_, accepted.id, accepted.sha256, at, acceptance.ip, acceptance.user_agent)
         for id_, at in zip(ids, instants, strict=True)),
    )  # fmt: skip
    team.changed_many([
        team.Transition(id_, one.at, "registered", None, "candidate", "registered", {})
        for id_, one in zip(ids, newcomers, strict=True)
    ])  # fmt: skip
    outbox.emit_many(
        outbox.Fact("member.registered", f"member:{one.code}", {"member_id": id_})
        for id_, one in zip(ids, newcomers, strict=True)
    )


def _policy(instants: Sequence[datetime]) -> Policy:
    return policies.of(policies.of_span(min(instants), max(instants)))


def _lock(newcomers: Sequence[Newcomer]) -> None:
    """The locks of every network that somebody goes to; whoever is known then has been since."""
    codes = [one.code for one in newcomers]
    inviters = {one.inviter for one in newcomers}
    told = {"inviters": [one for one in inviters if one is not None], "with_default": None in inviters}
    for network in db.session.scalars(_NETWORKS, told).all():
        placement.lock(network)
    if len(set(codes)) < len(codes) or db.session.scalar(_KNOWN, {"codes": codes}):
        raise NotTogether("规则 2.5：其中有人已经登记，请逐个处理。")


def _hosts(newcomers: Sequence[Newcomer]) -> list[Host]:
    found: dict[str, Host] = {}
    for row in db.session.execute(_HOSTS, {"codes": list({one.inviter for one in newcomers if one.inviter})}):
        found[row.code] = _host(row)
    default = db.session.scalar(sa.text("SELECT min(id) FROM matrix"))
    hosts = []
    for one in newcomers:
        if (one.inviter is None and default is None) or (one.inviter is not None and one.inviter not in found):
            raise NotTogether("规则 2.3：其中有人的邀请人不存在，请逐个处理。")
        hosts.append(found[one.inviter] if one.inviter is not None else Host(default, None, None))
        found[one.code] = hosts[-1]  # a candidate sponsors nobody: whoever it invites goes where it went
    return hosts


def _host(row: Any) -> Host:
    standing = Standing(row.standing)
    is_open = shapes.is_open(
        preset=row.position is not None, promotes=shapes.promotes(row.template, row.position), standing=standing,
        showcase=Showcase(row.showcase),
    )  # fmt: skip
    if shapes.may_sponsor(shapes.Sponsor(row.code, None, standing in rules.QUALIFIED, is_open)):
        return Host(row.matrix_id, row.id, row.seat_id)
    code = shapes.sponsor_of(row.code, members.sponsor)
    if code is None:
        return Host(row.matrix_id, None, None)
    above = members.by_code(code)
    seat = members.seat_of(above.id)
    return Host(row.matrix_id, above.id, seat.id if seat else None)


_CANDIDATES = sa.text(
    """
    SELECT m.code, m.id, m.sponsor_id, m.standing FROM member m WHERE m.code = ANY (:codes)
    """
)
_SPONSORS = sa.text(
    """
    SELECT m.id, m.code, (SELECT count(*) FROM member d WHERE d.sponsor_id = m.id AND d.qualified_at IS NOT NULL)
    FROM member m WHERE m.id = ANY (:ids) AND m.unlocked_at IS NULL
    """
)
_ACTIVE = sa.text(
    """
    UPDATE member m
    SET standing = 'active', showcase = 'open', qualified_at = q.at, lapse_at = NULL,
        real_name_at = coalesce(m.real_name_at, q.at), cycle_start = q.cycle_start, cycle_end = q.cycle_end
    FROM unnest(CAST(:ids AS bigint[]), CAST(:ats AS timestamptz[]), CAST(:starts AS timestamptz[]),
                CAST(:ends AS timestamptz[])) AS q (id, at, cycle_start, cycle_end)
    WHERE m.id = q.id
    """
)
_UNLOCK = sa.text(
    """
    UPDATE member m SET unlocked_at = q.at
    FROM unnest(CAST(:ids AS bigint[]), CAST(:ats AS timestamptz[])) AS q (id, at) WHERE m.id = q.id
    """
)
_LOCKED = sa.text("SELECT DISTINCT member_id FROM share WHERE member_id = ANY (:ids) AND bucket = 'locked'")


def qualify_many(*, candidates: Sequence[Candidate]) -> None:
    """Qualify candidates in this order, as `admission.qualify` would one by one (rules §3.4, §4.1)."""
    policy = _policy([one.at for one in candidates])
    told = {"codes": [one.code for one in candidates]}
    found = {row.code: row for row in db.session.execute(_CANDIDATES, told)}
    if len(found) < len(candidates):
        raise NotTogether("规则 3.4：其中有人不存在或出现两次，请逐个处理。")
    ids = [found[one.code].id for one in candidates]
    people = members.locked({*ids, *(row.sponsor_id for row in found.values() if row.sponsor_id is not None)})
    if any(people[one].standing != Standing.CANDIDATE for one in ids):
        raise NotTogether("规则 3.4：其中有人不是候选人，请逐个处理。")
    unlocked = _unlocked(candidates, ids, found, policy)
    cycles = [rules.cycle_from(one.at, policy) for one in candidates]
    instants = [one.at for one in candidates]
    starts, ends = [cycle.start for cycle in cycles], [cycle.end for cycle in cycles]
    db.session.execute(_ACTIVE, {"ids": ids, "ats": instants, "starts": starts, "ends": ends})
    team.changed_many([
        team.Transition(one, at, "qualified", "candidate", "active", "admission passed", {})
        for one, at in zip(ids, instants, strict=True)
    ])  # fmt: skip
    team.tell_showcases([(found[one.code].id, one.code) for one in candidates], Showcase.OPEN)
    teams = team.add_heads(ids)
    _unlock(unlocked)
    db.session.expire_all()
    team.evaluate(member_ids=teams, policy=policy, at=instants[-1])


def _unlocked(
    candidates: Sequence[Candidate], ids: Sequence[int], found: dict[str, Any], policy: Policy
) -> dict[int, tuple[str, datetime, int]]:
    """Whom these qualifications unlock, in their order: the code, the instant, how many directs there were then."""
    asked = [*ids, *{row.sponsor_id for row in found.values() if row.sponsor_id is not None}]
    locked = {row[0]: (row[1], row[2]) for row in db.session.execute(_SPONSORS, {"ids": asked})}
    directs = {one: count for one, (_, count) in locked.items()}
    made: dict[int, tuple[str, datetime, int]] = {}
    for one, id_ in zip(candidates, ids, strict=True):
        sponsor_id = found[one.code].sponsor_id
        if sponsor_id in directs:
            directs[sponsor_id] += 1
        for whose in (id_, sponsor_id):
            if whose in locked and whose not in made and rules.unlocks(directs[whose], policy):
                made[whose] = (locked[whose][0], one.at, directs[whose])
    return made


def _unlock(unlocked: dict[int, tuple[str, datetime, int]]) -> None:
    """Open levels 2 and 3, and let go of what was locked."""
    if not unlocked:
        return
    db.session.execute(_UNLOCK, {"ids": list(unlocked), "ats": [at for _, at, _ in unlocked.values()]})
    team.changed_many([
        team.Transition(one, at, "unlocked", None, None, "directs", {"directs": directs})
        for one, (_, at, directs) in unlocked.items()
    ])  # fmt: skip
    holding = set(db.session.scalars(_LOCKED, {"ids": list(unlocked)}))
    if holding:
        people = members.locked(holding)
        released = [
            share.Released(people[one], at, f"unlock:{code}")
            for one, (code, at, _) in unlocked.items()
            if one in holding
        ]
        share.release_many(released=released, bucket=Bucket.LOCKED)
