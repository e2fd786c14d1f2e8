"""试算: what an order would book, through the real engine, and nothing of it kept."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import flash, request
from flask_admin import expose
from flask_babel import lazy_gettext as _l

from console import formatting
from console.admin.base import SecureView
from console.admin.money.posting import texts
from console.auth import permits
from models import Member, PolicyVersion, Posting, acting, db
from models.base import Actor, rehearsal
from models.errors import DomainError, Invalid
from models.operations import order as orders
from models.queries import why
from models.rules.commission import Kind

NUMBER = "dry-run"
ACTOR = Actor("system:rehearsal", source="web", action="dry.run")
AMOUNTS = ("paid", "cost", "commission")


class Unreadable(Invalid):
    """The form holds what is no order."""


def _fen(name: str) -> int:
    amount = formatting.to_fen(request.args.get(name, ""))
    if amount is None:
        raise Unreadable(f"规则 5.1：「{request.args.get(name, '')}」不是以元为单位的金额，请重填。")
    return amount


def _purchase() -> orders.Purchase:
    """The order asked about: one of record by its number, or the one that the form describes."""
    number = request.args.get("number", "").strip()
    if number:
        found = orders.by_number(number, is_locked=False)
        seller = db.session.get_one(Member, found.seller_id)
        return orders.Purchase(
            number=NUMBER, seller=seller.code, paid_fen=found.paid_fen, cost_fen=found.cost_fen,
            commission_fen=found.commission_fen, buyer=found.buyer, kind=_kind(found.kind), region=found.region_code,
        )  # fmt: skip
    paid, cost, commission = (_fen(name) for name in AMOUNTS)
    return orders.Purchase(
        number=NUMBER, seller=request.args.get("seller", "").strip(), paid_fen=paid, cost_fen=cost,
        commission_fen=commission, buyer=request.args.get("buyer", "").strip() or None,
        kind=_kind(request.args.get("kind", "")), region=request.args.get("region", "").strip() or None,
    )  # fmt: skip


def _kind(text: str) -> Kind:
    return Kind(text) if text in set(Kind) else Kind.NORMAL


def _version() -> int | None:
    text = request.args.get("policy", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def booked() -> Posting:
    """Place and complete the order of the form; the posting that settled it. To be called within a rehearsal."""
    at, purchase = formatting.now(), _purchase()
    if purchase.kind is Kind.PRESALE:
        purchase = replace(purchase, deposit_fen=1)
        orders.await_payment(purchase=purchase, at=at)
        made = orders.pay(number=NUMBER, at=at)
    else:
        made = orders.place(purchase=purchase, at=at)
    version = _version()
    if version is not None and db.session.get(PolicyVersion, version) is not None:
        made.policy_id = version
    db.session.flush()
    orders.ship(number=NUMBER, at=at)
    orders.complete(number=NUMBER, at=at)
    return db.session.scalars(sa.select(Posting).where(Posting.key == f"settle:{NUMBER}")).one()


class DryView(SecureView):
    """试算: seller, amounts, region, kind and policy in; the rows of the settlement out, each with its reason."""

    section = "money"
    title = _l("Dry run")
    slug = "dry-run"
    permission = "ledger.view"

    @expose("/")
    @permits("ledger.view")
    def index_view(self) -> Any:
        """The form, and under it what the order would book now."""
        chosen = sa.select(PolicyVersion).where(PolicyVersion.state == "approved").order_by(PolicyVersion.id.desc())
        versions = [(one.id, one.preset) for one in db.session.scalars(chosen.limit(50))]
        if not any(request.args.get(name) for name in ("number", "seller")):
            return self.render("money/dry.html", story=None, versions=versions, **texts())
        try:
            with acting(ACTOR), rehearsal():
                return self.render("money/dry.html", story=why.of(booked()), versions=versions, **texts())
        except DomainError as refusal:
            flash(str(refusal), "refused")
            return self.render("money/dry.html", story=None, versions=versions, **texts())
