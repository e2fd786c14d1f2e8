"""An order told in time: what happened to it, what its parcels and cases did, what was booked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from console import formatting
from console.admin.columns import Text, Tone
from console.admin.order_names import CASE_KINDS, CASE_STATES, PARCEL_STATES, POSTINGS
from models.queries.order import Dossier
from models.tables.after_sale import AfterSale

# Booked in the same breath as what the order itself already tells.
TOLD = {"pay", "pay-deposit", "cancel", "refund"}


@dataclass(frozen=True)
class Step:
    """One line of the story; ``posting_id`` or ``case_id`` leads to its rows."""

    at: datetime
    title: Text
    words: str = ""
    tone: Tone = Tone.PLAIN
    posting_id: int | None = None
    case_id: int | None = None


def story(found: Dossier) -> list[Step]:
    """Every step, oldest first; steps of one instant keep the order of cause."""
    return sorted([*_life(found), *_parcels(found), *_cases(found), *_booked(found)], key=lambda step: step.at)


def _life(found: Dossier) -> Iterator[Step]:
    order = found.order
    yield Step(order.placed_at, _("Order placed"))
    for reminder in found.reminders:
        yield Step(reminder.at, _("Buyer reminded of the balance"), reminder.by, Tone.WARN)
    if order.paid_at:
        yield Step(order.paid_at, _("Order paid"), formatting.yuan(order.paid_fen), Tone.GOOD)
    if order.shipped_at:
        yield Step(order.shipped_at, _("Left"), "", Tone.BUSY)
    if order.completed_at:
        yield Step(order.completed_at, _("Receipt confirmed"), "", Tone.GOOD)
    for refund in found.refunds:
        amount = formatting.yuan(refund.amount_fen)
        yield Step(refund.at, _("Refunded"), amount, Tone.BAD, posting_id=refund.posting_id)


def _parcels(found: Dossier) -> Iterator[Step]:
    parcels = {one.id: one for one in found.parcels}
    for parcel in found.parcels:
        words = " · ".join(filter(None, (f"{parcel.carrier} {parcel.waybill}", found.goods(parcel.id))))
        yield Step(parcel.sent_at, _("Parcel sent"), words, Tone.BUSY)
    for track in found.tracks:
        badge = PARCEL_STATES[track.state]
        yield Step(track.at, badge.label, f"{parcels[track.parcel_id].waybill} · {track.words}", badge.tone)


def _cases(found: Dossier) -> Iterator[Step]:
    for case in found.cases:
        yield from _case(case)


def _case(case: AfterSale) -> Iterator[Step]:
    kind = str(CASE_KINDS[case.kind])
    yield Step(case.opened_at, _("After-sale opened"), f"{kind} · {case.reason}", Tone.WARN, case_id=case.id)
    if case.accepted_at:
        yield Step(case.accepted_at, _("After-sale accepted"), kind, Tone.BUSY, case_id=case.id)
    if case.goods_back_at:
        yield Step(case.goods_back_at, _("Goods came back"), "", Tone.BUSY, case_id=case.id)
    if case.ended_at:
        badge = CASE_STATES[case.state]
        yield Step(case.ended_at, _("After-sale ended"), f"{badge.label} {case.answer}", badge.tone, case_id=case.id)


def _booked(found: Dossier) -> Iterator[Step]:
    for posting in found.postings:
        if posting.kind not in TOLD:
            title = POSTINGS.get(posting.kind, posting.kind)
            yield Step(posting.at, title, formatting.yuan(posting.moved_fen), posting_id=posting.id)
