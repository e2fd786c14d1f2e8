"""Evidence of an admission purchase: what is read beside what is recorded, and what follows (rules §3.3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from enum import StrEnum

from models.errors import Conflict, Invalid
from models.rules.reading import Fields

CLOCKS_APART = timedelta(minutes=2)
"""How far a page's clock and the record's may lie apart for one payment."""

ALIKE_NAME = 0.5
"""From this likeness on a shop's name may be a misread one, and a person looks."""

SURE = 0.80
"""Below this certainty a difference may be a misread one, and a person looks."""

APPEAL_LENGTH = 300


class State(StrEnum):
    """Where a proof stands: to be read, with a person, decided."""

    WAITING = "waiting"
    MANUAL = "manual"
    PASSED = "passed"
    REJECTED = "rejected"


class Code(StrEnum):
    """Why a verdict is as it is. The first block is for passes, the second rejects, the third goes to a person."""

    AGREES = "agrees"
    LOOKED_AT = "looked_at"

    NOT_AN_ORDER = "not_an_order"
    NO_NUMBER = "no_number"
    OTHER_BUYER = "other_buyer"
    OTHER_SHOWCASE = "other_showcase"
    NOT_ADMISSION = "not_admission"
    NOT_PAID = "not_paid"
    REFUNDED = "refunded"
    NUMBER_USED = "number_used"
    AMOUNT_DIFFERS = "amount_differs"
    TIME_DIFFERS = "time_differs"
    SHOP_DIFFERS = "shop_differs"
    FORGED = "forged"
    UNREADABLE = "unreadable"
    NO_PURCHASE = "no_purchase"

    RECORD_MISSING = "record_missing"
    NUMBER_NEAR = "number_near"
    NO_BUYER = "no_buyer"
    PARTLY_READ = "partly_read"
    UNSURE = "unsure"
    TWIN = "twin"
    NO_READER = "no_reader"
    APPEALED = "appealed"
    OTHER = "other"


class AlreadyPassed(Conflict):
    """The task has its order, or its evidence is accepted: no picture is needed."""


class StillLooking(Conflict):
    """A picture of the task is being looked at."""


class NotRejected(Conflict):
    """Only a rejection can be appealed."""


class AlreadyAppealed(Conflict):
    """The verdict was appealed before."""


class NotManual(Conflict):
    """The proof does not wait for a person."""


class NumberServed(Conflict):
    """One order number serves one task, ever."""


class NoWords(Invalid):
    """An appeal without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The order of record beside a picture. ``names`` are what its showcase may be called on the page."""

    number: str
    is_buyers: bool | None
    """Whether the candidate bought it; None where the record knows no buyer."""

    is_tasks: bool
    is_admission: bool
    is_paid: bool
    is_undone: bool
    paid_fen: int
    placed_at: datetime
    paid_at: datetime | None
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything a verdict rests on. ``record`` has the number that was read; ``expected`` are numbers of the task."""

    read: Fields
    record: Record | None
    expected: tuple[str, ...] = ()
    is_served: bool = False
    """Whether the number served another task before."""

    has_twin: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    state: State
    code: Code


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field as it was read beside the record's; ``agrees`` is None where one of them is not there."""

    field: str
    read: object
    recorded: object
    agrees: bool | None


def judge(case: Case) -> Verdict:
    """What follows from a picture and the record: nothing passes unless every field agrees (rules §3.3)."""
    if case.read.number is None:
        return _reject(Code.NOT_AN_ORDER if case.read.is_empty else Code.NO_NUMBER)
    if case.is_served:
        return _reject(Code.NUMBER_USED)
    if case.record is None:
        near = any(_is_near(case.read.number, number) for number in case.expected)
        return _manual(Code.NUMBER_NEAR if near else Code.RECORD_MISSING)
    return _unfit(case.record) or _compared(case, case.record)


def _reject(code: Code) -> Verdict:
    return Verdict(State.REJECTED, code)


def _manual(code: Code) -> Verdict:
    return Verdict(State.MANUAL, code)


def _is_near(one: str, other: str) -> bool:
    """Numbers that one misread or edited digit or two would make the same."""
    return len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) <= 2


