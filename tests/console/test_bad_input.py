"""Files and values that are no story: refused with the line, the rule's number and words, and nothing changed."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from console import replay
from models import Order, db
from models.errors import DomainError
from models.operations import admission, order, policy, withdrawal
from models.queries import member as members
from models.queries import world
from models.rules import scenario
from models.rules.tax import Month
from tests.operations import world as small
from tests.operations.world import AT

DAY = "2026-01-01T09:00:00+08:00"


def line(do: str, at: str = DAY, **values: object) -> str:
    return json.dumps({"at": at, "do": do, **values})


POLICY = line("policy", preset="plan")
MATRIX = line("matrix", matrix="M", merchant="S", template="linear")
ORDER = {"order": "o", "seller": "M-10", "paid": 9900, "cost": 4000, "commission": 3000}
OPENING = [POLICY, MATRIX, line("order", **ORDER | {"order": "good"})]


def raw(key: str, text: str) -> str:
    """An order whose amount is written in this way."""
    return line("order", **ORDER).replace(f'"{key}": {ORDER[key]}', f'"{key}": {text}')


BAD_LINES = {
    "a negative amount": (line("order", **ORDER | {"paid": -1}), "规则 5.1"),
    "a negative cost": (line("order", **ORDER | {"cost": -1}), "规则 5.1"),
    "an amount beyond the ledger": (line("order", **ORDER | {"paid": 10**12 + 1}), "规则 5.1"),
    "an amount beyond any integer": (raw("paid", "9" * 30), "规则 5.1"),
    "an amount of five thousand digits": (raw("paid", "9" * 5000), "数值过长"),
    "a refund of nothing": (line("refund", order="good", amount=0), "规则 5.6"),
    "a negative refund": (line("refund", order="good", amount=-5), "规则 5.6"),
    "a refund beyond the price": (line("refund", order="good", amount=9_901), "规则 5.6"),
    "a negative withdrawal": (line("withdraw", withdrawal="w", member="M-10", amount=-100), "规则 5.9"),
    "a huge withdrawal": (line("withdraw", withdrawal="w", member="M-10", amount=10**18), "规则 5.9"),
    "not a number": (raw("paid", "NaN"), "NaN"),
    "infinity": (raw("commission", "-Infinity"), "Infinity"),
    "an exponent": (raw("paid", "1e3"), "整数"),
    "a fraction": (raw("paid", "99.5"), "整数"),
    "a truth as money": (line("order", **ORDER | {"paid": True}), "整数"),
    "a text as money": (line("order", **ORDER | {"paid": "9900"}), "整数"),
    "a region that is nowhere": (line("order", **ORDER | {"region": "999999"}), "规则 6"),
    "a region of five digits": (line("order", **ORDER | {"region": "44010"}), "规则 6"),
    "an agent of nowhere": (line("agent", member="M-10", region="330199"), "规则 6"),
    "time running backwards": (line("tick", at="2025-12-31T23:59:59+08:00"), "时间倒退"),
    "a day without its zone": (line("tick", at="2026-01-01T09:00:00"), "时区"),
    "a year beyond the calendar": (line("tick", at="9999-12-31T23:59:59+00:00"), "2199"),
    "a month that is none": (line("dividend", month="2026-13"), "YYYY-MM"),
    "a month before all": (line("dividend", month="0000-01"), "YYYY-MM"),
    "a sponsor of itself": (line("register", member="a", inviter="a"), "a"),
    "an unknown key": (line("tick", speed=2), "不认识的键"),
    "an unknown event": (line("teleport"), "不认识的事件"),
    "an unknown code": (line("ship", order="nowhere"), "nowhere"),
    "an unknown kind": (line("order", **ORDER | {"kind": "gift"}), "presale"),
    "an unknown scene": (line("order", **ORDER | {"scene": "radio"}), "showcase"),
    "an unknown template": (line("matrix", matrix="N", merchant="S", template="star"), "triple"),
    "an empty code": (line("register", member="", inviter=None), "非空"),
    "a code with a zero byte": (line("register", member="a\x00b", inviter=None), "控制字符"),
    "a code of half a character": (line("register", member="\ud800", inviter=None), "控制字符"),
    "a code as long as a book": (line("register", member="a" * 100_000, inviter=None), "200"),
    "a key twice": ('{"at": "2026-01-01T09:00:00+08:00", "do": "tick", "do": "tick"}', "两次"),
    "a list": ("[1, 2]", "JSON 对象"),
    "ten thousand lists in each other": ("[" * 10_000 + "]" * 10_000, "嵌套过深"),
    "ten thousand objects in each other": ('{"a":' * 10_000 + "1" + "}" * 10_000, "嵌套过深"),
    "an object where a code belongs": (line("ship", order={"a": [1]}), "非空文字"),
    "a second policy": (POLICY, "规则 10"),
    "half a line": (line("tick")[:-4], "JSON"),
    "a refusal that is no truth": (line("tick", refused="yes"), "refused"),
}
BAD_POLICIES = {
    "a fourth level": ({"levels": 4}, "规则 5.3"),
    "no level": ({"levels": 0}, "规则 5.3"),
    "levels as a truth": ({"levels": True}, "规则 5.3"),
    "levels as a fraction": ({"levels": 3.0}, "规则 5.3"),
    "a split of four": ({"split_bps": [5000, 2000, 1000, 1000]}, "规则 5.2"),
    "a split above the whole": ({"split_bps": [9000, 2000, 1000]}, "规则 5.2"),
    "an unknown key": ({"levelz": 3}, "levelz"),
    "a negative rate": ({"seed_bonus_bps": -1}, "规则 5.2"),
    "a tax of no kind": ({"tax.method": "magic"}, "规则 5.9"),
}


def is_event(text: str) -> bool:
    """An object with a mark of its own, whatever it says: what is no such thing cannot be marked as refused."""
    try:
        scenario.load(text)
    except DomainError:
        return False
    return True


def stopped(lines: list[str | bytes]) -> replay.Stopped:
    with pytest.raises(replay.Stopped) as found:
        replay.play(lines)
    return found.value


@pytest.mark.usefixtures("session")
class TestLine:
    @pytest.mark.parametrize("name", BAD_LINES)
    def test_stops_the_replay_with_its_number_and_the_reason(self, name):
        bad, words = BAD_LINES[name]
        found = stopped([*OPENING, bad])
        assert found.line == 4
        assert words in str(found)
        assert len(str(found)) < 400

    @pytest.mark.parametrize("name", [name for name, (bad, _) in BAD_LINES.items() if is_event(bad)])
    def test_that_must_be_refused_is_and_changes_nothing(self, name):
        bad, _ = BAD_LINES[name]
        refused = json.dumps(json.loads(bad) | {"refused": True})
        assert replay.play([*OPENING, refused]) == replay.play(OPENING)

    @pytest.mark.parametrize("name", BAD_POLICIES)
    def test_of_a_policy_is_refused_with_the_rule(self, name):
        terms, words = BAD_POLICIES[name]
        found = stopped([line("policy", preset="plan", set=terms)])
        assert found.line == 1
        assert words in str(found)


@pytest.mark.usefixtures("session")
class TestFile:
    def written(self, tmp_path: Path, content: bytes) -> Path:
        path = tmp_path / "story.jsonl"
        path.write_bytes(content)
        return path

    def test_may_begin_with_a_byte_order_mark_and_end_its_lines_as_windows_does(self, tmp_path):
        plain = replay.play_file(self.written(tmp_path, "\n".join(OPENING).encode()))
        windows = replay.play_file(self.written(tmp_path, b"\xef\xbb\xbf" + "\r\n".join(OPENING).encode() + b"\r\n"))
        assert windows == plain

    @pytest.mark.parametrize(
        "rest", [b"\xff\xfe{\x00}\x00", "{“at”}".encode("gb18030"), b"\x00\x01\x02", b"PK\x03\x04"]
    )
    def test_of_garbage_is_refused_on_its_line(self, tmp_path, rest):
        path = self.written(tmp_path, "\n".join(OPENING).encode() + b"\n" + rest)
        with pytest.raises(replay.Stopped, match="第 4 行"):
            replay.play_file(path)

    def test_without_a_line_is_refused(self, tmp_path):
        with pytest.raises(replay.Stopped, match="policy"):
            replay.play_file(self.written(tmp_path, b""))


@pytest.mark.usefixtures("session")
class TestOperation:
    """The same at the operations, which the console and the jobs call without any file between."""

    @pytest.fixture(autouse=True)
    def _network(self, session):
        small.network()
        small.member("a", "M-10")
        session.flush()

    def refuses(self, words: str, step, **values: object) -> None:
        before = world.shown()
        with pytest.raises(DomainError, match=words), db.session.begin_nested():
            step(**values)
        assert world.shown() == before

    @pytest.mark.parametrize(
        "facts",
        [{"paid_fen": -1}, {"paid_fen": 0}, {"paid_fen": 10**18}, {"cost_fen": -1}, {"commission_fen": -1}],
    )
    def test_refuses_amounts_that_are_none(self, facts):
        self.refuses("规则 5.1", order.place, purchase=small.purchase(**facts), at=AT)

    def test_refuses_a_region_that_is_nowhere(self):
        self.refuses("规则 6", order.place, purchase=small.purchase(region="999999"), at=AT)
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Order)) == 0

    @pytest.mark.parametrize("amount", [0, -1, 10**18])
    def test_refuses_refunds_of_nothing_and_of_too_much(self, amount):
        order.place(purchase=small.purchase(), at=AT)
        self.refuses("规则 5.6", order.refund, number="o1", amount_fen=amount, at=AT)

    @pytest.mark.parametrize("amount", [0, -1, 10**18])
    def test_refuses_withdrawals_of_nothing_and_of_too_much(self, amount):
        self.refuses(
            "规则 5.9", withdrawal.request, number="w", code="a", amount_fen=amount, month=Month(2026, 1), at=AT
        )

    def test_refuses_a_policy_with_a_fourth_level(self):
        self.refuses(
            "规则 5.3", policy.propose, preset="plan", terms={"levels": 4}, effective_at=AT, at=AT, by="staff:1"
        )

    def test_refuses_a_newcomer_whose_sponsors_go_in_a_circle(self):
        for code, above in (("b", "a"), ("c", "b")):
            small.joins(code, above)
        one, other = members.by_code("b"), members.by_code("c")
        one.sponsor_id, other.sponsor_id = other.id, one.id
        db.session.flush()
        self.refuses(
            "规则 2.3：c 的直推上级成环", admission.register, code="d", inviter="c", acceptance=small.acceptance(),
            at=AT, by="t",
        )  # fmt: skip
