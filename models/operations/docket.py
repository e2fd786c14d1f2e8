"""Opening many cases together: the same cases, hits, holds and steps as one after the other, in one pass of sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.operations import hold, outbox
from models.queries import case as queries
from models.queries import concern
from models.queries.case import About
from models.rules import case as rules
from models.rules.case import WARNING_PERCENT, Boost, Hit, Question
from models.rules.hours import Hours
from models.tables.case import Case, CaseHit, CaseHold, CaseStep
from models.tables.order import Order

Key = tuple[str, str]

# The rows go beside the statements: one that holds its rows is compiled anew each time.
_MAKE = (
    insert(Case)
    .on_conflict_do_nothing(index_elements=["subject", "rule_group"], index_where=sa.text("closed_at IS NULL"))
    .returning(Case.id)
)
_HIT = (
    insert(CaseHit)
    .on_conflict_do_nothing(index_elements=["case_id", "digest"])
    .returning(CaseHit.case_id, CaseHit.digest)
)
_HOLD = insert(CaseHold)
_KEEP = _HOLD.on_conflict_do_update(
    index_elements=["case_id", "order_id"], set_={"ended_at": None, "is_keeper": _HOLD.excluded.is_keeper}
)


@dataclass
class _Draft:
    """A case as it would stand, were it new, after all questions that share its key."""

    first: Question
    hits: list[Hit] = field(default_factory=list)
    about: About = field(default_factory=About)
    stake_fen: int = 0
    score: int = 0
    is_grown: bool = False

    def add(self, question: Question, about: About) -> None:
        known = {hit.digest for hit in self.hits}
        fresh = {hit.digest: hit for hit in question.hits if hit.digest not in known}
        self.is_grown |= bool(self.hits and fresh)
        self.hits += fresh.values()
        self.about |= about
        if fresh:
            self.stake_fen, self.score = max(self.stake_fen, question.stake_fen), max(self.score, question.score)


def open_many(*, asked: Sequence[Question], at: datetime, by: str) -> list[Case]:
    """Put questions before the reviewers as ``case.open_case`` does, as if one by one in this order; their cases."""
    if not asked:
        return []
    subjects = concern.canonical(one.subject for one in asked)
    asked = [replace(one, subject=subjects[one.subject]) for one in asked]
    drafts = _drafts(asked)
    found, new = _found_or_made(drafts, at, by)
    added = _attached(asked, found, at)
    for key in set(found) - new:
        _grow(found[key], [one for one, hits in zip(asked, added, strict=True) if hits and one.key == key], at)
    _weigh([found[one.key] for one, hits in zip(asked, added, strict=True) if hits and one.key not in new])
    for key, draft in drafts.items():
        _concern(found[key], draft.about)
    _keep([(found[one.key], one) for one in asked], at)
    _tell(asked, added, found, new, at, by)
    return [found[one.key] for one in asked]


def _drafts(asked: Sequence[Question]) -> dict[Key, _Draft]:
    drafts: dict[Key, _Draft] = {}
    for question, about in zip(asked, concern.of_all(asked), strict=True):
        drafts.setdefault(question.key, _Draft(question)).add(question, about)
    return drafts


def _found_or_made(drafts: Mapping[Key, _Draft], at: datetime, by: str) -> tuple[dict[Key, Case], set[Key]]:
    """The open case of each key under its lock, made where there was none; the keys of those made."""
    db.session.flush()
    rows = _rows(drafts, at, by)
    found: dict[Key, Case] = {}
    made: set[int] = set()
    while missing := sorted(set(drafts) - set(found)):
        # In one order for everybody: two that open the same cases never wait for each other.
        made |= set(db.session.connection().execute(_MAKE, [rows[key] for key in missing]).scalars())
        there = db.session.scalars(
            sa.select(Case).where(sa.tuple_(Case.subject, Case.rule_group).in_(missing), queries.LIVE)
            .order_by(Case.id).with_for_update().execution_options(populate_existing=True)
        )  # fmt: skip
        # What closed between the two statements is made anew.
        found |= {(one.subject, one.rule_group): one for one in there}
    return found, {key for key, one in found.items() if one.id in made}


def _rows(drafts: Mapping[Key, _Draft], at: datetime, by: str) -> dict[Key, dict[str, Any]]:
    exceptions = queries.exceptions()
    clocks = {queue: queries.terms(queue) for queue in {draft.first.queue for draft in drafts.values()}}
    rows = {}
    for key, draft in drafts.items():
        terms = clocks[draft.first.queue]
        rows[key] = _row(draft, terms.hours(exceptions), terms.sla_minutes * 60, at) | {"opened_by": by}
    return rows


def _row(draft: _Draft, hours: Hours, seconds: int, at: datetime) -> dict[str, Any]:
    about = draft.about
    return {
        "queue": draft.first.queue.value, "subject": draft.first.subject, "rule_group": draft.first.group,
        "state": "open", "stake_fen": draft.stake_fen, "score": draft.score,
        "evidence": rules.evidence([(hit.rule, hit.version, hit.features) for hit in draft.hits]),
        "boosts": [Boost.NEW_HIT.value] if draft.is_grown else [], "opened_at": at, "hit_at": at,
        "due_at": hours.after(at, seconds), "warn_at": hours.after(at, seconds * WARNING_PERCENT // 100),
        "member_ids": list(about.member_ids), "merchant_ids": list(about.merchant_ids),
        "region_codes": list(about.region_codes), "lease": 0, "reason": "",
    }  # fmt: skip


def _attached(asked: Sequence[Question], found: Mapping[Key, Case], at: datetime) -> list[list[Hit]]:
    """Write the hits down; for each question those that its case did not have yet."""
    rows = [
        {"case_id": found[one.key].id, "at": at, "rule": hit.rule, "version": hit.version, "weight": hit.weight,
         "words": hit.words, "features": dict(hit.features), "digest": hit.digest}
        for one in asked for hit in one.hits
    ]  # fmt: skip
    fresh = {(row.case_id, bytes(row.digest)) for row in db.session.connection().execute(_HIT, rows)}
    added: list[list[Hit]] = []
    for one in asked:
        case_id = found[one.key].id
        added.append([hit for hit in one.hits if (case_id, hit.digest) in fresh])
        fresh -= {(case_id, hit.digest) for hit in one.hits}
    return added


def _grow(case: Case, by: Sequence[Question], at: datetime) -> None:
    """New hits join an open case."""
    if not by:
        return
    case.hit_at = at
    case.stake_fen = max(case.stake_fen, *(one.stake_fen for one in by))
    case.score = max(case.score, *(one.score for one in by))
    boost(case, Boost.NEW_HIT)


def boost(case: Case, why: Boost) -> None:
    """Lift a case for a reason, once."""
    if why not in case.boosts:
        case.boosts = [*case.boosts, str(why)]


def _concern(case: Case, about: About) -> None:
    """Whoever is named by what joins a case is concerned by it from now on, too."""
    both = About(tuple(case.member_ids), tuple(case.merchant_ids), tuple(case.region_codes)) | about
    for name in ("member_ids", "merchant_ids", "region_codes"):
        if len(getattr(both, name)) > len(getattr(case, name)):
            setattr(case, name, list(getattr(both, name)))


def _weigh(grown: Sequence[Case]) -> None:
    """The evidence of cases that grew: over all their hits."""
    if not grown:
        return
    cases = {one.id: one for one in grown}
    said: dict[int, list[tuple[str, int, Mapping[str, Any]]]] = {case_id: [] for case_id in cases}
    chosen = sa.select(CaseHit.case_id, CaseHit.rule, CaseHit.version, CaseHit.features)
    for row in db.session.execute(chosen.where(CaseHit.case_id.in_(cases)).order_by(CaseHit.id)):
        said[row.case_id].append((row.rule, row.version, row.features))
    for case_id, hits in said.items():
        cases[case_id].evidence = rules.evidence(hits)


def _keep(wanted: Sequence[tuple[Case, Question]], at: datetime) -> None:
    """Hold the money of the orders for their cases, and of a case's own order where that is held already."""
    pairs = {(case.id, order_id) for case, one in wanted for order_id in one.order_ids}
    own = {case.id: int(ref) for case, _ in wanted for kind, ref in [rules.parsed(case.subject)] if kind == "order"}
    if own:
        held = set(db.session.scalars(sa.select(Order.id).where(Order.id.in_(own.values()), Order.is_held)))
        pairs |= {(case_id, order_id) for case_id, order_id in own.items() if order_id in held}
    if not pairs:
        return
    there = sa.select(CaseHold.case_id, CaseHold.order_id).where(
        CaseHold.case_id.in_({case_id for case_id, _ in pairs}), CaseHold.ended_at.is_(None)
    )
    todo = sorted(pairs - {(row.case_id, row.order_id) for row in db.session.execute(there)})
    if todo:
        _hold(todo, at)


