"""Who is told of what: events of the outbox become jobs, each exactly once."""

from jobs import queue
from models import Actor, acting, transaction
from models.operations import outbox
from models.operations.outbox import RELAYED_AT_ONCE, Order

# One line an event that is emitted anywhere: the kinds of jobs it starts. An empty line is a fact kept for the record.
SUBSCRIBERS: dict[str, tuple[str, ...]] = {
    "after_sale.ended": ("settle_after_sale_case",),
    "after_sale.opened": ("open_after_sale_case",),
    "agency.applied": (),
    "agency.begun": (),
    "agency.ended": (),
    "agency.refused": (),
    "after_sale.refund_due": ("open_refund_case",),
    "appeal.decided": (),
    "appeal.filed": (),
    "alert_rule.changed": ("lint_live",),
    "approval.asked": (),
    "approval.ended": (),
    "binding.stated": (),
    "case.breached": (),
    "case.decided": ("follow_verdict",),
    "case.due_soon": (),
    "case.escalated": (),
    "case.grown": (),
    "case.handed": (),
    "case.looked_at": (),
    "case.opened": (),
    "difference.resolved": (),
    "complaint.answered": ("settle_complaint_case",),
    "complaint.breached": ("lint_live",),
    "complaint.closed": (),
    "complaint.opened": ("open_complaint_case",),
    "challenge.closed": (),
    "challenge.published": (),
    "content.published": (),
    "content.pulled": (),
    "due.set_aside": (),
    "errand.owed": ("tell_wechat",),
    "finding.opened": (),
    "finding.resolved": (),
    "import.cancelled": (),
    "import.failed": (),
    "import.published": (),
    "import.staged": (),
    "import.undone": (),
    "import.uploaded": (),
    "job.died": (),
    "member.registered": ("score_events",),
    "member.signed_in": ("score_events",),
    "order.balance_due": ("tell_balance",),
    "order.cancelled": (),
    "order.completed": (),
    "order.deposit_paid": (),
    "order.paid": ("score_events",),
    "order.placed": ("score_events",),
    "order.refund_due": (),
    "order.stray": (),
    "order.refunded": ("pay_back", "score_events", "tell_refund"),
    "product.delisted": ("tell_delisting",),
    "product.listed": (),
    "product.repriced": (),
    "product.retired": (),
    "product.taken_down": (),
    "parcel.delivered": (),
    "parcel.sent": ("tell_parcels",),
    "reckoning.made": (),
    "risk.compared": (),
    "risk.published": (),
    "risk.rolled_back": (),
    "risk.suspected": (),
    "reviewer.tied": (),
    "seed.answered": (),
    "shop.gap": (),
    "shop.told": ("read_told",),
    "showcase.changed": ("score_events",),
    "showcase.punished": ("open_punished_case",),
    "seed.proposed": (),
    "proof.appealed": ("open_proof_case",),
    "proof.decided": ("score_events", "settle_proof_case"),
    "proof.manual": ("score_events", "open_proof_case"),
    "proof.submitted": ("read_proof",),
    "proposal.approved": ("apply_proposal",),
    "strike.given": (),
    "strike.taken_back": (),
    "statement.taken": ("reckon_statement",),
    "structure.broken": (),
    "story.published": (),
    "switch.off": (),
    "switch.on": (),
    "withdrawal.approved": ("pay_out",),
    "withdrawal.rejected": ("settle_payout_case",),
    "withdrawal.requested": ("score_events", "open_payout_case"),
    "withdrawal.paid": ("tell_withdrawal",),
    "withdrawal.returned": ("tell_withdrawal",),
}

ACTOR = Actor(name="system:relay", source="timetable", action="relay")


def relay() -> int:
    """Turn every unrelayed event into the jobs of its subscribers; how many events there were."""
    relayed, batch = 0, RELAYED_AT_ONCE
    while batch == RELAYED_AT_ONCE:
        with acting(ACTOR), transaction():
            batch = outbox.relay(told=_told)
        relayed += batch
    return relayed


def _told(name: str) -> list[Order]:
    return [queue.order(kind) for kind in SUBSCRIBERS.get(name, ())]
