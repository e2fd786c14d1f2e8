"""One's money: what each bucket holds, what was earned and why, what was withdrawn."""

import secrets
from datetime import datetime
from typing import Annotated, Any, Literal

from flask import current_app
from pydantic import Field

from console import formatting
from console.api import cursor
from console.api.route import Call, route
from console.api.schema import Answer, AskedFen, Body, Day, Earned, Fen, Instant, Paged
from models.operations import withdrawal
from models.queries import dossier, portal
from models.queries import earning as queries
from models.rules.compliance import DISCLAIMERS
from models.rules.tax import Month
from models.tables.payout import Withdrawal

AT = "2026-11-24T08:00:00.000+08:00"
SAID = {"id": "D-03", "text": DISCLAIMERS["D-03"]}
BUCKETS = ("available", "pending", "locked", "frozen", "held", "payout", "debt")
HELD = {f"{name}_fen": 0 for name in BUCKETS}
EARNING = {
    "at": AT, "kind": "level", "order": "o1", "level": 1, "amount_fen": 2100, "reversed_fen": 0, "bucket": "pending",
    "rule": "5.2", "why": "订单 o1 完成结算……", "disclaimer": SAID,
}  # fmt: skip
TAKEN = {
    "number": "W202611240001", "state": "requested", "amount_fen": 10000, "tax_fen": 0, "net_fen": 10000,
    "requested_at": AT, "ended_at": None, "reason": "", "confirmation": None, "disclaimer": SAID,
}  # fmt: skip


EarningKind = Literal["level", "region", "seed", "dividend"]


class Balance(Earned):
    """What each bucket holds; a debt is negative."""

    available_fen: Fen
    pending_fen: Fen
    locked_fen: Fen
    frozen_fen: Fen
    held_fen: Fen
    payout_fen: Fen
    debt_fen: Fen


class Earning(Earned):
    """One share or dividend, with its reason in words."""

    at: Instant
    kind: str
    order: str | None
    level: int | None
    amount_fen: Fen
    reversed_fen: Fen
    bucket: str | None
    rule: str
    why: str


class Earnings(Earned):
    items: list[Earning]
    next: str | None


class Span(Paged):
    """Which earnings: of one kind, of days in Shanghai, both ends included."""

    kind: EarningKind | None = None
    since: Annotated[Day | None, Field(alias="from")] = None
    until: Annotated[Day | None, Field(alias="to")] = None


def span_of(asked: Any) -> tuple[datetime | None, datetime | None]:
    """From when to before when, of days in Shanghai."""
    return (
        formatting.day_start(asked.since) if asked.since else None,
        formatting.day_end(asked.until) if asked.until else None,
    )


class Asking(Body):
    amount_fen: AskedFen


class Confirmation(Answer):
    """What `wx.requestMerchantTransfer` is given while the payee is waited for, until ``confirm_by``."""

    package: str
    mch_id: str
    app_id: str
    confirm_by: Instant


class Taken(Earned):
    """One withdrawal: what leaves, the tax withheld, what arrives; ``confirmation`` while the payee must confirm."""

    number: str
    state: str
    amount_fen: Fen
    tax_fen: Fen
    net_fen: Fen
    requested_at: Instant
    ended_at: Instant | None
    reason: str
    confirmation: Confirmation | None


class Withdrawals(Earned):
    items: list[Taken]
    next: str | None


@route("GET", "/me/balance", "balance.read", "我的余额", answer=Balance, gives=HELD | {"disclaimer": SAID})
def balance(call: Call) -> Balance:
    held = dossier.money(call.code)
    return Balance.model_validate({f"{name}_fen": held[name] for name in BUCKETS})


@route(
    "GET", "/me/earnings", "earnings.list", "我的收入明细", query=Span, answer=Earnings,
    gives={"items": [EARNING], "next": None, "disclaimer": SAID},
)  # fmt: skip
def earnings(call: Call) -> Earnings:
    """The newest first."""
    asked: Span = call.query
    since, until = span_of(asked)
    span = (since or queries.BEGINNING, until or queries.END)
    scope = ("earnings", call.member_id, asked.kind, asked.since, asked.until)
    before = cursor.after(asked.cursor, scope=scope) or [span[1].isoformat(), queries.LAST]
    found = portal.earnings(
        member_id=call.member_id, kind=asked.kind, span=span, before=before, limit=asked.limit + 1
    )  # fmt: skip
    rows, following = cursor.page(found, asked.limit, place=lambda row: [row.at.isoformat(), row.key], scope=scope)
    return Earnings(items=[_earning(row, call.code) for row in rows], next=following)


def _earning(row: Any, code: str) -> Earning:
    told = queries.told(row, code)
    return Earning(
        at=row.at, kind=row.kind, order=row.number, level=row.level, amount_fen=row.amount_fen,
        reversed_fen=row.reversed_fen, bucket=row.bucket, rule=told.rule, why=told.sentence,
    )  # fmt: skip


@route(
    "GET", "/me/withdrawals", "withdrawals.list", "我的提现", query=Paged, answer=Withdrawals,
    gives={"items": [TAKEN], "next": None, "disclaimer": SAID},
)  # fmt: skip
def withdrawals(call: Call) -> Withdrawals:
    """The newest first."""
    scope = ("withdrawals", call.member_id)
    before = cursor.after(call.query.cursor, scope=scope) or portal.NEWEST
    found = portal.withdrawals(member_id=call.member_id, before=before, limit=call.query.limit + 1)
    rows, following = cursor.page(found, call.query.limit, place=lambda row: row.id, scope=scope)
    return Withdrawals(items=[_taken(row) for row in rows], next=following)


@route(
    "POST", "/me/withdrawals", "withdrawals.ask", "申请提现", body=Asking, answer=Taken, status=201, keyed=True,
    example={"amount_fen": 10000}, gives=TAKEN,
)  # fmt: skip
def withdraw(call: Call) -> Taken:
    """Reserved at once under the member's lock, the tax withheld (rules §5.9)."""
    day = call.at.astimezone(formatting.SHANGHAI)
    made = withdrawal.request(
        number=f"W{day:%Y%m%d}{secrets.token_hex(8).upper()}", code=call.code, amount_fen=call.body.amount_fen,
        month=Month(day.year, day.month), at=call.at,
    )  # fmt: skip
    return _taken(made)


def _taken(row: Withdrawal) -> Taken:
    return Taken(
        number=row.number, state=row.state, amount_fen=row.amount_fen, tax_fen=row.tax_fen,
        net_fen=row.amount_fen - row.tax_fen, requested_at=row.requested_at, ended_at=row.ended_at,
        reason=row.reason or "", confirmation=_confirmation(row),
    )  # fmt: skip


def _confirmation(row: Withdrawal) -> Confirmation | None:
    """Nothing once the 24 hours are over: the transfer closes by itself and the money comes back."""
    if row.state != "WAIT_USER_CONFIRM" or not row.package or row.confirm_by is None:
        return None
    if row.confirm_by <= formatting.now():
        return None
    pay = current_app.extensions.get("pay")
    return Confirmation(
        package=row.package, confirm_by=row.confirm_by, mch_id=pay.merchant.mchid if pay else "",
        app_id=current_app.extensions.get("mini_appid", ""),
    )  # fmt: skip
