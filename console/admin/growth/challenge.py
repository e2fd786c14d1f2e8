"""挑战: contests by one's own orders, from the first word to standings that stay."""

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, staff_id
from console.admin.columns import Badge, Column, Kind, member_link
from console.admin.filters import Days, Equals, OneOf, Prefix
from console.admin.growth import words
from console.auth import actor, allowed, permits
from models import Challenge, ChallengeEntry, Member, Person, acting, transaction
from models.errors import DomainError
from models.operations import challenge as operations
from models.queries import challenge as queries
from models.queries import policy as policies
from models.rules import challenge as rules
from models.rules.challenge import Draft, State

STANDINGS = 20
STATES = {key: words.STATES[key] for key in ("draft", "published", "closed", "cancelled")}
METRICS = {key: Badge(title) for key, title in words.METRICS.items()}
ENTRANTS = (
    sa.select(sa.func.count()).where(ChallengeEntry.challenge_id == Challenge.id).correlate(Challenge).scalar_subquery()
)


class ChallengeView(ReadView):
    """挑战: period, metric, prize, entries, standings."""

    model = Challenge
    section = "growth"
    title = _l("Challenges")
    slug = "challenges"
    permission = "growth.view"
    hint = _l("Contests by one's own completed orders. Bringing people in counts for nothing and is never rewarded.")
    empty = _l("No challenge yet. Think up the first one.")
    list_template = "growth/challenges.html"
    details_template = "growth/challenge.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=Challenge.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="title", title=_l("Title"), at=Challenge.title, link=True),
        Column(key="state", title=_l("State"), at=Challenge.state, kind=Kind.BADGE, badges=STATES),
        Column(key="metric", title=_l("Metric"), at=Challenge.metric, kind=Kind.BADGE, badges=METRICS),
        Column(key="entrants", title=_l("Entrants"), at=ENTRANTS, kind=Kind.COUNT),
        Column(key="starts_at", title=_l("Begins"), at=Challenge.starts_at, kind=Kind.MOMENT),
        Column(key="ends_at", title=_l("Ends"), at=Challenge.ends_at, kind=Kind.MOMENT),
        Column(key="closes_at", title=_l("Final at"), at=Challenge.closes_at, kind=Kind.MOMENT,
               help=_l("After the days for returns of the last orders.")),
        Column(key="prize", title=_l("Prize"), at=Challenge.prize, shown=False),
        Column(key="made_by", title=_l("Written by"), at=Challenge.made_by, kind=Kind.ACTOR, shown=False),
    )  # fmt: skip
    questions = (
        OneOf(key="state", title=_l("State"), at=Challenge.state,
              choices={key: one.label for key, one in STATES.items()}),
        OneOf(key="metric", title=_l("Metric"), at=Challenge.metric, choices=words.METRICS),
        Days(key="ends", title=_l("Ends"), at=Challenge.ends_at),
    )  # fmt: skip

    def heading(self, row: Row[Any]) -> str:
        return str(row.title)

    def around(self, row_id: int) -> dict[str, Any]:
        one, at = self.found(row_id), formatting.now()
        placed = [(row.place, row.member_id, row.score) for row in queries.final(row_id, limit=STANDINGS)]
        if one.state == State.PUBLISHED:
            placed = rules.placed(queries.scores(one, until=at))[:STANDINGS]
        return {
            "one": one, "placed": placed, "people": queries.named([member for _, member, _ in placed]),
            "weights": words.WEIGHTS, "reasons": words.REASONS,
        }  # fmt: skip

    @expose("/new", methods=["GET", "POST"])
    @permits("content.write")
    def new(self) -> Any:
        """Think up a challenge."""
        return self._saved(None) if request.method == "POST" else self._form(None)

    @expose("/<int:row_id>/edit", methods=["GET", "POST"])
    @permits("content.write")
    def edit(self, row_id: int) -> Any:
        """Write a draft anew."""
        one = self.found(row_id)
        return self._saved(one) if request.method == "POST" else self._form(one)

    def _form(self, one: Challenge | None, problem: str = "") -> Any:
        _number, policy = policies.in_force(formatting.now())
        return self.render(
            "growth/challenge_form.html", problem=problem, typed=dict(request.form) or _typed(one), one=one,
            metrics=words.METRICS, return_days=policy.return_days,
        )  # fmt: skip

    def _saved(self, one: Challenge | None) -> Any:
        form = request.form
        begins, ends = (_moment(form.get(name, "")) for name in ("starts", "ends"))
        if begins is None or ends is None:
            return self._form(one, _("Choose when it begins and ends.")), 422
        draft = Draft(
            title=form.get("title", ""), words=form.get("words", ""), prize=form.get("prize", ""),
            metric=form.get("metric", ""), starts_at=begins, ends_at=ends,
        )  # fmt: skip
        number = one.id if one else None
        try:
            with acting(actor(action="challenge.write")), transaction():
                made = operations.write(
                    challenge_id=number, draft=draft, at=formatting.now(), by=f"staff:{staff_id()}"
                )  # fmt: skip
                target = self.address("detail", row_id=made.id)
        except DomainError as refusal:
            return self._form(one, str(refusal)), 422
        flash(_("Saved."), "done")
        return redirect(target)

    @expose("/<int:row_id>/publish", methods=["POST"])
    @permits("content.publish")
    def publish(self, row_id: int) -> Response:
        """Let members see and enter it."""
        self.found(row_id)
        return self.perform(
            operations.publish, challenge_id=row_id, is_reviewer=allowed("content.review"), at=formatting.now(),
            by=f"staff:{staff_id()}", done=_("Published: members can enter it."),
        )  # fmt: skip

    @expose("/<int:row_id>/cancel", methods=["POST"])
    @permits("content.publish")
    def cancel(self, row_id: int) -> Response:
        """Call it off."""
        self.found(row_id)
        why = self.reason("challenge.cancel")
        return self.perform(
            operations.cancel, challenge_id=row_id, why=why, at=formatting.now(), reason=why,
            done=_("The challenge is called off."),
        )  # fmt: skip


