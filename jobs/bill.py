"""Paying a dividend bill: line by line, each in its own transaction, a failure kept with its reason."""

from datetime import timedelta
from typing import Any

from jobs.queue import Run, job
from models.errors import DomainError
from models.operations import dividend
from models.queries import dividend as bills
from models.queries import switch as switches
from models.rules.switch import MoneyJob, SwitchedOff
from models.tables.job import Queue

WAIT = timedelta(minutes=5)


@job(queue=Queue.MONEY, title="支付分红账单", max_attempts=5)
def pay_bill(run: Run, *, bill_id: int) -> dict[str, Any]:
    """Pay what is unpaid of a confirmed bill; a line that is refused keeps why and the others go on.

    While dividends are switched off nothing is paid, and the job asks for itself again a little later.
    """
    with run.transaction():
        lines = bills.unpaid(bill_id)
    paid = failed = 0
    for done, line_id in enumerate(lines, 1):
        run.check()
        try:
            with run.transaction():
                dividend.pay_line(line_id=line_id, at=run.at)
            paid += 1
        except SwitchedOff as refusal:
            return _wait(run, bill_id, refusal)
        except DomainError as refusal:
            failed += 1
            with run.transaction():
                dividend.fail_line(line_id=line_id, error=refusal)
        run.progress(done, len(lines), "")
    with run.transaction():
        dividend.close(bill_id=bill_id, at=run.at)
    return {"paid": paid, "failed": failed}


def _wait(run: Run, bill_id: int, refusal: SwitchedOff) -> dict[str, Any]:
    later = run.at + WAIT
    with run.transaction():
        if switches.is_off(MoneyJob.DIVIDEND):
            dividend.ask_to_pay(bill_id=bill_id, at=run.at, by=run.actor.name, run_at=later)
    return {"waits": str(refusal), "again": later.isoformat()}
