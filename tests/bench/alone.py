"""An application on embedded servers and in a folder of its own, for as long as a measurement takes."""

import dataclasses
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from console import create_app, embedded, installation
from models import db, migrations


@contextmanager
def alone() -> Iterator[Flask]:
    """The application, migrated and empty; everything of it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="qx-bench-") as folder, embedded.running(Path(folder)) as services:
        migrations.upgrade(services.owner_database_url)
        app = create_app(dataclasses.replace(installation.of_folder(Path(folder), services), environment="test"))
        yield app
        with app.app_context():
            db.engine.dispose()
