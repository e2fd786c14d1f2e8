"""Declared routes: who may call, what goes in, what comes out; the one way from a request to an operation and back.

A read is two trips to the database, the token's and its own, and no transaction. A write is one transaction: who asks
and what was answered before in the first statement, the answer in the last.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from math import ceil
from typing import Any

from flask import Response, request
from pydantic import BaseModel, ValidationError

from console import formatting, pictures
from console.api import bearer, parse
from console.api.bearer import Claim
from console.logs import REQUEST_ID
from console.pictures import Picture
from console.problem import Problem
from console.problem import answer as problem_answer
from jobs import pace
from jobs.pace import TooFast
from models import Actor, acting, db, reading, transaction
from models.errors import Conflict, DomainError, Forbidden, Invalid, Missing
from models.operations import answer as answers
from models.operations.answer import Answered, Ask
from models.operations.identity import CodeUsed, Device, NotSignedIn
from models.queries import identity as identities
from models.queries.identity import Caller
from models.rules import attempt
from models.rules.picture import PictureTooLarge, TooManyPixels

KEY = re.compile(r"[\x21-\x7e]{8,128}")
LONGEST_AGENT = 300
UNCLEAR = "格式或取值不正确"
NO_PICTURE = "请直接上传图片（image/jpeg、image/png、image/webp），或用表单字段 picture 上传。"
WRONG = {
    "missing": "必填",
    "extra_forbidden": "未知字段",
    "string_too_long": "过长",
    "string_too_short": "过短或为空",
    "greater_than_equal": "过小",
    "less_than_equal": "过大",
    "int_type": "须为整数",
    "string_type": "须为文字",
    "bool_type": "须为 true 或 false",
    "literal_error": "不在可选范围内",
    "enum": "不在可选范围内",
}
KINDS: Mapping[type[DomainError], int] = {Invalid: 422, Missing: 404, Conflict: 409, Forbidden: 403}


class Guard(StrEnum):
    """Who may call: anybody, somebody signed in, a registered member."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    MEMBER = "member"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, read and checked."""

    at: datetime
    device: Device
    caller: Caller | None
    body: Any = None
    query: Any = None
    picture: Picture | None = None

    @property
    def sent(self) -> Picture:
        """The picture of this request; asked for behind a route that takes one."""
        if self.picture is None:
            raise Problem(415, "not_picture", NO_PICTURE)
        return self.picture

    @property
    def person(self) -> Caller:
        """Whoever signed in; asked for behind a guard alone."""
        if self.caller is None:
            raise bearer.unauthorised("no_token")
        return self.caller

    @property
    def member_id(self) -> int:
        """The member who calls; asked for behind a guard alone."""
        found = self.person.member_id
        if found is None:
            raise Problem(403, "not_registered", "请先完成登记。")
        return found

    @property
    def code(self) -> str:
        return self.person.code or ""


@dataclass(frozen=True, kw_only=True)
class Route:
    """One call of the API. ``keyed``: it takes an Idempotency-Key. ``own_edge``: it opens its transactions itself.

    ``takes_picture``: the body is one picture, raw or as the part ``picture`` of a form.
    With a ``media`` type the function answers bytes of that type.
    """

    method: str
    path: str
    name: str
    summary: str
    function: Callable[..., BaseModel | bytes | None]
    answer: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    example: Mapping[str, Any] | None = None
    gives: Mapping[str, Any] | None = None
    status: int = 200
    guard: Guard = Guard.MEMBER
    keyed: bool = False
    own_edge: bool = False
    takes_picture: bool = False
    media: str = ""

    @property
    def is_read(self) -> bool:
        return self.method == "GET"


@dataclass
class Book:
    """Every route there is, in the order of declaration."""

    routes: list[Route] = field(default_factory=list)

    def __call__(self, method: str, path: str, name: str, summary: str, **facts: Any) -> Callable[..., Any]:
        """Declare the function below as a route."""

        def declare(function: Callable[..., Any]) -> Callable[..., Any]:
            self.routes.append(Route(method=method, path=path, name=name, summary=summary, function=function, **facts))
            return function

        return declare


route = Book()


