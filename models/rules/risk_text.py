"""A rule's condition as one line of text: `ip_buyers_1d >= 3 且 (device_actors_30d >= 2 或 非 is_own == 1)`."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from models.rules.risk import All, BadRule, Compare, Node, Not

LONGEST = 2_000
_TOKEN = re.compile(r"\s*(?:(\()|(\))|(>=|<=|==|!=|>|<)|(-?\d{1,13})|([a-z][a-z0-9_]*)|(且|或|非))")
_WORDS = {"and": "且", "or": "或", "not": "非"}
_DEEPEST = 20


def written(node: Node, *, inner: bool = False) -> str:
    """The condition as text; ``read`` gives the same condition back."""
    if isinstance(node, Compare):
        return f"{node.feature} {node.op} {node.value}"
    if isinstance(node, Not):
        return f"非 {written(node.none, inner=True)}"
    word = " 且 " if isinstance(node, All) else " 或 "
    parts = node.all if isinstance(node, All) else node.any
    text = word.join(written(one, inner=True) for one in parts)
    return f"({text})" if inner else text


def read(text: str) -> dict[str, Any]:
    """The condition of a line of text as plain JSON: 且 (and) binds closer than 或 (or), 非 (not) closest."""
    if len(text) > LONGEST:
        raise BadRule(f"规则 8.1：条件最多 {LONGEST} 个字符，请拆成几条规则。")
    reader = _Reader(_tokens(text))
    found = reader.alternatives(0)
    if reader.left():
        raise BadRule(f"规则 8.1：“{reader.left()}”多余，请检查括号和“且”“或”。")
    return found


def _tokens(text: str) -> list[str]:
    found, at, text = [], 0, text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadRule(f"规则 8.1：无法读取“{text[at : at + 12].strip()}”，请写成 指标 比较符 数值。")
        token = match.group().strip()
        found.append(_WORDS.get(token, token))
        at = match.end()
    return found


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.at = tokens, 0

    def left(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, what: str = "") -> str:
        found = self.left()
        if not found or (what and found != what):
            raise BadRule(f"规则 8.1：条件不完整，{'缺少 ' + what if what else '还差一个比较'}。")
        self.at += 1
        return found

    def alternatives(self, deep: int) -> dict[str, Any]:
        return self._row("或", "any", self.conjunction, deep)

    def conjunction(self, deep: int) -> dict[str, Any]:
        return self._row("且", "all", self.single, deep)

    def _row(self, word: str, key: str, part: Any, deep: int) -> dict[str, Any]:
        found = [part(deep)]
        while self.left() == word:
            self.take()
            found.append(part(deep))
        return found[0] if len(found) == 1 else {key: found}

    def single(self, deep: int) -> dict[str, Any]:
        if deep > _DEEPEST:
            raise BadRule("规则 8.1：括号层数过多，请拆成几条规则。")
        if self.left() == "非":
            self.take()
            return {"not": self.single(deep + 1)}
        if self.left() == "(":
            self.take()
            found = self.alternatives(deep + 1)
            self.take(")")
            return found
        return self.comparison()

    def comparison(self) -> dict[str, Any]:
        name, op, value = self.take(), self.take(), self.take()
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or op not in (">=", "<=", "==", "!=", ">", "<"):
            raise BadRule(f"规则 8.1：“{name} {op} {value}”应写成 指标 比较符 数值。")
        if not re.fullmatch(r"-?\d+", value):
            raise BadRule(f"规则 8.1：“{value}”应为整数。")
        return {"feature": name, "op": op, "value": int(value)}


def cases(text: str) -> list[dict[str, int]]:
    """A rule's cases of a text: `ip_buyers_1d=3, hour=2 | ip_buyers_1d=4`; an empty one leaves everything unknown."""
    return [_case(part) for part in text.replace("\n", "|").split("|")]


def _case(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, value = part.partition("=")
        if not re.fullmatch(r"\d{1,13}", value.strip()):
            raise BadRule(f"规则 8.1：例子“{part}”应写成 指标=整数，多项用逗号隔开，多例用 | 或换行隔开。")
        found[name.strip()] = int(value)
    return found


def cased(found: Iterable[Mapping[str, int]]) -> str:
    """Cases as text, one a line; ``cases`` gives them back."""
    return "\n".join(", ".join(f"{name}={value}" for name, value in case.items()) for case in found)
