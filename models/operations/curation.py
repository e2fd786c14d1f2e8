"""The figures of products are kept, and the weekly refresh is proposed, decided and applied."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import copy_rows, db
from models.errors import DomainError, Missing
from models.operations import listing, outbox, product
from models.queries import curation as queries
from models.queries.curation import Counted
from models.rules import curation as rules
from models.rules import product as products
from models.rules.curation import Kind, ProposalState
from models.rules.policy import Policy
from models.rules.product import ProductState
from models.tables.product import CurationProposal, ProductStat

COLUMNS = tuple(column.name for column in ProductStat.__table__.columns)
_FRESH = sa.text("CREATE TEMPORARY TABLE fresh_stat (LIKE product_stat) ON COMMIT DROP")
_GONE = sa.text("DROP TABLE fresh_stat")
_KEPT = sa.text(
    f"INSERT INTO product_stat ({', '.join(COLUMNS)}) SELECT {', '.join(COLUMNS)} FROM fresh_stat ORDER BY product_id"
    f" ON CONFLICT (product_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in COLUMNS[1:])}"
)


class NoProposal(Missing):
    """There is no such proposal, or not for this person."""


def keep(*, counted: Iterable[Counted], policy: Policy, at: datetime) -> int:
    """Write down what was counted of each product, with its margin under a policy; how many there were."""
    rows = list(_rows(counted, policy, at))  # read to its end: nothing else can be asked while rows are copied
    db.session.execute(_FRESH)
    copy_rows("fresh_stat", COLUMNS, rows)
    kept: Any = db.session.execute(_KEPT)
    db.session.execute(_GONE)
    return int(kept.rowcount)


def _rows(counted: Iterable[Counted], policy: Policy, at: datetime) -> Iterator[list[Any]]:
    for one in counted:
        margin, price, found = products.margin_fen(one.terms, policy), one.terms.price_fen, one.figures
        values = {
            "product_id": one.product_id,
            "merchant_id": one.merchant_id,
            "counted_at": at,
            "margin_fen": margin,
            "margin_bps": products.rate_bps(margin, price),
            "commission_bps": products.rate_bps(one.terms.commission_fen, price),
        }
        yield [values[name] if name in values else getattr(found, name) for name in COLUMNS]


def propose(*, week: date, at: datetime) -> int:
    """Propose what the figures of now say, once a product and week; how many proposals are new."""
    found = [
        {"week": week, "kind": kind, "product_id": one.product_id, "evidence": evidence, "state": "proposed",
         "made_at": at, "reason": ""}
        for one in queries.judged()
        if (kind := rules.proposed(one.figures, state=one.state, stock=one.stock, margin_fen=one.margin_fen))
        and (evidence := one.evidence())
    ]  # fmt: skip
    if not found:
        return 0
    made: Any = db.session.execute(
        insert(CurationProposal).values(found).on_conflict_do_nothing(index_elements=["week", "product_id"])
    )
    return int(made.rowcount)


def approve(*, proposal_id: int, at: datetime, by: str) -> CurationProposal:
    """Let a proposal happen; a job carries it out."""
    proposal = _open(proposal_id)
    proposal.state, proposal.decided_at, proposal.decided_by = ProposalState.APPROVED, at, by
    outbox.emit("proposal.approved", subject=f"product:{proposal.product_id}", proposal_id=proposal.id)
    return proposal


def refuse(*, proposal_id: int, why: str, at: datetime, by: str) -> CurationProposal:
    """Turn a proposal down, and say why."""
    proposal = _open(proposal_id)
    proposal.state, proposal.decided_at, proposal.decided_by = ProposalState.REFUSED, at, by
    proposal.reason = why
    return proposal


def apply(*, proposal_id: int, at: datetime) -> CurationProposal:
    """Carry an approved proposal out: take down everywhere, or sell and list in the preset windows."""
    proposal = _locked(proposal_id)
    if proposal.state != ProposalState.APPROVED:
        return proposal
    by = str(proposal.decided_by)
    if proposal.kind == Kind.DROP:
        listing.delist_everywhere(product_id=proposal.product_id, why="low_sales", at=at, by=by)
    else:
        if product.locked(proposal.product_id).state == ProductState.DRAFT:
            product.put_on_sale(product_id=proposal.product_id, at=at)
        listing.ask(product_id=proposal.product_id, is_presets=True, at=at, by=by)
    proposal.state, proposal.applied_at = ProposalState.APPLIED, at
    return proposal


def give_up(*, proposal_id: int, refusal: DomainError) -> None:
    """An approved proposal cannot be carried out any more; the refusal's words are its reason."""
    proposal = _locked(proposal_id)
    if proposal.state == ProposalState.APPROVED:
        proposal.state, proposal.reason = ProposalState.REFUSED, f"无法执行：{refusal}"


def _open(proposal_id: int) -> CurationProposal:
    proposal = _locked(proposal_id)
    if proposal.state != ProposalState.PROPOSED:
        raise rules.Decided("这条建议已有人处理过，请刷新列表。")
    return proposal


def _locked(proposal_id: int) -> CurationProposal:
    proposal = db.session.get(CurationProposal, proposal_id, with_for_update=True, populate_existing=True)
    if proposal is None:
        raise NoProposal("没有这条换新建议，请从列表中选择。")
    return proposal
