"""Stories and what is shown of members: whose consent it takes, which words may not be typed, what is counted."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.errors import Conflict, Invalid

TITLE_LENGTH, WORDS_LENGTH = 40, 500
CONSENT = (
    "我同意平台在“会员故事”中展示一篇关于我的文字：姓名以掩码显示，不展示手机号、头像和任何收入金额；"
    "文中数字由平台按本人真实订单统计，不含准入订单。我可以随时在“展示设置”中撤回，撤回后故事立即下架。"
)
"""What a member reads and agrees to before a story is told (PIPL art. 25: a consent of its own)."""

UNLISTED = ""
# Figures are counted, never typed: digits of any kind, and Chinese numerals before a unit of money, people or orders.
FIGURE = re.compile(r"\d|[一二三四五六七八九十百千万亿两半]+(?:余|多)?\s*(?:元|块|单|人|倍|位|%|％)")


class Purpose(StrEnum):
    """What a member says about being shown."""

    STORY = "story"
    UNLISTED = "unlisted"


class State(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"
    WITHDRAWN = "withdrawn"
    PULLED = "pulled"


class BadStory(Invalid):
    """A story without words, or with more than anybody reads."""


class TypedFigure(Invalid):
    """A figure that somebody typed: figures are counted."""


class NoConsent(Conflict):
    """The member has not agreed to be shown, or not any more."""


class NothingToTell(Conflict):
    """Nothing was sold that a story could rest on."""


class OutdatedConsent(Conflict):
    """What was agreed to is not the text that is asked for now."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted for a story, of completed orders that are not admission and not fraud."""

    orders: int
    buyers: int
    returning: int
    since: datetime
    until: datetime


def check_words(title: str, words: str) -> tuple[str, str]:
    """Title and words with their edges trimmed; no figure among them."""
    title, words = title.strip(), words.replace("\r\n", "\n").strip()
    if not 0 < len(title) <= TITLE_LENGTH or not 0 < len(words) <= WORDS_LENGTH:
        raise BadStory(f"标题须为 1 到 {TITLE_LENGTH} 个字，正文须为 1 到 {WORDS_LENGTH} 个字。")
    found = FIGURE.search(f"{title}\n{words}")
    if found:
        raise TypedFigure(f"规则 8.4：“{found[0]}”是手写的数字；故事里的数字由系统按真实订单统计，请删去。")
    return title, words
