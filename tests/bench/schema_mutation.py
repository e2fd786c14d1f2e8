"""``python -m tests.bench.schema_mutation``: takes each guard of the schema away; its test must turn red."""

import sys
import tempfile
from pathlib import Path

import psycopg
import sqlalchemy as sa

from console import embedded
from models import migrations
from tests.operations import guards


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, embedded.running(Path(folder)) as services:
        migrations.upgrade(services.owner_database_url)
        url = sa.make_url(services.owner_database_url).set(drivername="postgresql", username="postgres")
        with psycopg.connect(url.render_as_string(False), autocommit=True) as connection:
            found = guards.standing(connection)
            unseen = [guard for guard in found if not _is_seen(connection, guard)]
    for table, name, _ in unseen:
        sys.stdout.write(f"not seen: {table}.{name}\n")
    sys.stdout.write(f"{len(found) - len(unseen)} of {len(found)} guards are missed when they are gone\n")
    return len(unseen)


def _is_seen(connection: psycopg.Connection, guard: guards.Guard) -> bool:
    """Holds with the guard, and no longer without it."""
    if not guards.holds(connection, guard):
        return False
    with connection.transaction(force_rollback=True):
        guards.drop(connection, guard)
        return not guards.holds(connection, guard)


if __name__ == "__main__":
    sys.exit(main())
