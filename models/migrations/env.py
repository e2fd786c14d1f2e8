"""Alembic's entry: runs inside the connection that `models.migrations` opened."""

from typing import Any

from alembic import context

from models.base import db

# What Alembic cannot see in the tables' metadata: functions, triggers, grants and views live in the migrations alone.


def _named(name: str | None, kind: str, parents: Any) -> bool:
    return kind != "table" or name != "alembic_version"


connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=db.metadata, include_name=_named, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
