"""资金开关: stopping a money job, and letting it go on by two people."""

from typing import Any

from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import SecureView, staff_id
from console.auth import allowed, current_staff, permits
from models.operations import approval
from models.operations import switch as operations
from models.queries import switch as queries
from models.rules.switch import MoneyJob

JOBS = {
    MoneyJob.SETTLE: (_l("Settlement of orders"), _l("Completed orders wait; receipts do not confirm themselves.")),
    MoneyJob.MATURE: (_l("Maturing of shares"), _l("Pending shares wait; nothing becomes available.")),
    MoneyJob.DIVIDEND: (_l("Payment of dividends"), _l("Bills wait; their lines are not paid.")),
    MoneyJob.TRANSFER: (_l("Transfers to members"), _l("Nothing is sent; what was sent is still asked about.")),
}


def banners() -> list[dict[str, Any]]:
    """What every page says to the staff of the house while a money job is stopped."""
    person = current_staff()
    if person is None or person.merchant_id is not None:
        return []
    stopped = [JOBS[MoneyJob(one.job)][0] for one in queries.every() if one.is_off]
    return [{"tone": "bad", "text": _("Stopped: %(job)s", job=title)} for title in stopped]


class SwitchView(SecureView):
    """资金开关: one row a money job; refunds have none."""

    section = "money"
    title = _l("Kill-switches")
    slug = "money-switches"
    permission = "switch.view"

    @expose("/")
    @permits("switch.view")
    def index_view(self) -> Any:
        """Every money job and whether it runs."""
        return self.render("money/switches.html", switches=queries.every(), jobs=JOBS, may=allowed)

    @expose("/<any(settle, mature, dividend, transfer):job>/off", methods=("POST",))
    @permits("switch.off")
    def off(self, job: str) -> Response:
        """Stop a money job now."""
        reason = self.reason("switch.off")
        return self.perform(
            operations.off,
            job=job,
            why=reason,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            reason=reason,
            done=_("Stopped. Two people let it go on."),
        )

    @expose("/<any(settle, mature, dividend, transfer):job>/on", methods=("POST",))
    @permits("switch.on")
    def on(self, job: str) -> Response:
        """Ask a second person to let it go on."""
        reason = self.reason("switch.resume")
        return self.perform(
            ask_to_resume,
            job=job,
            why=reason,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            reason=reason,
            done=_("Asked for. Somebody else decides under Approvals."),
        )


def ask_to_resume(*, job: str, why: str, at: Any, by: str) -> Any:
    """Ask for a stopped job to go on."""
    return approval.ask(kind="switch.resume", payload={"job": job}, reason=why, at=at, by=by)
