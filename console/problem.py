"""Errors of the API as problem+json (RFC 9457): a stable code, a Chinese title, the request's number, no innards."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Response, request

from console.logs import REQUEST_ID

MEDIA_TYPE = "application/problem+json"
PREFIX = "/api/"
TITLES = {
    400: "请求格式有误",
    401: "请先登录",
    403: "当前账号不能这样做",
    404: "没有找到",
    405: "不支持这种请求方式",
    406: "没有可返回的格式",
    409: "当前状态不允许这样做",
    413: "请求内容过大",
    415: "请求的内容类型不对",
    422: "提交的内容有误",
    429: "操作过于频繁，请稍后再试",
    503: "服务繁忙，请稍后再试",
}
UNKNOWN = "系统出了问题，我们已记录，请稍后再试"


class Problem(Exception):
    """A request that is answered with a problem; ``fields`` lists what is wrong field by field."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        *,
        fields: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail
        self.fields, self.headers = fields, dict(headers or {})


def is_api() -> bool:
    """Whether this request is for the API, whose errors are never pages."""
    return bool(request.path.startswith(PREFIX))


def code_of(status: int) -> str:
    """The stable code of a status that says no more."""
    return HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_")


def answer(problem: Problem) -> Response:
    """The problem as it goes out."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "code": problem.code,
        "title": TITLES.get(problem.status, UNKNOWN),
        "status": problem.status,
        "detail": problem.detail,
        "request_id": str(request.environ.get(REQUEST_ID, "")),
    }
    if problem.fields:
        body["fields"] = list(problem.fields)
    made = Response(json.dumps(body, ensure_ascii=False), problem.status, mimetype=MEDIA_TYPE)
    made.headers.extend(problem.headers)
    return made
