"""Seed candidates: tagged by their sales, proposed to a merchant, answered by its own staff, named or let go."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Invalid, Missing
from models.operations import admission, outbox
from models.queries import seed as queries
from models.rules import seed as rules
from models.rules.seed import Seed
from models.tables.member import Member
from models.tables.merchant import Merchant
from models.tables.seed import SeedCandidate


class NoCandidate(Missing):
    """There is no such candidate, or not for this merchant."""


class NoMerchant(Invalid):
    """A proposal to nobody."""


class NotActive(Conflict):
    """Only an active promoter is named."""


def tag(*, until: datetime, at: datetime) -> int:
    """Tag everybody who sold enough in the seven days before an instant; how many those are."""
    since = rules.since(until)
    found = queries.selling(since=since, until=until, least=rules.ORDERS_LEAST)
    for row in found:
        db.session.add(
            SeedCandidate(
                member_id=row.id, since=since, until=until, orders=row.orders, sales_fen=row.sales_fen,
                state=Seed.TAGGED, tagged_at=at, answer="",
            )
        )  # fmt: skip
    db.session.flush()
    return len(found)


def propose(*, candidate_id: int, merchant_id: int, at: datetime, by: str) -> SeedCandidate:
    """Propose a candidate to a merchant; after a refusal perhaps to another one."""
    candidate = _locked(candidate_id)
    rules.check_step(Seed(candidate.state), rules.PROPOSABLE)
    if db.session.get(Merchant, merchant_id) is None:
        raise NoMerchant("规则 7.2：请选择要推荐的商家。")
    candidate.state, candidate.merchant_id = Seed.PROPOSED, merchant_id
    candidate.proposed_at, candidate.proposed_by = at, by
    candidate.answered_at, candidate.answered_by, candidate.answer = None, None, ""
    db.session.flush()
    outbox.emit("seed.proposed", subject=f"seed:{candidate.id}", merchant_id=merchant_id)
    return candidate


def answer(*, candidate_id: int, merchant_id: int, accepts: bool, why: str, at: datetime, by: str) -> SeedCandidate:
    """The merchant's own staff accepts or declines what was proposed to that merchant."""
    candidate = _locked(candidate_id)
    if candidate.merchant_id != merchant_id:
        raise NoCandidate("没有这个候选，请刷新列表。")
    rules.check_step(Seed(candidate.state), rules.ANSWERABLE)
    candidate.state = Seed.ACCEPTED if accepts else Seed.DECLINED
    candidate.answered_at, candidate.answered_by, candidate.answer = at, by, why
    db.session.flush()
    outbox.emit("seed.answered", subject=f"seed:{candidate.id}", state=str(candidate.state))
    return candidate


def name(*, candidate_id: int, at: datetime, by: str) -> SeedCandidate:
    """Name an accepted candidate a seed promoter: its bonus runs from this instant (rules §5.2)."""
    candidate = _locked(candidate_id)
    rules.check_step(Seed(candidate.state), rules.NAMEABLE)
    if db.session.scalar(sa.select(Member.standing).where(Member.id == candidate.member_id)) != "active":
        raise NotActive("规则 7.2：只有资格有效的会员可以授予种子达人，请先恢复资格。")
    admission.name_seed(member_id=candidate.member_id, at=at)
    return _end(candidate, Seed.NAMED, at, by)


def drop(*, candidate_id: int, at: datetime, by: str) -> SeedCandidate:
    """Let a candidate go; later sales may tag it again."""
    candidate = _locked(candidate_id)
    rules.check_step(Seed(candidate.state), rules.DROPPABLE)
    return _end(candidate, Seed.DROPPED, at, by)


def _end(candidate: SeedCandidate, state: Seed, at: datetime, by: str) -> SeedCandidate:
    candidate.state, candidate.ended_at, candidate.ended_by = state, at, by
    db.session.flush()
    return candidate


def _locked(candidate_id: int) -> SeedCandidate:
    found = db.session.get(SeedCandidate, candidate_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoCandidate("没有这个候选，请刷新列表。")
    return found
