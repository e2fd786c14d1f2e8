"""Processes of this machine as /proc tells them: who works in a folder, who is only a zombie, who has ended."""

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie nobody has waited for does not."""
    try:
        state = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state not in "ZX"


def of_folder(folder: Path) -> set[int]:
    """The living processes whose working directory is the folder: a database server works inside its data."""
    found = set()
    for entry in PROC.iterdir():
        if not entry.name.isdigit() or not is_alive(int(entry.name)):
            continue
        with suppress(OSError):
            if (entry / "cwd").readlink() == folder:
                found.add(int(entry.name))
    return found


def await_end(pids: Iterable[int], seconds: float) -> None:
    """Until all have ended; those that stay longer are killed."""
    deadline = time.monotonic() + seconds
    left = {pid for pid in pids if is_alive(pid)}
    while left:
        if time.monotonic() > deadline:
            _signal(left, signal.SIGKILL)
        time.sleep(0.02)
        left = {pid for pid in left if is_alive(pid)}


def end(pids: Iterable[int], how: signal.Signals, seconds: float) -> None:
    """Ask all to end and see that they do. PostgreSQL's helpers are left to their postmaster, which is their parent."""
    pids = set(pids)
    _signal({pid for pid in pids if _parent(pid) not in pids}, how)
    await_end(pids, seconds)


def _parent(pid: int) -> int:
    try:
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def _signal(pids: Iterable[int], how: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, how)
