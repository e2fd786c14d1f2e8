"""``python -m tests.bench.schema_mutation``: takes each guard of the schema away, one by one.

What the guard refuses must be refused before and accepted after; the guards are those that the catalogue has.
"""

import sys
import tempfile
from collections import Counter
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
            unseen = [guard for guard in found if not guards.is_proved(connection, guard)]
    for table, name, _ in unseen:
        sys.stdout.write(f"not seen: {table}.{name}\n")
    kinds = Counter(kind for _, _, kind in found)
    sys.stdout.write(f"{kinds['c']} checks, {kinds['u']} unique indexes, {kinds['t']} triggers\n")
    sys.stdout.write(f"{len(found) - len(unseen)} of {len(found)} guards refuse, and are missed when gone\n")
    return len(unseen)


if __name__ == "__main__":
    sys.exit(main())
