"""橱窗: every showcase, its state and since when, what it sold; closed and opened again with a reason."""

from typing import Any

import sqlalchemy as sa
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, Viewer, peers, staff_id
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import Days, OneOf, Prefix
from console.admin.matrix import merchant_choices
from console.admin.member import words
from console.auth import permits
from models import Binding, Matrix, Member, Merchant, Order, Seat, StandingChange, db
from models.operations import binding as bindings
from models.operations import showcase as operations
from models.queries import binding as named

SHOWCASES = {
    "none": Badge(_l("not opened")),
    "pending": Badge(_l("being bound"), Tone.BUSY),
    "open": Badge(_l("Showcase open"), Tone.GOOD),
    "closed": Badge(_l("closed"), Tone.BAD),
}
STANDINGS = {
    "candidate": Badge(_l("candidate"), Tone.BUSY),
    "active": Badge(_l("active"), Tone.GOOD),
    "frozen": Badge(_l("frozen"), Tone.WARN),
    "exited": Badge(_l("exited"), Tone.BAD),
    "lapsed": Badge(_l("lapsed")),
}
KINDS = {
    "registered": Badge(_l("registered")),
    "lapsed": Badge(_l("lapsed")),
    "qualified": Badge(_l("qualified"), Tone.GOOD),
    "unlocked": Badge(_l("levels 2 and 3 unlocked"), Tone.GOOD),
    "passed": Badge(_l("assessment passed"), Tone.GOOD),
    "failed": Badge(_l("assessment failed"), Tone.WARN),
    "frozen": Badge(_l("frozen"), Tone.WARN),
    "exited": Badge(_l("exited"), Tone.BAD),
    "revived": Badge(_l("revived"), Tone.GOOD),
    "ranked": Badge(_l("rank reached"), Tone.GOOD),
    "unranked": Badge(_l("rank lost"), Tone.WARN),
    "closed": Badge(_l("showcase closed"), Tone.BAD),
    "reopened": Badge(_l("showcase reopened"), Tone.GOOD),
    "seed": Badge(_l("named seed promoter"), Tone.GOOD),
    "strike": Badge(_l("strike"), Tone.BAD),
    "reminded": Badge(_l("reminded")),
    "stated": Badge(_l("showcase named"), Tone.BUSY),
    "bound": Badge(_l("showcase bound"), Tone.GOOD),
    "refused": Badge(_l("named showcase refused"), Tone.WARN),
}

BINDINGS = {
    "waiting": Badge(_l("to be checked"), Tone.WARN),
    "bound": Badge(_l("bound"), Tone.GOOD),
    "refused": Badge(_l("refused"), Tone.PLAIN),
}


def _newest(of: Any) -> Any:
    """Something of the newest showcase that a member has named and not taken back."""
    named = sa.select(of).where(Binding.member_id == Member.id, Binding.state != "withdrawn")
    return named.order_by(Binding.id.desc()).limit(1).correlate(Member).scalar_subquery()


BINDING = _newest(Binding.state)

_TURNS = ("qualified", "closed", "reopened", "lapsed", "registered")
SINCE = sa.func.coalesce(
    sa.select(sa.func.max(StandingChange.at))
    .where(StandingChange.member_id == Member.id, StandingChange.kind.in_(_TURNS))
    .correlate(Member)
    .scalar_subquery(),
    Member.registered_at,
)
MONTH = sa.text("now() - interval '30 days'")
ORDERS = (
    sa.select(sa.func.count())
    .where(Order.seller_id == Member.id, Order.paid_at >= MONTH)
    .correlate(Member)
    .scalar_subquery()
)


class Promoters(OneOf):
    """Presets of a matrix, promoters who qualified, or people on their way."""

    def where(self, value: list[str]) -> ColumnElement[bool]:
        meaning: dict[str, ColumnElement[bool]] = {
            "preset": Member.position.is_not(None),
            "promoter": Member.qualified_at.is_not(None),
            "candidate": Member.position.is_(None) & Member.qualified_at.is_(None),
        }
        return sa.or_(*(meaning[kind] for kind in value))


def matrix_choices() -> dict[str, str]:
    """The matrices this person may choose from, by id."""
    allowed_ids = [int(one) for one in merchant_choices()]
    query = sa.select(Matrix.id, Matrix.code).where(Matrix.merchant_id.in_(allowed_ids)).order_by(Matrix.code)
    return {str(one.id): one.code for one in db.session.execute(query)}


