"""A process that is killed between the effect and its answer; equal withdrawals from many phones at once."""

import importlib
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from flask import Flask

from models import KeptAnswer, Member, Withdrawal, db, transaction
from models.operations import answer, share
from models.queries import ledger as books
from tests.console.api.phone import Phone
from tests.operations import world

NOW = datetime.now(UTC)
BODY = {"amount_fen": 4_000}
KEY = "one-withdrawal"


def rich(app: Flask) -> Phone:
    """A member with ¥100 to withdraw, signed in."""
    with app.app_context():
        with transaction():
            world.network()
            member = world.member("W1", "M-10", NOW)
            draft = share.Draft()
            draft.add("custody", -10_000, "adjustment")
            draft.add("member:W1:available", 10_000, "adjustment")
            draft.book(key="test", kind="adjustment", subject="member:W1", at=NOW)
            member_id = member.id
        return Phone(app).as_member(db.session.get_one(Member, member_id))


def again(phone: Phone) -> tuple[int, bytes]:
    with phone.app.app_context():
        mine = Phone(phone.app)
        mine.tokens = phone.tokens
        told = mine.post("/me/withdrawals", BODY, key=KEY)
        return told.status_code, told.data


def dies(*_args, **_kwargs):
    os.kill(os.getpid(), signal.SIGKILL)


def killed(phone: Phone, patch: Callable[[], None]) -> int:
    """Sends the withdrawal in a process of its own; the signal that ended it."""
    with phone.app.app_context():
        db.engine.dispose()
    child = os.fork()
    if child == 0:
        patch()
        again(phone)
        os._exit(0)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


def before_the_answer_is_kept() -> None:
    answer.keep = dies


def after_it_is_kept() -> None:
    importlib.import_module("console.api.route")._written = dies


class TestKill:
    @pytest.mark.parametrize(
        ("where", "kept"), [(before_the_answer_is_kept, 0), (after_it_is_kept, 1)], ids=["before", "after"]
    )
    def test_between_effect_and_answer_leaves_one_effect_and_one_answer(self, own_app, where, kept):
        phone = rich(own_app)
        assert killed(phone, where) == signal.SIGKILL
        with own_app.app_context():
            assert db.session.query(KeptAnswer).count() == kept
            assert db.session.query(Withdrawal).count() == kept
        answers = [again(phone) for _ in range(3)]
        assert {status for status, _ in answers} == {201}
        assert len({body for _, body in answers}) == 1
        with own_app.app_context():
            assert db.session.query(Withdrawal).count() == 1
            assert books.balance("member:W1:available") == 6_000


class TestHundred:
    def test_equal_withdrawals_at_once_take_the_money_once(self, own_app):
        phone = rich(own_app)
        gate = threading.Barrier(16)

        def send(number: int) -> tuple[int, bytes]:
            if number < 16:
                gate.wait(30)
            return again(phone)

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(send, range(100)))
        assert {status for status, _ in answers} == {201}
        assert len({body for _, body in answers}) == 1
        with own_app.app_context():
            assert db.session.query(Withdrawal).count() == 1
            assert books.balance("member:W1:available") == 6_000
