"""系统健康: every part of the installation, what is set, what stands behind it."""

import platform
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_admin import expose
from flask_babel import lazy_gettext as _l

from console import formatting, health
from console.admin.base import SecureView
from console.admin.home import LAMPS, PARTS
from console.auth import permits
from console.config import Settings
from jobs.gateways.wechat import Credentials
from models import db, migrations

SIZES = sa.text(
    "SELECT c.relname AS name, pg_total_relation_size(c.oid) AS octets, greatest(c.reltuples, 0)::bigint AS rows"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind = 'r' AND n.nspname = 'public' ORDER BY octets DESC LIMIT 12"
)
SERVER = sa.text("SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS octets")


def told(settings: Settings) -> list[tuple[Any, str]]:
    """What this installation was started with; a secret is told as set or not, never by its value."""
    return [
        (_l("Environment"), settings.environment),
        (_l("Folder of files"), str(settings.files)),
        (_l("Trusted proxies in front"), str(settings.proxies)),
        (_l("Token of /metrics"), _is_set(settings.metrics_token)),
        *_wechat(current_app.extensions["wechat"].credentials),
        (_l("Mini-program's AppID"), settings.wechat.get("WECHAT_APPID") or _is_set("")),
        (
            _l("Mini-program's secret"),
            _is_set(settings.wechat.get("WECHAT_SECRET") or settings.wechat.get("WECHAT_SECRET_FILE", "")),
        ),
    ]


def _wechat(given: Credentials) -> list[tuple[Any, str]]:
    """Which WeChat is spoken to, and what else of it is set."""
    hosts = f"{given.host} · {given.pay_host}"
    accounts = ", ".join(sorted(given.apps)) or _is_set("")
    return [
        (_l("WeChat's hosts"), str(_l("%(hosts)s (simulated)", hosts=hosts)) if given.is_simulated else hosts),
        (_l("WeChat accounts"), accounts),
        (_l("WeChat Pay merchant"), given.merchant.mchid if given.merchant else _is_set("")),
    ]


def _is_set(value: str) -> str:
    return str(_l("set") if value else _l("not set"))


class SystemHealthView(SecureView):
    """系统健康: the same findings as /readyz, with the sizes and the settings behind them."""

    section = "system"
    title = _l("Health and settings")
    slug = "system-health"
    permission = "health.view"

    @expose("/")
    @permits("health.view")
    def index_view(self) -> Any:
        """Every part of this moment."""
        return self.render(
            "console/health.html",
            findings=health.report(at=formatting.now()).findings,
            lamps=LAMPS,
            parts=PARTS,
            sizes=db.session.execute(SIZES).all(),
            server=db.session.execute(SERVER).one(),
            python=platform.python_version(),
            head=(migrations.FOLDER / "HEAD").read_text().strip(),
            settings=told(current_app.config["SETTINGS"]),
        )
