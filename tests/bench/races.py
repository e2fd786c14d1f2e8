"""``python -m tests.bench.races [ROUNDS] [RACE ...]``: races of tests/operations/races.py, on a database of its own.

All of them where none is named.
"""

import dataclasses
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from console import create_app, embedded, installation
from models import db, migrations
from tests.operations import races

ROUNDS = 500


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    chosen = {race.__name__: race for race in races.RACES}
    named = [chosen[name] for name in sys.argv[2:]] or races.RACES
    with tempfile.TemporaryDirectory() as folder, embedded.running(Path(folder)) as services:
        migrations.upgrade(services.owner_database_url)
        settings = dataclasses.replace(installation.of_folder(Path(folder), services), environment="test")
        app = create_app(settings)
        races.set_up(app)
        for race in named:
            started = perf_counter()
            for number in range(rounds):
                race(app, number)
            with app.app_context():
                races.whole()
            sys.stdout.write(f"{race.__name__}: {rounds} rounds, nothing lost, {perf_counter() - started:.0f} s\n")
            sys.stdout.flush()
        with app.app_context():
            db.engine.dispose()


if __name__ == "__main__":
    main()
