"""Real PostgreSQL and Redis for every test: one migrated template, one transaction a module, one savepoint a test."""

import dataclasses
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck
from sqlalchemy.orm import scoped_session
from xdist.scheduler import LoadFileScheduling

from console import create_app, embedded
from console.config import Settings
from jobs import queue, relay
from models import Audit, db, migrations
from reports import own
from tests import people, simulated
from tests.people import Browser

# How long a busy machine takes to draw or to run an example says nothing of the code.
hypothesis.settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.load_profile("suite")
# A test asks right after it has changed something; it does not wait for what reading the rows anew has cost.
own.PATIENCE = 0

SHARED = Path(__file__).resolve().parents[2] / "shared"


class Scopes(LoadFileScheduling):
    """Files to whoever is free, those that drive a browser all to one: they share an installation and its processes."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "tests/browser" if file.startswith("tests/browser/") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    return Scopes(config, log)


def superuser(services: embedded.Services, database: str = "postgres") -> psycopg.Connection:
    """A connection that no trigger and no grant stops, for tests that play the intruder."""
    url = sa.make_url(services.owner_database_url).set(drivername="postgresql", username="postgres", database=database)
    return psycopg.connect(url.render_as_string(False), autocommit=True)


@pytest.fixture(scope="session")
def services() -> Iterator[embedded.Services]:
    """Embedded servers in a folder of their own, migrated by the owner role."""
    root = Path(tempfile.mkdtemp(prefix="qx-tests-"))
    try:
        with embedded.running(root) as addresses:
            migrations.upgrade(addresses.owner_database_url)
            with superuser(addresses) as connection:
                # These databases need not outlive the machine: nothing waits for its disk. Rows that are rolled back
                # must not teach the planner that their tables are empty.
                for name in ("fsync", "full_page_writes", "synchronous_commit", "autovacuum"):
                    connection.execute(f"ALTER SYSTEM SET {name} = off".encode())
                connection.execute("SELECT pg_reload_conf()")
                connection.execute("CREATE DATABASE pristine TEMPLATE qianxing OWNER qianxing_owner")
            yield addresses
    finally:
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def settings(services: embedded.Services, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        database_url=services.database_url,
        owner_database_url=services.owner_database_url,
        redis_url=services.redis_url,
        secret_key="a key for tests only, thirty-two bytes long",
        environment="test",
        files=tmp_path_factory.mktemp("files"),
    )


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    application = create_app(settings)
    application.testing = True
    simulated.connect(application)
    yield application
    with application.app_context():
        db.engine.dispose()


@contextmanager
def isolated(app: Flask) -> Iterator[scoped_session]:
    """The application's session inside an outer transaction that is rolled back: commits become savepoints."""
    with app.app_context():
        engines = db.engines
        engine = engines[None]
        connection = engine.connect()
        outer = connection.begin()
        db._app_engines[app][None] = connection  # type: ignore[assignment]
        db.session.configure(join_transaction_mode="create_savepoint")
        try:
            yield db.session
        finally:
            db.session.remove()
            db._app_engines[app][None] = engine
            outer.rollback()
            connection.close()


@pytest.fixture(scope="module")
def stage(app: Flask) -> Iterator[scoped_session]:
    """The isolated session of a module: what its fixtures of this scope set up, each of its tests finds as it was."""
    with isolated(app) as session:
        yield session


@pytest.fixture
def session(app: Flask, stage: scoped_session) -> Iterator[scoped_session]:
    """The session of one test: whatever it commits is rolled back to the module's stage."""
    connection = db.engines[None]
    stage.commit()
    with app.app_context():
        point = connection.begin_nested()
        try:
            yield db.session
        finally:
            db.session.remove()
            point.rollback()


@pytest.fixture
def trail(session: scoped_session) -> Callable[..., list[Audit]]:
    """What the audit trail, which nobody can empty, has gained since the test began, by table and kind of row."""
    start = session.scalar(sa.select(sa.func.max(Audit.id))) or 0

    def gained(*tables: str, kind: str = "") -> list[Audit]:
        query = sa.select(Audit).where(Audit.id > start).order_by(Audit.id)
        query = query.where(Audit.table_name.in_(tables)) if tables else query
        return list(session.scalars(query.where(Audit.kind == kind) if kind else query))

    return gained


@pytest.fixture
def client(app: Flask, session: scoped_session) -> Browser:
    """A browser that nobody has signed in with."""
    return Browser(app, app.response_class)


@pytest.fixture
def staff(app: Flask, session: scoped_session) -> Callable[..., Browser]:
    """A browser signed in as somebody new with these roles: `staff("finance").get("/jobs/")`."""

    def signed_in(*roles: str, merchant_id: int | None = None) -> Browser:
        return Browser(app, app.response_class).sign_in(people.person(*roles, merchant_id=merchant_id))

    return signed_in


@pytest.fixture
def work(session: scoped_session) -> Callable[[], int]:
    """Runs every due job in this process until nothing is due; how many attempts were made."""
    queue.load()

    def until_nothing_is_due() -> int:
        attempts = 0
        while relay.relay() + (made := queue.drain(beating=False)):
            attempts += made
        return attempts

    return until_nothing_is_due


@pytest.fixture
def own_app(services: embedded.Services, settings: Settings) -> Iterator[Flask]:
    """An application on a database of its own, where commits are real: for threads, crashes and intruders."""
    name = f"own_{uuid.uuid4().hex[:8]}"
    with superuser(services) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE pristine OWNER qianxing_owner".encode())
    url = sa.make_url(settings.database_url).set(database=name).render_as_string(False)
    application = create_app(dataclasses.replace(settings, database_url=url))
    simulated.connect(application)
    yield application
    with application.app_context():
        db.engine.dispose()
    with superuser(services) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def owner(services: embedded.Services) -> Iterator[sa.Connection]:
    """A connection as the schema's owner, rolled back at the end."""
    engine = sa.create_engine(services.owner_database_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def shared() -> Path:
    """The folder of real files; a test that needs it skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("../shared is not here")
    return SHARED
