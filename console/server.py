"""gunicorn's settings: `gunicorn -c python:console.server wsgi:application`, or simply `qianxing serve`.

Threads, because a page waits for PostgreSQL more than it computes; two processes, because Python computes on one core;
restarted after so many requests, so that whatever a library leaks is bounded.
"""

import os
from pathlib import Path
from typing import Any

from gunicorn import glogging
from prometheus_client import multiprocess

from console import logs


class Logger(glogging.Logger):
    """gunicorn speaks through our handler; the access log is the application's own."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        logs.configure()


bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '5000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "16"))
timeout = 60
graceful_timeout = 20
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
preload_app = True
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
forwarded_allow_ips = ""
accesslog = None
control_socket_disable = True
logger_class = Logger


def child_exit(_server: Any, worker: Any) -> None:
    """The counters of a process that has ended stay in the sums."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
