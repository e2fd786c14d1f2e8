"""资格与考核: whose cycle ends when, what will come of it, and how many that are, day by day."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Row, Select
from sqlalchemy.orm import aliased

from console import formatting
from console.admin.base import ReadView, Viewer
from console.admin.columns import Badge, Column, Kind, Tone, member_link
from console.admin.filters import Days, OneOf, Prefix
from console.admin.member import page
from console.admin.member.asks import MemberIs
from console.admin.member.words import STANDINGS
from console.auth import permits
from models import Member, Order, db
from models.queries import outlook
from models.queries import policy as policies
from models.rules.outlook import Outcome, outcome
from models.rules.policy import Metric, Policy
from models.rules.standing import Standing

Direct = aliased(Member, name="direct")
Sponsor = aliased(Member, name="sponsor")
DAYS = 30
SOON = 5
# Every cycle that runs is counted: on a busy machine with a million members that is longer than a list may take.
PATIENCE = sa.text("SET LOCAL statement_timeout = '20s'")

OUTCOMES: dict[str, Badge] = {
    Outcome.PASSED: Badge(_l("Passes"), Tone.GOOD),
    Outcome.FAILED: Badge(_l("Fails once more"), Tone.WARN),
    Outcome.FROZEN: Badge(_l("Will freeze"), Tone.WARN),
    Outcome.EXITED: Badge(_l("Will exit"), Tone.BAD),
    Outcome.REMINDED: Badge(_l("Will be reminded"), Tone.WARN),
}

RECRUITED = (
    sa.select(sa.func.count())
    .where(
        Direct.sponsor_id == Member.id,
        Direct.qualified_at >= Member.cycle_start,
        Direct.qualified_at < Member.cycle_end,
    )
    .correlate(Member)
    .scalar_subquery()
)
SOLD = (
    sa.select(sa.func.count())
    .where(
        Order.seller_id == Member.id,
        Order.state == "completed",
        Order.completed_at >= Member.cycle_start,
        Order.completed_at < Member.cycle_end,
    )
    .correlate(Member)
    .scalar_subquery()
)


def in_force() -> Policy:
    """The policy of this moment: by it the cycles that run will be assessed."""
    return policies.in_force(formatting.now())[1]


def reached(policy: Policy) -> ColumnElement[int]:
    """What counts towards the target, as the policy counts it."""
    return RECRUITED if policy.assess_metric is Metric.RECRUITS else SOLD


class Foreseen(OneOf):
    """What the end of the cycle would bring if nothing more happens."""

    def where(self, value: list[str]) -> ColumnElement[bool]:
        policy = in_force()
        passes = reached(policy) >= policy.assess_target
        parts = [passes] if Outcome.PASSED in value else []
        for standing in (Standing.ACTIVE, Standing.FROZEN):
            for failures, same in ((0, Member.failures == 0), (1, Member.failures >= 1)):
                end = outcome(reached=0, failures=failures, standing=standing, policy=policy)
                if end is not Outcome.PASSED and end in value:
                    parts.append(sa.and_(Member.standing == standing, same, ~passes))
        return sa.or_(sa.false(), *parts)


class StandingView(ReadView):
    """考核: the cycles that run, who ends next first."""

    title = _l("Standing and assessment")
    section = "member"
    slug = "standing"
    permission = "member.view"
    model = Member
    hint = _l("Every cycle that runs, with what was reached so far. Presets are never assessed.")
    empty = _l("No cycle runs.")
    search_hint = _l("Code of a member, from its beginning")
    order = "cycle_end"
    has_detail = False
    list_template = "member/standing.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=Member.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="code", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=member_link("code")),
        Column(key="standing", title=_l("Standing"), at=Member.standing, kind=Kind.BADGE, badges=STANDINGS),
        Column(key="failures", title=_l("Failed cycles"), at=Member.failures, kind=Kind.COUNT),
        Column(key="cycle_start", title=_l("Cycle began"), at=Member.cycle_start, kind=Kind.MOMENT, shown=False),
        Column(
            key="cycle_end",
            title=_l("Cycle ends"),
            at=Member.cycle_end,
            kind=Kind.MOMENT,
            sort=True,
        ),
        Column(key="recruited", title=_l("Directs in the cycle"), at=RECRUITED, kind=Kind.COUNT),
        Column(key="sold", title=_l("Own sales in the cycle"), at=SOLD, kind=Kind.COUNT),
        Column(key="sponsor", title=_l("Sponsor"), at=Sponsor.code, kind=Kind.CODE, cell=member_link("sponsor")),
    )
    questions = (
        Foreseen(
            key="outcome",
            title=_l("What will come"),
            at=Member.id,
            choices={key: badge.label for key, badge in OUTCOMES.items()},
        ),
        Days(key="ends", title=_l("Cycle ends"), at=Member.cycle_end),
        OneOf(
            key="standing",
            title=_l("Standing"),
            at=Member.standing,
            choices={key: STANDINGS[key].label for key in (Standing.ACTIVE, Standing.FROZEN)},
        ),
        MemberIs(key="sponsor", title=_l("Sponsor"), at=Member.sponsor_id),
    )
    searches = (Prefix(Member.code),)

    def base(self) -> Select[Any]:
        return sa.select().select_from(Member).outerjoin(Sponsor, Sponsor.id == Member.sponsor_id)

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return query.where(Member.cycle_end.is_not(None))

    def heading(self, row: Row[Any]) -> str:
        return row.code

    @expose("/sentence")
    @permits("member.view")
    def sentence(self) -> Any:
        """What the next days bring in one sentence, for lists that do not wait for it."""
        today = formatting.today()
        return self.render(
            "member/sentence.html",
            soon=totals(forecast(today, in_force(), days=SOON)),
            soon_days=SOON,
            today=today,
            soon_until=today + timedelta(days=SOON - 1),
        )

    @expose("/forecast")
    @permits("member.view")
    def forecast(self) -> Any:
        """The page of the forecast, there at once: its figures are counted over every cycle and come after it."""
        return self.render("member/forecast.html")

    @expose("/forecast/days")
    @permits("member.view")
    def days(self) -> Any:
        """How many will freeze, exit, lapse on each of the next thirty days if nothing more happens."""
        policy, today = in_force(), formatting.today()
        days = forecast(today, policy)
        return self.render(
            "member/forecast_days.html",
            days=days,
            outcomes=OUTCOMES,
            policy=policy,
            soon=totals([day for day in days if day.on < today + timedelta(days=SOON)]),
            all=totals(days),
            soon_days=SOON,
            today=today,
            until=today + timedelta(days=DAYS - 1),
            soon_until=today + timedelta(days=SOON - 1),
            **page.WORDS,
        )


def forecast(today: date, policy: Policy, *, days: int = DAYS) -> list[outlook.Day]:
    """The next calendar days in Shanghai, today first; days without anything stand there too."""
    begins = formatting.day_start(today)
    db.session.execute(PATIENCE)
    found = {
        day.on: day
        for day in outlook.forecast(
            from_=begins,
            to=begins + timedelta(days=days),
            since=begins - timedelta(days=policy.cycle_days),
            policy=policy,
        )
    }
    every = [today + timedelta(days=n) for n in range(days)]
    return [found.get(on) or outlook.Day(on, {}, 0) for on in every]


def totals(days: list[outlook.Day]) -> Mapping[str, int]:
    """How many of each outcome there are over some days, and how many lapse."""
    found: dict[str, int] = {key: sum(day.outcomes.get(Outcome(key), 0) for day in days) for key in OUTCOMES}
    return {**found, "lapse": sum(day.lapsing for day in days)}
