"""The whole console on one machine under one supervisor: servers, schema, a seeded world, web, workers, timetable."""

import fcntl
import json
import os
import socket
import sys
import time
import unicodedata
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import click

from console import access, config, demo, formatting, installation, logs
from console.config import Settings
from console.embedded import Embedded
from console.supervisor import Child, Supervisor
from jobs import worker as workers
from models import migrations

PORTS = 50
WECHAT_PORT = 5800
ANSWER_SECONDS = 60.0
WEB = [sys.executable, "-m", "gunicorn", "-c", "python:console.server", "wsgi:application"]
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class NoPort(RuntimeError):
    """Every port in reach is taken."""


class Stopped(RuntimeError):
    """Somebody asked us to stop before everything stood."""


@contextmanager
def alone(root: Path) -> Iterator[str | None]:
    """Hold the folder for one demo; yields the address of the one that already runs here, if there is one."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (root / "demo.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield _address_of(root / "demo.json")
            return
        (root / "demo.json").unlink(missing_ok=True)
        try:
            yield None
        finally:
            (root / "demo.json").unlink(missing_ok=True)


def _address_of(path: Path) -> str:
    with suppress(OSError, ValueError, KeyError):
        return str(json.loads(path.read_text())["address"])
    return "（正在启动，地址稍后显示）"


def free_port(host: str, wanted: int) -> int:
    """The wanted port, or the next one that nobody listens on."""
    for port in range(wanted, wanted + PORTS):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind((host, port))
                return port
    raise NoPort(f"端口 {wanted}–{wanted + PORTS - 1} 都被占用：请用 PORT=端口号 make demo 另选一个")


@dataclass(frozen=True)
class Wish:
    """Where the demonstration listens and how large its world is; no members, no world."""

    host: str
    port: int
    members: int
    seed: int


def run_demo(wish: Wish, *, root: Path) -> None:
    """`make demo`: until Ctrl-C or SIGTERM. The second start finds everything as the first one left it."""
    with alone(root) as address:
        if address is not None:
            click.echo(f"千星控台已在运行：{address}\n要停止它，请在启动它的窗口按 Ctrl-C。")
            return
        (root / "log").mkdir(mode=0o700, exist_ok=True)
        with (root / "log" / "demo.log").open("a") as output:
            logs.configure(output)
            servers = Embedded(root)
            supervisor = Supervisor(heal=lambda: _heal(servers))
            supervisor.listen()
            try:
                _run(servers, supervisor, wish)
            except Stopped:
                pass
            finally:
                click.echo("正在停止…")
                supervisor.stop()
                servers.stop()
                click.echo("已全部停止，数据保留在 var/，下次 make demo 接着用。")


def _heal(servers: Embedded) -> None:
    if not servers.is_up():
        servers.start()


def _run(servers: Embedded, supervisor: Supervisor, wish: Wish) -> None:
    began = time.monotonic()
    click.echo("启动内置 PostgreSQL 与 Redis …")
    services = servers.start()
    host, port = wish.host, free_port(wish.host, wish.port)
    address = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"
    wechat = _prepare_wechat(servers.root, address, avoid=port)
    settings = installation.of_folder(servers.root, services)
    migrations.upgrade(settings.owner_database_url)
    _start_web(supervisor, settings, servers.root, host=host, port=port)
    (servers.root / "demo.json").write_text(json.dumps({"address": address, "pid": os.getpid()}))
    _until(supervisor, lambda: _answers(address))
    _start_workers(supervisor, settings, servers.root, pools=(demo.POOL,))
    _start_timetable(supervisor, settings, servers.root)
    with installation.opened(settings):
        click.echo("准备演示数据（首次约需半分钟）…")
        world = demo.build(folder=servers.root, at=formatting.now(), wait=lambda done: _until(supervisor, done))
        supervisor.add(_child("wechat-simulator", wechat, config.to_environment(settings), servers.root))
        _start_workers(supervisor, settings, servers.root, pools=[pool for pool in workers.POOLS if pool != demo.POOL])
        _welcome(world, address, seconds=time.monotonic() - began)
        if wish.members and demo.begin_world(members=wish.members, seed=wish.seed, at=formatting.now()):
            click.echo(f"  后台正在建立 {wish.members:,} 名会员的演示世界：进度见工作台，建好之前也可以先用。\n")
    if host not in LOOPBACK:
        click.echo(f"  注意：{host} 上的其他电脑也能打开这个演示，登录页会显示动态码，请勿放入真实数据。\n", err=True)
    supervisor.run()


def _prepare_wechat(root: Path, address: str, *, avoid: int) -> list[str]:
    """Keys of this installation and the way to its simulated WeChat, written down; the command that starts it."""
    port = free_port(LOOPBACK[0], max(WECHAT_PORT, avoid + 1))
    installation.prepare_wechat(root, port=port, notify=address, at=formatting.now())
    return wechat_simulator(port=port, notify=address, seed=demo.SEED)


def wechat_simulator(*, port: int, notify: str, seed: int) -> list[str]:
    """The command of the simulated WeChat: a program of its own, of which no other process loads a line."""
    return [
        sys.executable, "-m", "console.simulated", "--port", str(port), "--notify", notify, "--seed", str(seed)
    ]  # fmt: skip


def _start_web(supervisor: Supervisor, settings: Settings, root: Path, *, host: str, port: int) -> None:
    """The pages first and alone: five programs that load at once would all come late."""
    folder = root / "metrics"
    folder.mkdir(mode=0o700, exist_ok=True)
    for old in folder.glob("*.db"):
        old.unlink()
    listening = {"HOST": host, "PORT": str(port), "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    supervisor.add(_child("web", WEB, config.to_environment(settings) | listening, root))


def _start_workers(supervisor: Supervisor, settings: Settings, root: Path, *, pools: Iterable[str]) -> None:
    """Some pools; the one that imports the world comes before the others: programs that load at once all come late."""
    for pool in pools:
        command = [sys.executable, "-m", "console.cli", "worker", "--pool", pool]
        for n in range(workers.COPIES.get(pool, 1)):
            name = f"worker-{pool}-{n + 1}" if n else f"worker-{pool}"
            supervisor.add(_child(name, command, config.to_environment(settings), root))


def _start_timetable(supervisor: Supervisor, settings: Settings, root: Path) -> None:
    command = [sys.executable, "-m", "console.cli", "timetable"]
    supervisor.add(_child("timetable", command, config.to_environment(settings), root))


def _child(name: str, command: list[str], environment: dict[str, str], root: Path) -> Child:
    return Child(name=name, command=command, environment=environment, log=root / "log" / f"{name}.log")


def _until(supervisor: Supervisor, done: Callable[[], bool]) -> None:
    """Keep everything alive until something has happened; a request to stop ends the waiting."""
    while not done():
        if supervisor.is_stopping:
            raise Stopped
        supervisor.look()
        supervisor.pause(0.05)


def _answers(address: str) -> bool:
    """Whether the sign-in page comes."""
    with suppress(OSError), urllib.request.urlopen(f"{address}/sign-in", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def _welcome(world: demo.World, address: str, *, seconds: float) -> None:
    """Where to go and how to sign in, as the last thing on the screen."""
    accounts = access.demo_accounts(merchant_id=world.merchant_id)
    line = "─" * 78
    click.echo(f"\n{line}\n  千星控台已就绪（用时 {seconds:.1f} 秒）\n  地址      {address}")
    click.echo(f"  免输入    {address}{accounts[0].path}   （管理员，10 分钟内点一次有效）\n{line}")
    click.echo("  " + "".join(map(_padded, ("身份", "登录名", "密码", "动态码（登录页有最新的）"), (14, 18, 24, 24))))
    for account in accounts:
        click.echo(
            "  "
            + "".join(map(_padded, (account.name, account.login, account.password, account.code), (14, 18, 24, 24)))
        )
    click.echo(
        f"{line}\n  试试导入  把 {world.sample} 上传到“订单导入”\n  日志      var/log/    停止  Ctrl-C\n{line}\n"
    )


def _padded(text: str, width: int) -> str:
    """Chinese characters stand two columns wide."""
    taken = sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
    return text + " " * (width - taken)
