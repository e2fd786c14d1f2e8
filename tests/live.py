"""A whole installation for tests: web, workers and timetable as processes of their own, on a database of their own."""

import dataclasses
import socket
import sys
import time
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from console import config, installation, machine
from console.config import Settings
from console.supervisor import Child, Supervisor


def start(supervisor: Supervisor, settings: Settings, folder: Path, *, is_simulated: bool = False) -> str:
    """Start every process, a simulated WeChat among them where it is asked for; the address once it answers."""
    port = free_port()
    cli = [sys.executable, "-m", "console.cli"]
    commands = [
        ("web", machine.WEB),
        ("worker", [*cli, "worker", "--pool", "common"]),
        ("export", [*cli, "worker", "--pool", "export"]),
        ("timetable", [*cli, "timetable"]),
    ]
    there = free_port()
    if is_simulated:
        notify = f"http://127.0.0.1:{port}"
        installation.prepare_wechat(folder, port=there, notify=notify, at=datetime.now(UTC))
        settings = dataclasses.replace(settings, wechat=installation.simulated(folder))
        commands.insert(0, ("wechat", machine.wechat_simulator(port=there, notify=notify, seed=7)))
    environment = config.to_environment(settings) | {
        "HOST": "127.0.0.1", "PORT": str(port), "WEB_CONCURRENCY": "1", "QIANXING_VAR": str(folder),
    }  # fmt: skip
    for name, command in commands:
        supervisor.add(Child(name, command, environment, folder / f"{name}.log"))
    address = wait_for(port, folder)
    if is_simulated:
        listening(there)
    return address


def listening(port: int) -> None:
    """Wait until somebody listens at a port: processes that start together come up in any order."""
    deadline = time.monotonic() + 180
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        assert time.monotonic() < deadline, port
        time.sleep(0.05)


def wait_for(port: int, folder: Path) -> str:
    """The address of a server of this machine, once it answers."""
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 180
    while not answers(address):
        assert time.monotonic() < deadline, "\n".join(log.read_text()[-2000:] for log in sorted(folder.glob("*.log")))
        time.sleep(0.05)
    return address


def free_port() -> int:
    """A port of the system's choosing: several installations may start on one machine at the same moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(address: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{address}/readyz", timeout=5) as answer:
        return bool(answer.status == 200)
    return False