def _typed(one: Challenge | None) -> dict[str, str]:
    if one is None:
        return {}
    moments = {"starts": one.starts_at, "ends": one.ends_at}
    return {
        "title": one.title, "words": one.words, "prize": one.prize, "metric": one.metric,
        **{name: f"{at.astimezone(formatting.SHANGHAI):%Y-%m-%dT%H:%M}" for name, at in moments.items()},
    }  # fmt: skip


def _moment(text: str) -> datetime | None:
    """A moment as the browser's field sends it: local time in Shanghai."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=formatting.SHANGHAI) if 2000 <= found.year <= 2200 else None


class EntryView(ReadView):
    """报名记录: who is in which challenge, and how it ended."""

    model = ChallengeEntry
    section = "growth"
    title = _l("Entries")
    slug = "challenge-entries"
    permission = "growth.view"
    is_listed = False
    has_detail = False
    hint = _l("Score and place are written when a challenge closes, and stay.")
    empty = _l("Nobody has entered a challenge yet.")
    search_hint = _l("Member, from the beginning of the code")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=ChallengeEntry.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="challenge", title=_l("Challenge"), at=Challenge.title),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="nickname", title=_l("Nickname"), at=Person.nickname, kind=Kind.NAME),
        Column(key="entered_at", title=_l("Entered"), at=ChallengeEntry.entered_at, kind=Kind.MOMENT),
        Column(key="score", title=_l("Tally"), at=ChallengeEntry.score, kind=Kind.COUNT),
        Column(key="place", title=_l("Place"), at=ChallengeEntry.place, kind=Kind.COUNT),
    )
    questions = (
        Equals(key="of", title=_l("Challenge number"), at=ChallengeEntry.challenge_id),
        Equals(key="member", title=_l("Member"), at=Member.code),
    )
    searches = (Prefix(Member.code),)

    def base(self) -> Select[Any]:
        joined = sa.select().select_from(ChallengeEntry).join(Challenge, Challenge.id == ChallengeEntry.challenge_id)
        joined = joined.join(Member, Member.id == ChallengeEntry.member_id)
        return joined.outerjoin(Person, Person.member_id == Member.id)
