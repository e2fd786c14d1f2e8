"""Statements through their jobs: read on trial, taken, reckoned; fetched from a channel with its moods."""

import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from jobs import statement as jobs
from jobs.gateways.statement import NoBusiness, NotYet, Silent
from jobs.refusals import NotASpreadsheet
from models import Difference, Job, Reckoning, Statement, StatementDraft, StatementLine, transaction
from models.operations import outbox
from models.operations import statement as operations
from models.rules.statement import Account
from tests.rules.test_statement import FUNDFLOW, TRADE, flow, trade

AT = datetime(2026, 6, 16, 3, tzinfo=UTC)


def csv(*rows) -> str:
    return "".join(",".join(row) + "\r\n" for row in rows)


TRADE_FILE = csv(TRADE, trade(), trade(商户订单号="QX2", 微信订单号="42", 付款银行="测试"), ["总交易单数"], ["`2"])
FLOW_FILE = csv(FUNDFLOW, flow(), ["资金流水总笔数"], ["`1"])


@pytest.fixture
def bring(app, session):
    """Put a file into the store and enter it, as an upload does."""

    def brought(text: str | bytes, name: str = "bill.csv", chosen: str = "") -> Statement:
        folder = jobs.folder()
        folder.mkdir(parents=True, exist_ok=True)
        stored = f"{session.scalar(sa.select(sa.func.count(Statement.id))) or 0}-{name}"
        (folder / stored).write_bytes(text if isinstance(text, bytes) else text.encode())
        layout = jobs.look(folder / stored).layout
        with transaction():
            return operations.bring(
                brought=operations.Brought(
                    source="upload", layout=layout, stored_name=stored, file_name=name, sha256=stored, size_bytes=1,
                    account=operations.account_of(layout, chosen=chosen, file_name=name),
                ), by="staff:1", at=AT,
            )  # fmt: skip

    return brought


class TestReading:
    def test_counts_nothing_until_it_is_taken(self, session, bring, work):
        made = bring(TRADE_FILE)
        work()
        session.refresh(made)
        assert (made.state, made.lines_read, made.lines_new, made.lines_claimed) == ("read", 2, 2, 2)
        assert (made.in_fen, made.first_on) == (14_800, date(2026, 6, 15))
        assert session.scalar(sa.select(sa.func.count(StatementLine.id))) == 0
        with transaction():
            operations.take(statement_id=made.id, by="staff:1")
        work()
        session.refresh(made)
        assert made.state == "taken"
        assert session.scalar(sa.select(sa.func.count(StatementLine.id))) == 2
        assert session.scalar(sa.select(sa.func.count(StatementDraft.n))) == 0

    def test_reckons_the_days_that_were_taken(self, session, bring, work):
        made = bring(FLOW_FILE, "fundflow_operation.csv")
        work()
        with transaction():
            operations.take(statement_id=made.id, by="staff:1")
        work()
        assert session.scalars(sa.select(Reckoning.day)).all() == [date(2026, 6, 15)]
        assert session.scalars(sa.select(Difference.kind)).all() == ["missing_here"]

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
    def test_reads_the_encodings_that_spreadsheets_leave(self, session, bring, work, encoding):
        made = bring(TRADE_FILE.encode(encoding))
        work()
        session.refresh(made)
        assert (made.state, made.lines_read) == ("read", 2)

    def test_reads_the_one_table_of_an_archive(self, session, bring, work, tmp_path):
        with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
            archive.writestr("说明.pdf", b"")
            archive.writestr("1900000001All2026-06-15.csv", TRADE_FILE)
        made = bring((tmp_path / "b.zip").read_bytes(), "b.zip")
        work()
        session.refresh(made)
        assert (made.state, made.lines_read) == ("read", 2)
        assert [path.name for path in jobs.folder().iterdir() if ".zip." in path.name] == []

    def test_refuses_an_archive_of_several(self, bring, tmp_path):
        with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
            archive.writestr("1.csv", TRADE_FILE)
            archive.writestr("2.csv", TRADE_FILE)
        with pytest.raises(NotASpreadsheet, match="逐个上传"):
            bring((tmp_path / "b.zip").read_bytes(), "b.zip")

    def test_sets_aside_what_it_cannot_read(self, session, bring, work):
        made = bring(csv(TRADE, trade(), trade(交易时间="不详"), ["总交易单数"], ["`2"]))
        work()
        session.refresh(made)
        assert (made.lines_read, made.lines_refused) == (1, 1)
        assert made.findings[0]["row"] == 3
        assert made.findings[0]["value"] == "`不详"

    def test_starts_over_after_a_crash(self, session, bring, work):
        made = bring(TRADE_FILE)
        with transaction():
            operations.write(found=made, entries=[], refused=[{"row": 9}])
        work()
        session.refresh(made)
        assert (made.lines_read, made.lines_refused) == (2, 0)


