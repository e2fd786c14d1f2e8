"""排位图谱 and 下一个空位: the placement tree from one seat, and where the next newcomers would land."""

from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import SecureView, form_id, peers, staff_id, viewer
from console.admin.columns import Badge, Tone
from console.admin.filters import LARGEST_ID, starts_with
from console.admin.matrix import TEMPLATES
from console.auth import permits
from models import Matrix, Member, Merchant, Seat, db
from models.errors import DomainError
from models.operations import placement, seat_move
from models.queries import ego, policy, tree, vacancy
from models.queries.ego import Place
from models.rules.compliance import LEVELS_MAX, LEVELS_SHOWN

FOUND_MOST = 20
NEXT = 10
SHAPES = {
    "preset": Badge(_l("preset showcase"), Tone.BUSY),
    "candidate": Badge(_l("candidate"), Tone.BUSY),
    "active": Badge(_l("active"), Tone.GOOD),
    "frozen": Badge(_l("frozen"), Tone.WARN),
    "exited": Badge(_l("exited"), Tone.BAD),
    "lapsed": Badge(_l("lapsed")),
}


def networks() -> list[Any]:
    """The networks this person may see with their root's seat, the default network first."""
    person = viewer()
    query = (
        sa.select(Matrix.id, Matrix.code, Matrix.template, Merchant.name.label("merchant"), Seat.id.label("root"))
        .join(Merchant, Merchant.id == Matrix.merchant_id)
        .join(Seat, sa.and_(Seat.matrix_id == Matrix.id, Seat.parent_id.is_(None)))
        .order_by(Matrix.id)
    )
    if person.merchant_id is not None:
        query = query.where(Matrix.merchant_id == person.merchant_id)
    return list(db.session.execute(query))


def visible(seat_id: int) -> tuple[Place, Matrix]:
    """A seat with its network; 404 when it is not there for this person."""
    place = ego.place(seat_id) if seat_id <= LARGEST_ID else None
    matrix = db.session.get(Matrix, place.matrix_id) if place else None
    if place is None or matrix is None or viewer().merchant_id not in (None, matrix.merchant_id):
        abort(404)
    return place, matrix


def found(code: str) -> list[Any]:
    """Members by their code, exactly or by its beginning, with their seat; those this person may see."""
    person = viewer()
    query = (
        sa.select(Member.id, Member.code, Member.standing, Matrix.code.label("matrix"), Seat.id.label("seat"))
        .join(Matrix, Matrix.id == Member.matrix_id)
        .outerjoin(Seat, Seat.member_id == Member.id)
        .order_by(Member.code)
        .limit(FOUND_MOST)
    )
    if person.merchant_id is not None:
        query = query.where(Matrix.merchant_id == person.merchant_id)
    exact = db.session.execute(query.where(Member.code == code)).all()
    return list(exact or db.session.execute(query.where(starts_with(Member.code, code))).all())