def _unfit(record: Record) -> Verdict | None:
    """A record that passes no task, whatever the picture says."""
    for is_so, verdict in (
        (record.is_buyers is False, _reject(Code.OTHER_BUYER)),
        (not record.is_tasks, _reject(Code.OTHER_SHOWCASE)),
        (not record.is_admission, _reject(Code.NOT_ADMISSION)),
        (record.is_undone, _reject(Code.REFUNDED)),
        (not record.is_paid, _reject(Code.NOT_PAID)),
        (record.is_buyers is None, _manual(Code.NO_BUYER)),
    ):
        if is_so:
            return verdict
    return None


_DIFFERS = {"paid_fen": Code.AMOUNT_DIFFERS, "time": Code.TIME_DIFFERS, "shop": Code.SHOP_DIFFERS}


def _compared(case: Case, record: Record) -> Verdict:
    fields = compare(case.read, record)
    for one in fields:
        if one.agrees is False and one.field in _DIFFERS:
            is_sure = case.read.sure >= SURE and not (one.field == "shop" and _may_be_misread(case.read, record))
            return _reject(_DIFFERS[one.field]) if is_sure else _manual(Code.UNSURE)
    if any(one.agrees is None for one in fields):
        return _manual(Code.PARTLY_READ)
    if case.has_twin:
        return _manual(Code.TWIN)
    return Verdict(State.PASSED, Code.AGREES)


def compare(read: Fields, record: Record) -> tuple[Comparison, ...]:
    """The fields side by side."""
    shop = next((name for name in read.shops if _is_named(name, record.names)), None)
    moment = read.placed_at or read.paid_at
    return (
        Comparison("number", read.number, record.number, read.number == record.number if read.number else None),
        Comparison("shop", shop or next(iter(read.shops), None), " / ".join(record.names), _shop(read, shop)),
        Comparison("paid_fen", read.paid_fen, record.paid_fen, _amount(read, record)),
        Comparison("time", moment, record.paid_at or record.placed_at, _time(read, record)),
    )


def _amount(read: Fields, record: Record) -> bool | None:
    return None if read.paid_fen is None else read.paid_fen == record.paid_fen


def _time(read: Fields, record: Record) -> bool | None:
    """Every moment that was read is one of the record's."""
    moments = [moment for moment in (read.placed_at, read.paid_at) if moment is not None]
    recorded = [moment for moment in (record.placed_at, record.paid_at) if moment is not None]
    if not moments:
        return None
    return all(any(abs(moment - one) <= CLOCKS_APART for one in recorded) for moment in moments)


def _shop(read: Fields, named: str | None) -> bool | None:
    return None if not read.shops else named is not None


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _is_named(name: str, names: Iterable[str]) -> bool:
    return _plain(name) in {_plain(one) for one in names if _plain(one)}


def _may_be_misread(read: Fields, record: Record) -> bool:
    return any(
        SequenceMatcher(None, _plain(name), _plain(one)).ratio() >= ALIKE_NAME
        for name in read.shops
        for one in record.names
    )


def check_submits(*, has_order: bool, states: Iterable[State]) -> None:
    """Refuse a picture that nobody needs, and a second one while the first is looked at."""
    there = set(states)
    if has_order or State.PASSED in there:
        raise AlreadyPassed("规则 3.3：这个任务已有订单记录或凭证已通过，不需要再上传截图。")
    if there & {State.WAITING, State.MANUAL}:
        raise StillLooking("规则 3.3：这个任务的上一张截图还在审核，请等结果出来后再上传。")


def check_appeal(*, state: State, is_appealed: bool, words: str) -> None:
    """A rejection may be looked at by a person, once a picture (rules §3.3)."""
    if is_appealed:
        raise AlreadyAppealed("规则 3.3：这张截图已经申请过人工复核，请等待结果或重新上传。")
    if state is not State.REJECTED:
        raise NotRejected("规则 3.3：只有未通过的截图可以申请人工复核。")
    if not words.strip():
        raise NoWords("规则 3.3：请写明申请人工复核的理由。")


def check_decides(*, state: State) -> None:
    """A person decides what waits for one."""
    if state is not State.MANUAL:
        raise NotManual("规则 3.3：这份凭证不在人工队列里，请刷新列表。")
