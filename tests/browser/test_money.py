"""The desk of money in a real browser: bills, withdrawals and corrections, with the clicks that each takes."""

from datetime import date

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from console import formatting
from models import DividendBill, DividendLine, Withdrawal, db, transaction
from models.operations import share, withdrawal
from models.queries import ledger as books
from models.rules.tax import Month
from tests.browser.conftest import Live
from tests.operations import world

MONTH = date(2024, 2, 1)
PURSE_FEN = 100_000


@pytest.fixture(scope="module")
def payee(live: Live, network: None) -> str:
    """Somebody with a real name and ¥1,000.00 to withdraw, whatever policy another file has put in force."""
    with live.app.app_context(), transaction():
        member = world.member("purse", at=formatting.now())
        member.real_name_at = formatting.now()
        draft = share.Draft()
        draft.add("member:purse:available", PURSE_FEN, "payout")
        draft.add("platform:margin", -PURSE_FEN, "payout")
        draft.book(key="purse:filled", kind="adjustment", subject="member:purse", at=formatting.now())
    return "purse"


def ask(live: Live, number: str, fen: int) -> int:
    at = formatting.now()
    today = formatting.today()
    with live.app.app_context(), transaction():
        made = withdrawal.request(
            number=number, code="purse", amount_fen=fen, month=Month(today.year, today.month), at=at
        )
        return made.id


def state(live: Live, number: str) -> str:
    with live.app.app_context():
        return db.session.scalars(sa.select(Withdrawal.state).where(Withdrawal.number == number)).one()


class TestBill:
    def test_goes_from_preview_to_its_last_line_in_four_clicks_of_two_people(self, visit, live, payee):
        finance = visit("finance")
        page = finance.go(f"/bills/preview?month={MONTH:%Y-%m}")
        with finance.clicks(1, "build the bill of a month"):
            page.locator("[data-key=a]").click()
            expect(page.locator(".note.done")).to_be_visible()
        bill_id = self.with_lines(live, payee)
        chief = visit("admin")
        desk = chief.go(f"/bills/{bill_id}")
        with chief.clicks(1, "confirm a bill"):
            expect(desk.locator("main")).to_contain_text("¥12.00")
            desk.locator("[data-key=a]").click()
            expect(desk.locator(".note.done")).to_be_visible()
        self.fail_one(live, bill_id)
        page = finance.go(f"/bills/{bill_id}")
        with finance.clicks(2, "pay a failed line again and the bill"):
            expect(page.locator("tbody")).to_contain_text("会员信息待核对")
            page.locator("form[action$='/retry'] button").click()
            expect(page.locator("tbody a", has_text="为什么")).to_have_count(1)
            page.locator("[data-key=a]").click()
            expect(page.locator("tbody a", has_text="为什么")).to_have_count(2)
        with live.app.app_context():
            assert db.session.get_one(DividendBill, bill_id).state == "paid"
            assert books.balance("member:purse:available") >= 1_200

    def with_lines(self, live: Live, payee: str) -> int:
        """The bill that was built, with two lines of one member: a month's and an earlier month's correction."""
        with live.app.app_context(), transaction():
            bill_id = db.session.scalars(sa.select(DividendBill.id).where(DividendBill.month == MONTH)).one()
            member_id = world.member("purse-b", at=formatting.now()).id
            for of_month, fen in ((MONTH, 1_200), (date(2024, 1, 1), 300)):
                db.session.add(
                    DividendLine(
                        bill_id=bill_id,
                        member_id=member_id if fen == 300 else self.id_of(payee),
                        of_month=of_month,
                        rank="expert",
                        bps=100,
                        base_fen=fen * 100,
                        amount_fen=fen,
                        state="due",
                        failure="",
                    )
                )
            return bill_id

    def id_of(self, code: str) -> int:
        return db.session.scalar(sa.text("SELECT id FROM member WHERE code = :code"), {"code": code})

    def fail_one(self, live: Live, bill_id: int) -> None:
        with live.app.app_context(), transaction():
            line = db.session.scalars(
                sa.select(DividendLine).where(DividendLine.bill_id == bill_id, DividendLine.amount_fen == 300)
            ).one()
            line.state, line.failure = "failed", "会员信息待核对"


class TestWithdrawals:
    def test_are_approved_in_one_click(self, visit, live, payee):
        watched = visit("finance")
        page = watched.go(f"/withdrawals/{ask(live, 'wd-yes', 5_000)}")
        with watched.clicks(1, "approve a withdrawal"):
            expect(page.locator("main")).to_contain_text("没有欠款")
            page.locator("[data-key=a]").click()
            expect(page.locator(".note.done")).to_be_visible()
        assert state(live, "wd-yes") != "requested"

    @pytest.mark.parametrize("window", ["desktop", "phone"])
    def test_are_rejected_with_a_reason_in_two_clicks(self, visit, live, payee, window):
        number = f"wd-no-{window}"
        watched = visit("finance", window=window)
        page = watched.go(f"/withdrawals/{ask(live, number, 6_000)}")
        assert watched.overflow() == []
        with watched.clicks(2, f"reject a withdrawal ({window})"):
            page.locator("[data-key=r]").click()
            page.locator("details[open] select[name=reason_code]").select_option(index=1)
            page.locator("details[open] button.primary").click()
            expect(page.locator(".note.done")).to_be_visible()
        assert state(live, number) == "rejected"


class TestCorrections:
    def test_take_two_people_and_four_clicks(self, visit, live, payee):
        with live.app.app_context():
            before = books.balance("member:purse:available")
        maker = visit("finance")
        page = maker.go("/adjustments/?template=compensate&member=purse&amount=8.88")
        with maker.clicks(2, "ask for a correction"):
            page.locator(".head summary.primary").click()
            page.locator("details[open] select[name=reason_code]").select_option(index=1)
            page.locator("details[open] button.primary").click()
            expect(page.locator(".note.done")).to_be_visible()
        checker = visit("admin")
        desk = checker.go(maker.page.locator("tbody tr a").first.get_attribute("href"))
        with checker.clicks(2, "allow a correction"):
            expect(desk.locator("main")).to_contain_text("¥8.88")
            desk.locator("[data-key=a]").click()
            desk.locator("dialog.ask button.primary").click()
            expect(desk.locator(".note.done")).to_be_visible()
        with live.app.app_context():
            assert books.balance("member:purse:available") == before + 888


class TestPhone:
    @pytest.mark.parametrize(
        "path", ["/reserve/", "/debts/", "/trial-balance/", "/withdrawals/", "/bills/", "/dry-run/"]
    )
    def test_shows_every_page_without_scrolling_sideways(self, visit, payee, path):
        watched = visit("finance", window="phone")
        watched.go(path)
        assert watched.overflow() == []