class ShowcaseView(ReadView):
    """橱窗: a merchant's staff see those of its own networks."""

    title = _l("Showcases")
    section = "merchant"
    slug = "showcases"
    permission = "merchant.view"
    model = Member
    hint = _l("The shop window each member sells through, with its owner's standing.")
    empty = _l("No showcase yet: make a matrix, its ten are the first.")
    search_hint = _l("Member code, from its beginning")
    details_template = "showcase/detail.html"
    columns = (
        Column(key="code", title=_l("Member"), at=Member.code, kind=Kind.CODE, sort=True, link=True),
        Column(key="showcase", title=_l("Showcase"), at=Member.showcase, kind=Kind.BADGE, badges=SHOWCASES),
        Column(
            key="binding", title=_l("Named by its owner"), at=BINDING, kind=Kind.BADGE, badges=BINDINGS, shown=False
        ),
        Column(key="account", title=_l("Named finder"), at=_newest(Binding.account), kind=Kind.CODE, shown=False),
        Column(key="named_at", title=_l("Named at"), at=_newest(Binding.asked_at), kind=Kind.MOMENT, shown=False),
        Column(key="standing", title=_l("Standing"), at=Member.standing, kind=Kind.BADGE, badges=STANDINGS),
        Column(key="matrix", title=_l("Matrix"), at=Matrix.code, kind=Kind.CODE),
        Column(
            key="position",
            title=_l("Position"),
            at=Member.position,
            kind=Kind.COUNT,
            help=_l("Of the ten presets alone: where it stands in its matrix."),
        ),
        Column(key="merchant", title=_l("Merchant"), at=Merchant.name),
        Column(key="since", title=_l("Since"), at=SINCE, kind=Kind.MOMENT),
        Column(key="orders", title=_l("Orders, 30 days"), at=ORDERS, kind=Kind.COUNT),
        Column(key="registered_at", title=_l("Registered"), at=Member.registered_at, kind=Kind.MOMENT, sort=True),
        Column(key="id", title=_l("Number"), at=Member.id, kind=Kind.COUNT, sort=True, shown=False),
    )
    questions = (
        OneOf(
            key="state",
            title=_l("Showcase"),
            at=Member.showcase,
            choices={key: badge.label for key, badge in SHOWCASES.items()},
        ),
        OneOf(
            key="standing",
            title=_l("Standing"),
            at=Member.standing,
            choices={key: badge.label for key, badge in STANDINGS.items()},
        ),
        Promoters(
            key="kind",
            title=_l("Whose"),
            at=Member.position,
            choices={
                "preset": _l("presets of a matrix"),
                "promoter": _l("qualified promoters"),
                "candidate": _l("candidates and lapsed"),
            },
        ),
        OneOf(
            key="binding",
            title=_l("Named by its owner"),
            at=BINDING,
            choices={key: badge.label for key, badge in BINDINGS.items()},
        ),
        OneOf(key="matrix", title=_l("Matrix"), at=Member.matrix_id, choices=matrix_choices),
        OneOf(key="merchant", title=_l("Merchant"), at=Matrix.merchant_id, choices=merchant_choices),
        Days(key="registered", title=_l("Registered"), at=Member.registered_at),
    )
    searches = (Prefix(Member.code),)

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(Member)
            .join(Matrix, Matrix.id == Member.matrix_id)
            .join(Merchant, Merchant.id == Matrix.merchant_id)
        )

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return query if viewer.merchant_id is None else query.where(Matrix.merchant_id == viewer.merchant_id)

    def around(self, row_id: int) -> dict[str, Any]:
        changes = sa.select(StandingChange).where(StandingChange.member_id == row_id)
        orders = sa.select(Order.id, Order.number, Order.state, Order.paid_fen, Order.paid_at)
        orders = orders.where(Order.seller_id == row_id, Order.paid_at.is_not(None))
        closing = operations.last_closing(row_id)
        return {
            "member": self.found(row_id),
            "seat_id": db.session.scalar(sa.select(Seat.id).where(Seat.member_id == row_id)),
            "changes": db.session.scalars(changes.order_by(StandingChange.id.desc()).limit(50)).all(),
            "orders": db.session.execute(orders.order_by(Order.id.desc()).limit(10)).all(),
            "kinds": KINDS,
            "said": words.said_state,
            "because": words.said_because,
            "order_states": words.ORDER_STATES,
            "peers": peers(),
            "binding": named.newest(row_id),
            "bindings": BINDINGS,
            "may_reopen": closing is not None and closing.reason == operations.BY_STAFF,
        }

    @expose("/<int:row_id>/close", methods=["POST"])
    @permits("showcase.close")
    def close(self, row_id: int) -> Response:
        """Close it, with a reason."""
        self.found(row_id)
        return self.perform(
            operations.close,
            member_id=row_id,
            at=formatting.now(),
            reason=self.reason("showcase.close"),
            done=_("The showcase is closed."),
        )

    @expose("/<int:row_id>/reopen", methods=["POST"])
    @permits("showcase.close")
    def reopen(self, row_id: int) -> Response:
        """Open again what staff closed, with a reason."""
        self.found(row_id)
        return self.perform(
            operations.reopen,
            member_id=row_id,
            at=formatting.now(),
            reason=self.reason("showcase.reopen"),
            done=_("The showcase is open again."),
        )

    @expose("/<int:row_id>/bind", methods=["POST"])
    @permits("binding.decide")
    def bind(self, row_id: int) -> Response:
        """The showcase is its owner's, as named: the shop's orders of it are credited from now on."""
        self.found(row_id)
        return self.perform(
            bindings.confirm,
            member_id=row_id,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            reason=self.reason("binding.confirm"),
            done=_("The showcase is bound."),
        )

    @expose("/<int:row_id>/refuse", methods=["POST"])
    @permits("binding.decide")
    def refuse(self, row_id: int) -> Response:
        """It cannot be bound as named; the member reads why."""
        self.found(row_id)
        why = self.reason("binding.refuse")
        return self.perform(
            bindings.refuse,
            member_id=row_id,
            why=why,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            reason=why,
            done=_("Refused. The member reads why and may name another."),
        )
