"""Real PostgreSQL and Redis for every test: one migrated template, one savepoint a test."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import scoped_session

from console import create_app, embedded
from console.config import Settings
from jobs import queue, relay
from models import db, migrations
from tests import people
from tests.people import Browser

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def services() -> Iterator[embedded.Services]:
    """Embedded servers in a folder of their own, migrated by the owner role."""
    root = Path(tempfile.mkdtemp(prefix="qx-tests-"))
    try:
        with embedded.running(root) as addresses:
            migrations.upgrade(addresses.owner_database_url)
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
    yield application
    with application.app_context():
        db.engine.dispose()


@pytest.fixture
def session(app: Flask) -> Iterator[scoped_session]:
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
