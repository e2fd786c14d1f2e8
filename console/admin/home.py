"""工作台: what moved, what runs, what needs a look; and one search over every list."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row

from console import formatting, health
from console.admin import lamp
from console.admin.base import ReadView, SecureView, Viewer, peers, viewer
from console.admin.columns import Badge, Tone
from console.admin.job import QUEUES as QUEUE_NAMES
from console.admin.queues import QUEUES, waiting
from console.auth import allowed, permits
from console.catalogue import CHINESE, chosen
from models import Finding, ImportRun, Job, Shop, Staff, db
from models.queries import movement
from models.rules import finding as findings
from models.tables.job import State
from reports import frames, metrics
from reports.metrics import Tile
from reports.numbers import Lang, Unit, compact, exact
from reports.slices import Period, Scope, Slice, Source

__all__ = ["QUEUES", "HomeView"]

DAYS = 30
METRICS = ("gmv", "orders", "buyers", "repurchase")
ALERT_DAYS = 7
LOUD = [findings.State.OPEN.value, findings.State.ACKNOWLEDGED.value]
SHOWN = 6
FOUND_EACH = 5
LAMPS = {health.State.OK: "good", health.State.DEGRADED: "warn", health.State.DOWN: "bad"}
PARTS = {
    "postgres": _l("Database"),
    "redis": _l("Doorbell (Redis)"),
    "migrations": _l("Schema"),
    "outbox": _l("Outbox"),
    "workers": _l("Workers"),
    **{f"queue.{key}": _l("Queue %(name)s", name=badge.label) for key, badge in QUEUE_NAMES.items()},
}
IMPORT_STATES = {
    "done": Badge(_l("imported"), Tone.GOOD),
    "failed": Badge(_l("failed"), Tone.BAD),
    "cancelled": Badge(_l("cancelled"), Tone.PLAIN),
    "undone": Badge(_l("undone"), Tone.PLAIN),
    "staged": Badge(_l("ready to publish"), Tone.WARN),
}
UNDER_WAY = Badge(_l("under way"), Tone.BUSY)


@dataclass(frozen=True)
class Figures:
    """The tiles of a period; the period ends with the newest paid day when nothing was paid since."""

    period: Period
    tiles: list[Tile]
    lang: Lang
    source: Source
    members: tuple[int, int] | None = None

    def value(self, tile: Tile) -> str:
        return compact(tile.value, tile.metric.unit, self.lang)

    def exact(self, tile: Tile) -> str:
        return exact(tile.value, tile.metric.unit)

    def before(self, tile: Tile) -> str:
        return "" if tile.before is None else compact(tile.before, tile.metric.unit, self.lang)

    def change(self, tile: Tile) -> str:
        if tile.change is None:
            return ""
        moved = round(tile.change * 100, 1)
        if not moved:
            return str(_("unchanged"))
        return f"{moved:+.1f}pp" if tile.metric.unit is Unit.RATE else f"{moved:+.1f}%"

    @property
    def query(self) -> str:
        dates = {"from": self.period.start.isoformat(), "to": self.period.end.isoformat()}
        return urlencode({"source": self.source.value, "period": "custom", **dates})


def figures(person: Viewer, today: date) -> Figures | None:
    """The last thirty days with sales beside the thirty before; None before the first sale."""
    scope = Scope(person.merchant_id)
    source = frames.default_source(scope)
    span = frames.span(scope, source)
    if span is None:
        return None
    end = min(today, span.end) if span.end < today - timedelta(days=DAYS) else today
    part = Slice(Period(end - timedelta(days=DAYS - 1), end), scope, source)
    found = metrics.tiles(frames.measured(part), frames.measured(part.before()), METRICS)
    lang = Lang.ZH if chosen() == CHINESE else Lang.EN
    return Figures(part.period, found, lang, source, _came(part.period, person))


def _came(period: Period, person: Viewer) -> tuple[int, int] | None:
    """How many registered in a period and in the one before; nothing where nobody ever did."""
    now, before = movement.came(
        since=formatting.day_start(period.before().start),
        middle=formatting.day_start(period.start),
        until=formatting.day_end(period.end),
        merchant_id=person.merchant_id,
    )
    return (now, before) if now or before else None


def running(person: Viewer) -> list[Row[Any]]:
    """One's own jobs that wait or run, newest first."""
    columns = (Job.id, Job.title, Job.kind, Job.state, Job.done, Job.total, Job.note, Job.subject)
    mine = sa.select(*columns).where(Job.finished_at.is_(None), Job.created_by == f"staff:{person.id}")
    return list(db.session.execute(mine.order_by(Job.id.desc()).limit(SHOWN)))


