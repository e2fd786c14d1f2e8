"""The two servers of one machine: started once, shared, stopped by the last, never losing a committed row."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis

from console import binaries, embedded, processes
from console.embedded import Embedded, NotStarted, Services

SHARING = """
import pathlib, sys
from console import embedded
with embedded.running(pathlib.Path(sys.argv[1])) as services:
    print(services.redis_url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def servers(tmp_path: Path):
    both = Embedded(tmp_path / "var")
    yield both
    both.stop()
    left = processes.of_folder(both.root / "pg") | processes.of_folder(both.root / "redis")
    processes.end(left, signal.SIGKILL, 10)
    assert left == set()


def _open(services: Services) -> psycopg.Connection:
    return psycopg.connect(services.owner_database_url.replace("+psycopg", ""), autocommit=True)


def _write(services: Services) -> None:
    with _open(services) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with redis.Redis.from_url(services.redis_url) as client:
        client.set("kept", "42")


def _kept(services: Services) -> tuple[int, bytes]:
    with _open(services) as connection, redis.Redis.from_url(services.redis_url) as client:
        (answer,) = connection.execute("SELECT answer FROM kept").fetchone()
        return answer, client.get("kept")


def _until(claim: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def _postmaster(servers: Embedded) -> int:
    return int((servers.root / "pg" / "postmaster.pid").read_text().split("\n", 1)[0])


def _sharer(root: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SHARING, str(root)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


class TestStart:
    def test_keeps_the_rows_of_the_run_before(self, servers):
        _write(servers.start())
        servers.stop()
        assert processes.of_folder(servers.root / "pg") == set()
        assert _kept(servers.start()) == (42, b"42")

    def test_called_twice_leaves_one_postmaster(self, servers):
        servers.start()
        first = _postmaster(servers)
        servers.start()
        assert _postmaster(servers) == first

    def test_makes_a_role_that_works_and_may_not_change_the_schema(self, servers):
        services = servers.start()
        with (
            psycopg.connect(services.database_url.replace("+psycopg", "")) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("CREATE TABLE mine ()")

    def test_opens_no_network_port_and_lets_nobody_else_in(self, servers):
        services = servers.start()
        with _open(services) as connection, redis.Redis.from_url(services.redis_url) as client:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
            assert client.config_get("port") == {"port": "0"}
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert client.config_get("append*")["appendfsync"] == "everysec"
        for folder in (servers.root, servers.root / "pg", servers.root / "redis", servers.sockets):
            assert folder.stat().st_mode & 0o077 == 0, folder

    def test_keeps_its_sockets_short_in_a_deep_folder(self, tmp_path, monkeypatch):
        deep = tmp_path / ("很深的文件夹" * 6) / "temporary"
        deep.mkdir(parents=True)
        monkeypatch.setattr("tempfile.tempdir", str(deep))
        with embedded.running(deep / "var") as services:
            assert len(services.redis_url.removeprefix("unix://").encode()) <= embedded.SOCKET_BYTES_MAX
            _write(services)

    def test_begins_again_after_a_first_start_that_was_cut_off(self, servers):
        half = servers.root / "pg.init"
        half.mkdir(parents=True)
        (half / "PG_VERSION").write_text("18\n")
        _write(servers.start())
        assert not half.exists()

    def test_refuses_data_of_another_version_with_what_to_do(self, servers):
        (servers.root / "pg").mkdir(parents=True)
        (servers.root / "pg" / "PG_VERSION").write_text("9\n")
        with pytest.raises(NotStarted, match="PostgreSQL 9 建立"):
            servers.start()

    def test_names_the_log_of_a_server_that_does_not_come_up(self, servers):
        servers.start()
        servers.stop()
        (servers.root / "pg" / "postgresql.conf").write_text("nonsense\n")
        with pytest.raises(NotStarted, match="postgres.log"):
            servers.start()


class TestAfterAKill:
    def test_of_the_postmaster_keeps_committed_rows(self, servers):
        _write(servers.start())
        os.kill(_postmaster(servers), signal.SIGKILL)
        assert _kept(servers.start()) == (42, b"42")

    def test_of_both_servers_keeps_what_was_flushed(self, servers):
        services = servers.start()
        _write(services)
        with redis.Redis.from_url(services.redis_url) as client:
            _until(lambda: client.info("persistence")["aof_pending_bio_fsync"] == 0 and client.waitaof(1, 0, 5000)[0])
        for name in ("pg", "redis"):
            for pid in processes.of_folder(servers.root / name):
                with suppress(ProcessLookupError):  # it went with its parent
                    os.kill(pid, signal.SIGKILL)
        assert _kept(servers.start()) == (42, b"42")

    def test_ignores_a_lock_that_names_a_stranger(self, servers):
        _write(servers.start())
        servers.stop()
        sockets = embedded.socket_folder(servers.root)
        for stale in (servers.root / "pg" / "postmaster.pid", sockets / ".s.PGSQL.5432.lock"):
            stale.write_text(f"{os.getpid()}\n{servers.root / 'pg'}\n")
        assert _kept(servers.start()) == (42, b"42")

    def test_of_the_starter_leaves_servers_that_the_next_one_takes_over(self, servers):
        starter = _sharer(servers.root)
        assert starter.stdout.readline()
        starter.kill()
        starter.communicate()
        first = _postmaster(servers)
        servers.start()
        assert _postmaster(servers) == first
        servers.stop()
        assert processes.of_folder(servers.root / "pg") == set()

    def test_a_swept_temporary_folder_costs_a_restart_and_no_row(self, servers):
        _write(servers.start())
        for entry in servers.sockets.iterdir():
            entry.unlink()
        servers.sockets.rmdir()
        assert _kept(servers.start()) == (42, b"42")


class TestSharing:
    def test_two_racing_starters_end_with_one_pair_of_servers(self, servers):
        racers = [_sharer(servers.root) for _ in range(2)]
        addresses = {racer.stdout.readline() for racer in racers}
        assert len(addresses) == 1
        assert all(addresses)
        racers[0].communicate()
        _write(servers.start())
        racers[1].communicate()
        assert _kept(servers.services) == (42, b"42")

    def test_the_last_to_leave_stops_the_servers(self, servers):
        servers.start()
        with embedded.running(servers.root):
            servers.stop()
            assert processes.of_folder(servers.root / "pg")
        assert processes.of_folder(servers.root / "pg") == set()
        assert processes.of_folder(servers.root / "redis") == set()


class TestChosenBinaries:
    def test_a_folder_without_them_is_refused_by_name(self, servers, monkeypatch, tmp_path):
        monkeypatch.setenv("CONSOLE_PG_BIN", str(tmp_path))
        with pytest.raises(NotStarted, match="CONSOLE_PG_BIN"):
            servers.start()

    def test_an_older_postgresql_of_the_machine_serves_as_well(self, servers, monkeypatch):
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        if not found:
            pytest.skip("no PostgreSQL of the distribution on this machine")
        monkeypatch.setenv("CONSOLE_PG_BIN", str(found[-1].parent))
        _write(servers.start())
        assert (servers.root / "pg" / "PG_VERSION").read_text().strip() == str(binaries.postgres().major)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user for PostgreSQL")
class TestRootWithoutUserNamespaces:
    @pytest.fixture(autouse=True)
    def _blocked(self, monkeypatch):
        monkeypatch.setattr(binaries, "can_unshare", lambda: False)

    def test_runs_postgresql_as_nobody_where_nobody_may_pass(self):
        with tempfile.TemporaryDirectory(prefix="qx-open-") as folder:
            Path(folder).chmod(0o711)
            root = Path(folder) / "var"
            with embedded.running(root) as services:
                _write(services)
                pid = int((root / "pg" / "postmaster.pid").read_text().split()[0])
                assert Path(f"/proc/{pid}").stat().st_uid == binaries.NOBODY
            with embedded.running(root) as services:
                assert _kept(services) == (42, b"42")

    def test_says_what_to_do_where_nobody_may_not_pass(self, tmp_path):
        tmp_path.chmod(0o700)
        with pytest.raises(NotStarted, match="nobody 进不了"), embedded.running(tmp_path / "var"):
            pass
