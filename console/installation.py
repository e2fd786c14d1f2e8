"""Which installation a command works on: the servers the environment names, or the ones embedded in var/."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from flask import Flask

from console import config, create_app, embedded
from console.config import Misconfigured, Settings
from jobs.gateways import keyring
from models import db

ADDRESSES = ("DATABASE_URL", "REDIS_URL")
WECHAT = "wechat/environment.json"


def folder() -> Path:
    """Where an embedded installation keeps everything it has."""
    return Path(os.environ.get("QIANXING_VAR", "var")).resolve()


def is_embedded() -> bool:
    """Whether nothing names real servers; naming only one of the two is a mistake, not a choice."""
    named = [name for name in ADDRESSES if os.environ.get(name)]
    if len(named) == 1:
        raise Misconfigured(f"只设置了 {named[0]}：请同时设置 {' 和 '.join(ADDRESSES)}，或都不设置以使用内置数据库")
    return not named and os.environ.get("QIANXING_ENV") != "production"


@contextmanager
def open_settings() -> Iterator[Settings]:
    """The settings of the installation; embedded servers run for as long as the block lasts."""
    if not is_embedded():
        yield config.from_environment()
        return
    with embedded.running(folder()) as services:
        yield of_folder(folder(), services)


@contextmanager
def opened(settings: Settings) -> Iterator[Flask]:
    """The application for a command's own use; its database connections are closed behind it."""
    app = create_app(settings)
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


def of_folder(root: Path, services: embedded.Services) -> Settings:
    """The settings of an embedded installation: a demo, with a key and a folder of its own that outlive restarts."""
    files = Path(os.environ.get("QIANXING_FILES", root / "files")).resolve()
    files.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Settings(
        database_url=services.database_url,
        owner_database_url=services.owner_database_url,
        redis_url=services.redis_url,
        secret_key=os.environ.get("SECRET_KEY") or _key(root / "secret_key"),
        environment=os.environ.get("QIANXING_ENV", "demo"),
        files=files,
        metrics_token=os.environ.get("METRICS_TOKEN", ""),
        wechat=simulated(root) | config.wechat_of(os.environ),
    )


def simulated(root: Path) -> dict[str, str]:
    """The variables that lead to this installation's simulated WeChat; empty where none was ever started."""
    try:
        return {str(name): str(value) for name, value in json.loads((root / WECHAT).read_text()).items()}
    except FileNotFoundError:
        return {}


def prepare_wechat(root: Path, *, port: int, notify: str, at: datetime) -> None:
    """Make the keys of a simulated WeChat at first sight, and write down how everything here speaks to it."""
    folder = root / "wechat"
    names = keyring.kept(folder, at).names
    variables = keyring.environment(folder, names, host=f"http://127.0.0.1:{port}", notify=notify)
    fresh = folder / f"environment.{os.getpid()}"
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(variables))
    fresh.replace(root / WECHAT)


def _key(path: Path) -> str:
    """Two processes that start at once agree on one key: the file appears whole or not at all."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        try:
            os.link(fresh, path)
        except FileExistsError:
            return path.read_text()
        finally:
            fresh.unlink()
    return path.read_text()
