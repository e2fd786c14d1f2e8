"""回调: what WeChat told us, what became of it, and what was turned away."""

from datetime import timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, staff_id
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import Days, OneOf, Prefix, Starts
from console.admin.job import STATES as JOB_STATES
from console.admin.money.words import link, words
from console.auth import permits
from models import Inbound, Job, db
from models.operations import inbound as operations
from models.queries import inbound as queries

CHANNELS = {"shop": Badge(_l("Shop and mini-program")), "pay": Badge(_l("WeChat Pay"))}
STATES = {
    "waiting": Badge(_l("to be decided"), Tone.BUSY),
    "done": Badge(_l("decided"), Tone.GOOD),
    "ignored": Badge(_l("none of ours"), Tone.PLAIN),
    "failed": Badge(_l("refused by us"), Tone.BAD),
}
WHY = {
    "signature": _l("wrong signature"),
    "signtest": _l("WeChat's own probe"),
    "stale": _l("too old or from the future"),
    "serial": _l("unknown key"),
    "headers": _l("headers missing"),
    "scheme": _l("another scheme"),
    "envelope": _l("no envelope"),
    "aes_key": _l("does not open"),
    "apiv3_key": _l("does not open under our key"),
    "resource": _l("nothing inside"),
    "algorithm": _l("another algorithm"),
    "message": _l("nothing to read"),
    "too_large": _l("too large"),
    "no_receiver": _l("no receiver is set up"),
}
DAYS = 14
PAGES = (("MCHTRANSFER", "transfers.index_view"), ("TRANSACTION", "orders.index_view"))


def _ours(row: Row[Any]) -> Markup:
    """The number of what it is about, leading there where it is ours."""
    page = next((page for event, page in PAGES if row.event.startswith(event)), None)
    if page is None or not row.number:
        return Markup("<code>{}</code>").format(row.number or "–")
    return Markup("<code>{}</code>").format(link(page, row.number, q=row.number))


class InboundView(ReadView):
    """回调: the newest first; what failed says why and can be decided again."""

    section = "system"
    title = _l("Callbacks")
    slug = "callbacks"
    permission = "callback.view"
    model = Inbound
    hint = _l("Verified on their raw bytes, kept before they are answered, decided later. The same one again is one.")
    empty = _l("WeChat has not called yet.")
    search_hint = _l("Number of an order, transfer or refund, from its beginning")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=Inbound.id, kind=Kind.CODE, sort=True, link=True),
        Column(key="channel", title=_l("Told by"), at=Inbound.channel, kind=Kind.BADGE, badges=CHANNELS),
        Column(key="event", title=_l("Event"), at=Inbound.event, kind=Kind.CODE),
        Column(key="number", title=_l("About"), at=Inbound.number, kind=Kind.CODE, cell=_ours),
        Column(key="state", title=_l("State"), at=Inbound.state, kind=Kind.BADGE, badges=STATES),
        Column(key="error", title=_l("Why it was refused"), at=Inbound.error),
        Column(key="received_at", title=_l("Received"), at=Inbound.received_at, kind=Kind.MOMENT),
        Column(key="decided_at", title=_l("Decided at"), at=Inbound.decided_at, kind=Kind.MOMENT),
        Column(key="tries", title=_l("Times decided"), at=Inbound.tries, kind=Kind.COUNT, shown=False),
        Column(key="key", title=_l("Key"), at=Inbound.key, kind=Kind.CODE, shown=False),
        Column(key="ip", title=_l("From address"), at=Inbound.ip, kind=Kind.CODE, shown=False),
        Column(key="content", title=_l("What was told"), at=Inbound.content, kind=Kind.JSON, listed=False),
    )
    questions = (
        OneOf(key="state", title=_l("State"), at=Inbound.state, choices=words(STATES)),
        OneOf(key="channel", title=_l("Told by"), at=Inbound.channel, choices=words(CHANNELS)),
        Starts(key="event", title=_l("Event"), at=Inbound.event),
        Days(key="received", title=_l("Received"), at=Inbound.received_at),
    )
    searches = (Prefix(Inbound.number),)
    list_template = "inbound/list.html"
    details_template = "inbound/detail.html"

    def rows(self, viewer: Any, columns: tuple[Column, ...]) -> sa.Select[Any]:
        """Where a number leads depends on its event."""
        more = [] if any(column.key == "event" for column in columns) else [Inbound.event.label("event")]
        return super().rows(viewer, columns).add_columns(*more)

    def heading(self, row: Row[Any]) -> str:
        return f"{row.event} · {row.number or row.row_id}"

    def extras(self) -> dict[str, Any]:
        since = formatting.now().astimezone(formatting.SHANGHAI).date() - timedelta(days=DAYS - 1)
        return {
            "counts": queries.counts(),
            "refusals": queries.refusals(since=since),
            "refused_before": queries.refused(since - timedelta(days=DAYS), since),
            "states": STATES,
            "channels": CHANNELS,
            "why": WHY,
        }

    def around(self, row_id: int) -> dict[str, Any]:
        chosen = sa.select(Job).where(Job.subject == f"inbound:{row_id}").order_by(Job.id.desc()).limit(20)
        return {"found": self.found(row_id), "jobs": db.session.scalars(chosen).all(), "job_states": JOB_STATES}

    @expose("/<int:row_id>/again", methods=("POST",))
    @permits("callback.rerun")
    def again(self, row_id: int) -> Response:
        """Decide it anew, once what stood in the way is mended."""
        return self.perform(
            operations.again,
            inbound_id=self.found(row_id).id,
            by=f"staff:{staff_id()}",
            reason=self.reason("job.rerun"),
            done=_("It is decided again in a moment."),
        )
