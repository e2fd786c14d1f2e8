"""From the platform's own facts to events of the risk rules: orders, refunds, registrations, withdrawals, sign-ins."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from models.operations import risk_event
from models.operations.risk_event import Fact, Signals, Who
from models.queries import risk_source as source
from models.rules.risk_feature import Kind


def orders(*, ids: Sequence[int], at: datetime, signals: Mapping[int, Signals] | None = None) -> list[int]:
    """Orders placed, by id; ``signals`` is what came with them, by order id, beside what the order itself says."""
    return risk_event.record(facts=[_order(row, (signals or {}).get(row.id)) for row in source.orders(ids)], at=at)


def refunds(*, of: Sequence[tuple[int, int]], at: datetime) -> list[int]:
    """Refunds paid, by (order id, n)."""
    facts = [
        Fact(
            kind=Kind.REFUND, ref=f"{row.number}:{row.n}", at=row.at, actor=_buyer(row), other=_member(row.seller_id),
            sponsor=_member(row.sponsor_id), order_id=row.id, amount_fen=row.amount_fen,
        )
        for row in source.refunds(of)
    ]  # fmt: skip
    return risk_event.record(facts=facts, at=at)


def joins(*, ids: Sequence[int], at: datetime, devices: Mapping[int, str] | None = None) -> list[int]:
    """Registrations, by member id; a lapsed member's next one is another."""
    facts = [
        Fact(
            kind=Kind.REGISTER, ref=f"{row.id}:{row.registered_at:%Y%m%d%H%M%S}", at=row.registered_at,
            actor=_member(row.id), sponsor=_member(row.sponsor_id),
            signals=Signals(
                ip=row.ip or "", payer=row.openid or "", phone=row.phone or "", device=(devices or {}).get(row.id, "")
            ),
            facts={"depth": row.depth} if row.depth is not None else {},
        )
        for row in source.joins(ids)
    ]  # fmt: skip
    return risk_event.record(facts=facts, at=at)


def payouts(*, numbers: Sequence[str], at: datetime) -> list[int]:
    """Withdrawals asked for, by number."""
    facts = [
        Fact(
            kind=Kind.PAYOUT, ref=row.number, at=row.requested_at, actor=_member(row.member_id),
            amount_fen=row.amount_fen, signals=Signals(payee=row.openid or "", payer=row.openid or ""),
        )
        for row in source.payouts(numbers)
    ]  # fmt: skip
    return risk_event.record(facts=facts, at=at)


def sign_ins(*, ids: Sequence[int], at: datetime) -> list[int]:
    """Sessions opened by members, by id."""
    facts = [
        Fact(
            kind=Kind.SIGN_IN, ref=str(row.id), at=row.opened_at, actor=_member(row.member_id),
            signals=Signals(ip=row.ip, payer=row.openid or ""),
        )
        for row in source.sign_ins(ids)
    ]  # fmt: skip
    return risk_event.record(facts=facts, at=at)


def showcases(*, member_ids: Sequence[int], at: datetime) -> list[int]:
    """Every binding, opening, closing and opening again of these members' showcases."""
    facts = [
        Fact(
            kind=Kind.SHOWCASE, ref=str(row.id), at=row.at, actor=_member(row.member_id),
            sponsor=_member(row.sponsor_id), signals=Signals(payer=row.openid or "", phone=row.phone or ""),
            facts={"change": row.kind, "reason": row.reason},
        )
        for row in source.showcases(member_ids)
    ]  # fmt: skip
    return risk_event.record(facts=facts, at=at)


def proofs(*, ids: Sequence[int], at: datetime) -> list[int]:
    """Pictures of purchases, once a picture and task: sent again for the same task, it is the same use of it.

    Where the twin was judged before such events were taken down, its own use is taken down with it.
    """
    uses: dict[str, Fact] = {}
    for row in source.proofs(ids):
        first = (row.first_member_id, row.first_seller_id, row.first_at, 0)
        for who, seller, when, fen in (first, (row.member_id, row.seller_id, row.at, row.paid_fen or 0)):
            ref = f"{who}:{seller}:{row.sha256.hex()[:32]}"
            uses.setdefault(ref, Fact(
                kind=Kind.PROOF, ref=ref, at=when, actor=_member(who), other=_member(seller), amount_fen=fen,
                signals=Signals(picture=row.sha256.hex()),
            ))  # fmt: skip
    return risk_event.record(facts=list(uses.values()), at=at)


def _order(row: Any, given: Signals | None) -> Fact:
    came = given or Signals()
    signals = Signals(
        ip=came.ip, device=came.device, payer=came.payer or row.openid or "", phone=came.phone or row.phone or "",
        address=came.address or row.address,
    )  # fmt: skip
    return Fact(
        kind=Kind.PLACE, ref=row.number, at=row.placed_at, actor=_buyer(row), other=_member(row.seller_id),
        sponsor=_member(row.sponsor_id), order_id=row.id, amount_fen=row.paid_fen, region=row.region_code,
        signals=signals,
    )  # fmt: skip


def _buyer(row: Any) -> Who | None:
    if row.buyer_id:
        return Who(member_id=row.buyer_id)
    return Who(buyer=row.buyer) if row.buyer else None


def _member(member_id: int | None) -> Who | None:
    return Who(member_id=member_id) if member_id else None