def _hold(todo: Sequence[tuple[int, int]], at: datetime) -> None:
    """Of the open cases on an order the oldest is its keeper, chosen under the order's lock."""
    ids = sorted({order_id for _, order_id in todo})
    hold.hold_many(ids=ids, at=at)
    chosen = sa.select(CaseHold.order_id).where(CaseHold.order_id.in_(ids), CaseHold.is_keeper)
    kept, rows = set(db.session.scalars(chosen)), []
    for case_id, order_id in todo:
        rows.append({"case_id": case_id, "order_id": order_id, "since": at, "is_keeper": order_id not in kept})
        kept.add(order_id)
    db.session.connection().execute(_KEEP, rows)


def _tell(
    asked: Sequence[Question],
    added: Sequence[list[Hit]],
    found: Mapping[Key, Case],
    new: set[Key],
    at: datetime,
    by: str,
) -> None:
    """One line of the story and one fact for each question that brought something."""
    steps, facts, told = [], [], set[Key]()
    for one, hits in zip(asked, added, strict=True):
        is_first = one.key in new and one.key not in told
        told.add(one.key)
        if not hits:
            continue
        case = found[one.key]
        said = "；".join(hit.words for hit in hits)
        steps.append({"case_id": case.id, "at": at, "kind": "opened" if is_first else "hit", "by": by, "note": said})
        payload = {"case_id": case.id, "queue": case.queue, "about": case.subject}
        facts.append(outbox.Fact("case.opened" if is_first else "case.grown", f"case:{case.id}", payload))
    db.session.flush()
    if steps:
        db.session.execute(sa.insert(CaseStep), steps)
    outbox.emit_many(facts)
