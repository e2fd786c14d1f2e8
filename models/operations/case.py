"""Opening review cases: one open case a subject and group of rules, whatever comes later joins it (rules §8.2)."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.errors import Missing
from models.operations import hold, outbox
from models.queries import case as queries
from models.queries.case import About
from models.rules import case as rules
from models.rules.case import LIVE, WARNING_PERCENT, Boost, Hit, Queue
from models.tables.case import Case, CaseHit, CaseHold, CaseStep
from models.tables.order import Order


class NoCase(Missing):
    """No case has this id."""


def open_case(
    *,
    queue: str,
    subject: str,
    group: str,
    stake_fen: int,
    score: int,
    reasons: Sequence[Hit | str],
    at: datetime,
    by: str,
    members: Sequence[int] = (),
    orders: Sequence[int] = (),
) -> Case:
    """Put a question before the reviewers; asked again while it is open, the same case gets the new hits (R1).

    ``subject`` is ``kind:id`` (``order:ID``, ``member:ID``, ``ring:ID``, ``proof:ID``, ``withdrawal:ID``,
    ``after_sale:ID``, ``complaint:ID``, ``strike:ID``); an order may be named by its number. ``group`` is the group of
    rules; ``reasons`` what was found, as hits or plain sentences. ``members`` are people it concerns beside those that
    the subject names; ``orders`` ids of orders whose money the case holds. An order that is held already is kept by
    the case about it.
    """
    hits = [one if isinstance(one, Hit) else Hit(group, one) for one in reasons]
    if not hits or not all(hit.words.strip() for hit in hits):
        raise rules.NoReason("规则 8.2：开立个案须写明命中的原因。")
    subject = _canonical(subject)
    found, is_new = _found_or_made(
        Queue(queue), subject, group, about(subject, members, orders), (stake_fen, score), at, by
    )
    added = [hit for hit in hits if _attach(found, hit, at)]
    if added:
        found.evidence = rules.evidence([(hit.rule, hit.version, hit.features) for hit in queries.hits(found.id)])
    if not is_new and added:
        found.hit_at = at
        found.stake_fen, found.score = max(found.stake_fen, stake_fen), max(found.score, score)
        boost(found, Boost.NEW_HIT)
    keep(found, orders, at)
    if is_new or added:
        said = "；".join(hit.words for hit in added)
        step(found, "opened" if is_new else "hit", at=at, by=by, note=said)
        name = "case.opened" if is_new else "case.grown"
        outbox.emit(name, subject=f"case:{found.id}", case_id=found.id, queue=found.queue, about=subject)
    return found


def about(subject: str, members: Sequence[int], orders: Sequence[int]) -> About:
    """Whom a case concerns: its subject, the people and the orders named beside."""
    found = queries.about(subject)
    if members:
        found |= queries.of_members(members)
    for order_id in orders:
        found |= queries.of_order(order_id)
    return found


def locked(case_id: int) -> Case:
    """The case under its row lock, as it stands now."""
    found = db.session.get(Case, case_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoCase("没有这个个案，请刷新列表。")
    return found


def live(case_id: int) -> Case:
    """As ``locked``, of a case that is still open."""
    found = locked(case_id)
    if found.state not in LIVE:
        raise rules.NotOpen("规则 8.2：该个案已经结案，请刷新后查看结果。")
    return found


def step(case: Case, kind: str, *, at: datetime, by: str, note: str = "", to_id: int | None = None) -> None:
    """Write one line of the case's story."""
    db.session.add(CaseStep(case_id=case.id, at=at, kind=kind, by=by, note=note, to_id=to_id))
    db.session.flush()


def boost(case: Case, why: Boost) -> None:
    """Lift a case for a reason, once."""
    if why not in case.boosts:
        case.boosts = [*case.boosts, str(why)]


def keep(case: Case, orders: Sequence[int], at: datetime) -> None:
    """Hold the money of these orders for the case, and of its own order where that is held already."""
    kind, ref = rules.parsed(case.subject)
    wanted = set(orders)
    if kind == "order" and db.session.scalar(sa.select(Order.is_held).where(Order.id == int(ref))):
        wanted.add(int(ref))
    there = {one.order_id for one in queries.holds(case.id)}
    for order_id in sorted(wanted - there):
        _keep_one(case, order_id, at)


def _keep_one(case: Case, order_id: int, at: datetime) -> None:
    number = db.session.scalars(sa.select(Order.number).where(Order.id == order_id)).one()
    hold.hold(number=number, at=at)  # takes the order's lock, under which its keeper is chosen
    kept = sa.select(CaseHold.id).where(CaseHold.order_id == order_id, CaseHold.is_keeper)
    is_first = db.session.scalar(kept) is None
    values = {"case_id": case.id, "order_id": order_id, "since": at, "is_keeper": is_first}
    made = insert(CaseHold).values(values)
    db.session.execute(
        made.on_conflict_do_update(
            index_elements=[CaseHold.case_id, CaseHold.order_id], set_={"ended_at": None, "is_keeper": is_first}
        )
    )


def _canonical(subject: str) -> str:
    kind, ref = rules.parsed(subject)
    if kind != "order":
        return subject
    found = queries.order_id(ref)
    if found is None:
        raise rules.NoSubject(f"没有编号为 {ref} 的订单，请核对后再开立个案。")
    return f"order:{found}"


def _found_or_made(
    queue: Queue, subject: str, group: str, concerned: About, figures: tuple[int, int], at: datetime, by: str
) -> tuple[Case, bool]:
    """The open case of the subject and group under its lock, made where there was none; whether it was made."""
    terms, hours = queries.terms(queue), queries.hours(queue)
    seconds = terms.sla_minutes * 60
    values = {
        "queue": queue, "subject": subject, "rule_group": group, "state": "open", "stake_fen": figures[0],
        "score": figures[1], "evidence": rules.evidence([]), "boosts": [], "opened_at": at, "opened_by": by,
        "hit_at": at, "due_at": hours.after(at, seconds), "warn_at": hours.after(at, seconds * WARNING_PERCENT // 100),
        "member_ids": list(concerned.member_ids), "merchant_ids": list(concerned.merchant_ids),
        "region_codes": list(concerned.region_codes), "lease": 0, "reason": "",
    }  # fmt: skip
    same = sa.select(Case).where(Case.subject == subject, Case.rule_group == group, queries.LIVE).with_for_update()
    while True:
        made = db.session.scalar(
            insert(Case).values(values)
            .on_conflict_do_nothing(index_elements=["subject", "rule_group"], index_where=sa.text("closed_at IS NULL"))
            .returning(Case.id)
        )  # fmt: skip
        if made is not None:
            return db.session.get_one(Case, made), True
        # Closed between the two statements: it is made anew.
        there = db.session.scalars(same.execution_options(populate_existing=True)).one_or_none()
        if there is not None:
            return there, False


def _attach(case: Case, hit: Hit, at: datetime) -> bool:
    made = db.session.scalar(
        insert(CaseHit)
        .values(
            case_id=case.id, at=at, rule=hit.rule, version=hit.version, weight=hit.weight, words=hit.words,
            features=dict(hit.features), digest=hit.digest,
        )
        .on_conflict_do_nothing(index_elements=["case_id", "digest"]).returning(CaseHit.id)
    )  # fmt: skip
    return made is not None
