"""The simulated WeChat as a process: listens on this machine, and delivers its callbacks."""

import threading
from collections.abc import Mapping
from contextlib import suppress

import httpx
import structlog
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from jobs.gateways.simulator import notice
from jobs.gateways.simulator.app import Simulated

log = structlog.get_logger("jobs.gateways.simulator")

ANSWER_SECONDS = 5.0
PUMP_SECONDS = 0.5


class Quiet(WSGIRequestHandler):
    """Says nothing of single requests, whose addresses hold tokens."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return


class Server:
    """A server in threads of its own: one listens, one delivers. ``port`` 0 takes any that is free."""

    def __init__(self, program: Simulated, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.program = program
        self._server: BaseWSGIServer = make_server(
            host, port, program, threaded=True, request_handler=Quiet
        )  # fmt: skip
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._server.serve_forever, daemon=True, name="simulator"),
            threading.Thread(target=self._deliver, daemon=True, name="simulator-callbacks"),
        ]

    @property
    def address(self) -> str:
        return f"http://{self._server.host}:{self._server.port}"

    def start(self) -> "Server":
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join()
        self._server.server_close()

    def wait(self, stop: threading.Event) -> None:
        """Serve until told to stop."""
        stop.wait()
        self.stop()

    def _deliver(self) -> None:
        with httpx.Client(timeout=ANSWER_SECONDS, trust_env=False, follow_redirects=False) as client:
            while not self._stop.wait(PUMP_SECONDS):
                notice.pump(self.program.world, lambda *given: _posted(client, *given))


def _posted(client: httpx.Client, address: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    try:
        answer = client.post(address, content=body, headers=dict(headers))
    except httpx.HTTPError as error:
        raise OSError(type(error).__name__) from error
    with suppress(UnicodeDecodeError):
        return answer.status_code, answer.content[:64].decode()
    return answer.status_code, "?"
