"""The backup of the README comes back whole, and so do the rights and the guards."""

import subprocess

import psycopg
import pytest
import sqlalchemy as sa

from console import binaries, embedded
from models import migrations


@pytest.fixture(scope="module")
def restored(services, tmp_path_factory):
    """Addresses of new servers that hold what a dump of the tests' database held."""
    programs, dump = binaries.postgres().folder, tmp_path_factory.mktemp("backup") / "qianxing.dump"
    source = services.owner_database_url.replace("+psycopg", "")
    subprocess.run([programs / "pg_dump", "--format=custom", f"--file={dump}", source], check=True)
    with embedded.running(tmp_path_factory.mktemp("elsewhere") / "var") as addresses:
        target = addresses.owner_database_url.replace("+psycopg", "")
        superuser = sa.make_url(target).set(username="postgres", database="postgres").render_as_string(False)
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute("DROP DATABASE qianxing")
            connection.execute("CREATE DATABASE qianxing OWNER qianxing_owner TEMPLATE template0 ENCODING 'UTF8'")
        subprocess.run([programs / "pg_restore", "--exit-on-error", f"--dbname={target}", dump], check=True)
        yield addresses


def _counts(url: str) -> dict[str, int]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        names = [name for (name,) in connection.execute("SELECT relname FROM pg_stat_user_tables ORDER BY 1")]
        return {name: connection.execute(f"SELECT count(*) FROM {name}".encode()).fetchone()[0] for name in names}


class TestRestore:
    def test_brings_every_row_back(self, services, restored):
        before = _counts(services.owner_database_url)
        assert len(before) > 10
        assert _counts(restored.owner_database_url) == before

    def test_needs_no_migration_and_bears_one(self, services, restored):
        before = _counts(restored.owner_database_url)
        migrations.upgrade(restored.owner_database_url)
        assert _counts(restored.owner_database_url) == before

    @pytest.mark.parametrize("statement", ["DELETE FROM audit", "CREATE TABLE mine ()", "DROP TABLE job"])
    def test_keeps_the_application_in_its_bounds(self, restored, statement):
        with (
            psycopg.connect(restored.database_url.replace("+psycopg", "")) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement.encode())