class TreeView(SecureView):
    """排位图谱: five up, three down; a merchant's staff see their own networks."""

    title = _l("Tree")
    section = "tree"
    slug = "tree"
    permission = "tree.view"
    model = Seat

    @expose("/")
    @permits("tree.view")
    def index_view(self) -> Any:
        """A code jumps to its seat; without one the networks are shown."""
        code = request.args.get("code", "").strip()[:100]
        hits = found(code) if code else []
        if len(hits) == 1 and hits[0].seat is not None:
            return redirect(self.address("detail", seat_id=hits[0].seat))
        if code and not hits:
            flash(_("Nobody has the code %(code)s.", code=code), "refused")
        return self.render(
            "tree/index.html", code=code, hits=hits, networks=networks(), shapes=SHAPES, templates=TEMPLATES
        )

    @expose("/<int:seat_id>")
    @permits("tree.view")
    def detail(self, seat_id: int) -> Any:
        """The tree from one seat."""
        place, matrix = visible(seat_id)
        _version, rules = policy.in_force(formatting.now())
        return self.render(
            "tree/seat.html",
            ego=ego.seen_from(place),
            matrix=matrix,
            root=ego.root(matrix.id),
            paid=min(rules.levels, LEVELS_MAX),
            cap=LEVELS_MAX,
            by=rules.levels_by,
            **_drawn(),
        )

    @expose("/<int:seat_id>/below")
    @permits("tree.view")
    def below(self, seat_id: int) -> Any:
        """The next generation below a seat, as a piece of the page."""
        place, _matrix = visible(seat_id)
        generation = min(max(request.args.get("generation", 1, type=int), 1), LEVELS_SHOWN)
        children: dict[int, dict[int, Place]] = {}
        ego.generation([place], children)
        return self.render("tree/below.html", place=place, children=children, generation=generation, **_drawn())

    @expose("/<int:seat_id>/counts")
    @permits("tree.view")
    def counts(self, seat_id: int) -> Any:
        """How many stand on each of the ten levels below."""
        place, _matrix = visible(seat_id)
        return self.render(
            "tree/counts.html",
            counts=tree.level_counts(place.seat_id),
            paid=min(policy.in_force(formatting.now())[1].levels, LEVELS_MAX),
        )

    @expose("/<int:seat_id>/move")
    @permits("seat.ask")
    def move(self, seat_id: int) -> Any:
        """Where a leaf might go instead: before and after, drawn."""
        place, matrix = visible(seat_id)
        code = request.args.get("under", "").strip()[:100]
        target = self._target(place, code) if code else None
        seat = db.session.get_one(Seat, seat_id)
        return self.render(
            "tree/move.html",
            place=place,
            matrix=matrix,
            seat_row=seat,
            refusal=_refusal(seat, place),
            made=placement.moves_made(seat_id),
            until=seat.placed_at + placement.MOVE_WINDOW,
            before=self._around(place.parent_id),
            after=self._around(target.seat_id if target else None),
            under=code,
            **_drawn(),
        )

    def _target(self, place: Place, code: str) -> Place | None:
        hit = next((one for one in found(code) if one.code == code and one.seat is not None), None)
        target = ego.place(hit.seat) if hit else None
        if target is None or target.matrix_id != place.matrix_id:
            flash(_("Nobody in this network has the code %(code)s.", code=code), "refused")
            return None
        return target

    def _around(self, seat_id: int | None) -> tuple[Place, dict[int, dict[int, Place]]] | None:
        """A seat and who stands right below it."""
        place = ego.place(seat_id) if seat_id else None
        if place is None:
            return None
        children: dict[int, dict[int, Place]] = {}
        ego.generation([place], children)
        return place, children

    @expose("/<int:seat_id>/move", methods=["POST"])
    @permits("seat.ask")
    def ask(self, seat_id: int) -> Response:
        """Ask a second person for the re-placement."""
        visible(seat_id)
        reason = self.reason("seat.move")
        return self.perform(
            seat_move.ask,
            seat_id=seat_id,
            to_parent_id=form_id("to_parent_id"),
            to_slot=request.form.get("to_slot", 0, type=int),
            why=reason,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            reason=reason,
            done=_("Asked for: a second person decides."),
            to=lambda asked: url_for("approvals.detail", row_id=asked.id),
        )


def _refusal(seat: Seat, place: Place) -> str:
    """Why this seat stays where it is, empty when it may move."""
    try:
        placement.check_movable(seat=seat, member=db.session.get_one(Member, place.member_id), at=formatting.now())
    except DomainError as refusal:
        return str(refusal)
    return ""


def _shapes() -> dict[str, Badge]:
    """The shapes in the reader's language, translated once a page and not once a seat."""
    return {key: Badge(str(badge.label), badge.tone) for key, badge in SHAPES.items()}


def _drawn() -> dict[str, Any]:
    return {"slots": ego.slots(), "shapes": _shapes(), "shown": LEVELS_SHOWN, "peers": peers()}


class VacancyView(SecureView):
    """下一个空位: where the next ten newcomers would land, by an inviter or by nobody."""

    title = _l("Next vacancy")
    section = "tree"
    slug = "vacancies"
    permission = "tree.view"

    @expose("/")
    @permits("tree.view")
    def index_view(self) -> Any:
        """The preview; nothing is taken."""
        code = request.args.get("inviter", "").strip()[:100]
        offered = networks()
        inviter = self._inviter(code) if code else None
        network = self._network(inviter, offered)
        preview = None
        if network is not None and (inviter is not None or not code):
            preview = vacancy.preview(inviter=inviter, network=network, count=NEXT)
        return self.render(
            "tree/vacancies.html", code=code, networks=offered, network=network, preview=preview, shapes=SHAPES
        )

    def _inviter(self, code: str) -> Member | None:
        hit = next((one for one in found(code) if one.code == code), None)
        if hit is None:
            flash(_("Nobody has the code %(code)s.", code=code), "refused")
        return db.session.get(Member, hit.id) if hit else None

    def _network(self, inviter: Member | None, offered: list[Any]) -> Matrix | None:
        asked = request.args.get("network", type=int)
        chosen = next((one.id for one in offered if one.id == asked), offered[0].id if offered else None)
        wanted = inviter.matrix_id if inviter else chosen
        return db.session.get(Matrix, wanted) if wanted else None
