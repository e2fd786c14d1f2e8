"""Health: lives, can serve, and the figures, told to those who may read them."""

import dataclasses
import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families
from rq import Worker
from rq.serializers import JSONSerializer

from console import create_app, health
from console.health import State
from models import db
from models.operations import outbox
from tests.conftest import superuser


@pytest.fixture
def changed(app, monkeypatch):
    """The application under other settings."""

    def change(**settings: object) -> None:
        monkeypatch.setitem(app.config, "SETTINGS", dataclasses.replace(app.config["SETTINGS"], **settings))

    return change


@pytest.fixture
def beating(app, session):
    """A worker that has just shown its heartbeat in Redis."""
    with health._client() as client:
        worker = Worker(["default"], connection=client, serializer=JSONSerializer, name="health-test")
        worker.register_birth()
        yield worker
        worker.register_death()
        client.delete(worker.key)


def _finding(part: str) -> health.Finding:
    found = {finding.part: finding for finding in health.report(at=datetime.now(UTC)).findings}
    return found[part]


class TestLive:
    def test_answers_while_the_database_is_away(self, settings):
        away = create_app(dataclasses.replace(settings, database_url="postgresql+psycopg://nobody@/none?host=/nowhere"))
        answer = away.test_client().get("/healthz")
        assert (answer.status_code, answer.json) == (200, {"state": "ok"})


class TestReady:
    def test_is_ok_when_everything_is_there(self, client, beating):
        answer = client.get("/readyz")
        assert answer.status_code == 200
        assert answer.json["state"] == "ok"
        assert set(answer.json["parts"].values()) == {"ok"}

    def test_is_down_without_postgresql_and_says_so(self, settings):
        away = create_app(dataclasses.replace(settings, database_url="postgresql+psycopg://nobody@/none?host=/nowhere"))
        answer = away.test_client().get("/readyz")
        assert answer.status_code == 503
        assert "PostgreSQL 无法连接" in answer.json["parts"]["postgres"]

    def test_serves_degraded_without_redis(self, client, changed):
        changed(redis_url="unix:///nowhere/redis.sock")
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json["state"]) == (200, "degraded")
        assert "不会丢失" in answer.json["parts"]["redis"]

    def test_is_down_on_a_schema_of_another_version(self, own_app, services):
        database = sa.make_url(own_app.config["SQLALCHEMY_DATABASE_URI"]).database
        with superuser(services, database) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '0001_audit'")
        answer = own_app.test_client().get("/readyz")
        assert answer.status_code == 503
        assert "0001_audit" in answer.json["parts"]["migrations"]
        assert "qianxing migrate" in answer.json["parts"]["migrations"]

    def test_is_degraded_without_a_worker(self, app, session):
        assert _finding("workers").state is State.DEGRADED
        assert "qianxing worker" in _finding("workers").reason

    def test_is_degraded_when_the_last_heartbeat_is_old(self, app, session, beating):
        later = datetime.now(UTC) + timedelta(seconds=health.HEARTBEAT_SECONDS + 30)
        (found,) = [finding for finding in health.report(at=later).findings if finding.part == "workers"]
        assert found.state is State.DEGRADED
        assert re.search(r"在 1[12]\d 秒前", found.reason)

    def test_is_degraded_when_a_queue_stands_still(self, app, session):
        assert _finding("queue.money").state is State.OK
        outbox.request("tidy", queue="money", payload={}, run_at=datetime.now(UTC) - timedelta(seconds=75))
        assert _finding("queue.money").state is State.DEGRADED
        assert _finding("queue.default").state is State.OK

    def test_is_degraded_when_nobody_relays_events(self, app, session):
        outbox.emit("import.uploaded", subject="import:1")
        assert _finding("outbox").state is State.OK
        db.session.execute(sa.text("UPDATE event SET created_at = created_at - interval '90 seconds'"))
        assert "timetable" in _finding("outbox").reason

    def test_tells_strangers_the_state_and_no_reason(self, client, changed):
        changed(redis_url="unix:///nowhere/redis.sock", metrics_token="a token of the monitoring")
        assert client.get("/readyz").json == {"state": "degraded"}


class TestMetrics:
    def test_counts_requests_and_shows_what_stands(self, client):
        client.get("/healthz")
        outbox.request("tidy", payload={}, queue="risk", run_at=datetime.now(UTC) - timedelta(seconds=40))
        text = client.get("/metrics").get_data(as_text=True)
        samples = {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
        assert samples["qianxing_requests_total", ("endpoint", "health.live"), ("status", "200")] >= 1
        assert (
            samples[
                "qianxing_request_seconds_count",
                ("endpoint", "health.live"),
            ]
            >= 1
        )
        assert samples["qianxing_jobs", ("queue", "risk"), ("state", "waiting")] == 1
        assert samples["qianxing_queue_age_seconds", ("queue", "risk")] >= 40
        assert samples["qianxing_outbox_backlog",] == 0
        assert samples["qianxing_part_ok", ("part", "postgres")] == 1

    def test_shows_what_it_can_without_postgresql(self, settings):
        away = create_app(dataclasses.replace(settings, database_url="postgresql+psycopg://nobody@/none?host=/nowhere"))
        answer = away.test_client().get("/metrics")
        assert answer.status_code == 200
        assert 'qianxing_part_ok{part="postgres"} 0.0' in answer.get_data(as_text=True)

    def test_are_shut_in_production_without_a_token(self, client, changed):
        changed(environment="production")
        assert client.get("/metrics").status_code == 404

    def test_open_with_the_token_and_with_no_other(self, client, changed):
        changed(environment="production", metrics_token="a token of the monitoring")
        assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
        answer = client.get("/metrics", headers={"Authorization": "Bearer a token of the monitoring"})
        assert answer.status_code == 200

    def test_are_shut_to_other_machines(self, app, client):
        answer = client.get("/metrics", environ_overrides={"REMOTE_ADDR": "10.0.0.9"})
        assert answer.status_code == 404
