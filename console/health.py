"""Whether this process lives, whether the installation can serve, and its figures for Prometheus."""

import hmac
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import sqlalchemy as sa
from flask import Blueprint, Flask, Response, abort, current_app, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Worker
from sqlalchemy.exc import DBAPIError

from console.auth import public
from models import db, migrations
from models.queries import job as jobs

PATIENCE_SECONDS = 1.0
HEARTBEAT_SECONDS = 90
QUEUE_AGE_SECONDS = {"money": 60.0, "risk": 120.0, "default": 600.0, "bulk": 3_600.0, "picture": 120.0, "export": 600.0}
BACKLOG_SECONDS = 60.0
LATENCY_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

REQUESTS = Counter("qianxing_requests", "Requests answered.", ["endpoint", "status"])
LATENCY = Histogram("qianxing_request_seconds", "Seconds to answer.", ["endpoint"], buckets=LATENCY_BUCKETS)

health = Blueprint("health", __name__)


class State(StrEnum):
    """Of one part or of the whole: a degraded installation serves pages while something behind them waits."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True)
class Finding:
    """One part, how it is, and a Chinese sentence that says what is wrong; empty when nothing is."""

    part: str
    state: State
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """Everything looked at; the worst finding is the state of the whole."""

    findings: tuple[Finding, ...]

    @property
    def state(self) -> State:
        states = {finding.state for finding in self.findings}
        return next(state for state in (State.DOWN, State.DEGRADED, State.OK) if state in states)


def report(*, at: datetime) -> Report:
    """Look at every part; what depends on an absent one is not asked."""
    postgres = _postgres()
    redis = _redis()
    findings = [postgres, redis]
    if postgres.state is State.OK:
        findings += [_migrations(), *_queues(), _outbox()]
    if redis.state is State.OK:
        findings.append(_workers(at=at))
    return Report(tuple(findings))


def _postgres() -> Finding:
    try:
        db.session.execute(sa.text("SELECT 1"))
    except DBAPIError as error:
        db.session.rollback()
        return Finding("postgres", State.DOWN, f"PostgreSQL 无法连接（{type(error.orig).__name__}）")
    return Finding("postgres", State.OK)


def _redis() -> Finding:
    try:
        with _client() as client:
            client.ping()
    except RedisError as error:
        return Finding("redis", State.DEGRADED, f"Redis 无法连接（{type(error).__name__}）：任务会等它回来，不会丢失")
    return Finding("redis", State.OK)


def _client() -> Redis:
    return Redis.from_url(
        current_app.config["SETTINGS"].redis_url,
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def _migrations() -> Finding:
    head = (migrations.FOLDER / "HEAD").read_text().strip()
    found = db.session.scalar(sa.text("SELECT to_regclass('alembic_version')"))
    standing = db.session.scalar(sa.text("SELECT version_num FROM alembic_version")) if found else None
    if standing == head:
        return Finding("migrations", State.OK)
    return Finding(
        "migrations", State.DOWN, f"数据库结构是 {standing or '空的'}，程序需要 {head}：请运行 qianxing migrate"
    )


def _queues() -> Iterator[Finding]:
    for queue, seconds in jobs.ages().items():
        late = seconds > QUEUE_AGE_SECONDS[queue]
        reason = f"{queue} 队列最早的任务已等待 {seconds:.0f} 秒" if late else ""
        yield Finding(f"queue.{queue}", State.DEGRADED if late else State.OK, reason)


def _outbox() -> Finding:
    seconds = jobs.backlog_age()
    if seconds <= BACKLOG_SECONDS:
        return Finding("outbox", State.OK)
    return Finding("outbox", State.DEGRADED, f"最早的事件已等待 {seconds:.0f} 秒：请检查 timetable 进程")


def _workers(*, at: datetime) -> Finding:
    try:
        with _client() as client:
            beats = [worker.last_heartbeat for worker in Worker.all(connection=client)]
    except RedisError as error:
        return Finding("workers", State.DEGRADED, f"无法询问 worker 的心跳（{type(error).__name__}）")
    ages = [(at - beat.replace(tzinfo=beat.tzinfo or UTC)).total_seconds() for beat in beats if beat]
    if not ages:
        return Finding("workers", State.DEGRADED, "没有 worker 在运行：任务会排队等待，请启动 qianxing worker")
    if min(ages) > HEARTBEAT_SECONDS:
        return Finding("workers", State.DEGRADED, f"worker 最近一次心跳在 {min(ages):.0f} 秒前")
    return Finding("workers", State.OK)


@health.get("/healthz")
@public
def live() -> Response:
    """This process answers; asks nobody else, so that a database outage restarts no web process."""
    return jsonify(state="ok")


@health.get("/readyz")
@public
def ready() -> tuple[Response, int]:
    """200 while pages can be served, degraded or not; 503 when they cannot. Reasons are for who may read figures."""
    found = report(at=datetime.now(UTC))
    answer: dict[str, object] = {"state": found.state}
    if _may_read():
        answer["parts"] = {finding.part: finding.reason or finding.state for finding in found.findings}
    return jsonify(answer), 503 if found.state is State.DOWN else 200


@health.get("/metrics")
@public
def metrics() -> Response:
    """Prometheus' text; looks like a missing page to whoever may not read it."""
    if not _may_read():
        abort(404)
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(_Own(REQUESTS.collect))
        registry.register(_Own(LATENCY.collect))
    registry.register(_Own(_standing))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read() -> bool:
    """The token's holder; without a token set, this machine itself, but never in production behind who knows what."""
    settings = current_app.config["SETTINGS"]
    if settings.metrics_token:
        given = request.headers.get("Authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {settings.metrics_token}".encode())
    return not settings.is_production and request.remote_addr in ("127.0.0.1", "::1")


class _Own(Collector):
    """A collector of figures that are read when they are asked for."""

    def __init__(self, ask: Callable[[], Iterable[Metric]]) -> None:
        self.ask = ask

    def collect(self) -> Iterable[Metric]:
        return self.ask()


def _standing() -> Iterator[Metric]:
    """What PostgreSQL and Redis say at this moment; silent about what cannot be asked."""
    found = report(at=datetime.now(UTC))
    up = GaugeMetricFamily("qianxing_part_ok", "1 while the part is well.", labels=["part"])
    for finding in found.findings:
        up.add_metric([finding.part], float(finding.state is State.OK))
    yield up
    if any(finding.part == "postgres" and finding.state is State.DOWN for finding in found.findings):
        return
    standing = GaugeMetricFamily("qianxing_jobs", "Jobs by queue and state.", labels=["queue", "state"])
    for (queue, state), count in jobs.counts().items():
        standing.add_metric([queue, state], count)
    ages = GaugeMetricFamily("qianxing_queue_age_seconds", "Age of the oldest due job.", labels=["queue"])
    for queue, seconds in jobs.ages().items():
        ages.add_metric([queue], seconds)
    yield standing
    yield ages
    yield GaugeMetricFamily("qianxing_outbox_backlog", "Events not relayed yet.", value=jobs.unrelayed())


def register(app: Flask) -> None:
    """Open the three routes and count every request."""

    def begin() -> None:
        g.counted_from = time.perf_counter()

    def count(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        REQUESTS.labels(endpoint, str(response.status_code)).inc()
        if "counted_from" in g:
            LATENCY.labels(endpoint).observe(time.perf_counter() - g.counted_from)
        return response

    app.register_blueprint(health)
    app.before_request_funcs.setdefault(None, []).insert(0, begin)
    app.after_request(count)
