"""Settings from the environment, checked once at the start."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class Misconfigured(RuntimeError):
    """A setting is missing or wrong; the message names it and says what to put there."""


@dataclass(frozen=True)
class Settings:
    """Where the servers are and how this installation behaves.

    ``environment`` is `production`, `demo` or `test`. ``database_url`` names the role of the application, which may not
    change the schema; ``owner_database_url`` the role that migrates. ``metrics_token`` opens /metrics, which production
    keeps shut without one. ``wechat`` holds the variables that name WeChat's hosts, accounts and keys.
    """

    database_url: str
    owner_database_url: str
    redis_url: str
    secret_key: str
    environment: str
    files: Path
    proxies: int = 0
    metrics_token: str = ""
    wechat: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_production(self) -> bool:
        return self.environment == "production"


def _psycopg(url: str) -> str:
    """SQLAlchemy's name of the driver in front, whatever way the operator wrote the address."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def from_environment() -> Settings:
    """Read the settings of a running installation; refuse to start on a missing one."""
    environment = os.environ.get("QIANXING_ENV", "production")
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    secret_key = os.environ.get("SECRET_KEY", "")
    if not secret_key:
        if environment == "production":
            missing.append("SECRET_KEY")
        secret_key = secrets.token_hex(32)
    if missing:
        raise Misconfigured(f"请先设置环境变量 {', '.join(missing)}（参见 README 的“生产部署”）")
    database_url = _psycopg(os.environ["DATABASE_URL"])
    return Settings(
        database_url=database_url,
        owner_database_url=_psycopg(os.environ.get("OWNER_DATABASE_URL", "")) or database_url,
        redis_url=os.environ["REDIS_URL"],
        secret_key=secret_key,
        environment=environment,
        files=Path(os.environ.get("QIANXING_FILES", "var/files")).resolve(),
        proxies=int(os.environ.get("QIANXING_PROXIES", "0")),
        metrics_token=os.environ.get("METRICS_TOKEN", ""),
        wechat=wechat_of(os.environ),
    )


def to_environment(settings: Settings) -> dict[str, str]:
    """What a process of the same installation is started with; only the one that migrates needs the owner's role."""
    return {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "QIANXING_ENV": settings.environment,
        "QIANXING_FILES": str(settings.files),
        "QIANXING_PROXIES": str(settings.proxies),
        "METRICS_TOKEN": settings.metrics_token,
    } | dict(settings.wechat)


def wechat_of(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that are WeChat's, read into credentials when an application is made."""
    return {name: value for name, value in environment.items() if name.startswith(("WECHAT_", "WECHATPAY_")) and value}
