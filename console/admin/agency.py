"""区域代理: applications, contracts, deposits, running terms, and addresses that lead nowhere."""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.agency_income import rows_of
from console.admin.agency_words import LEVELS, STATES, level_of
from console.admin.base import ReadView, form_id, staff_id, viewer
from console.admin.columns import Badge, Column, Kind, Tone, member_link, order_link
from console.admin.filters import Days, Equals, OneOf, Prefix, Starts
from console.admin.order import BUYERS, OwnOrders, Seller, amount_fen, place, refused
from console.auth import permits
from models import Member, Order, RegionAgent, db
from models.operations import agency
from models.queries import region_agent as queries

LEVEL = level_of(RegionAgent.region_code)
SOON = timedelta(days=30)
NEXT = sa.case(
    (RegionAgent.state != "active", "none"),
    (RegionAgent.ends_at.is_(None), "open"),
    (RegionAgent.ends_at <= sa.func.now() + SOON, "soon"),
    else_="later",
)
NEXT_STEPS = {
    "soon": Badge(_l("ends within 30 days"), Tone.WARN),
    "later": Badge(_l("running"), Tone.GOOD),
    "open": Badge(_l("without an end"), Tone.BAD),
    "none": Badge(_l("not running")),
}
LONGEST_NOTE = 200
LAST_YEAR = 2200


def words(name: str) -> str:
    """A sentence that a form sends."""
    return " ".join(request.form.get(name, "").split())[:LONGEST_NOTE]


class AgencyView(ReadView):
    """代理: from the application to the deposit that goes back."""

    model = RegionAgent
    section = "region"
    title = _l("Agencies")
    slug = "agencies"
    permission = "agency.view"
    hint = _l("One agent a region in office: applied, signed, deposit paid, begun; the deposit goes back at the end.")
    empty = _l("Nobody has applied for a region.")
    search_hint = _l("Region code or member, from its beginning")
    list_template = "agency/list.html"
    details_template = "agency/detail.html"

    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=RegionAgent.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(
            key="region",
            title=_l("Region"),
            at=RegionAgent.region_code,
            link=True,
            cell=lambda row: place(row.region),
        ),
        Column(key="level", title=_l("Region level"), at=LEVEL, cell=lambda row: str(LEVELS[row.level])),
        Column(key="member", title=_l("Agent"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="state", title=_l("State"), at=RegionAgent.state, kind=Kind.BADGE, badges=STATES),
        Column(key="next", title=_l("Term"), at=NEXT, kind=Kind.BADGE, badges=NEXT_STEPS),
        Column(key="deposit_fen", title=_l("Deposit of the agent"), at=RegionAgent.deposit_fen, kind=Kind.MONEY),
        Column(key="begins_at", title=_l("Begins"), at=RegionAgent.begins_at, kind=Kind.MOMENT),
        Column(key="ends_at", title=_l("Ends"), at=RegionAgent.ends_at, kind=Kind.MOMENT),
        Column(key="contract", title=_l("Contract"), at=RegionAgent.contract, kind=Kind.CODE, shown=False),
        Column(key="applied_at", title=_l("Applied at"), at=RegionAgent.applied_at, kind=Kind.MOMENT, shown=False),
        Column(key="signed_at", title=_l("Signed at"), at=RegionAgent.signed_at, kind=Kind.MOMENT, shown=False),
        Column(key="agreed_fen", title=_l("Agreed to keep"), at=RegionAgent.agreed_fen, kind=Kind.MONEY, shown=False),
        Column(key="deducted_fen", title=_l("Kept"), at=RegionAgent.deducted_fen, kind=Kind.MONEY, shown=False),
        Column(key="note", title=_l("Note"), at=RegionAgent.note, shown=False),
    )
    questions = (
        OneOf(
            key="state", title=_l("State"), at=RegionAgent.state, choices={k: one.label for k, one in STATES.items()}
        ),
        OneOf(key="level", title=_l("Region level"), at=LEVEL, choices=LEVELS),
        OneOf(key="term", title=_l("Term"), at=NEXT, choices={k: one.label for k, one in NEXT_STEPS.items()}),
        Starts(key="region", title=_l("Region code"), at=RegionAgent.region_code),
        Equals(key="member", title=_l("Agent"), at=Member.code),
        Days(key="ends", title=_l("Ends"), at=RegionAgent.ends_at),
    )
    searches = (Prefix(RegionAgent.region_code), Prefix(Member.code))

    def base(self) -> Select[Any]:
        return sa.select().select_from(RegionAgent).join(Member, Member.id == RegionAgent.member_id)

    def heading(self, row: Row[Any]) -> str:
        return f"{place(row.region)} · {row.member}"

    def around(self, row_id: int) -> dict[str, Any]:
        one = self.found(row_id)
        incumbent = queries.active([one.region_code]).get(one.region_code)
        narrow = {"region": one.region_code, "member": db.session.get_one(Member, one.member_id).code}
        return {
            "one": one,
            "states": STATES,
            "months": queries.by_month(
                member_id=one.member_id, region_code=one.region_code, zone=str(formatting.SHANGHAI)
            ),
            "taken": one.state == "applied" and incumbent is not None,
            "year_on": (formatting.today() + timedelta(days=365)).isoformat(),
            "rows_of": lambda month: rows_of(date.fromisoformat(f"{month}-01"), narrow),
            "me": viewer(),
        }

    @expose("/apply", methods=["POST"])
    @permits("agency.decide")
    def apply(self) -> Response:
        """Take an application in for a member."""
        return self.perform(
            agency.apply,
            code=request.form.get("member", "").strip(),
            region_code=request.form.get("region", "").strip(),
            note=words("note"),
            at=formatting.now(),
            to=lambda made: self.address("detail", row_id=made.id),
            done=_("The application is taken in."),
        )

    @expose("/<int:row_id>/sign", methods=["POST"])
    @permits("agency.decide")
    def sign(self, row_id: int) -> Response:
        """The contract is signed."""
        self.found(row_id)
        return self.perform(
            agency.sign, agent_id=row_id, contract=words("contract"), at=formatting.now(), done=_("Signed.")
        )

    @expose("/<int:row_id>/admit", methods=["POST"])
    @permits("agency.deposit")
    def admit(self, row_id: int) -> Response:
        """The deposit is in: the term begins."""
        self.found(row_id)
        until = self.until()
        if until is None:
            return refused(_("Choose the last day of the term."))
        return self.perform(
            agency.admit, agent_id=row_id, ends_at=until, at=formatting.now(), done=_("The term has begun.")
        )

    @expose("/<int:row_id>/refuse", methods=["POST"])
    @permits("agency.decide")
    def refuse(self, row_id: int) -> Response:
        """Say no."""
        self.found(row_id)
        reason = self.reason("agency.refuse")
        return self.perform(
            agency.refuse, agent_id=row_id, answer=reason, at=formatting.now(), reason=reason, done=_("Refused.")
        )

    @expose("/<int:row_id>/extend", methods=["POST"])
    @permits("agency.decide")
    def extend(self, row_id: int) -> Response:
        """A later end of the term."""
        self.found(row_id)
        reason, until = self.reason("agency.extend"), self.until()
        if until is None:
            return refused(_("Choose the last day of the term."))
        return self.perform(
            agency.extend,
            agent_id=row_id,
            ends_at=until,
            at=formatting.now(),
            reason=reason,
            done=_("The term has a new end."),
        )

    @expose("/<int:row_id>/ask", methods=["POST"])
    @permits("agency.ask")
    def ask(self, row_id: int) -> Response:
        """Ask a second person to end the agency, or to agree what is kept of its deposit."""
        self.found(row_id)
        why, kept = self.reason("agency.end"), amount_fen()
        if kept is None:
            return refused(_("Write the amount in yuan, like 12.50."))
        return self.perform(
            agency.ask_to_end,
            agent_id=row_id,
            deducted_fen=kept,
            is_now=request.form.get("when") == "now",
            why=why,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            reason=why,
            done=_("A second person decides."),
        )

    def until(self) -> datetime | None:
        """The end of the last day that a form names."""
        try:
            day = date.fromisoformat(request.form.get("until", ""))
        except ValueError:
            return None
        return formatting.day_end(day) if 1970 <= day.year <= LAST_YEAR else None


