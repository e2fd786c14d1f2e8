"""经营预警: the findings of the business's own rules, with owner, mute and re-arm; the boards' view of 合规发现."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from console.admin.finding import FindingView
from models import Finding
from models.rules import finding as rules


class AlertView(FindingView):
    """经营预警: what 合规发现 lists, narrowed to what the business itself watches."""

    section = "data"
    title = _l("Alerts")
    slug = "alerts"
    permission = "finding.view"
    hint = _l("Repurchase and margin, looked at every half hour. Take one, keep it quiet until a day, or arm it again.")
    empty = _l("The business stands within its limits.")

    def base(self) -> Select[Any]:
        return super().base().where(Finding.rule.in_(rules.GROUPS["business"]))
