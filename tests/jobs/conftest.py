"""A database of its own for jobs that really commit, and kinds of jobs for one test."""

import dataclasses
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask

from console import create_app, embedded
from console.config import Settings
from jobs import queue
from models import Job, db, transaction
from models.operations import outbox
from tests.conftest import superuser


@pytest.fixture(scope="session")
def apart(services: embedded.Services, settings: Settings) -> Iterator[Flask]:
    """The application on a database and a Redis number of its own, where commits are commits."""
    name = f"jobs_{uuid.uuid4().hex[:8]}"
    with superuser(services) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE pristine OWNER qianxing_owner".encode())

    def named(url: str) -> str:
        return sa.make_url(url).set(database=name).render_as_string(False)

    app = create_app(
        dataclasses.replace(
            settings,
            database_url=named(settings.database_url),
            owner_database_url=named(settings.owner_database_url),
            redis_url=f"{settings.redis_url}?db=7",
        )
    )
    app.testing = True
    yield app
    with app.app_context():
        db.engine.dispose()
    with superuser(services) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def standing(apart: Flask) -> Iterator[Flask]:
    """The application of ``apart`` with no jobs, no events and no bells, its context pushed."""
    queue.load()
    with apart.app_context():
        apart.extensions["bell"].redis.flushdb()
        yield apart
        db.session.remove()
        engine = sa.create_engine(apart.config["SETTINGS"].owner_database_url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.execute(sa.text("TRUNCATE job, event, mark CASCADE"))
        apart.extensions["bell"].redis.flushdb()


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Callable]:
    """`queue.job`, registering for this test alone."""
    queue.load()
    monkeypatch.setattr(queue, "KINDS", dict(queue.KINDS))
    return queue.job


def ask(kind: str, **values: object) -> int:
    """Ask for a job in a transaction of its own; its number."""
    with transaction():
        return outbox.request(kind, **{"payload": {}, **values}).id


def found(job_id: int) -> Job:
    """The job as it stands now."""
    db.session.rollback()
    return db.session.get_one(Job, job_id, populate_existing=True)


@pytest.fixture
def write(tmp_path):
    def writer(content: bytes, name: str = "orders.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return writer


@pytest.fixture
def book(tmp_path):
    def writer(sheets: dict[str, list[list]], name: str = "orders.xlsx") -> Path:
        made = openpyxl.Workbook()
        made.remove(made.active)
        for title, rows in sheets.items():
            sheet = made.create_sheet(title)
            for row in rows:
                sheet.append(row)
        made.save(tmp_path / name)
        return tmp_path / name

    return writer
