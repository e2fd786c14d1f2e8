"""``python -m tests.bench.fuzz [CASES [SEED…]]``: so many made-up requests over the whole OpenAPI file, seed by seed.

In this process, over WSGI, on a real PostgreSQL and Redis; how often one may ask is left out, so that the calls
themselves are met. Every seed is printed; each run of a seed asks the same.
"""

import dataclasses
import logging
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import structlog
from schemathesis import GenerationMode

from console import create_app, embedded, installation
from models import db, migrations
from models.rules.attempt import Limit
from tests import simulated
from tests.console.api import fuzz
from tests.console.api.phone import Phone

CASES, SEEDS = 20_000, (1, 2, 3, 4)
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


class Patient:
    """Nobody asks too often."""

    def take(self, limits: Sequence[Limit], *, at: datetime) -> None:
        """Let everything pass."""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    warnings.simplefilter("ignore")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    given = [int(word) for word in sys.argv[1:]]
    cases, seeds = (given[0] if given else CASES), given[1:] or SEEDS
    failed: Counter[str] = Counter()
    asked, began = 0, time.process_time()
    with tempfile.TemporaryDirectory() as folder, embedded.running(Path(folder)) as services:
        migrations.upgrade(services.owner_database_url)
        app = create_app(
            dataclasses.replace(installation.of_folder(Path(folder), services), environment="test")
        )  # fmt: skip
        simulated.connect(app)
        app.extensions["pace"] = Patient()
        with app.app_context():
            member = fuzz.populated()
            token = Phone(app).sign_in().as_member(member).tokens["access_token"]
            calls = [(one, mode) for mode in MODES for one in fuzz.operations(app, mode)]
            each = max(1, -(-cases // (len(calls) * len(seeds))))
            for number in seeds:
                for one, mode in calls:
                    asked += fuzz.ask(one, mode, token, cases=each, number=number, failed=failed)
                    db.session.remove()
                say(f"seed {number}: {asked:,} requests so far, {len(failed)} kinds of failure {sorted(failed)}")
    for name, times in failed.most_common():
        say(f"{times:>6} × {name}\n{fuzz.said_more.get(name, '')}\n")
    say(f"{asked:,} requests of {len(calls)} calls, {sum(failed.values())} failures, "
        f"{time.process_time() - began:.0f} s of CPU")  # fmt: skip
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
