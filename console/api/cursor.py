"""Places in lists: signed, of one list and one person, and nothing that a reader could make sense of."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from console.problem import Problem

Row = TypeVar("Row")


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(
        current_app.config["SECRET_KEY"], salt="api-cursor",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )  # fmt: skip


def after(cursor: str | None, *, scope: Sequence[Any]) -> Any:
    """Where a list goes on; the same list asked in the same way by the same person, or a problem."""
    if cursor is None:
        return None
    try:
        found = _signer().loads(cursor)
    except (BadSignature, ValueError) as error:
        raise Problem(422, "bad_cursor", "翻页标记无效，请从第一页重新加载。") from error
    if not isinstance(found, list) or len(found) != 2 or found[0] != _digest(scope):
        raise Problem(422, "bad_cursor", "翻页标记不属于这个列表，请从第一页重新加载。")
    return found[1]


def page(
    rows: Sequence[Row], limit: int, *, place: Callable[[Row], Any], scope: Sequence[Any]
) -> tuple[Sequence[Row], str | None]:
    """The rows of a page and the cursor of the next, of rows read one beyond the limit."""
    if len(rows) <= limit:
        return rows, None
    shown = rows[:limit]
    return shown, str(_signer().dumps([_digest(scope), place(shown[-1])]))


def _digest(scope: Sequence[Any]) -> str:
    drawn = hashlib.sha256("\x1f".join(map(str, scope)).encode()).digest()
    return base64.urlsafe_b64encode(drawn[:9]).decode()
