"""提现 and 转账: withdrawals reviewed line by line, and their transfers until they end."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin import job
from console.admin.base import Batch, ReadView, staff_id
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import Days, Equals, OneOf, Prefix, Yuan
from console.admin.money.words import BUCKETS, CHANNEL, link, member_link, statement_link, words
from console.auth import permits
from models import Member, Withdrawal, db
from models.operations import withdrawal as operations
from models.queries import policy as policies
from models.queries import withdrawal as queries
from models.rules import tax
from models.rules import withdrawal as rules
from models.rules.tax import Month

SOON = timedelta(hours=4)
STATES = {
    "requested": Badge(_l("waits for approval"), Tone.WARN),
    "approved": Badge(_l("approved for transfer"), Tone.BUSY),
    "rejected": Badge(_l("rejected"), Tone.BAD),
    "ACCEPTED": Badge(_l("transfer accepted"), Tone.BUSY),
    "PROCESSING": Badge(_l("transfer in progress"), Tone.BUSY),
    "WAIT_USER_CONFIRM": Badge(_l("waits for the payee"), Tone.WARN),
    "TRANSFERING": Badge(_l("money is moving"), Tone.BUSY),
    "SUCCESS": Badge(_l("money has arrived"), Tone.GOOD),
    "FAIL": Badge(_l("transfer failed"), Tone.BAD),
    "CANCELING": Badge(_l("being called off"), Tone.WARN),
    "CANCELLED": Badge(_l("called off"), Tone.PLAIN),
}
LOOKS = {
    "ended": _l("it had ended already"),
    "unknown": _l("no clear answer; asked again later"),
    "switched off": _l("stopped by the kill-switch"),
}
SENT = tuple(state.value for state in rules.TransferState)
HANDS = sa.func.nullif(sa.func.concat_ws("、", Withdrawal.approved_by, Withdrawal.second_by), "")
NET = (Withdrawal.amount_fen - Withdrawal.tax_fen).label("net")


def _member(row: Row[Any]) -> Markup:
    return link("members.index_view", row.member, q=row.member)


def waiting(*, by: str) -> list[Any]:
    """The conditions of a withdrawal that this person could approve now."""
    return [Withdrawal.state == "requested", Withdrawal.approved_by.is_distinct_from(by)]


def reject(*, number: str, why: str, at: datetime) -> Withdrawal:
    """Refuse a withdrawal; the trail and the member read the same reason."""
    return operations.reject(number=number, reason=why, at=at)


class WithdrawalView(ReadView):
    """提现: what members asked for, the tax, the checks, and the decision of one person or two."""

    section = "money"
    title = _l("Withdrawals")
    slug = "withdrawals"
    permission = "withdrawal.view"
    model = Withdrawal
    hint = _l("From ¥5,000 a second person approves as well. The tax withheld leaves with the payment.")
    empty = _l("Nobody has asked for a withdrawal yet.")
    search_hint = _l("Withdrawal number or member code, from its beginning")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=Withdrawal.id, kind=Kind.CODE, sort=True, shown=False),
        Column(key="number", title=_l("Withdrawal number"), at=Withdrawal.number, kind=Kind.CODE, link=True),
        Column(key="state", title=_l("State"), at=Withdrawal.state, kind=Kind.BADGE, badges=STATES),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=_member),
        Column(key="amount", title=_l("Amount"), at=Withdrawal.amount_fen, kind=Kind.MONEY),
        Column(key="tax", title=_l("Tax withheld"), at=Withdrawal.tax_fen, kind=Kind.MONEY),
        Column(key="net", title=_l("Goes out"), at=NET, kind=Kind.MONEY),
        Column(key="hands", title=_l("Approved by"), at=HANDS, kind=Kind.ACTOR),
        Column(key="requested_at", title=_l("Asked for"), at=Withdrawal.requested_at, kind=Kind.MOMENT),
        Column(key="ended_at", title=_l("Ended"), at=Withdrawal.ended_at, kind=Kind.MOMENT, shown=False),
        Column(key="reason", title=_l("Reason"), at=Withdrawal.reason, shown=False, kind=Kind.REASON),
    )
    questions = (
        OneOf(key="state", title=_l("State"), at=Withdrawal.state, choices=words(STATES)),
        Days(key="requested", title=_l("Asked for"), at=Withdrawal.requested_at),
        Yuan(key="amount", title=_l("Amount"), at=Withdrawal.amount_fen),
        Equals(key="member", title=_l("Member"), at=Member.code),
    )
    searches = (Prefix(Withdrawal.number), Prefix(Member.code))
    list_template = "money/withdrawals.html"
    details_template = "money/withdrawal.html"
    batches: ClassVar[tuple[Batch, ...]] = (
        Batch(
            key="approve",
            title=_l("Approve"),
            permission="withdrawal.approve",
            reason="withdrawal.approve",
            operation="withdrawal.approve",
            sum_column="amount",
        ),
        Batch(
            key="reject",
            title=_l("Reject"),
            permission="withdrawal.reject",
            reason="withdrawal.reject",
            operation="withdrawal.reject",
            sum_column="amount",
        ),
    )

    def base(self) -> Select[Any]:
        return sa.select().select_from(Withdrawal).join(Member, Member.id == Withdrawal.member_id)

    def heading(self, row: Row[Any]) -> str:
        return str(row.number)

    def extras(self) -> dict[str, Any]:
        return {"mine": self._next()}

    def _next(self) -> int | None:
        """The oldest withdrawal that this person could approve."""
        mine = waiting(by=f"staff:{staff_id()}")
        return db.session.scalar(sa.select(Withdrawal.id).where(*mine).order_by(Withdrawal.id).limit(1))

    def _onward(self, _done: Any) -> str:
        following = self._next()
        return self.address("detail", row_id=following) if following else self.address()

    def around(self, row_id: int) -> dict[str, Any]:
        asked, at = self.found(row_id), formatting.now()
        member = db.session.get_one(Member, asked.member_id)
        _version, policy = policies.in_force(at)
        checks = list(rules.checks(asked.amount_fen, operations.purse(member, at), policy))
        me = f"staff:{staff_id()}"
        return {
            "asked": asked,
            "member": member,
            "checks": checks,
            "is_clean": all(check.refusal is None for check in checks),
            "needs_second": rules.needs_second_approval(asked.amount_fen, policy),
            "is_mine": asked.approved_by == me,
            "working": tax.working(
                amount_fen=asked.amount_fen,
                month=Month(asked.month.year, asked.month.month),
                paid=operations.paid(member.id, before=asked.id),
                method=policy.tax_method,
            ),
            "purse": queries.purse(member.code),
            "history": queries.history(member.id),
            "obligations": queries.obligations(member.id),
            "held": queries.held_orders(member.id),
            "states": STATES,
            "buckets": BUCKETS,
            "statement_link": statement_link,
            "member_link": member_link,
            "at": at,
        }

    @expose("/<int:row_id>/approve", methods=("POST",))
    @permits("withdrawal.approve")
    def approve(self, row_id: int) -> Response:
        """Say yes; a large one waits for somebody else's yes too."""
        return self.perform(
            operations.approve,
            number=self.found(row_id).number,
            by=f"staff:{staff_id()}",
            at=formatting.now(),
            reason=self.reason("withdrawal.approve"),
            done=_("Approved."),
            to=self._onward,
        )

    @expose("/<int:row_id>/reject", methods=("POST",))
    @permits("withdrawal.reject")
    def reject(self, row_id: int) -> Response:
        """Say no: the money and the tax come back to the member."""
        reason = self.reason("withdrawal.reject")
        return self.perform(
            reject,
            number=self.found(row_id).number,
            why=reason,
            reason=reason,
            at=formatting.now(),
            done=_("Rejected. The money is back with the member."),
            to=self._onward,
        )


