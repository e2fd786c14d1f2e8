"""The simulated WeChat inside one process: real clients over a transport that calls the program, without a port."""

from collections.abc import Callable
from typing import Any

import httpx

from jobs.gateways.simulator.app import Simulated


class Inside(httpx.BaseTransport):
    """Carries a client's requests to the program; its silences arrive as a network's would."""

    def __init__(self, program: Simulated) -> None:
        self.program = program

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode()

        def program(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            # What was really asked for, before it was taken apart: the signature is over this.
            return self.program(environ | {"RAW_URI": target}, start_response)

        return httpx.WSGITransport(app=program).handle_request(request)
