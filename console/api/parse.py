"""JSON read strictly: whole numbers, no key twice, no bottomless nesting, no letter that PostgreSQL cannot hold."""

import json
import re
from typing import Any

from console.problem import Problem

LARGEST_BODY = 256 * 1024
DEEPEST = 20
LONGEST_NUMBER = 18
_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def read(raw: bytes) -> Any:
    """The value of a body, or the problem that it is."""
    if len(raw) > LARGEST_BODY:
        raise Problem(413, "too_large", f"请求内容不能超过 {LARGEST_BODY // 1024} KB。")
    _check_depth(raw)
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_not_whole,
            parse_constant=_not_whole,
            parse_int=_whole,
        )
    except UnicodeDecodeError as error:
        raise Problem(400, "bad_json", "请求须为 UTF-8 编码的 JSON。") from error
    except ValueError as error:
        raise Problem(400, "bad_json", "请求不是有效的 JSON。") from error
    _check_text(value)
    return value


def _check_depth(raw: bytes) -> None:
    depth = 0
    for found in _STRUCTURE.finditer(raw):
        mark = found.group()
        depth += (mark in b"[{") - (mark in b"]}") if len(mark) == 1 else 0
        if depth > DEEPEST:
            raise Problem(400, "too_deep", f"JSON 嵌套不能超过 {DEEPEST} 层。")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Problem(400, "duplicate_key", "同一个对象里有重复的字段。")
    return found


def _not_whole(text: str) -> Any:
    raise Problem(422, "not_whole", "数字须为整数，不能有小数、指数或 NaN；金额单位为分。")


def _whole(text: str) -> int:
    if len(text.lstrip("-")) > LONGEST_NUMBER:
        raise Problem(422, "number_too_long", f"整数不能超过 {LONGEST_NUMBER} 位。")
    return int(text)


def _check_text(value: Any) -> None:
    """No NUL and no half of a surrogate pair, in keys or values; depth is bounded already."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise Problem(422, "bad_text", "文字里有不允许的字符。")
    elif isinstance(value, dict):
        for name, inside in value.items():
            _check_text(name)
            _check_text(inside)
    elif isinstance(value, list):
        for inside in value:
            _check_text(inside)