def _clock(row: Row[Any]) -> Markup:
    """What is left of the 24 hours in which the payee may confirm."""
    until = row.confirm_by or (row.sent_at and rules.confirm_by(row.sent_at))
    if row.state != "WAIT_USER_CONFIRM" or until is None:
        return Markup('<span class="muted">–</span>')
    left = until - formatting.now()
    if left <= timedelta(0):
        return Markup('<span class="badge bad">{}</span>').format(_("over, ask what became of it"))
    tone = "bad" if left < SOON else "warn"
    return Markup('<span class="badge {}">{}</span>').format(tone, formatting.duration(left.total_seconds()))


def _channels_words(row: Row[Any]) -> str:
    """What a known code of the channel means, with the code for its support; words as they are."""
    if not row.reason:
        return Markup('<span class="muted">–</span>')
    if row.reason not in CHANNEL:
        return str(row.reason)
    return Markup('{} <code class="muted">{}</code>').format(CHANNEL[row.reason], row.reason)


class TransferView(ReadView):
    """转账: what was approved and sent, in WeChat's own eight states; asked about, never sent anew by hand."""

    section = "money"
    title = _l("Transfers")
    slug = "transfers"
    permission = "withdrawal.view"
    model = Withdrawal
    hint = _l("A transfer keeps its number for ever. Where the answer is unknown it is asked about, never sent anew.")
    empty = _l("Nothing was approved for transfer yet.")
    search_hint = _l("Withdrawal number or member code, from its beginning")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=Withdrawal.id, kind=Kind.CODE, sort=True, shown=False),
        Column(key="number", title=_l("Withdrawal number"), at=Withdrawal.number, kind=Kind.CODE, link=True),
        Column(key="state", title=_l("State"), at=Withdrawal.state, kind=Kind.BADGE, badges=STATES),
        Column(key="clock", title=_l("Left to confirm"), at=Withdrawal.sent_at, kind=Kind.MOMENT, cell=_clock),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=_member),
        Column(key="net", title=_l("Goes out"), at=NET, kind=Kind.MONEY),
        Column(key="sent_at", title=_l("Sent to the channel at"), at=Withdrawal.sent_at, kind=Kind.MOMENT),
        Column(key="ended_at", title=_l("Ended"), at=Withdrawal.ended_at, kind=Kind.MOMENT),
        Column(key="reason", title=_l("What the channel says"), at=Withdrawal.reason, cell=_channels_words),
    )
    questions = (
        OneOf(
            key="state",
            title=_l("State"),
            at=Withdrawal.state,
            choices={state: STATES[state].label for state in ("approved", *SENT)},
        ),
        Days(key="sent", title=_l("Sent to the channel at"), at=Withdrawal.sent_at),
    )
    searches = (Prefix(Withdrawal.number), Prefix(Member.code))
    list_template = "money/transfers.html"
    details_template = "money/transfer.html"

    def base(self) -> Select[Any]:
        chosen = sa.select().select_from(Withdrawal).join(Member, Member.id == Withdrawal.member_id)
        return chosen.where(Withdrawal.state.in_(("approved", *SENT)))

    def rows(self, viewer: Any, columns: tuple[Column, ...]) -> Select[Any]:
        """What the cells of a row lead to and count down from is read in any case."""
        known = {column.key for column in columns}
        more = tuple(c for c in self.columns if c.key in ("state", "sent_at") and c.key not in known)
        return super().rows(viewer, (*columns, *more)).add_columns(Withdrawal.confirm_by.label("confirm_by"))

    def heading(self, row: Row[Any]) -> str:
        return str(row.number)

    def extras(self) -> dict[str, Any]:
        return {"counts": queries.counts(), "states": STATES, "order_of": ("approved", *SENT)}

    def around(self, row_id: int) -> dict[str, Any]:
        asked = self.found(row_id)
        return {
            "asked": asked,
            "jobs": queries.jobs_of(asked.number),
            "clock": _clock(asked),
            "states": STATES,
            "job_states": job.STATES,
            "looks": LOOKS,
        }

    @expose("/<int:row_id>/ask", methods=("POST",))
    @permits("withdrawal.query")
    def ask(self, row_id: int) -> Response:
        """Ask the channel now what became of it."""
        return self.perform(
            operations.look_again,
            number=self.found(row_id).number,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            reason=self.reason("withdrawal.query"),
            done=_("The channel is being asked. The state changes when it answers."),
        )
