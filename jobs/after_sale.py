"""The clocks of the law on after-sales."""

from typing import Any

from jobs.queue import Run, job
from models.operations import after_sale
from models.rules import shanghai


@job(title="提醒逾期未退款的售后")
def tell_overdue_refunds(run: Run, *, at: str) -> dict[str, Any]:
    """Tell of every case whose goods are back for more than the days of the law and whose money is not."""
    with run.transaction():
        told = after_sale.tell_overdue(at=run.at, day=shanghai.day_of)
    return {"told": told}