class UnmatchedView(OwnOrders):
    """未匹配地址: orders whose address leads to no region, before they are settled."""

    section = "region"
    title = _l("Unmatched addresses")
    slug = "unmatched"
    permission = "agency.view"
    hint = _l("No agent earns from an address that leads nowhere. Name its region before the order is completed.")
    empty = _l("Every address leads to a region.")
    search_hint = _l("Order number, from its beginning")
    has_detail = False
    list_template = "agency/unmatched.html"

    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=Order.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="number", title=_l("Order number"), at=Order.number, kind=Kind.CODE, cell=order_link),
        Column(key="text", title=_l("Region as written"), at=Order.address["region"].astext),
        Column(key="seller", title=_l("Seller"), at=Seller.code, kind=Kind.CODE, cell=member_link("seller")),
        *BUYERS,
        Column(key="paid_fen", title=_l("Amount"), at=Order.paid_fen, kind=Kind.MONEY),
        Column(key="placed_at", title=_l("Ordered"), at=Order.placed_at, kind=Kind.MOMENT),
        Column(key="completed_at", title=_l("Completed at"), at=Order.completed_at, kind=Kind.MOMENT),
    )
    questions = (
        Days(key="placed", title=_l("Ordered"), at=Order.placed_at),
        OneOf(
            key="when",
            title=_l("State"),
            at=sa.case((Order.completed_at.is_(None), "waiting"), else_="settled"),
            choices={"waiting": _l("can still be matched"), "settled": _l("settled without a region")},
        ),
    )
    searches = (Prefix(Order.number),)

    def scope(self, query: Select[Any], viewer: Any) -> Select[Any]:
        return super().scope(query, viewer).where(Order.region_code.is_(None))

    @expose("/match", methods=["POST"])
    @permits("agency.decide")
    def match(self) -> Response:
        """Name the region of an order."""
        return self.perform(
            agency.match_region,
            number=self.found(form_id()).number,
            region_code=request.form.get("region", "").strip(),
            done=_("The address has its region."),
        )


def waiting() -> Select[Any]:
    """Since when applications wait."""
    return sa.select(RegionAgent.applied_at).where(RegionAgent.state == "applied")


def ending() -> Select[Any]:
    """Since when running terms have been within thirty days of their end."""
    return sa.select(RegionAgent.ends_at - SOON).where(
        RegionAgent.state == "active", RegionAgent.ends_at <= sa.func.now() + SOON
    )


def outstanding() -> int:
    """The deposits that are held, in fen."""
    held = sa.select(sa.func.sum(RegionAgent.deposit_fen)).where(RegionAgent.state == "active")
    return int(db.session.scalar(held) or 0)
