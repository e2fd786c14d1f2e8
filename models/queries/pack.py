"""What goes into an evidence pack: for a member, an order, a complaint or a span of days, a question a file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.rules import masking

Mask = Callable[[Any], Any]
MOST = 200_000
"""Rows of one file; beyond it the span is cut and the file says so."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file: its name and the question; ``personal`` names the columns that are masked, and how."""

    name: str
    query: str
    personal: Mapping[str, Mask] = field(default_factory=dict)


_ORDERS = {
    "member": "o.seller_id = (SELECT id FROM member WHERE code = :code)"
    " OR o.buyer_id = (SELECT id FROM member WHERE code = :code)",
    "order": "o.number = :code",
    "complaint": "o.number = (SELECT subject FROM complaint WHERE id = CAST(:code AS bigint))",
    "period": "o.placed_at >= :start AND o.placed_at < :end",
}
_MEMBERS = {
    "member": "m.code = :code",
    "order": "m.id IN (SELECT unnest(ARRAY[o.seller_id, o.buyer_id]) FROM shop_order o WHERE o.number = :code)",
    "complaint": "m.id = (SELECT member_id FROM complaint WHERE id = CAST(:code AS bigint))"
    f" OR m.id IN (SELECT o.seller_id FROM shop_order o WHERE {_ORDERS['complaint']})",
    "period": "m.registered_at >= :start AND m.registered_at < :end",
}
_COMPLAINTS = {
    "member": "c.member_id = (SELECT id FROM member WHERE code = :code)",
    "order": "c.subject = :code",
    "complaint": "c.id = CAST(:code AS bigint)",
    "period": "c.opened_at >= :start AND c.opened_at < :end",
}
_POSTINGS = {
    "member": "p.id IN (SELECT l.posting_id FROM leg l JOIN account a ON a.id = l.account_id"
    " WHERE a.code LIKE 'member:' || replace(replace(:code, '_', '\\_'), '%', '\\%') || ':%')",
    "order": "p.subject = 'order:' || :code",
    "complaint": "p.subject = 'order:' || (SELECT subject FROM complaint WHERE id = CAST(:code AS bigint))",
    "period": "p.at >= :start AND p.at < :end",
}
_TRAIL = {
    "member": "(t.table_name = 'member' AND t.row_id = (SELECT id::text FROM member WHERE code = :code))"
    " OR (t.table_name = 'shop_order' AND t.row_id IN ("
    f"SELECT o.id::text FROM shop_order o WHERE {_ORDERS['member']}))",
    "order": "t.table_name = 'shop_order' AND t.row_id = (SELECT id::text FROM shop_order WHERE number = :code)",
    "complaint": "t.table_name = 'complaint' AND t.row_id = :code",
    "period": "t.at >= :start AND t.at < :end AND t.table_name IN ('policy_version', 'agreement', 'approval',"
    " 'complaint', 'finding', 'money_switch', 'withdrawal', 'dividend_bill', 'export', 'handout')",
}
_VERSIONS = {
    "period": "v.effective_at < :end AND v.state = 'approved'",
}


def parts(kind: str) -> Sequence[Part]:
    """The files of a pack of this kind."""
    return (*_people(kind), *_orders(kind), *_money(kind), *_papers(kind))


def _people(kind: str) -> Sequence[Part]:
    """Members, how they stood and where they sat."""
    members, of_members = _MEMBERS[kind], f"SELECT m.id FROM member m WHERE {_MEMBERS[kind]}"
    who = {"nickname": masking.name, "phone": masking.phone, "real_name": masking.name}
    return (
        Part("members.csv", "SELECT m.code, m.standing, m.showcase, m.registered_at, m.qualified_at, m.real_name_at,"
             f" p.nickname, p.phone, p.real_name FROM member m LEFT JOIN person p ON p.member_id = m.id WHERE {members}"
             " ORDER BY m.id", who),
        Part("standing.csv", "SELECT m.code, s.at, s.kind, s.before, s.after, s.reason, s.evidence::text"
             f" FROM standing_change s JOIN member m ON m.id = s.member_id WHERE s.member_id IN ({of_members})"
             " ORDER BY s.id"),
        Part("placement.csv", "SELECT m.code, v.at, v.kind, v.from_parent_id, v.from_slot, v.to_parent_id, v.to_slot,"
             f" v.is_spill, v.by, v.reason FROM move v JOIN member m ON m.id = v.member_id"
             f" WHERE v.member_id IN ({of_members}) ORDER BY v.id"),
    )  # fmt: skip


def _orders(kind: str) -> Sequence[Part]:
    """Orders with what was in them, what became of them and who got what."""
    orders, nothing = _ORDERS[kind], masking.nothing
    of_orders = f"SELECT o.id FROM shop_order o WHERE {orders}"
    return (
        Part("orders.csv", "SELECT o.number, o.kind, o.scene, o.state, s.code AS seller, b.code AS buyer_code, o.buyer,"
             " o.paid_fen, o.freight_fen, o.cost_fen, o.commission_fen, o.refunded_fen, o.settled_fen, o.region_code,"
             " o.policy_id, o.placed_at, o.paid_at, o.shipped_at, o.completed_at, o.is_held, o.is_fraud"
             " FROM shop_order o JOIN member s ON s.id = o.seller_id LEFT JOIN member b ON b.id = o.buyer_id"
             f" WHERE {orders} ORDER BY o.id", {"buyer": nothing}),
        Part("order_lines.csv", "SELECT o.number, l.n, l.product_code, l.title, l.quantity, l.price_fen"
             " FROM order_line l JOIN shop_order o ON o.id = l.order_id"
             f" WHERE l.order_id IN ({of_orders}) ORDER BY o.id, l.n"),
        Part("shares.csv", "SELECT o.number, s.n, s.kind, s.level, s.account, s.amount_fen, s.reversed_fen, s.bucket,"
             " s.reason, s.rate_bps FROM share s JOIN shop_order o ON o.id = s.order_id"
             f" WHERE s.order_id IN ({of_orders}) ORDER BY o.id, s.n"),
        Part("refunds.csv", "SELECT o.number, r.n, r.amount_fen, r.at, r.posting_id FROM refund r"
             f" JOIN shop_order o ON o.id = r.order_id WHERE r.order_id IN ({of_orders}) ORDER BY o.id, r.n"),
        Part("after_sales.csv", "SELECT a.id, o.number, a.kind, a.reason, a.state, a.opened_at, a.accepted_at,"
             " a.goods_back_at, a.ended_at, a.answer FROM after_sale a JOIN shop_order o ON o.id = a.order_id"
             f" WHERE a.order_id IN ({of_orders}) ORDER BY a.id"),
    )  # fmt: skip


