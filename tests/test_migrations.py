"""The schema's history goes up, down and up again, and ends where the tables say."""

import uuid

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from console.embedded import Services
from models import db, migrations
from tests.conftest import superuser


@pytest.fixture
def empty_database(services: Services):
    """The address of a new database of the owner's, dropped at the end."""
    name = f"empty_{uuid.uuid4().hex[:8]}"
    with superuser(services) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER qianxing_owner".encode())
    yield sa.make_url(services.owner_database_url).set(database=name).render_as_string(False)
    # Autovacuum may be looking at it, and ends for a superuser alone.
    with superuser(services) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _objects(url: str) -> list[str]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return list(
            connection.scalars(
                sa.text(
                    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                    " AND relname NOT LIKE 'alembic%' UNION ALL"
                    " SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1"
                )
            )
        )


class TestHistory:
    def test_goes_up_down_and_up_again(self, empty_database):
        migrations.upgrade(empty_database)
        first = _objects(empty_database)
        migrations.downgrade(empty_database)
        assert _objects(empty_database) == []
        migrations.upgrade(empty_database)
        assert _objects(empty_database) == first

    def test_has_one_head_and_names_it(self):
        script = ScriptDirectory.from_config(migrations.config())
        assert script.get_heads() == [(migrations.FOLDER / "HEAD").read_text().strip()]

    def test_ends_where_the_tables_say(self, app, owner):
        assert compare_metadata(MigrationContext.configure(owner), db.metadata) == []
