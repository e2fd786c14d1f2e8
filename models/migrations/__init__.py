"""The schema's history. ``upgrade`` and ``downgrade`` run Alembic from code, as the owner role."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

FOLDER = Path(__file__).parent


def config(connection: sa.Connection | None = None) -> Config:
    settings = Config()
    settings.set_main_option("script_location", str(FOLDER))
    settings.attributes["connection"] = connection
    return settings


def _run(url: str, verb: str, revision: str) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        # Two starting processes must not migrate at once; the number is this project's own.
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(7310001)"))
        getattr(command, verb)(config(connection), revision)


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the schema at ``url`` up to a revision, in one transaction."""
    _run(url, "upgrade", revision)


def downgrade(url: str, revision: str = "base") -> None:
    """Take the schema at ``url`` back to a revision, in one transaction."""
    _run(url, "downgrade", revision)
