"""种子达人: who sells enough, what was proposed to which merchant, and what its staff answered."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, Viewer, form_id, staff_id, viewer
from console.admin.columns import Column, Kind, member_link
from console.admin.filters import Days, OneOf, Prefix
from console.admin.member import page
from console.admin.member.words import SEED_STATES, STANDINGS
from console.auth import permits
from models import Matrix, Member, Merchant, Person, SeedCandidate, StandingChange, db
from models.operations import seed
from models.rules import reason as reasons
from models.rules import seed as rules
from models.rules.seed import Seed

# Staff of the house see candidates on the desk, never as a merchant's.
NOBODY = 0


def _answered(row: Row[Any]) -> str:
    """Why a merchant declined, in words."""
    code, _sep, note = row.answer.partition(":")
    words = {reason.code: _(reason.title) for reason in reasons.of("offer.decline")}
    return "：".join(part for part in (words.get(code, code), note.strip()) if part)


ASKS: tuple[Any, ...] = (
    OneOf(
        key="state",
        title=_l("State"),
        at=SeedCandidate.state,
        choices={key: badge.label for key, badge in SEED_STATES.items()},
    ),
    Days(key="tagged", title=_l("Tagged"), at=SeedCandidate.tagged_at),
)
FACTS: tuple[Column, ...] = (
    Column(key="orders", title=_l("Orders in 7 days"), at=SeedCandidate.orders, kind=Kind.COUNT),
    Column(key="sales", title=_l("Sales counted"), at=SeedCandidate.sales_fen, kind=Kind.MONEY),
    Column(key="since", title=_l("From"), at=SeedCandidate.since, kind=Kind.MOMENT, shown=False),
    Column(key="until", title=_l("To"), at=SeedCandidate.until, kind=Kind.MOMENT),
    Column(key="state", title=_l("State"), at=SeedCandidate.state, kind=Kind.BADGE, badges=SEED_STATES),
    Column(key="proposed_at", title=_l("Proposed"), at=SeedCandidate.proposed_at, kind=Kind.MOMENT),
    Column(key="answered_at", title=_l("Answered"), at=SeedCandidate.answered_at, kind=Kind.MOMENT),
    Column(key="answer", title=_l("Answer"), at=SeedCandidate.answer, cell=_answered),
)


def merchants() -> list[Row[Any]]:
    """The merchants a candidate may be proposed to."""
    return list(db.session.execute(sa.select(Merchant.id, Merchant.name).order_by(Merchant.id).limit(500)))


class SeedView(ReadView):
    """种子达人: the candidates, the newest first."""

    title = _l("Seed promoters")
    section = "member"
    slug = "seeds"
    permission = "seed.view"
    model = SeedCandidate
    hint = _l("Tagged each night: on average 5 or more completed orders sold a day over 7 days (rule 7.2).")
    empty = _l("Nobody has sold that much yet.")
    search_hint = _l("Code of a member, from its beginning")
    details_template = "member/seed.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=SeedCandidate.id, kind=Kind.COUNT, sort=True, link=True),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="standing", title=_l("Standing"), at=Member.standing, kind=Kind.BADGE, badges=STANDINGS),
        Column(key="merchant", title=_l("Merchant"), at=Merchant.name),
        *FACTS,
        Column(key="seed_at", title=_l("Seed promoter since"), at=Member.seed_at, kind=Kind.MOMENT, shown=False),
    )
    questions = ASKS
    searches = (Prefix(Member.code),)

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(SeedCandidate)
            .join(Member, Member.id == SeedCandidate.member_id)
            .outerjoin(Merchant, Merchant.id == SeedCandidate.merchant_id)
        )

    def heading(self, row: Row[Any]) -> str:
        return row.member

    def around(self, row_id: int) -> dict[str, Any]:
        candidate = self.found(row_id)
        member = db.session.get_one(Member, candidate.member_id)
        named = sa.select(StandingChange.id).where(
            StandingChange.member_id == member.id, StandingChange.kind == "seed"
        )  # fmt: skip
        return {
            **page.WORDS,
            "candidate": candidate,
            "steps": {
                "propose": candidate.state in rules.PROPOSABLE,
                "name": candidate.state in rules.NAMEABLE,
                "drop": candidate.state in rules.DROPPABLE,
            },
            "merchants": merchants(),
            "own_merchant": db.session.scalar(sa.select(Matrix.merchant_id).where(Matrix.id == member.matrix_id)),
            "change": db.session.scalar(named.order_by(StandingChange.id.desc()).limit(1)),
            "least": rules.ORDERS_LEAST,
        }

    @expose("/<int:row_id>/propose", methods=["POST"])
    @permits("seed.propose")
    def propose(self, row_id: int) -> Response:
        """Propose the candidate to a merchant."""
        self.found(row_id)
        return self._step(seed.propose, row_id, "seed.propose", _("Proposed."), merchant_id=form_id("merchant_id"))

    @expose("/<int:row_id>/name", methods=["POST"])
    @permits("seed.propose")
    def name_it(self, row_id: int) -> Response:
        """Name the candidate a seed promoter."""
        self.found(row_id)
        return self._step(seed.name, row_id, "seed.propose", _("Named: the bonus runs from now on."))

    @expose("/<int:row_id>/drop", methods=["POST"])
    @permits("seed.propose")
    def drop(self, row_id: int) -> Response:
        """Let the candidate go."""
        self.found(row_id)
        return self._step(seed.drop, row_id, "seed.drop", _("Let go."))

    def _step(self, operation: Any, row_id: int, kind: str, done: str, **more: Any) -> Response:
        return self.perform(
            operation,
            reason=self.reason(kind),
            candidate_id=row_id,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            done=done,
            to=self.address("detail", row_id=row_id),
            **more,
        )


class OfferView(ReadView):
    """What was proposed to the merchant of this person; nobody sees another merchant's."""

    title = _l("Proposed seed promoters")
    section = "member"
    slug = "seed-offers"
    permission = "offer.view"
    model = SeedCandidate
    hint = _l("Promoters who sell enough to be your seed promoters. Accept or decline; the platform names them.")
    empty = _l("Nothing was proposed to you yet.")
    details_template = "member/offer.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=SeedCandidate.id, kind=Kind.COUNT, sort=True, link=True),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE),
        Column(key="nickname", title=_l("Nickname"), at=Person.nickname, kind=Kind.NAME),
        *FACTS,
    )
    questions = ASKS

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(SeedCandidate)
            .join(Member, Member.id == SeedCandidate.member_id)
            .outerjoin(Person, Person.member_id == Member.id)
        )

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return query.where(SeedCandidate.merchant_id == (viewer.merchant_id or NOBODY))

    def heading(self, row: Row[Any]) -> str:
        return row.member

    def around(self, row_id: int) -> dict[str, Any]:
        return {"is_open": self.found(row_id).state == Seed.PROPOSED}

    @expose("/<int:row_id>/accept", methods=["POST"])
    @permits("offer.answer")
    def accept(self, row_id: int) -> Response:
        """Accept the candidate."""
        return self._answer(row_id, accepts=True, why="", done=_("Accepted. The platform names the promoter."))

    @expose("/<int:row_id>/decline", methods=["POST"])
    @permits("offer.answer")
    def decline(self, row_id: int) -> Response:
        """Decline the candidate, with a reason."""
        self.found(row_id)
        return self._answer(row_id, accepts=False, why=self.reason("offer.decline"), done=_("Declined."))

    def _answer(self, row_id: int, *, accepts: bool, why: str, done: str) -> Response:
        candidate = self.found(row_id)
        return self.perform(
            seed.answer,
            reason=why,
            candidate_id=candidate.id,
            merchant_id=viewer().merchant_id,
            accepts=accepts,
            why=why,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            done=done,
            to=self.address("detail", row_id=row_id),
        )
