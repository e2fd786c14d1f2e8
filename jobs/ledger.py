"""Care of the ledger: sealing it block by block, and noting what its hot accounts hold."""

from itertools import islice
from typing import Any

from jobs import seals
from jobs.queue import Run, job
from models.operations import ledger, turnover
from models.queries import ledger as books
from models.tables.job import Queue

FINDINGS = 200


@job(queue=Queue.MONEY, title="封存账本", max_attempts=3)
def seal_ledger(run: Run, *, at: str) -> dict[str, Any]:
    """Hash everything posted onto the chain and keep each new head outside the database as well.

    A block whose head was not kept, because the run before died in between, is kept now.
    """
    sealed, is_left = 0, True
    while is_left:
        run.check()
        with run.transaction():
            is_left = ledger.seal(at=run.at) is not None
        sealed += is_left
    with run.transaction():
        fresh = books.blocks(after=max(seals.kept(), default=0))
        for block in fresh:
            seals.keep(block)
    return {"blocks": sealed, "kept": len(fresh)}


@job(queue=Queue.MONEY, title="记录热门账户余额", max_attempts=3)
def snapshot_ledger(run: Run, *, at: str) -> dict[str, Any]:
    """Note what every hot account holds, so that reading it costs the postings since alone."""
    with run.transaction():
        return {"upto": ledger.snapshot()}


@job(queue=Queue.MONEY, title="汇总发生额", max_attempts=3)
def count_turnover(run: Run, *, at: str) -> dict[str, Any]:
    """Sum the ledger up by day, so that months are read without its legs."""
    counted, is_left = 0, True
    while is_left:
        run.check()
        with run.transaction():
            is_left = bool(number := turnover.count())
        counted += number
    return {"postings": counted}


@job(queue=Queue.MONEY, title="核对账本", max_attempts=3)
def verify_ledger(run: Run) -> dict[str, Any]:
    """Look for everything that is wrong with the ledger, against the heads kept outside of the database too."""
    with run.transaction():
        findings = list(islice(books.differences(seals.kept()), FINDINGS))
    return {"findings": findings}
