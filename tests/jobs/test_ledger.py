"""The ledger's jobs: blocks sealed with their heads kept outside the database, hot balances noted."""

import dataclasses
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from jobs import seals
from models import Block, Snapshot, db
from models.queries import ledger as books
from tests.jobs.conftest import ask
from tests.operations.test_ledger import paid


@pytest.fixture(autouse=True)
def _own_files(app, session, monkeypatch, tmp_path):
    monkeypatch.setitem(app.config, "SETTINGS", dataclasses.replace(app.config["SETTINGS"], files=tmp_path))


def run(kind: str, work) -> None:
    ask(kind, queue="money", payload={"at": datetime.now(UTC).isoformat()})
    work()


class TestSealLedger:
    def test_keeps_the_head_of_every_block_outside(self, work):
        for number in (1, 2):
            paid(f"pay:{number}")
            run("seal_ledger", work)
        blocks = {block.id: bytes(block.hash) for block in db.session.scalars(sa.select(Block))}
        assert len(blocks) == 2
        assert seals.kept() == blocks
        assert list(books.differences(seals.kept())) == []

    def test_keeps_nothing_new_when_nothing_is(self, work):
        paid("pay:1")
        run("seal_ledger", work)
        before = seals.path().read_text()
        run("seal_ledger", work)
        assert seals.path().read_text() == before

    def test_keeps_what_a_run_before_sealed_and_did_not_keep(self, work):
        paid("pay:1")
        run("seal_ledger", work)
        kept = seals.kept()
        seals.path().unlink()
        run("seal_ledger", work)
        assert seals.kept() == kept

    def test_writes_on_behind_a_line_that_was_cut_short(self, work):
        seals.path().write_text('{"block": 1, "hash": "ab')
        paid("pay:1")
        run("seal_ledger", work)
        assert list(seals.kept()) == [1]
        assert list(books.differences(seals.kept())) == []


class TestSnapshotLedger:
    def test_notes_every_hot_account(self, work):
        paid("pay:1")
        run("snapshot_ledger", work)
        assert sorted(db.session.scalars(sa.select(Snapshot.balance_fen))) == [-9900, 9900]
        assert list(books.differences()) == []