def _money(kind: str) -> Sequence[Part]:
    """The ledger, and what was withdrawn."""
    postings, of_members = _POSTINGS[kind], f"SELECT m.id FROM member m WHERE {_MEMBERS[kind]}"
    return (
        Part("postings.csv", "SELECT p.id, p.key, p.kind, p.subject, p.at, p.actor, encode(p.digest, 'hex') AS digest,"
             f" p.facts::text FROM posting p WHERE {postings} ORDER BY p.id"),
        Part("legs.csv", "SELECT l.posting_id, l.n, a.code AS account, l.amount_fen, l.cause, l.level, l.rate_bps,"
             " l.base_fen, l.reason FROM leg l JOIN account a ON a.id = l.account_id"
             f" JOIN posting p ON p.id = l.posting_id WHERE {postings} ORDER BY l.posting_id, l.n"),
        Part("withdrawals.csv", "SELECT w.number, m.code, w.amount_fen, w.tax_fen, w.month, w.state, w.requested_at,"
             " w.approved_by, w.second_by, w.sent_at, w.ended_at FROM withdrawal w JOIN member m ON m.id = w.member_id"
             f" WHERE w.member_id IN ({of_members}) ORDER BY w.id"),
    )  # fmt: skip


def _papers(kind: str) -> Sequence[Part]:
    """Policies, agreements with consents, complaints, the trail."""
    complaints, trail, nothing = _COMPLAINTS[kind], _TRAIL[kind], masking.nothing
    versions = _VERSIONS.get(kind, f"v.id IN (SELECT o.policy_id FROM shop_order o WHERE {_ORDERS[kind]})")
    of_members = f"SELECT m.id FROM member m WHERE {_MEMBERS[kind]}"
    return (
        Part("policies.csv", "SELECT v.id, v.preset, v.terms::text, encode(v.digest, 'hex') AS digest, v.state,"
             " v.effective_at, v.made_by, v.approved_by, v.approved_at, v.opinion_until, v.acknowledged::text, v.note"
             f" FROM policy_version v WHERE {versions} ORDER BY v.id"),
        Part("agreements.csv", "SELECT g.version, g.sha256, g.effective_at, g.text FROM agreement g ORDER BY g.id"),
        Part("consents.csv", "SELECT m.code, g.version, c.sha256, c.accepted_at, c.ip, c.user_agent FROM consent c"
             " JOIN member m ON m.id = c.member_id JOIN agreement g ON g.id = c.agreement_id"
             f" WHERE c.member_id IN ({of_members}) ORDER BY c.id", {"ip": nothing, "user_agent": nothing}),
        Part("complaints.csv", "SELECT c.id, m.code, c.category, c.subject, c.words, c.state, c.opened_at, c.due_at,"
             " c.answered_at, c.answered_by, c.breached_at, c.closed_at, c.outcome FROM complaint c"
             f" LEFT JOIN member m ON m.id = c.member_id WHERE {complaints} ORDER BY c.id"),
        Part("complaint_messages.csv", "SELECT s.complaint_id, s.at, s.kind, s.by, s.words FROM complaint_message s"
             f" JOIN complaint c ON c.id = s.complaint_id WHERE {complaints} ORDER BY s.id"),
        Part("audit.csv", "SELECT t.id, t.at, t.actor, t.source, t.action, t.reason, t.kind, t.table_name, t.row_id,"
             f" t.before::text, t.after::text FROM audit t WHERE {trail} ORDER BY t.id",
             {"before": nothing, "after": nothing} if kind == "member" else {}),
    )  # fmt: skip


def rows(part: Part, told: Mapping[str, Any], *, is_masked: bool) -> Iterator[tuple[list[str], list[Any]]]:
    """The headings with each row of a file, its personal data masked unless it may be read."""
    statement = sa.text(f"{part.query} LIMIT {MOST}")
    result = db.session.execute(statement, told, execution_options={"yield_per": 2_000})
    names = list(result.keys())
    for row in result:
        yield (
            names,
            [
                part.personal[name](value) if is_masked and name in part.personal else value
                for name, value in zip(names, row, strict=True)
            ],
        )


def headings(part: Part, told: Mapping[str, Any]) -> list[str]:
    """The columns of a file, also of one without rows."""
    return list(db.session.execute(sa.text(f"{part.query} LIMIT 0"), told).keys())


_THERE = {
    "member": "SELECT EXISTS (SELECT FROM member WHERE code = :code)",
    "order": "SELECT EXISTS (SELECT FROM shop_order WHERE number = :code)",
    "complaint": "SELECT EXISTS (SELECT FROM complaint WHERE id::text = :code)",
}


def is_there(kind: str, code: str) -> bool:
    """Whether what a pack is asked about exists."""
    return bool(db.session.scalar(sa.text(_THERE[kind]), {"code": code}))
