"""A case's sheet: what was found, what hangs on it, what came before, and which keys there are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from console.admin.buckets import BUCKETS
from console.admin.case import words
from console.auth import allowed
from models import Appeal, Case, Member, Staff, db
from models.operations import case_decision
from models.queries import case as queries
from models.queries import casefile, reviewer
from models.queries.reviewer import WORKS
from models.queries.staff import SignedIn
from models.rules import case as rules
from models.rules import reason as coded
from models.rules.case import LIVE, MOST_TOGETHER, Queue, Second, State

_CLEAR = {State.CLEARED: "case.clear", State.CONFIRMED: "case.confirm"}
_APPEAL = {State.CLEARED: "appeal.grant", State.CONFIRMED: "appeal.deny"}
CODED = ("case.clear", "case.confirm", "appeal.grant", "appeal.deny")


def reasons(case: Case) -> Mapping[State, str]:
    """The kind of coded reasons for each verdict on a case."""
    return _APPEAL if case.queue == Queue.APPEAL else _CLEAR


def of(case: Case, person: SignedIn, *, at: datetime) -> dict[str, Any]:
    """Everything that the sheet of a case shows to this person."""
    names = people(case)
    return {
        **_found(case),
        **_written(case, person),
        **_keys(case, person, at),
        "reason_of": lambda text: words.reason_words(text, _titles()),
        "name_of": lambda by: names.get(by, by),
        "subject_url": words.subject_url(case.subject),
        "words": words,
        "at": at,
    }


def _found(case: Case) -> dict[str, Any]:
    """The evidence, the money, the people, what came before."""
    kind, _sep, ref = case.subject.partition(":")
    stakes = casefile.stakes(case.id)
    return {
        "case": case,
        "kind": kind,
        "hits": queries.hits(case.id),
        "stakes": stakes,
        "buckets": {str(BUCKETS[name]): fen for name, fen in sorted(casefile.by_bucket(stakes).items())},
        "members": _members(case.member_ids),
        "appeal": db.session.get(Appeal, int(ref)) if kind == "appeal" else None,
        "earlier": casefile.earlier(case),
    }


def _written(case: Case, person: SignedIn) -> dict[str, Any]:
    """The story, drafts and decisions."""
    return {
        "story": casefile.story(case.id),
        "decisions": _decisions(case, person),
        "draft": casefile.draft(case.id, person.id),
        "left_drafts": casefile.others_drafts(case.id, person.id),
    }


def _keys(case: Case, person: SignedIn, at: datetime) -> dict[str, Any]:
    """What this person may do now, and how long there is for it."""
    kind = case.subject.partition(":")[0]
    is_open, works = case.state in LIVE, allowed(WORKS)
    is_mine = case.assignee_id == person.id
    left = int((case.lease_until - at).total_seconds()) if is_mine and case.lease_until else 0
    holds_lease = works and left > 0
    return {
        "alike": casefile.alike(case, at=at, limit=MOST_TOGETHER - 1) if holds_lease and kind == "order" else [],
        "colleagues": _colleagues(case, person, at) if holds_lease else [],
        "asked": case_decision.asked(case.id) if is_open else None,
        "takes_two": is_open and case_decision.takes_two(case),
        "closes": is_open and case_decision.closes(case),
        "clock": words.clock(
            case.due_at,
            queue=case.queue,
            is_open=is_open,
            is_paused=case.paused_at is not None,
            is_warned="warned" in case.boosts,
        ),
        "boosts": words.boosts_of(case.boosts, case.snoozed_until, at),
        "priority": rules.priority(
            score=case.score, stake_fen=case.stake_fen, waited=at - case.opened_at, boosts=len(case.boosts)
        ),
        "lease_left": left,
        "is_open": is_open,
        "is_mine": is_mine,
        "is_asleep": case.snoozed_until is not None and case.snoozed_until > at,
        "holds_lease": holds_lease,
        "elsewhere": kind in rules.ELSEWHERE,
        "may_claim": works and is_open and not holds_lease,
        "may_look": works and case.second == Second.DUE and not _took_part(case, person),
        "verdict_kinds": {str(verdict): name for verdict, name in reasons(case).items()},
    }


def people(case: Case) -> dict[str, str]:
    """Names of the staff in a case's story, by what the story calls them."""
    said = {one.by for one in casefile.story(case.id)} | {one.made_by for one in casefile.decisions(case.id)}
    ids = {int(by.removeprefix("staff:")) for by in said if by.startswith("staff:") and by[6:].isdigit()}
    ids |= {one.to_id for one in casefile.story(case.id) if one.to_id is not None}
    ids |= {one.staff_id for one in casefile.others_drafts(case.id, 0)}
    ids |= {case.assignee_id} if case.assignee_id else set()
    found = db.session.execute(sa.select(Staff.id, Staff.name).where(Staff.id.in_(ids)))
    named = {f"staff:{row.id}": row.name for row in found}
    return named | {"system:clock": _("the clock"), "system:relay": _("the system")}


def _decisions(case: Case, person: SignedIn) -> Sequence[Any]:
    """What was decided; hidden from whoever is to look a second time, so that they look with their own eyes."""
    blind = case.second == Second.DUE and not _took_part(case, person) and allowed(WORKS)
    return [] if blind else casefile.decisions(case.id)


def _took_part(case: Case, person: SignedIn) -> bool:
    hands = {name for one in casefile.decisions(case.id) for name in (one.made_by, one.second_by)}
    return f"staff:{person.id}" in hands


def _members(ids: Sequence[int]) -> Sequence[Any]:
    """The people a case concerns, with what counts about them."""
    chosen = sa.select(Member.id, Member.code, Member.standing, Member.showcase, Member.strikes, Member.registered_at)
    return db.session.execute(chosen.where(Member.id.in_(ids)).order_by(Member.id)).all()


def _colleagues(case: Case, person: SignedIn, at: datetime) -> list[tuple[int, str]]:
    """To whom the case may be handed: of its queue, here, and not concerned."""
    return [
        (one.staff_id, _("%(name)s · %(n)s in hand", name=one.name, n=one.load))
        for one in reviewer.workers(at)
        if one.staff_id != person.id and Queue(case.queue) in one.queues and not one.is_away and not one.ties.meet(case)
    ]


def _titles() -> dict[str, str]:
    return {reason.code: _(reason.title) for kind in CODED for reason in coded.of(kind)}