def serve(route: Route, **path: Any) -> Response:
    """Answer one request of a route."""
    at = formatting.now()
    claim = bearer.claim(at) if route.guard is not Guard.PUBLIC else None
    device = Device(ip=request.remote_addr or "", user_agent=request.headers.get("User-Agent", "")[:LONGEST_AGENT])
    pace.take(attempt.of_api(ip=device.ip, identity_id=claim.identity_id if claim else None), at=at)
    asked = _asked(route, Call(at=at, device=device, caller=None))
    if route.is_read:
        with nullcontext() if route.own_edge else reading():
            return _read(route, _encoded(route.function(_known(route, claim, asked), **path)))
    if route.keyed:
        return _once(route, claim, asked, path)
    call = _known(route, claim, asked)
    if route.own_edge:
        return _written(_encoded(route.function(call, **path)), route.status)
    with acting(actor(route.name, call)), transaction():
        body = _encoded(route.function(call, **path))
    return _written(body, route.status)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says, read before the database is asked anything; ``wrong`` is told after whose request it is."""

    call: Call
    wrong: Problem | None = None


def _asked(route: Route, call: Call) -> Asked:
    try:
        query = _query(route)
        body = _body(route)
        return Asked(replace(call, query=query, body=body, picture=_picture() if route.takes_picture else None))
    except Problem as problem:
        return Asked(call, problem)


def _known(route: Route, claim: Claim | None, asked: Asked) -> Call:
    """The call with who makes it; nobody where everybody may."""
    if route.guard is Guard.PUBLIC:
        return _of(route, None, asked)
    return _of(route, bearer.caller(claim, asked.call.at), asked)


def _of(route: Route, caller: Caller | None, asked: Asked) -> Call:
    if route.guard is Guard.MEMBER and caller is not None and caller.member_id is None:
        raise Problem(403, "not_registered", "请先完成登记。")
    if asked.wrong is not None:
        raise asked.wrong
    return replace(asked.call, caller=caller)


class _Refused(Exception):
    """A refusal is an answer as well: it is kept, its effect is not."""

    def __init__(self, ask: Ask, problem: Problem) -> None:
        super().__init__(problem.code)
        self.ask, self.problem = ask, problem


def _once(route: Route, claim: Claim | None, asked: Asked, path: Mapping[str, Any]) -> Response:
    """The effect and its answer in one transaction under the request's key; again, the answer alone."""
    at = asked.call.at
    try:
        with transaction(is_told=True):
            key = _key()
            caller, found = bearer.opened(claim, key=key, acting=actor(route.name, asked.call), at=at)
            call = _of(route, caller, asked)
            ask = Ask(caller.identity_id, _required(key), _digest(call))
            kept = answers.again(ask, found)
            if kept is not None:
                return _written(kept.body, kept.status, is_again=True)
            with acting(actor(route.name, call)):
                body = _tried(route, call, ask, path)
            answers.keep(ask, status=route.status, body=body, at=at)
    except _Refused as refused:
        return _refused(refused.ask, refused.problem, at)
    except Answered:
        return _answered(ask)
    return _written(body, route.status)


def _tried(route: Route, call: Call, ask: Ask, path: Mapping[str, Any]) -> bytes:
    try:
        made = route.function(call, **path)
        db.session.flush()
        return _encoded(made)
    except DomainError as refusal:
        raise _Refused(ask, told(refusal)) from refusal
    except Problem as found:
        raise _Refused(ask, found) from found


def _refused(ask: Ask, problem: Problem, at: datetime) -> Response:
    """Kept by itself, after everything that was begun has gone; whoever answered an equal request first is right."""
    body = problem_answer(problem).get_data()
    try:
        with transaction():
            answers.keep(ask, status=problem.status, body=body, at=at)
    except Answered:
        return _answered(ask)
    return _written(body, problem.status)


def _answered(ask: Ask) -> Response:
    with reading():
        kept = answers.again(ask, identities.kept(identity_id=ask.identity_id, key=ask.key))
    if kept is None:
        raise Problem(409, "try_again", "同一操作正在处理，请稍后用同一个 Idempotency-Key 重试。")
    return _written(kept.body, kept.status, is_again=True)


def _key() -> str:
    """The key of this request; nothing where it has none that is good."""
    key = request.headers.get("Idempotency-Key", "")
    return key if KEY.fullmatch(key) else ""


def _required(key: str) -> str:
    if not key:
        raise Problem(400, "key_required", "请求须带 Idempotency-Key：8 到 128 个可见字符，每次操作换一个新的。")
    return key


