"""The simulated WeChat as a WSGI program: proofs checked, verbs answered, faults as scripted, answers signed."""

import json
import re
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import structlog
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from jobs.gateways import signature
from jobs.gateways.signature import Unverified
from jobs.gateways.simulator import (
    agency,
    billing,
    carrying,
    case,
    control,
    mini,
    notice,
    own,
    shop,
    trading,
    transferring,
)
from jobs.gateways.simulator.fault import Fault, Silence, Trouble
from jobs.gateways.simulator.wire import Asked, Given, Verbs, Wrong, rid
from jobs.gateways.simulator.world import World

log = structlog.get_logger("jobs.gateways.simulator")

BEFORE = (Trouble.LOST, Trouble.ERROR, Trouble.BUSY, Trouble.REFUSE)
UNSIGNED = "bill.file"
LARGEST = 1024 * 1024
_AUTHORIZATION = re.compile(r'(\w+)="([^"]*)"')


class Simulated:
    """The program over a world; it warns once a verb that nothing of what it says is real."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.steps += [transferring.step, trading.step, case.step]
        self._pay = _joined(transferring.verbs, trading.verbs, billing.verbs)
        self._api = _joined(mini.verbs, shop.verbs, case.verbs, carrying.verbs, agency.verbs, own.verbs)
        self._maps = {id(self._pay): self._pay.map(), id(self._api): self._api.map()}
        self._warned: set[str] = set()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self._answered(request)
        except Silence:
            line = environ.get("werkzeug.socket")
            if line is None:
                raise
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            response = Response(status=500)
        return response(environ, start_response)

    def _answered(self, request: Request) -> Response:
        if request.path.startswith(control.PREFIX):
            return self._pulled(request)
        is_pay = request.path.startswith("/v3/")
        family = self._pay if is_pay else self._api
        try:
            name, parts = self._maps[id(family)].bind_to_environ(request.environ).match()
        except HTTPException as error:
            return Response(status=error.code)
        self._warn(name)
        fault = self.world.faults.take(name)
        try:
            _before(fault)
            with self.world.lock:
                self.world.settle()
                asked = self._proved(request, parts, is_pay=is_pay, account=family.accounts[name])
                given = family.made[name](self.world, asked)
                self.world.settle()
        except Wrong as wrong:
            return _refusal(wrong, is_pay=is_pay)
        return self._signed(request, name, given, fault, is_pay=is_pay)

    def _signed(self, request: Request, name: str, given: Given, fault: Fault | None, *, is_pay: bool) -> Response:
        trouble = fault.kind if fault else None
        if trouble is Trouble.TIMEOUT:
            raise Silence
        if trouble in (Trouble.ERROR_AFTER, Trouble.BUSY_AFTER):
            return _trouble(trouble, is_pay=is_pay)
        payload = given.payload[: len(given.payload) // 2] if trouble is Trouble.SPOILED else given.payload
        response = Response(payload, status=given.status, content_type=given.content_type)
        if not is_pay:
            return response
        response.headers["Request-ID"] = rid()[6:]
        if name != UNSIGNED and trouble is not Trouble.UNSIGNED:
            is_certified = request.headers.get("Wechatpay-Serial", "") != self.world.identity.names.public_key_id
            proof = notice.proof(self.world, given.payload, trouble=trouble, is_certified=is_certified)
            response.headers.extend(proof)
        return response

    def _proved(self, request: Request, parts: Any, *, is_pay: bool, account: str) -> Asked:
        content = request.get_data()
        if len(content) > LARGEST:
            raise Wrong("INVALID_REQUEST", "请求过大")
        query = {key: str(value) for key, value in request.args.items()}
        if is_pay:
            _check_signature(self.world, request, content)
        else:
            self._check_token(query.get("access_token", ""), account)
        return Asked(
            parts={key: str(value) for key, value in parts.items()},
            query=query | {"_host": request.host_url.rstrip("/")}, body=_json(content), account=account,
        )  # fmt: skip

    def _check_token(self, token: str, account: str) -> None:
        if not account:
            return
        if not token:
            raise Wrong(41001, "access_token missing")
        known = self.world.tokens.get(token)
        if known is None:
            raise Wrong(40001, "invalid credential, access_token is invalid or not latest")
        if known[1] <= self.world.now:
            raise Wrong(42001, "access_token expired")
        if known[0] != account:
            raise Wrong(48001, "api unauthorized")

    def _pulled(self, request: Request) -> Response:
        name = request.path.removeprefix(control.PREFIX)
        try:
            with self.world.lock:
                told = control.pull(self.world, name, _json(request.get_data()))
            return _as_json(told)
        except Wrong as wrong:
            return _as_json({"code": wrong.code, "message": wrong.message}, status=wrong.status)

    def _warn(self, name: str) -> None:
        if name not in self._warned:
            self._warned.add(name)
            log.warning("simulator.used", verb=name)


def _joined(*families: Verbs) -> Verbs:
    whole = Verbs()
    for one in families:
        whole.rules += one.rules
        whole.accounts |= one.accounts
        whole.made |= one.made
    return whole


def _before(fault: Fault | None) -> None:
    """What goes wrong before anything was done."""
    if fault is None or fault.kind not in BEFORE:
        return
    if fault.kind is Trouble.LOST:
        raise Silence
    if fault.kind is Trouble.ERROR:
        raise Wrong("SYSTEM_ERROR", "系统异常", status=500)
    if fault.kind is Trouble.BUSY:
        raise Wrong("FREQUENCY_LIMITED", "频率超限", status=429)
    raise Wrong(fault.with_.get("code", "INVALID_REQUEST"), "脚本拒绝", status=int(fault.with_.get("status", 400)))


def _check_signature(world: World, request: Request, content: bytes) -> None:
    """As Pay does it: agent, header, time, then the signature over what was really sent."""
    if not request.headers.get("User-Agent"):
        raise Wrong("INVALID_REQUEST", "Http头缺少User-Agent", status=400)
    header = request.headers.get("Authorization", "")
    given = dict(_AUTHORIZATION.findall(header))
    moment, nonce = given.get("timestamp", ""), given.get("nonce_str", "")
    if not header.startswith(signature.SCHEME) or not moment.isdigit():
        raise Wrong("SIGN_ERROR", "Http头Authorization值格式错误", status=401)
    if abs(time.time() - int(moment)) > signature.FRESH_SECONDS:
        raise Wrong("SIGN_ERROR", "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟", status=401)
    names = world.identity.names
    if (given.get("mchid"), given.get("serial_no")) != (names.mchid, names.merchant_serial):
        raise Wrong("SIGN_ERROR", "商户证书序列号有误", status=401)
    target = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path
    lines = (request.method.encode(), target.encode(), moment.encode(), nonce.encode(), content)
    try:
        signature.check(world.identity.merchant.public_key(), given.get("signature", ""), *lines)
    except Unverified as error:
        raise Wrong("SIGN_ERROR", "签名错误", status=401) from error


def _refusal(wrong: Wrong, *, is_pay: bool) -> Response:
    """Pay refuses by status, unsigned; the others by errcode, with a request id at the end."""
    if is_pay or wrong.status >= 429:
        return _as_json({"code": wrong.code, "message": wrong.message}, status=wrong.status)
    code = wrong.code if isinstance(wrong.code, int) or not wrong.code.lstrip("-").isdigit() else int(wrong.code)
    return _as_json({"errcode": code, "errmsg": wrong.message + rid()})


def _trouble(trouble: Trouble, *, is_pay: bool) -> Response:
    is_busy = trouble is Trouble.BUSY_AFTER
    code = "FREQUENCY_LIMITED" if is_busy else "SYSTEM_ERROR"
    return _refusal(Wrong(code, "系统繁忙", status=429 if is_busy else 500), is_pay=is_pay)


def _json(content: bytes) -> dict[str, Any]:
    if not content:
        return {}
    try:
        found = json.loads(content)
    except ValueError as error:
        raise Wrong("PARAM_ERROR", "请求体不是 JSON") from error
    if not isinstance(found, dict):
        raise Wrong("PARAM_ERROR", "请求体不是 JSON 对象")
    return found


def _as_json(body: Any, *, status: int = 200) -> Response:
    content = json.dumps(body, ensure_ascii=False, default=str).encode()
    return Response(content, status=status, content_type="application/json; charset=utf-8")
