"""Everything kept about oneself, as one file (PIPL art. 45)."""

from typing import Any

from console.api.route import Call, route
from console.api.schema import Answer, Earned, Fen, Instant
from models import Member, Person, db
from models.queries import binding, dossier, portal

AT = "2026-11-24T08:00:00.000+08:00"
MOST = 10_000
EMPTY: dict[str, list[Any]] = {
    "consents": [], "changes": [], "bought": [], "sold": [], "withdrawals": [], "agencies": [], "after_sales": []
}  # fmt: skip


class Agreed(Answer):
    version: str
    sha256: str
    accepted_at: Instant
    ip: str
    user_agent: str


class Changed(Answer):
    at: Instant
    kind: str
    before: str | None
    after: str | None


class Ordered(Answer):
    number: str
    state: str
    paid_fen: Fen
    refunded_fen: Fen
    placed_at: Instant
    region_code: str | None


class Withdrawn(Earned):
    number: str
    state: str
    amount_fen: Fen
    tax_fen: Fen
    requested_at: Instant


class Applied(Answer):
    region_code: str
    state: str
    applied_at: Instant | None


class Complained(Answer):
    order: str
    kind: str
    words: str
    state: str
    opened_at: Instant


class Export(Answer):
    """The person, the member, and every row of theirs; what was earned is listed page by page under /me/earnings."""

    code: str
    nickname: str | None
    phone: str | None
    real_name: str | None
    standing: str
    finder_id: str | None
    registered_at: Instant
    consents: list[Agreed]
    changes: list[Changed]
    bought: list[Ordered]
    sold: list[Ordered]
    withdrawals: list[Withdrawn]
    agencies: list[Applied]
    after_sales: list[Complained]


@route(
    "GET", "/me/export", "me.export", "导出我的数据", answer=Export,
    gives={
        "code": "U23456789AB", "nickname": "阿青", "phone": "13800138000", "real_name": None, "standing": "candidate",
        "finder_id": None,        "registered_at": AT, **EMPTY,
    },
)  # fmt: skip
def export(call: Call) -> Export:
    """Unmasked: it is their own."""
    member = db.session.get_one(Member, call.member_id)
    person = db.session.query(Person).filter_by(member_id=member.id).one_or_none()
    return Export(
        code=member.code, nickname=person.nickname if person else None, phone=person.phone if person else None,
        real_name=person.real_name if person else None, standing=member.standing, finder_id=_finder(member.id),
        registered_at=member.registered_at,
        consents=[_taken(Agreed, row) for row in dossier.consents(member.id)],
        changes=[_taken(Changed, row) for row in dossier.changes(member.id, limit=MOST)],
        bought=_orders(member.id, is_seller=False), sold=_orders(member.id, is_seller=True),
        withdrawals=[
            Withdrawn(
                number=row.number, state=row.state, amount_fen=row.amount_fen, tax_fen=row.tax_fen,
                requested_at=row.requested_at,
            )
            for row in portal.withdrawals(member_id=member.id, before=portal.NEWEST, limit=MOST)
        ],
        agencies=[_taken(Applied, row) for row in portal.agencies(member.id)],
        after_sales=[
            Complained(order=number, kind=case.kind, words=case.reason, state=case.state, opened_at=case.opened_at)
            for case, number in portal.after_sales(member_id=member.id, limit=MOST)
        ],
    )  # fmt: skip


def _finder(member_id: int) -> str | None:
    """By which a showcase is known, or as which it was named."""
    named = binding.newest(member_id)
    return binding.finder_of(member_id) or (named.account if named else None)


def _orders(member_id: int, *, is_seller: bool) -> list[Ordered]:
    """A seller's copy says nothing of where its buyers live."""
    found = portal.orders(member_id=member_id, is_seller=is_seller, before=portal.NEWEST, limit=MOST)
    return [
        Ordered(
            number=row.number, state=row.state, paid_fen=row.paid_fen, refunded_fen=row.refunded_fen,
            placed_at=row.placed_at, region_code=None if is_seller else row.region_code,
        )
        for row in found
    ]  # fmt: skip


def _taken(model: type[Any], row: Any) -> Any:
    return model(**{name: getattr(row, name) for name in model.model_fields})