def _digest(call: Call) -> bytes:
    """SHA-256 of what is asked: method, address and the body as it was understood."""
    body = call.body.model_dump(mode="json") if call.body is not None else None
    asked = [request.method, request.full_path, body]
    if call.picture is not None:
        asked.append(call.picture.sha256.hex())
    return hashlib.sha256(json.dumps(asked, sort_keys=True, ensure_ascii=False).encode()).digest()


def _body(route: Route) -> Any:
    if route.body is None:
        return None
    if request.mimetype != "application/json":
        raise Problem(415, "not_json", "请用 Content-Type: application/json 提交。")
    request.max_content_length = parse.LARGEST_BODY
    return _checked(route.body, parse.read(request.get_data(cache=False)), where="body")


def _picture() -> Picture:
    """The picture of a body, raw or the one part of a form, checked and decoded before any transaction begins."""
    if (request.content_length or 0) > pictures.LARGEST_BODY:
        raise Problem(413, "picture_too_large", pictures.TOO_LARGE)
    request.max_content_length = pictures.LARGEST_BODY
    if request.mimetype in pictures.TYPES:
        return pictures.take(request.get_data(cache=False))
    if request.mimetype != "multipart/form-data":
        raise Problem(415, "not_picture", NO_PICTURE)
    parts = request.files.to_dict(flat=False)
    if list(parts) != ["picture"] or len(parts["picture"]) != 1 or request.form:
        raise Problem(
            422, "invalid_fields", "表单里须只有一个名为 picture 的图片。", fields=[_wrong("picture", "missing")]
        )
    return pictures.take(parts["picture"][0].read())


def _query(route: Route) -> Any:
    given = request.args.to_dict(flat=False)
    doubled = [name for name, values in given.items() if len(values) > 1]
    if doubled:
        raise Problem(422, "duplicate_parameter", "同一个参数只能出现一次。", fields=[_wrong(doubled[0], "duplicate")])
    if route.query is None:
        if given:
            raise Problem(422, "invalid_fields", "有未知参数。", fields=[_wrong(n, "extra_forbidden") for n in given])
        return None
    return _checked(route.query, {name: values[0] for name, values in given.items()}, where="query")


def _checked(model: type[BaseModel], value: Any, *, where: str) -> BaseModel:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = [
            _wrong(".".join(map(str, one["loc"])) or where, one["type"])
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise Problem(422, "invalid_fields", "请改正列出的字段后再提交。", fields=found) from error


def _wrong(name: str, code: str) -> dict[str, str]:
    return {"field": name[:100], "code": code, "title": WRONG.get(code, UNCLEAR)}


def _encoded(made: BaseModel | bytes | None) -> bytes:
    if isinstance(made, bytes):
        return made
    return b"" if made is None else made.__pydantic_serializer__.to_json(made)


def _read(route: Route, body: bytes) -> Response:
    """An answer with its ETag; nothing but 304 to whoever has it already."""
    headers = {"Cache-Control": "private, no-cache", "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"'}
    response = Response(body, route.status, headers, mimetype=route.media or "application/json")
    if "If-None-Match" in request.headers:
        response.make_conditional(request)
    return response


def _written(body: bytes, status: int, *, is_again: bool = False) -> Response:
    is_problem = status >= 400
    mimetype = "application/problem+json" if is_problem else "application/json"
    response = Response(body, status, mimetype=mimetype)
    if is_again:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def actor(action: str, call: Call) -> Actor:
    """Who acts in this request, for the audit trail."""
    code = call.caller.code if call.caller else None
    return Actor(
        name=f"member:{code}" if code else "system:mini-program",
        source="api",
        action=action,
        request_id=str(request.environ.get(REQUEST_ID, "")),
        ip=call.device.ip,
    )


def told(refusal: DomainError) -> Problem:
    """A refusal of the domain as a problem: its kind gives the status, its class the code, its sentence the detail."""
    if isinstance(refusal, TooFast):
        return Problem(429, "too_fast", str(refusal), headers={"Retry-After": str(ceil(refusal.wait.total_seconds()))})
    if isinstance(refusal, (CodeUsed, NotSignedIn)):
        return bearer.unauthorised("code_used" if isinstance(refusal, CodeUsed) else "session_ended")
    status = next((status for kind, status in KINDS.items() if isinstance(refusal, kind)), 409)
    if isinstance(refusal, (PictureTooLarge, TooManyPixels)):
        status = 413
    code = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(refusal).__name__).lower()
    return Problem(status, code, str(refusal))