class TestRealFiles:
    @pytest.mark.parametrize(
        ("name", "lines", "claimed", "refused"),
        [
            ("wechat_pay_bill.csv", 27, 43, 0),
            ("wechat_pay_bill.xlsx", 27, 43, 0),
            ("alipay_bill.csv", 10, 66, 0),
            ("jd_bill.csv", 26, 26, 0),
            ("meituan_bill.csv", 29, 29, 0),
        ],
    )
    def test_are_read_whole_and_their_claims_told(self, session, shared, bring, work, name, lines, claimed, refused):
        path: Path = shared / "data/statements" / name
        made = bring(path.read_bytes(), name)
        work()
        session.refresh(made)
        assert (made.state, made.lines_read, made.lines_claimed, made.lines_refused) == (
            "read",
            lines,
            claimed,
            refused,
        )

    @pytest.mark.parametrize("name", ["bill_trade_all.csv", "bill_fundflow_operation.csv"])
    def test_of_wechat_pay_are_read_to_their_summary(self, session, shared, bring, work, name):
        made = bring((shared / "facts/wechat-samples" / name).read_bytes(), name)
        work()
        session.refresh(made)
        assert (made.state, made.lines_read, made.lines_claimed, made.lines_refused) == ("read", 1, 1, 0)


class Channel:
    """A channel of statements with a mood an account."""

    def __init__(self, **moods: str | Exception) -> None:
        self.moods, self.asked = moods, []

    def fetch(self, *, account: Account, day: date, into: Path) -> None:
        self.asked.append((str(account), day))
        mood = self.moods[account]
        if isinstance(mood, Exception):
            raise mood
        if day != date(2026, 6, 15):
            raise NoBusiness
        into.write_text(mood)


class TestFetching:
    @pytest.fixture
    def fetch(self, app, session, work, monkeypatch):
        def fetched(channel: Channel, at: str = "2026-06-16T10:30:00+08:00") -> dict:
            monkeypatch.setitem(app.extensions, "statements", channel)
            with transaction():
                job = outbox.request(
                    "fetch_statements", payload={"at": at}, key=f"{at}{len(channel.asked)}{id(channel)}"
                )
            work()
            return session.get_one(Job, job.id, populate_existing=True).result

        return fetched

    def test_takes_what_the_channel_itself_told(self, session, fetch):
        channel = Channel(TRADE=TRADE_FILE, BASIC=NoBusiness(), OPERATION=FLOW_FILE)
        assert fetch(channel) == {"waiting": []}
        states = session.execute(sa.select(Statement.account, Statement.state, Statement.lines_new).where(
            Statement.first_on == date(2026, 6, 15)).order_by(Statement.account)).all()  # fmt: skip
        assert [tuple(row) for row in states] == [
            ("BASIC", "taken", 0),
            ("OPERATION", "taken", 1),
            ("TRADE", "taken", 2),
        ]
        assert len(channel.asked) == 9

    def test_asks_again_only_for_what_was_not_there(self, session, fetch):
        fetch(Channel(TRADE=NotYet(), BASIC=NoBusiness(), OPERATION=Silent()))
        later = Channel(TRADE=TRADE_FILE, BASIC=NoBusiness(), OPERATION=FLOW_FILE)
        assert fetch(later, "2026-06-16T11:00:00+08:00") == {"waiting": []}
        assert {account for account, _day in later.asked} == {"TRADE", "OPERATION"}

    def test_says_what_it_waits_for(self, session, fetch):
        told = fetch(Channel(TRADE=NotYet(), BASIC=NoBusiness(), OPERATION=NoBusiness()))
        assert told == {"waiting": ["2026-06-13 TRADE", "2026-06-14 TRADE", "2026-06-15 TRADE"]}

    def test_does_not_ask_before_ten(self, fetch):
        channel = Channel()
        assert fetch(channel, "2026-06-16T09:30:00+08:00") == {"waiting": []}
        assert channel.asked == []
