"""Every queue of the reviewers worked on by keyboard alone, from taking a case to the verdict; seconds a case."""

import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from console import pictures as store
from models import Case, Staff, Withdrawal, db, transaction
from models.operations import after_sale, appeal, case, casework, complaint, proof
from models.operations.proof import Sent
from models.queries import policy as policies
from models.queries.case import terms
from models.rules.after_sale import Kind
from models.rules.reading import Fields
from tests import pictures
from tests.operations import docket, world
from tests.village import happens

pytestmark = pytest.mark.usefixtures("network")

Made = tuple[str, int]
"""What a case is about, and its number."""


def opened(queue: str, subject: str, at: datetime, **facts) -> Made:
    """A case more urgent than any that the other walks left."""
    made = case.open_case(queue=queue, subject=subject, group=queue, stake_fen=900_000, score=99, reasons=["等待处理"],
                          at=at, by="t", **facts)  # fmt: skip
    return made.subject, made.id


def suspicion(name: str, at: datetime) -> Made:
    sold = docket.suspect(name, at=at)
    return opened("first_review", f"order:{sold.id}", at, orders=[sold.id])


def complaint_of(name: str, at: datetime) -> Made:
    made = complaint.open_(category="platform", subject="佣金", words="佣金未到账", member_id=None, at=at, by="t")
    return opened("complaint", f"complaint:{made.id}", at)


def appealed(name: str, at: datetime) -> Made:
    """A buyer says something against the hold on an order."""
    buyer = world.joins(f"{name}b", None, at)
    sold = docket.suspect(name, at=at, buyer=buyer.code)
    docket.opened(f"order:{sold.id}", orders=[sold.id], at=at)
    made = appeal.file(member_id=buyer.id, subject=f"order:{name}", words="我是真实购买", at=at)
    return opened("appeal", f"appeal:{made.id}", at)


def payout(name: str, at: datetime) -> Made:
    who = world.member(f"{name}m", None, at)
    made = Withdrawal(number=name, member_id=who.id, amount_fen=9_900, tax_fen=0, month=date(2026, 1, 1),
                      state="requested", requested_at=at, reason="")  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return opened("payout", f"withdrawal:{made.id}", at)


def picture(name: str, at: datetime) -> Made:
    if not policies.in_force(at)[1].admission_orders:
        happens("policy", preset="plan")
    number = f"37{uuid.uuid4().int % 10**17:017}"
    made = store.take(pictures.encoded(pictures.order((*pictures.ORDER[:4], ("订单编号", number)))))
    who = world.joins(f"{name}c", None, at)
    sent = Sent(picture=store.keep(made, files=FILES["files"]), sha256=made.sha256, hash64=made.hash64,
                outline=made.outline, width=made.width, height=made.height)  # fmt: skip
    given = proof.submit(member_id=who.id, n=1, sent=sent, at=at, by="t")
    read = Fields(number=number, paid_fen=9_900, placed_at=at, paid_at=at, shops=("小雅优选",), sure=0.98)
    proof.judge(proof_id=given.id, read=read, at=at)
    return opened("admission", f"proof:{given.id}", at)


def return_of(name: str, at: datetime) -> Made:
    docket.suspect(name, at=at)
    made = after_sale.open_(number=name, kind=Kind.QUALITY, words="破损", at=at, day=lambda at: at.date())
    return opened("after_sale", f"after_sale:{made.id}", at)


def punishment(name: str, at: datetime) -> Made:
    return opened("compliance", f"ring:{uuid.uuid4().int % 10**9}", at)


def by_digit(page: Page) -> None:
    """On the sheet itself: release, for the first reason."""
    page.keyboard.press("a")
    expect(page.locator("details.verdict[open]")).to_be_visible()
    page.keyboard.press("1")


def at_desk(*keys: str) -> Callable[[Page], None]:
    """At the desk that the subject belongs to: o opens it; afterwards back to the sheet, and on to the next."""

    def decide(page: Page) -> None:
        sheet = page.url
        page.keyboard.press("o")
        page.wait_for_url(lambda url: "/cases/" not in url)
        for key in keys:
            page.keyboard.press(key) if len(key) == 1 or key in ("Tab", "Enter", "ArrowDown") else page.keyboard.type(
                key
            )
        expect(page.locator(".note.done")).to_be_visible()
        while page.url != sheet:
            page.go_back()  # Alt and the left arrow
        page.keyboard.press("n")

    return decide


FILES: dict = {}
WALKS = {
    "first_review": ("reviewer", suspicion, by_digit),
    "appeal": ("reviewer", appealed, by_digit),
    "payout": ("reviewer", payout, by_digit),
    "admission": ("reviewer", picture, at_desk("a", "Tab", "ArrowDown", "Tab", "Enter")),
    "after_sale": ("support", return_of, at_desk("m", "Tab", "Tab", "ArrowDown", "Tab", "Enter")),
    "compliance": ("reviewer", punishment, by_digit),
    "complaint": ("support", complaint_of, at_desk("a", "已核实，佣金将于退货期满后结算。", "Tab", "Enter")),
}
ENDS = {"admission": "settled", "after_sale": "settled", "complaint": "settled"}


def reviewer_of(role: str) -> Staff:
    """Who the browser is signed in as."""
    return db.session.scalars(sa.select(Staff).where(Staff.code == f"browser.{role}")).one()


def dealt(ids: list[int], to: Staff) -> None:
    for one in ids:
        casework.deal(case=db.session.get_one(Case, one), to_id=to.id, at=datetime.now(UTC), by="t")


@pytest.mark.parametrize("queue", WALKS)
def test_a_queue_is_worked_on_without_a_mouse(visit, live, queue):
    role, make, decide = WALKS[queue]
    FILES["files"] = live.app.config["SETTINGS"].files
    watched = visit(role)
    with live.app.app_context(), transaction():
        ids = [make(f"kb-{queue}-{n}", datetime.now(UTC) - timedelta(minutes=9 - n))[1] for n in range(3)]
        if terms(queue).deals:
            # The clock would deal them to whoever has the fewest: a reviewer of another walk.
            dealt(ids, reviewer_of(role))
    page = watched.go(f"/cases/?queue={queue}")
    with watched.clicks(0, f"two cases of {queue}"):
        page.keyboard.press("t")
        page.wait_for_url(f"**/cases/{ids[0]}")
        began = time.monotonic()
        for n in range(2):
            decide(page)
            page.wait_for_url(f"**/cases/{ids[n + 1]}")
    sys.stdout.write(f"{queue}: {(time.monotonic() - began) / 2:.1f} seconds a case by keyboard, load included\n")
    # A desk's verdict closes its case by a job; the page that is looked at again is what waits for it.
    until = time.monotonic() + 60
    while "in_review" in states(live, ids[:2]) and time.monotonic() < until:
        page.reload()
    assert states(live, ids[:2]) == [ENDS.get(queue, "cleared")] * 2


def states(live, ids: list[int]) -> list[str]:
    with live.app.app_context():
        return list(db.session.scalars(sa.select(Case.state).where(Case.id.in_(ids)).order_by(Case.id)))
