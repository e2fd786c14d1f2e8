"""`qianxing verify`: what agrees is said to, and whatever a hand has changed is found."""

import dataclasses

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from console import cli, replay
from jobs import seals
from models import db, transaction
from models.operations import ledger
from models.queries import integrity
from models.rules import scenario
from tests.conftest import superuser
from tests.model.story import Story


@pytest.fixture
def world(own_app, services, tmp_path, monkeypatch):
    """A committed world of members, orders, a refund; its ledger sealed, the head kept; how to tamper with it."""
    settings = dataclasses.replace(own_app.config["SETTINGS"], files=tmp_path)
    monkeypatch.setitem(own_app.config, "SETTINGS", settings)
    for name in ("DATABASE_URL", "OWNER_DATABASE_URL"):
        monkeypatch.setenv(name, settings.database_url)
    for name, value in (("REDIS_URL", settings.redis_url), ("SECRET_KEY", "x" * 32), ("QIANXING_FILES", str(tmp_path))):
        monkeypatch.setenv(name, value)
    story = Story().chain("a", "b").sell("o1", "b").sell("o2", "a").do("refund", order="o1", amount=1_000)
    story.order("o3", "a")
    with own_app.app_context():
        now = None
        with transaction():
            for number, line in enumerate(story.lines, 1):
                now = replay.play_line(scenario.load(line), now, number)
        with transaction():
            seals.keep(ledger.seal(at=story.at))

        def tamper(statement: str) -> None:
            with superuser(services, db.engine.url.database) as connection:
                connection.execute("SET session_replication_role = replica")
                connection.execute(statement.encode())

        yield tamper
        db.session.rollback()


def verify() -> tuple[int, str]:
    done = CliRunner().invoke(cli.main, ["verify"])
    return done.exit_code, done.output


class TestVerify:
    def test_says_that_all_agrees_with_how_much_there_was(self, world):
        code, text = verify()
        assert (code, text.splitlines()[-1][:3]) == (0, "一致：")
        assert "团队 2" in text
        assert "库外链头 1" in text

    def test_lists_each_difference_and_ends_with_one(self, world):
        world("UPDATE team SET size = size + 1; UPDATE frontier SET taken = 0 WHERE taken = 1 AND seat_id = 10")
        code, text = verify()
        assert code == 1
        assert "会员 a 的团队计数" in text
        assert "位置 10 的已占空位与实际不符" in text
        assert text.splitlines()[-1].startswith("不一致 ")


@pytest.mark.usefixtures("world")
class TestTampering:
    @pytest.mark.parametrize(
        ("statement", "found"),
        [
            ("UPDATE team SET sales_fen = sales_fen + 1", "会员 a 的团队计数"),
            ("UPDATE team SET own_fen = 0", "会员 b 的团队计数"),
            ("DELETE FROM team", "为 无、无、无"),
            ("UPDATE member SET showcase = 'closed' WHERE code = 'b'", "会员 a 的团队计数"),
            ("UPDATE member SET qualified_at = NULL WHERE code = 'b'", "会员 b 的团队计数"),
            ("UPDATE share SET amount_fen = amount_fen + 1 WHERE kind = 'level'", "订单 o1 的份额与结算分录不符"),
            ("DELETE FROM share WHERE kind = 'cost'", "订单 o2 的份额与结算分录不符"),
            ("UPDATE share SET reversed_fen = reversed_fen + 1 WHERE n = 1", "订单 o2 的份额冲回与退款分录不符"),
            ("UPDATE share SET bucket = 'available' WHERE bucket = 'pending'", "其中的份额合计 ¥0.00"),
            ("UPDATE shop_order SET refunded_fen = 1 WHERE number = 'o3'", "账户 clearing 的余额 ¥99.00"),
            ("UPDATE leg SET reason = 'x' WHERE posting_id = 1", "账目 1 或它的分录在入账后被改写"),
            ("UPDATE account SET balance_fen = balance_fen + 1 WHERE bucket = 'pending'", "分录合计"),
            ("UPDATE seat SET slot = 2 WHERE id = 11", "位置 10 的已占空位与实际不符"),
            ("DELETE FROM block", "库外留存了封存块 1，库内却没有"),
            ("UPDATE block SET hash = sha256('x')", "封存块 1 与库外留存的链头不符"),
        ],
    )
    def test_is_found(self, world, statement, found):
        assert list(integrity.differences(seals.kept())) == []
        db.session.rollback()
        world(statement)
        assert [line for line in integrity.differences(seals.kept()) if found in line]

    def test_is_found_after_the_whole_chain_was_made_anew(self, world):
        world("UPDATE posting SET actor = 'somebody else'; DELETE FROM block")
        with transaction():
            ledger.seal(at=db.session.scalar(sa.select(sa.func.now())))
        assert list(integrity.differences()) == []
        assert list(integrity.differences(seals.kept())) == ["封存块 1 与库外留存的链头不符"]
