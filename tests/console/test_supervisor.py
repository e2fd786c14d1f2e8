"""The supervisor: keeps its children alive, backs off, stops in order and leaves no orphan."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from console import processes, supervisor
from console.supervisor import Child, Supervisor

ORPHANS = """
import pathlib, sys, time
from console.supervisor import Child, Supervisor
child = Child("sleeper", ["sleep", "300"], {}, pathlib.Path(sys.argv[1]))
Supervisor().add(child)
print(child.process.pid, flush=True)
time.sleep(300)
"""


def _until(claim: Callable[[], bool], look: Callable[[], None] = lambda: None) -> None:
    deadline = time.monotonic() + 30
    while not claim():
        assert time.monotonic() < deadline, "waited in vain"
        look()
        time.sleep(0.01)


@pytest.fixture
def keeper():
    one = Supervisor()
    yield one
    one.stop()


def _python(code: str, log: Path, name: str = "child", **environment: str) -> Child:
    return Child(name, [sys.executable, "-c", code], environment, log)


class TestChildren:
    def test_come_back_when_they_die(self, keeper, tmp_path):
        child = keeper.add(_python("import time; time.sleep(300)", tmp_path / "log"))
        first = child.process.pid
        os.kill(first, signal.SIGKILL)
        _until(lambda: child.process is not None and child.process.pid != first, keeper.look)
        assert child.process.poll() is None
        assert child.exits == [-signal.SIGKILL]

    def test_that_die_at_once_are_started_ever_more_slowly(self, keeper, tmp_path, monkeypatch):
        monkeypatch.setattr(supervisor, "BACK_OFF_SECONDS", (0.01, 0.02, 60.0))
        child = keeper.add(_python("raise SystemExit(3)", tmp_path / "log"))
        _until(lambda: len(child.exits) == 3, keeper.look)
        assert child.exits == [3, 3, 3]
        assert child.process is None
        assert child.due - time.monotonic() > 50

    def test_write_into_a_log_of_their_own_and_see_their_settings(self, keeper, tmp_path):
        log = tmp_path / "log"
        keeper.add(_python("import os; print(os.environ['MARK'], flush=True)", log, MARK="seen"))
        _until(lambda: "seen" in log.read_text())

    def test_end_when_the_supervisor_is_killed(self, tmp_path):
        command = [sys.executable, "-c", ORPHANS, str(tmp_path / "log")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed:
            orphan = int(killed.stdout.readline())
            assert processes.is_alive(orphan)
            killed.kill()
        _until(lambda: not processes.is_alive(orphan))


class TestStop:
    def test_asks_every_child_and_waits_for_each(self, keeper, tmp_path):
        log = tmp_path / "log"
        code = (
            "import os, signal, sys, time\n"
            "def end(*_): os.write(1, sys.argv[1].encode() + b'\\n'); sys.exit()\n"
            "signal.signal(signal.SIGTERM, end)\n"
            "print('up', flush=True)\n"
            "time.sleep(300)"
        )
        for name in ("first", "second"):
            keeper.add(Child(name, [sys.executable, "-c", code, name], {}, log))
        _until(lambda: log.read_text().count("up") == 2)
        keeper.stop()
        assert sorted(log.read_text().split()[-2:]) == ["first", "second"]
        assert keeper.children == []

    def test_kills_what_does_not_listen(self, tmp_path):
        log = tmp_path / "log"
        ignoring = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
        code = f"{ignoring}; print('up', flush=True); time.sleep(300)"
        child = _python(code, log)
        child.start()
        _until(lambda: "up" in log.read_text())
        pid = child.process.pid
        child.ask()
        child.end(seconds=0.1)
        assert not processes.is_alive(pid)

    def test_follows_a_signal_and_puts_the_old_handlers_back(self, keeper):
        before = signal.getsignal(signal.SIGTERM)
        keeper.listen()
        os.kill(os.getpid(), signal.SIGTERM)
        keeper.run()
        assert keeper.is_stopping
        keeper.stop()
        assert signal.getsignal(signal.SIGTERM) == before


class TestHeal:
    def test_is_asked_on_every_round(self):
        rounds = []
        Supervisor(heal=lambda: rounds.append(1)).look()
        assert rounds == [1]
