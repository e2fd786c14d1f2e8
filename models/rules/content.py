"""What members may hand on: how it is looked over before it goes out, and what a poster may look like."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from models.errors import Conflict, Invalid

CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")
TITLE_LENGTH = 40
BODY_LENGTH = {"script": 600, "poster": 60}
PALETTES = ("night", "dawn", "jade")


class State(StrEnum):
    """Written, found clean, out, replaced or taken out by a person, taken back by a newer list of phrases."""

    DRAFT = "draft"
    SCANNED = "scanned"
    PUBLISHED = "published"
    RETIRED = "retired"
    PULLED = "pulled"


class Kind(StrEnum):
    SCRIPT = "script"
    POSTER = "poster"


class BadWords(Invalid):
    """Words that are missing, too long, or under no proper code."""


class NotClean(Conflict):
    """The newest scan found what may not go out."""


class NotThere(Conflict):
    """The version is not in the state that this step begins with."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What somebody wrote: a script's text, or a poster's slogan with its look."""

    kind: Kind
    code: str
    title: str
    body: str
    palette: str = PALETTES[0]


def check(draft: Draft) -> Draft:
    """The draft with its edges trimmed, or what is wrong with it."""
    title, body = draft.title.strip(), draft.body.replace("\r\n", "\n").strip()
    if not CODE.fullmatch(draft.code):
        raise BadWords("规则 8.4：编号由 2 到 40 个小写字母、数字或连字符组成，请改正。")
    if not 0 < len(title) <= TITLE_LENGTH:
        raise BadWords(f"规则 8.4：标题须为 1 到 {TITLE_LENGTH} 个字。")
    if not 0 < len(body) <= BODY_LENGTH[draft.kind]:
        raise BadWords(f"规则 8.4：正文须为 1 到 {BODY_LENGTH[draft.kind]} 个字。")
    if draft.palette not in PALETTES:
        raise BadWords("规则 8.4：请从列表中选择海报配色。")
    return Draft(kind=draft.kind, code=draft.code, title=title, body=body, palette=draft.palette)


def design(draft: Draft) -> Mapping[str, Any]:
    """A poster's look, as its row keeps it; a script has none."""
    return {"palette": draft.palette} if draft.kind is Kind.POSTER else {}


def check_publishable(state: State, *, blocked: int) -> None:
    """Only what a scan found clean goes out (rules §8.4)."""
    if blocked:
        raise NotClean(f"规则 8.4：扫描发现 {blocked} 处禁用表述，请按提示改写后再发布。")
    if state is not State.SCANNED:
        raise NotThere("规则 8.4：只有扫描通过、尚未发布的版本可以发布。")


def fingerprint(*words: str) -> str:
    """SHA-256 (hex) over words in their order, for caches and evidence."""
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()
