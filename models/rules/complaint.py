"""Complaints: their categories, the 24-hour clock that only a human answer stops (rules 8.4), what may be said."""

from datetime import datetime, timedelta
from enum import StrEnum

from models.errors import Conflict, Invalid
from models.rules import phrase

ANSWER_WITHIN = timedelta(hours=24)
WARN_BEFORE = timedelta(hours=4)
LONGEST = 1_000
OPEN_AT_ONCE = 10


class Category(StrEnum):
    """What a complaint is about."""

    PLATFORM = "platform"
    MERCHANT = "merchant"
    INCOME_CLAIM = "income_claim"
    ENTRY_FEE = "entry_fee"
    REFUND = "refund"
    ACCOUNT = "account"
    PRIVACY = "privacy"
    OTHER = "other"


class State(StrEnum):
    """Open until a person answers; closed when both are done."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class Said(StrEnum):
    """Who speaks; an automatic reply answers nothing."""

    MEMBER = "member"
    AUTO = "auto"
    ANSWER = "answer"
    NOTE = "note"


RECEIVED = "已收到您的投诉，编号 {number}。这是自动回执，不算答复；24 小时内会有专人答复您。您也可以拨打 12315 反映。"


class Unsaid(Invalid):
    """Words are missing or too many."""


class NotHuman(Invalid):
    """Something that is no person tried to answer."""


class Unfit(Invalid):
    """An answer with words that may not go out."""


class Over(Conflict):
    """The complaint is closed."""


class NotAnswered(Conflict):
    """Nothing is closed before a person answered."""


class TooMany(Conflict):
    """Somebody has more open complaints than anybody could answer."""


def checked(words: str) -> str:
    """The words as they are kept, or a refusal."""
    tidy = " ".join(words.split())
    if not 1 <= len(tidy) <= LONGEST:
        raise Unsaid(f"请写明内容，1 到 {LONGEST} 字。")
    return tidy


def check_human(by: str) -> None:
    """Only staff stop the clock (rules 8.4)."""
    if not by.startswith("staff:"):
        raise NotHuman("规则 8.4：只有人工答复能停止 24 小时时钟，自动回复不算。")


def check_fit(words: str) -> None:
    """An answer goes out under our name: no banned phrase stands in it."""
    found = phrase.red(phrase.scan(words))
    if found:
        raise Unfit(f"规则 8.4：答复中含禁用词「{found[0].text}」，请改为「{found[0].suggestion}」后再发送。")


def check_open(state: State) -> None:
    if state is State.CLOSED:
        raise Over("投诉已办结；如有新的情况，请另立一件。")


def due(opened_at: datetime) -> datetime:
    """Until when a person answers."""
    return opened_at + ANSWER_WITHIN


def is_near(due_at: datetime, *, at: datetime) -> bool:
    """Within the last hours before it is due."""
    return due_at - WARN_BEFORE <= at < due_at
