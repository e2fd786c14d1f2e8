"""Accounts, statements, postings and the reason of every leg."""

import pytest
import sqlalchemy as sa

from models import Account, Order, Posting
from models.operations import ledger, order, region_agent, share
from models.queries import account
from models.queries import ledger as books
from tests.operations import world
from tests.operations.world import AT


@pytest.fixture
def trade(session, plan) -> None:
    """Two settled orders of `a`, below `M-10`; the first one half refunded."""
    world.member("a")
    world.completed("o1", "a", region="440305")
    world.completed("o2", "a")
    order.refund(number="o1", amount_fen=4_950, at=AT)
    session.commit()


def posting(session, key: str) -> Posting:
    return session.scalars(sa.select(Posting).where(Posting.key == key)).one()


class TestAccounts:
    def test_show_what_each_holds_the_hot_ones_too(self, staff, trade, session):
        page = staff("finance").get("/accounts/").text
        held = books.balances()
        assert "¥" in page
        for code in ("custody", "platform:margin", "member:a:pending"):
            assert code in page
        shown = dict(session.execute(sa.select(Account.code, account.held_fen())).all())
        assert shown == held

    def test_show_the_hot_ones_after_a_snapshot_and_more_postings(self, trade, session):
        ledger.snapshot()
        world.completed("o3", "a")
        shown = dict(session.execute(sa.select(Account.code, account.held_fen())).all())
        assert shown == books.balances()

    def test_are_found_by_the_members_code(self, staff, trade):
        page = staff("finance").get("/accounts/?q=a").text
        assert "member:a:pending" in page
        assert "platform:margin" not in page

    def test_lead_to_their_statement(self, staff, trade, session):
        row = session.scalars(sa.select(Account).where(Account.code == "member:a:pending")).one()
        answer = staff("finance").get(f"/accounts/{row.id}")
        assert answer.headers["Location"] == "/statements/?account=member:a:pending"

    def test_are_closed_to_the_reviewer_and_open_to_the_auditor(self, staff, trade):
        assert staff("reviewer").get("/accounts/").status_code == 403
        assert staff("auditor").get("/accounts/").status_code == 200


class TestStatement:
    def test_without_an_account_leads_to_the_accounts(self, staff, trade):
        assert staff("finance").get("/statements/").headers["Location"] == "/accounts/"

    def test_shows_each_leg_with_what_the_account_held_after(self, staff, trade):
        page = staff("finance").get("/statements/?account=member:a:pending").text
        # The level-1 share of ¥30.00 is ¥21.00; half of the first order's went back.
        for after in ("¥21.00", "¥42.00", "¥31.50"):
            assert after in page
        assert "-¥10.50" in page

    def test_runs_the_balance_of_a_hot_account_from_its_snapshot(self, trade, session):
        ledger.snapshot()
        world.completed("o3", "a")
        custody = account.by_code("custody")
        lines = books.statement("custody")
        places = [(line.posting_id, 1) for line in lines[:1]]
        assert account.running(custody, places) == {places[0]: books.balances(["custody"])["custody"]}

    def test_agrees_for_every_account_with_its_balance(self, trade, session):
        for row in session.scalars(sa.select(Account)):
            found = account.running(row, [leg_place(session, row)])
            assert list(found.values()) == [books.balances([row.code])[row.code]]

    def test_hides_the_running_balance_of_a_hot_account_under_a_filter(self, staff, trade):
        browser = staff("finance")
        assert "之后余额" in browser.get("/statements/?account=custody").text
        assert "之后余额" not in browser.get("/statements/?account=custody&cause=refund").text

    def test_reads_along_the_index_of_the_account(self, trade, session):
        for way in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
            session.execute(sa.text(f"SET LOCAL {way} = off"))
        plan = session.execute(
            sa.text(
                "EXPLAIN SELECT * FROM leg WHERE account_id = (SELECT id FROM account WHERE code = 'custody')"
                " ORDER BY posting_id DESC, n DESC LIMIT 50"
            )
        )
        text = "\n".join(row[0] for row in plan)
        assert "pk_leg" in text
        assert "Sort" not in text


def leg_place(session, row: Account) -> tuple[int, int]:
    found = session.execute(
        sa.text("SELECT posting_id, n FROM leg WHERE account_id = :id ORDER BY posting_id DESC, n DESC LIMIT 1"),
        {"id": row.id},
    ).one()
    return (found.posting_id, found.n)


class TestLedger:
    @pytest.mark.parametrize("question", ["q=o1", "q=settle:o1", "key=settle:o1", "subject=order:o1", "kind=settle"])
    def test_is_searched_by_number_key_subject_and_kind(self, staff, trade, question):
        page = staff("finance").get(f"/postings/?{question}").text
        assert "settle:o1" in page

    def test_is_searched_by_account(self, staff, trade):
        page = staff("finance").get("/postings/?account=member:a:pending").text
        assert "settle:o1" in page
        assert "pay:o1" not in page

    def test_explains_each_leg_of_a_settlement(self, staff, trade, session):
        page = staff("finance").get(f"/postings/{posting(session, 'settle:o1').id}").text
        assert "卖家 a（第 1 级）得佣金 ¥30.00 × 70.00% = ¥21.00" in page
        assert "当时的上级链：a → M-10 → M-9" in page
        assert "进入待结算：完成满 7 天" in page

    def test_explains_who_got_nothing(self, staff, trade, session):
        page = staff("finance").get(f"/postings/{posting(session, 'settle:o1').id}").text
        assert "省（440000）分成为零：完成时该地区没有在任代理" in page
        assert "没有处在首批天数内的有效种子达人" in page

    def test_says_what_took_it_back_and_what_it_takes_back(self, staff, trade, session):
        browser = staff("finance")
        settled, refunded = posting(session, "settle:o1"), posting(session, "refund:o1:1")
        assert "refund:o1:1" in browser.get(f"/postings/{settled.id}").text
        page = browser.get(f"/postings/{refunded.id}").text
        assert f"/postings/{settled.id}" in page
        assert "按原行原比例从 a 的待结算冲回 ¥10.50" in page

    def test_explains_every_leg_there_is(self, staff, trade, session):
        """No leg of any operation of this world falls back on the sentence for unknown causes."""
        ids = {one.number: one.id for one in session.scalars(sa.select(Order))}
        share.mature(order_id=ids["o2"], at=AT.replace(month=2))
        browser = staff("finance")
        for one in session.scalars(sa.select(Posting)).all():
            page = browser.get(f"/postings/{one.id}")
            assert page.status_code == 200
            assert "按「" not in page.text, one.key


class TestRegions:
    def test_explain_the_agents_share_by_the_policys_rate(self, staff, session, plan):
        world.member("a")
        world.member("b")
        region_agent.appoint(code="b", region="440305", at=AT)
        world.completed("o1", "a", region="440305")
        page = staff("finance").get(f"/postings/{posting(session, 'settle:o1').id}").text
        assert "区县代理 b（地区 440305）得实付 ¥99.00 × 2.00% = ¥1.98" in page
