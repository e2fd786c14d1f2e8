"""What stands on a member's page: blocks of facts, each with where it comes from and where its rows are."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import abort

from console.admin import concern
from console.admin.agency_words import STATES as AGENCIES
from console.admin.base import peers
from console.admin.case import words as case_words
from console.admin.member import words
from console.admin.money.withdrawal import STATES as WITHDRAWALS
from console.auth import allowed
from models import Member
from models.queries import admission, agreement, dossier, outlook
from models.queries import ledger as books
from models.queries import member as members
from models.queries import policy as policies
from models.rules import outlook as rules
from models.rules import region
from models.rules.standing import Rank, Standing

WORDS = {
    "standings": words.STANDINGS,
    "showcases": words.SHOWCASES,
    "ranks": words.RANKS,
    "buckets": words.BUCKETS,
    "bucket_meanings": words.BUCKET_MEANINGS,
    "changes": words.CHANGES,
    "because": words.BECAUSE,
    "evidence_words": words.EVIDENCE,
    "order_states": words.ORDER_STATES,
    "moves_words": words.MOVES,
    "seed_states": words.SEED_STATES,
    "agency_states": AGENCIES,
    "withdrawal_states": WITHDRAWALS,
    "case_states": case_words.STATES,
    "case_queues": case_words.QUEUES,
    "region_name": region.full_name,
}
LINES = 50


def blocks(member: Member, *, at: datetime) -> dict[str, Any]:
    """Every block that this person may see."""
    _, policy = policies.in_force(at)
    who = dossier.dossier(member.id)
    return {
        **WORDS,
        "member": member,
        "who": who,
        "place": dossier.place(member.id),
        "directs": dossier.directs(member.id),
        "children_open": members.is_vacant(member),
        "next_steps": rules.next_steps(outlook.position(member, policy), policy),
        "progress": _progress(member, who, policy),
        "sold": dossier.sold(member.id),
        "bought": dossier.bought(member.id),
        "held": dossier.held(member.id),
        "cases": concern.of_member(member.id),
        "timeline": dossier.changes(member.id),
        "rank_changes": dossier.changes(member.id, "ranked", "unranked"),
        "sheet": admission.sheet(member.id) if member.standing == Standing.CANDIDATE else [],
        "notes": dossier.notes(member.id),
        "agreement": agreement.current(at),
        "consents": dossier.consents(member.id),
        "moves": dossier.moves(member.id),
        "agencies": dossier.agencies(member.id),
        "seeds": dossier.seeds(member.id),
        "trail": dossier.trail(member.id) if allowed("audit.view") else [],
        "orders_at": "orders.index_view" if "orders" in peers() else "",
        "at": at,
        **_money(member),
    }


def _progress(member: Member, who: Any, policy: Any) -> rules.Progress | None:
    return rules.next_rank(
        kept=Rank(member.rank) if member.rank else None,
        team_size=who.size or 0,
        team_sales_fen=who.sales_fen or 0,
        own_sales_fen=who.own_fen or 0,
        policy=policy,
    )


def _money(member: Member) -> dict[str, Any]:
    """What reviewers never see: balances, obligations, withdrawals."""
    if not allowed("member.money.view"):
        return {"money": {}, "obligations": [], "withdrawals": []}
    return {
        "money": dossier.money(member.code),
        "obligations": dossier.obligations(member.id),
        "withdrawals": dossier.withdrawals(member.id),
    }


def statement(member: Member, bucket: str, args: Mapping[str, str]) -> dict[str, Any]:
    """The postings behind a bucket, from a place in the statement on."""
    if bucket not in words.BUCKETS:
        abort(404)
    before = args.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) < 19):
        abort(400)
    lines = dossier.statement(
        member.code, bucket, before=int(before) if before else books.NO_LIMIT, limit=LINES + 1
    )  # fmt: skip
    more = lines[LINES - 1].posting_id if len(lines) > LINES else None
    return {
        **WORDS,
        "bucket": bucket,
        "postings_at": "postings.detail" if "postings" in peers() else "",
        "lines": lines[:LINES],
        "more": more,
        "balance_fen": dossier.money(member.code)[bucket],
    }