def imports(person: Viewer) -> list[Row[Any]]:
    """The newest imports this person may see."""
    columns = (ImportRun.id, ImportRun.file_name, ImportRun.state, ImportRun.created_at, ImportRun.rows_published)
    query = sa.select(*columns, Shop.name.label("shop")).join(Shop, Shop.id == ImportRun.shop_id)
    if person.merchant_id is not None:
        query = query.where(Shop.merchant_id == person.merchant_id)
    return list(db.session.execute(query.order_by(ImportRun.id.desc()).limit(SHOWN)))


def alerts() -> list[Row[Any]]:
    """Jobs that died within the last week, newest first."""
    since = formatting.now() - timedelta(days=ALERT_DAYS)
    dead = sa.select(Job.id, Job.title, Job.kind, Job.error, Job.finished_at)
    dead = dead.where(Job.state == State.DEAD, Job.finished_at > since)
    return list(db.session.execute(dead.order_by(Job.finished_at.desc()).limit(SHOWN)))


def business() -> list[Row[Any]]:
    """Alerts of the business that stand and are not kept quiet, the newest first."""
    columns = (Finding.id, Finding.text, Finding.evidence, Finding.first_at, Staff.name.label("owner"))
    loud = sa.select(*columns).outerjoin(Staff, Staff.id == Finding.owner_id)
    loud = loud.where(Finding.rule.in_(findings.GROUPS["business"]), Finding.state.in_(LOUD))
    return list(db.session.execute(loud.order_by(Finding.first_at.desc(), Finding.id).limit(SHOWN)))


class HomeView(SecureView):
    """The first page after sign-in."""

    title = _l("Workbench")
    section = "home"
    permission = "home.view"

    @expose("/")
    @permits("home.view")
    def index_view(self) -> Any:
        """The workbench; each part stands only where the person may see what it shows."""
        person, at = viewer(), formatting.now()
        return self.render(
            "console/home.html",
            hour=at.astimezone(formatting.SHANGHAI).hour,
            today=formatting.today(),
            figures=figures(person, formatting.today()) if allowed("board.view") else None,
            compliance=lamp.lit(person, at=at),
            queues=waiting(person, peers(), at=at),
            running=running(person),
            imports=imports(person) if allowed("import.view") else [],
            alerts=alerts() if allowed("job.view") else [],
            business=business() if allowed("finding.view") else [],
            findings=health.report(at=at).findings if allowed("health.view") else (),
            lamps=LAMPS,
            parts=PARTS,
            import_states=IMPORT_STATES,
            under_way=UNDER_WAY,
            peers=peers(),
        )

    @expose("/running")
    @permits("home.view")
    def running(self) -> Any:
        """The part of the workbench that refreshes itself."""
        return self.render("console/home_running.html", running=running(viewer()), peers=peers())

    @expose("/find")
    @permits("home.view")
    def find(self) -> Any:
        """A code, number or name looked for in every list this person may open."""
        text = request.args.get("q", "").strip()
        hits = [(view, *view.hits(text, FOUND_EACH)) for view in _searchable()] if text else []
        return self.render("console/find.html", text=text, hits=[hit for hit in hits if hit[2].rows])


def _searchable() -> list[ReadView]:
    return [view for view in peers().values() if isinstance(view, ReadView) and view.searches]
