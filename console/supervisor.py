"""The processes of one machine's console: started together, brought back when they die, stopped in order."""

import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import structlog

PR_SET_PDEATHSIG = 1
BACK_OFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_SECONDS = 60.0
GRACE_SECONDS = 30.0
LOOK_SECONDS = 1.0

log = structlog.stdlib.get_logger("console.supervisor")


@dataclass
class Child:
    """One process to keep alive; its output goes to a log file of its own."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started: float = 0.0
    due: float = 0.0
    exits: list[int] = field(default_factory=list)

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self.started = time.monotonic()

    def look_after(self) -> None:
        """Note an end, and start again once the pause that grows with every early end is over."""
        now = time.monotonic()
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            self.failures = 1 if now - self.started > STEADY_SECONDS else self.failures + 1
            pause = BACK_OFF_SECONDS[min(self.failures, len(BACK_OFF_SECONDS)) - 1]
            self.process, self.due = None, now + pause
            self.exits.append(code)
            log.warning("child.ended", child=self.name, code=code, again_in_seconds=pause)
        if now >= self.due:
            self.start()
            log.info("child.started", child=self.name, failures=self.failures)

    def ask(self) -> None:
        """Ask the process to end."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.terminate()

    def end(self, seconds: float = GRACE_SECONDS) -> None:
        """Wait for the process that was asked, and end it when it does not."""
        if self.process is None:
            return
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            log.error("child.killed", child=self.name)
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None


def _die_with_parent() -> None:
    """A supervisor that was killed leaves no orphan: the kernel tells its children to end."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Keeps children alive until Ctrl-C or SIGTERM, then stops them, the last started first.

    ``heal`` runs about once a second: it sees to what is not a child of ours, such as the servers.
    """

    def __init__(self, *, heal: Callable[[], None] = lambda: None) -> None:
        self.children: list[Child] = []
        self.heal = heal
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._before: dict[int, object] = {}

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def listen(self) -> None:
        """From here on a signal to stop ends ``run`` and every waiting in between."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            self._before[number] = signal.signal(number, self._told)

    def add(self, child: Child) -> Child:
        self.children.append(child)
        child.start()
        return child

    def look(self) -> None:
        """One round over everything there is to keep alive."""
        for child in self.children:
            child.look_after()
        self.heal()

    def run(self) -> None:
        """Look after all until told to stop."""
        while not self.is_stopping:
            self.look()
            self.pause(LOOK_SECONDS)

    def pause(self, seconds: float) -> None:
        """Wait for a while, or less: a child's end or a request to stop cuts it short."""
        if not self.is_stopping:
            self._wake.wait(seconds)
        self._wake.clear()

    def stop(self) -> None:
        """End the children together, the last started asked first; signals are what they were before."""
        for child in reversed(self.children):
            child.ask()
        while self.children:
            self.children.pop().end()
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._before.clear()

    def _told(self, number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self._stopping.set()
        self._wake.set()
