"""The ledger, through its operation and against it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, NotSupportedError, ProgrammingError

from models import Posting, db, transaction
from models.operations import ledger
from models.queries import ledger as queries
from models.rules.ledger import AmountRefused, KeyReused, Leg, Unbalanced, UnknownAccount
from tests.conftest import superuser

AT = datetime(2026, 1, 1, 1, tzinfo=UTC)


def paid(key: str, fen: int = 9900) -> int:
    legs = [Leg("custody", -fen, "payment"), Leg("clearing", fen, "payment")]
    return ledger.post(key=key, kind="pay", subject="order:o1", at=AT, legs=legs, facts={"order": "o1"})


def earned(key: str, fen: int, member: str = "a", bucket: str = "available") -> int:
    legs = [Leg("clearing", -fen, "settlement"), Leg(f"member:{member}:{bucket}", fen, "level", 1, 7000, fen)]
    return ledger.post(key=key, kind="settle", subject="order:o1", at=AT, legs=legs, facts={"policy": 1})


@pytest.mark.usefixtures("session")
class TestPost:
    def test_moves_every_account_and_leaves_zero_in_all(self):
        paid("pay:o1")
        earned("settle:o1", 9900)
        assert queries.balances() == {"custody": -9900, "clearing": 0, "member:a:available": 9900}

    def test_books_a_key_once(self):
        assert paid("pay:o1") == paid("pay:o1")
        assert queries.balances(["custody"]) == {"custody": -9900}

    def test_refuses_the_same_key_with_another_content(self):
        paid("pay:o1")
        with pytest.raises(KeyReused, match="pay:o1"):
            paid("pay:o1", 9901)
        assert queries.balances(["custody"]) == {"custody": -9900}

    @pytest.mark.parametrize(
        ("legs", "refusal"),
        [
            ([Leg("custody", -1, "x"), Leg("clearing", 2, "x")], Unbalanced),
            ([Leg("custody", 0, "x"), Leg("clearing", 0, "x")], AmountRefused),
            ([Leg("custody", -(10**12) - 1, "x"), Leg("clearing", 10**12 + 1, "x")], AmountRefused),
            ([], Unbalanced),
            ([Leg("cash", -1, "x"), Leg("clearing", 1, "x")], UnknownAccount),
            ([Leg("member:a:wallet", -1, "x"), Leg("clearing", 1, "x")], UnknownAccount),
            ([Leg("deposit:shanghai", -1, "x"), Leg("clearing", 1, "x")], UnknownAccount),
        ],
    )
    def test_refuses_what_is_no_posting(self, legs, refusal):
        with pytest.raises(refusal):
            ledger.post(key="k", kind="x", subject="", at=AT, legs=legs, facts={})

    def test_never_takes_a_bucket_below_zero(self):
        earned("settle:o1", 100)
        with pytest.raises(IntegrityError, match="ck_account_floor"):
            earned("settle:o2", -101)

    def test_never_lets_a_debt_become_an_asset(self):
        with pytest.raises(IntegrityError, match="ck_account_floor"):
            earned("settle:o1", 1, bucket="debt")

    def test_knows_no_fourth_level(self):
        legs = [Leg("clearing", -5, "settlement"), Leg("member:a:pending", 5, "level", 4, 100, 5)]
        with pytest.raises(IntegrityError, match="ck_leg_three_levels"):
            ledger.post(key="k", kind="settle", subject="", at=AT, legs=legs, facts={})

    def test_says_why_leg_by_leg(self):
        row = queries.legs(earned("settle:o1", 1400))[1]
        assert (row.code, row.amount_fen, row.cause, row.level, row.rate_bps) == (
            "member:a:available", 1400, "level", 1, 7000,
        )  # fmt: skip

    def test_writes_who_posted_it(self):
        paid("pay:o1")
        assert db.session.scalars(sa.select(Posting.actor)).one() == "db:qianxing_app"


@pytest.mark.usefixtures("session")
class TestReverse:
    def test_books_the_opposite_and_points_back(self):
        first = earned("settle:o1", 500)
        second = ledger.reverse(posting_id=first, key="undo:o1", at=AT, reason="adjustment")
        assert queries.balances(["member:a:available"]) == {"member:a:available": 0}
        assert db.session.get_one(Posting, second).facts == {"reverses": first}

    def test_is_done_once(self):
        first = earned("settle:o1", 500)
        for _ in range(2):
            ledger.reverse(posting_id=first, key="undo:o1", at=AT, reason="adjustment")
        assert queries.balances(["clearing"]) == {"clearing": 0}


@pytest.mark.usefixtures("session")
class TestStatement:
    def test_shows_the_newest_first_and_pages_by_posting(self):
        first, second, third = (earned(f"settle:{n}", n) for n in (1, 2, 3))
        assert [line.posting_id for line in queries.statement("member:a:available", limit=2)] == [third, second]
        assert [line.posting_id for line in queries.statement("member:a:available", before=second)] == [first]


@pytest.mark.usefixtures("session")
class TestHotAccount:
    def test_reads_the_snapshot_and_the_tail(self):
        paid("pay:o1")
        upto = ledger.snapshot()
        paid("pay:o2", 100)
        assert queries.balances(["custody", "clearing"]) == {"custody": -10000, "clearing": 10000}
        assert upto < ledger.snapshot()
        assert list(queries.differences()) == []

    def test_has_nothing_to_note_twice(self):
        paid("pay:o1")
        assert ledger.snapshot() > 0
        assert ledger.snapshot() == 0


class TestDatabase:
    """What the database refuses of its owner as well, with no operation in between."""

    @pytest.fixture
    def by_hand(self, owner):
        owner.execute(sa.text("INSERT INTO account (code, bucket, is_hot) VALUES ('custody', 'custody', true)"))
        owner.execute(
            sa.text(
                "INSERT INTO account (code, bucket, is_hot, balance_fen) VALUES ('member:a:available', 'available',"
                " false, 0)"
            )
        )
        owner.execute(
            sa.text(
                "INSERT INTO posting (key, digest, kind, subject, at, facts)"
                " VALUES ('k', sha256('k'), 'x', '', now(), '{}')"
            )
        )
        return owner

    @staticmethod
    def legs(*amounts: str, cause: str = "x") -> sa.TextClause:
        rows = ", ".join(
            f"((SELECT id FROM posting), {n}, (SELECT id FROM account WHERE code = '{code}'), {amount}, '{cause}', '')"
            for n, (code, amount) in enumerate(zip(("custody", "member:a:available"), amounts, strict=False))
        )
        return sa.text(f"INSERT INTO leg (posting_id, n, account_id, amount_fen, cause, reason) VALUES {rows}")

    @pytest.mark.parametrize("amounts", [("-5", "4"), ("-5",)])
    def test_refuses_legs_that_do_not_sum_to_zero(self, by_hand, amounts):
        with pytest.raises(IntegrityError, match="do not sum to zero"):
            by_hand.execute(self.legs(*amounts))

    @pytest.mark.parametrize(("posting", "account"), [("posting.id + 1", "a.id"), ("posting.id", "a.id + 1000")])
    def test_refuses_a_leg_of_no_posting_or_of_no_account(self, by_hand, posting, account):
        with pytest.raises(IntegrityError, match="of no posting or of no account"):
            by_hand.execute(
                sa.text(
                    "INSERT INTO leg (posting_id, n, account_id, amount_fen, cause, reason)"
                    f" SELECT {posting}, n, {account}, n, 'x', '' FROM posting, account a, (VALUES (1), (-1)) v (n)"
                    " WHERE a.code = 'custody'"
                )
            )

    def test_moves_the_balance_itself(self, by_hand):
        by_hand.execute(self.legs("-5", "5"))
        held = by_hand.scalar(sa.text("SELECT balance_fen FROM account WHERE code = 'member:a:available'"))
        assert held == 5

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE leg SET amount_fen = 1", "DELETE FROM leg", "TRUNCATE leg", "UPDATE posting SET key = 'y'",
            "DELETE FROM posting", "UPDATE snapshot SET balance_fen = 0", "DELETE FROM block",
        ],
    )  # fmt: skip
    def test_lets_nobody_rewrite(self, by_hand, statement):
        with pytest.raises(ProgrammingError, match="append-only"):
            by_hand.execute(sa.text(statement))

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE account SET balance_fen = 5 WHERE NOT is_hot",
            "DELETE FROM account",
        ],
    )
    def test_moves_no_balance_without_legs(self, by_hand, statement):
        with pytest.raises(ProgrammingError, match="by its legs alone"):
            by_hand.execute(sa.text(statement))

    def test_opens_accounts_empty(self, by_hand):
        with pytest.raises(IntegrityError, match="opens empty"):
            by_hand.execute(
                sa.text("INSERT INTO account (code, bucket, is_hot, balance_fen) VALUES ('x', 'held', false, 5)")
            )

    @pytest.mark.parametrize(
        ("row", "constraint"),
        [
            ("('c', 'custody', true, 0)", "ck_account_hot"),
            ("('c', 'pocket', false, 0)", "ck_account_bucket"),
            ("('custody', 'custody', true, NULL)", "uq_account_code"),
        ],
    )
    def test_keeps_the_chart(self, by_hand, row, constraint):
        with pytest.raises(IntegrityError, match=constraint):
            by_hand.execute(sa.text(f"INSERT INTO account (code, bucket, is_hot, balance_fen) VALUES {row}"))

    @pytest.mark.parametrize("amount", ["0", "1000000000001"])
    def test_bounds_a_leg(self, by_hand, amount):
        with pytest.raises(IntegrityError, match="ck_leg_amount"):
            by_hand.execute(self.legs(f"-{amount}", amount))

    def test_has_no_place_for_a_number_that_is_none(self, by_hand):
        with pytest.raises(NotSupportedError, match="NaN"):
            by_hand.execute(self.legs("'NaN'::numeric", "1"))

    def test_leaves_the_application_no_update(self, services):
        url = sa.make_url(services.database_url).set(drivername="postgresql").render_as_string(False)
        with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE account SET balance_fen = 0")


@pytest.mark.usefixtures("session")
class TestChain:
    def test_seals_run_after_run(self):
        for n in range(5):
            paid(f"pay:{n}")
        first = ledger.seal(at=AT, limit=3)
        second = ledger.seal(at=AT)
        assert (first.postings, second.postings, ledger.seal(at=AT)) == (3, 2, None)
        assert list(queries.differences({1: first.hash, 2: second.hash})) == []

    def test_shows_a_head_that_is_not_the_one_kept_outside(self):
        paid("pay:o1")
        ledger.seal(at=AT)
        assert list(queries.differences({1: b"x" * 32})) == ["封存块 1 与库外留存的链头不符"]

    def test_misses_a_block_that_was_kept_outside(self):
        assert list(queries.differences({1: b"x" * 32})) == ["库外留存了封存块 1，库内却没有"]


class TestIntruder:
    """A superuser who switches the triggers off is still found out."""

    @pytest.mark.parametrize(
        ("edit", "found"),
        [
            ("UPDATE leg SET amount_fen = amount_fen * 2", "账目 1 或它的分录在入账后被改写"),
            ("UPDATE leg SET reason = 'x' WHERE n = 1 AND posting_id = 2", "账目 2 或它的分录在入账后被改写"),
            ("UPDATE posting SET facts = '{}' WHERE id = 1", "账目 1 或它的分录在入账后被改写"),
            ("UPDATE posting SET at = at + interval '1 s' WHERE id = 2", "封存块 1（账目 1 至 2）与账目不符"),
            ("DELETE FROM leg WHERE posting_id = 2", "账目 2 的分录合计不为零"),
            (
                "UPDATE account SET balance_fen = 1 WHERE NOT is_hot",
                "账户 member:a:available 的余额 ¥0.01，分录合计 ¥99.00",
            ),
            ("UPDATE snapshot SET balance_fen = 1", "账户 custody 在账目 2 处的快照与分录不符"),
            ("DELETE FROM leg; DELETE FROM posting WHERE id = 2", "封存块 1（账目 1 至 2）与账目不符"),
        ],
    )
    def test_is_found(self, services, own_app, edit, found):
        with own_app.app_context():
            with transaction():
                paid("pay:o1")
                earned("settle:o1", 9900)
                ledger.snapshot()
                ledger.seal(at=AT)
            assert list(queries.differences()) == []
            with superuser(services, db.engine.url.database) as connection:
                connection.execute("SET session_replication_role = replica")
                connection.execute(edit)
            assert found in list(queries.differences())


class TestConcurrency:
    def test_makes_one_posting_of_one_key(self, own_app):
        answers = together(8, own_app, lambda _: paid("pay:o1"))
        assert len(set(answers)) == 1
        with own_app.app_context():
            assert queries.balances(["custody"]) == {"custody": -9900}

    def test_never_deadlocks_on_accounts_in_any_order(self, own_app):
        def swap(n: int) -> int:
            pair = [("a", "b"), ("b", "a")][n % 2]
            legs = [Leg(f"member:{code}:debt", fen, "x") for code, fen in zip(pair, (-1, 1), strict=True)]
            legs += [Leg("custody", 1, "x"), Leg(f"member:{pair[0]}:debt", -1, "x")]
            return ledger.post(key=f"k{n}", kind="x", subject="", at=AT, legs=legs, facts={})

        with own_app.app_context(), transaction():
            for code in "ab":
                earned(f"debt:{code}", -100, code, "debt")
        assert len(together(16, own_app, swap)) == 16
        with own_app.app_context():
            assert list(queries.differences()) == []

    def test_seals_nothing_past_a_posting_in_flight(self, own_app):
        with own_app.app_context():
            paid("pay:slow")
            blocks = together(1, own_app, lambda _: ledger.seal(at=AT))
            assert blocks == [None]
            db.session.rollback()


def together(count, app, work):
    """What ``work(n)`` answers, each in a thread and transaction of its own, all started at once."""
    barrier = threading.Barrier(count)

    def one(n):
        with app.app_context():
            barrier.wait()
            with transaction():
                return work(n)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))
