"""What waits for whom: the queues of the workbench, one line each, with the clock of the oldest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from console import formatting
from console.admin import agency, approval
from console.admin.base import SecureView, Viewer
from console.admin.case.words import QUEUES as CASE_QUEUES
from console.admin.columns import Text
from models import (
    AfterSale,
    Approval,
    Binding,
    Case,
    Complaint,
    CurationProposal,
    Difference,
    DividendBill,
    Event,
    Finding,
    Inbound,
    Job,
    Member,
    Order,
    Proof,
    SeedCandidate,
    SetAside,
    StrayOrder,
    Withdrawal,
    db,
)
from models.queries import case as cases
from models.queries import order as orders
from models.queries import reviewer
from models.rules import finding as findings
from models.rules.case import PRESETS
from models.rules.case import Queue as CaseQueue
from models.rules.curation import ProposalState
from models.rules.parcel import SHIP_HOURS
from models.tables.job import State

UNDELIVERED = timedelta(minutes=5)


@dataclass(frozen=True)
class Queue:
    """Rows that wait for somebody.

    ``since`` selects, for a person, the moment each row began to wait (one column); ``page`` and ``query`` are the
    list that shows those rows; a queue whose oldest row waits longer than ``late`` is shown as late. Whoever holds the
    permission ``instead`` has the same rows in a line of their desk, and is not told of them twice.
    """

    title: Text
    permission: str
    since: Callable[[Viewer], Select[Any]]
    page: str
    query: Mapping[str, str] = field(default_factory=dict)
    late: timedelta = timedelta(hours=24)
    instead: str = ""

    def is_for(self, person: Viewer) -> bool:
        return self.permission in person.permissions and self.instead not in person.permissions


# The cases that a desk decides, by the permission to decide them there.
DESKS = {
    CaseQueue.AFTER_SALE: "after_sale.decide",
    CaseQueue.COMPLAINT: "complaint.answer",
    CaseQueue.ADMISSION: "proof.decide",
}


def _own(person: Viewer) -> sa.ColumnElement[bool]:
    """A merchant's staff send what is sold in that merchant's networks."""
    if person.merchant_id is None:
        return sa.true()
    return Order.seller_id.in_(orders.merchants_sellers(person.merchant_id))


def _cases(queue: CaseQueue) -> Callable[[Viewer], Select[Any]]:
    """The free cases of a queue that a person may take."""

    def since(person: Viewer) -> Select[Any]:
        return sa.select(Case.opened_at).where(
            cases.LIVE, Case.queue == queue, Case.queue.in_(sorted(reviewer.sees(person.id))), Case.state == "open",
            cases.is_awake(sa.func.now()), ~reviewer.ties(person.id).met(),
        )  # fmt: skip

    return since


# Each desk adds its lines, the most urgent of a desk first.
QUEUES: tuple[Queue, ...] = (
    Queue(
        _l("Waiting for my approval"),
        "approval.decide",
        lambda person: sa.select(Approval.made_at).where(*approval.waiting(person)),
        "approvals",
        {"state": "open"},
        timedelta(hours=20),
    ),
    Queue(
        _l("Cases in my hands"),
        "case.work",
        lambda person: sa.select(Case.assigned_at).where(Case.assignee_id == person.id),
        "cases",
        {"whose": "somebody"},
        timedelta(hours=1),
    ),
    *(
        Queue(
            _l("Cases: %(queue)s", queue=CASE_QUEUES[queue]),
            "case.work",
            _cases(queue),
            "cases",
            {"queue": queue.value, "state": "open"},
            timedelta(minutes=PRESETS[queue].sla_minutes),
            DESKS.get(queue, ""),
        )
        for queue in CaseQueue
    ),
    Queue(
        _l("Second looks that wait"),
        "case.work",
        lambda person: sa.select(Case.closed_at).where(
            Case.second == "due",
            Case.closed_by != f"staff:{person.id}",
            Case.queue.in_(sorted(reviewer.sees(person.id))),
        ),
        "cases",
        {"second": "due"},
        timedelta(days=2),
    ),
    Queue(
        _l("Candidates who lapse within 24 hours"),
        "member.qualify",
        lambda person: sa.select(Member.registered_at).where(
            Member.standing == "candidate", Member.lapse_at < formatting.now() + timedelta(hours=24)
        ),
        "admission",
        {"within": "24"},
        timedelta(days=7),
    ),
    Queue(
        _l("Pictures that a person decides"),
        "proof.decide",
        lambda person: sa.select(Proof.submitted_at).where(Proof.state == "manual"),
        "proofs",
        {"state": "manual"},
    ),
    Queue(
        _l("After-sales to decide"),
        "after_sale.decide",
        lambda person: sa.select(AfterSale.opened_at).where(AfterSale.state == "opened"),
        "after_sales",
        {"state": "opened"},
    ),
    Queue(
        _l("Goods are back, money is due"),
        "after_sale.decide",
        lambda person: sa.select(AfterSale.goods_back_at).where(
            AfterSale.goods_back_at.is_not(None), AfterSale.ended_at.is_(None)
        ),
        "after_sales",
        {"state": "accepted"},
        timedelta(days=6),
    ),
    Queue(
        _l("Paid, to be sent"),
        "order.ship",
        lambda person: sa.select(Order.paid_at).where(Order.state == "paid", _own(person)),
        "dispatch",
        late=timedelta(hours=SHIP_HOURS),
    ),
    Queue(
        _l("Applications for regions"),
        "agency.decide",
        lambda person: agency.waiting(),
        "agencies",
        {"state": "applied"},
        timedelta(days=3),
    ),
    Queue(
        _l("Agencies near their end"),
        "agency.decide",
        lambda person: agency.ending(),
        "agencies",
        {"term": "soon"},
        timedelta(days=30),
    ),
    Queue(
        _l("Weekly refresh to decide"),
        "curation.decide",
        lambda person: sa.select(CurationProposal.made_at).where(CurationProposal.state == ProposalState.PROPOSED),
        "weekly_refresh",
        {"state": "proposed"},
        timedelta(days=4),
    ),
    Queue(
        _l("Seed candidates to propose"),
        "seed.propose",
        lambda person: sa.select(SeedCandidate.tagged_at).where(SeedCandidate.state == "tagged"),
        "seeds",
        {"state": "tagged"},
        timedelta(days=3),
    ),
    Queue(
        _l("Accepted seed promoters to name"),
        "seed.propose",
        lambda person: sa.select(SeedCandidate.answered_at).where(SeedCandidate.state == "accepted"),
        "seeds",
        {"state": "accepted"},
        timedelta(days=3),
    ),
    Queue(
        _l("Seed promoters proposed to us"),
        "offer.answer",
        lambda person: sa.select(SeedCandidate.proposed_at).where(
            SeedCandidate.state == "proposed", SeedCandidate.merchant_id == (person.merchant_id or 0)
        ),
        "seed_offers",
        {"state": "proposed"},
        timedelta(days=3),
    ),
    Queue(
        _l("Withdrawals to approve"),
        "withdrawal.approve",
        lambda person: sa.select(Withdrawal.requested_at).where(
            Withdrawal.state == "requested", Withdrawal.approved_by.is_distinct_from(f"staff:{person.id}")
        ),
        "withdrawals",
        {"state": "requested"},
        timedelta(hours=24),
    ),
    Queue(
        _l("Bills to confirm"),
        "bill.confirm",
        lambda person: sa.select(DividendBill.built_at).where(
            DividendBill.state == "built", DividendBill.built_by != f"staff:{person.id}"
        ),
        "bills",
        {"state": "built"},
        timedelta(days=2),
    ),
    Queue(
        _l("Differences to clear"),
        "reconciliation.resolve",
        lambda person: sa.select(Difference.found_at).where(Difference.state == "open"),
        "differences",
        {"state": "open"},
        timedelta(days=3),
    ),
    Queue(
        _l("Complaints to answer"),
        "complaint.answer",
        lambda person: sa.select(Complaint.opened_at).where(Complaint.answered_at.is_(None)),
        "complaints",
        {"state": "open"},
    ),
    Queue(
        _l("Red findings nobody has taken"),
        "finding.own",
        lambda person: sa.select(Finding.first_at).where(
            Finding.state == "open", Finding.severity.in_(["block", "crit", "freeze"])
        ),
        "findings",
        {"state": "open"},
    ),
    Queue(
        _l("Alerts of the business to take"),
        "finding.own",
        lambda person: sa.select(Finding.first_at).where(
            Finding.rule.in_(findings.GROUPS["business"]),
            Finding.state == "open",
            sa.or_(Finding.owner_id.is_(None), Finding.owner_id == person.id),
        ),
        "alerts",
        {"state": "open"},
    ),
    Queue(
        _l("Orders of the shop without a seller"),
        "stray.assign",
        lambda person: sa.select(StrayOrder.found_at).where(StrayOrder.state == "open"),
        "stray_orders",
        {"state": "open"},
        timedelta(hours=24),
    ),
    Queue(
        _l("Showcases that members named"),
        "binding.decide",
        lambda person: sa.select(Binding.asked_at).where(Binding.state == "waiting"),
        "showcases",
        {"binding": "waiting", "cols": "code,account,named_at,binding,standing,showcase,merchant"},
        timedelta(hours=24),
    ),
    Queue(
        _l("Callbacks that failed"),
        "callback.rerun",
        lambda person: sa.select(Inbound.received_at).where(Inbound.state == "failed"),
        "callbacks",
        {"state": "failed"},
        timedelta(hours=4),
    ),
    Queue(
        _l("Due but blocked"),
        "job.view",
        lambda person: sa.select(SetAside.first_at),
        "due_blocked",
        late=timedelta(hours=1),
    ),
    Queue(
        _l("Dead letters"),
        "job.rerun",
        lambda person: sa.select(Job.finished_at).where(Job.state == State.DEAD),
        "dead_letters",
        late=timedelta(hours=4),
    ),
    Queue(
        _l("Events nobody was told of"),
        "event.view",
        lambda person: sa.select(Event.created_at).where(
            Event.relayed_at.is_(None), Event.created_at < formatting.now() - UNDELIVERED
        ),
        "events",
        {"told": "no"},
        timedelta(minutes=30),
    ),
)


@dataclass(frozen=True)
class Waiting:
    """A queue at this moment: how many rows, since when the oldest waits."""

    title: Text
    url: str
    rows: int
    oldest: datetime | None
    age: str
    is_late: bool


def waiting(person: Viewer, pages: Mapping[str, SecureView], *, at: datetime) -> list[Waiting]:
    """The queues of this person that have rows, the latest first; empty ones stand at the end."""
    mine = [queue for queue in QUEUES if queue.is_for(person) and queue.page in pages]
    found = [_counted(queue, person, pages[queue.page], at) for queue in mine]
    return sorted(found, key=lambda each: (each.rows == 0, not each.is_late))


def _counted(queue: Queue, person: Viewer, page: SecureView, at: datetime) -> Waiting:
    since = queue.since(person).subquery()
    rows, oldest = db.session.execute(sa.select(sa.func.count(), sa.func.min(since.c[0]))).one()
    age = at - oldest if oldest else timedelta()
    return Waiting(
        title=queue.title,
        url=page.address("index_view", **queue.query),
        rows=rows,
        oldest=oldest,
        age=formatting.duration(age.total_seconds()) if oldest else "",
        is_late=age > queue.late,
    )
