"""矩阵: a merchant's ten preset showcases, designed as they will stand in the tree."""

from typing import Any

import sqlalchemy as sa
from flask import request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, Viewer, form_id, peers, staff_id, viewer
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.drawing import drawing
from console.admin.filters import Days, OneOf, Prefix
from console.auth import permits
from models import Frontier, Matrix, Member, Merchant, Seat, db
from models.operations import matrix as operations
from models.queries import merchant as merchants
from models.rules.placement import Template

TEMPLATES = {Template.LINEAR.value: Badge(_l("Linear chain")), Template.TRIPLE.value: Badge(_l("Triple tree"))}
STATES = {
    "open": Badge(_l("takes newcomers"), Tone.GOOD),
    "full": Badge(_l("no vacancy"), Tone.BAD),
}

_ROOT = sa.and_(Seat.matrix_id == Matrix.id, Seat.parent_id.is_(None))
_STATE = (
    sa.select(sa.case((Frontier.best_id.is_not(None), "open"), else_="full"))
    .join(Seat, Seat.id == Frontier.seat_id)
    .where(_ROOT)
    .correlate(Matrix)
    .scalar_subquery()
)
_OPEN_PRESETS = (
    sa.select(sa.func.count())
    .where(Member.matrix_id == Matrix.id, Member.position.is_not(None), Member.showcase == "open")
    .correlate(Matrix)
    .scalar_subquery()
)


def merchant_choices() -> dict[str, str]:
    """The merchants this person may choose from, by id."""
    return {str(one.id): f"{one.name}（{one.code}）" for one in merchants.choices(viewer().merchant_id)}


class MatrixView(ReadView):
    """矩阵: a merchant's staff see their own."""

    title = _l("Matrices")
    section = "merchant"
    slug = "matrices"
    permission = "merchant.view"
    model = Matrix
    hint = _l("Ten preset showcases each, the root of one network. The first one made takes those whom nobody invited.")
    empty = _l("No matrix yet. Nobody can register before the first one is made.")
    search_hint = _l("Matrix code")
    list_template = "matrix/list.html"
    details_template = "matrix/detail.html"
    columns = (
        Column(key="code", title=_l("Matrix"), at=Matrix.code, kind=Kind.CODE, sort=True, link=True),
        Column(key="merchant", title=_l("Merchant"), at=Merchant.name),
        Column(key="template", title=_l("Template"), at=Matrix.template, kind=Kind.BADGE, badges=TEMPLATES),
        Column(key="state", title=_l("State"), at=_STATE, kind=Kind.BADGE, badges=STATES),
        Column(
            key="open",
            title=_l("Open presets"),
            at=_OPEN_PRESETS,
            kind=Kind.COUNT,
            help=_l("Of its ten preset showcases, how many are open."),
        ),
        Column(key="made_at", title=_l("Made"), at=Matrix.made_at, kind=Kind.MOMENT),
        Column(key="id", title=_l("Number"), at=Matrix.id, kind=Kind.COUNT, sort=True, shown=False),
    )
    questions = (
        OneOf(key="merchant", title=_l("Merchant"), at=Matrix.merchant_id, choices=merchant_choices),
        OneOf(
            key="template",
            title=_l("Template"),
            at=Matrix.template,
            choices={key: badge.label for key, badge in TEMPLATES.items()},
        ),
        Days(key="made", title=_l("Made"), at=Matrix.made_at),
    )
    searches = (Prefix(Matrix.code),)

    def base(self) -> Select[Any]:
        return sa.select().select_from(Matrix).join(Merchant, Merchant.id == Matrix.merchant_id)

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return query if viewer.merchant_id is None else query.where(Matrix.merchant_id == viewer.merchant_id)

    def around(self, row_id: int) -> dict[str, Any]:
        matrix = self.found(row_id)
        presets = sa.select(Member.id, Member.code, Member.position, Member.showcase)
        presets = presets.where(Member.matrix_id == row_id, Member.position.is_not(None))
        root = sa.select(Seat.id).where(Seat.matrix_id == row_id, Seat.parent_id.is_(None))
        return {
            "matrix": matrix,
            "picture": drawing(Template(matrix.template)),
            "presets": {one.position: one for one in db.session.execute(presets)},
            "root": db.session.scalar(root),
            "peers": peers(),
        }

    @expose("/new")
    @permits("matrix.make")
    def new(self) -> Any:
        """The designer: both templates are drawn, the chosen one is shown."""
        offered = merchants.choices(viewer().merchant_id)
        asked = request.args.get("merchant", type=int)
        chosen = next((one for one in offered if one.id == asked), offered[0] if offered else None)
        template = request.args.get("template", "")
        return self.render(
            "matrix/new.html",
            merchants=offered,
            chosen=chosen.id if chosen else None,
            code=request.args.get("code") or _free_code(chosen),
            picked=template if template in TEMPLATES else Template.TRIPLE,
            pictures=[drawing(kind) for kind in (Template.TRIPLE, Template.LINEAR)],
        )

    @expose("/new", methods=["POST"])
    @permits("matrix.make")
    def make(self) -> Response:
        """Preset the ten showcases as drawn."""
        return self.perform(
            operations.design,
            merchant_id=form_id("merchant"),
            code=request.form.get("code", ""),
            template=request.form.get("template", ""),
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            done=_("The matrix stands: ten showcases, open as drawn."),
            to=lambda made: self.address("detail", row_id=made.id),
        )


def _free_code(merchant: Any) -> str:
    """A code for the next matrix of a merchant that is short enough and not yet taken."""
    if merchant is None:
        return ""
    stem = "".join(one for one in merchant.code.upper() if one.isascii() and one.isalnum())[:13] or "M"
    taken = set(db.session.scalars(sa.select(Matrix.code).where(Matrix.code.like(f"{stem}%"))))
    return next(code for code in (stem, *(f"{stem}{n}" for n in range(2, 1000))) if code not in taken)
