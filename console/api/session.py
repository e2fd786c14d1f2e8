"""Signing in and out: WeChat's code for a token of two hours and a refresh of thirty days."""

from typing import Annotated

from flask import current_app
from pydantic import Field

from console.api import bearer
from console.api.route import Call, Guard, actor, route
from console.api.schema import Answer, Body, Instant
from console.problem import Problem
from jobs import pace
from jobs.gateways.wechat_mini import MiniProgram, Refused, Unavailable
from models import acting, transaction
from models.operations import identity
from models.queries import identity as identities
from models.rules import attempt
from models.tables.identity import MemberSession

TOKENS = {
    "access_token": "WzEsMSwxNzk1NTMyODAwXQ.sig",
    "access_expires_at": "2026-11-24T10:00:00.000+08:00",
    "refresh_token": "WzEsMV0.sig",
    "refresh_expires_at": "2026-12-24T08:00:00.000+08:00",
    "is_registered": False,
}


class SignIn(Body):
    """The one-time code of wx.login."""

    code: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]


class Refresh(Body):
    refresh_token: Annotated[str, Field(min_length=1, max_length=400)]


class Tokens(Answer):
    """Both tokens and until when each is good; whether the person is a member yet."""

    access_token: str
    access_expires_at: Instant
    refresh_token: str
    refresh_expires_at: Instant
    is_registered: bool


def mini_program() -> MiniProgram:
    """Who tells whom a code stands for in this installation."""
    found: MiniProgram | None = current_app.extensions.get("mini_program")
    if found is None:
        raise Problem(503, "not_set_up", "登录服务还没有配置，请稍后再试。")
    return found


@route(
    "POST", "/session", "session.open", "用 wx.login 的 code 登录", body=SignIn, answer=Tokens, status=201,
    guard=Guard.PUBLIC, own_edge=True, example={"code": "alice.1"}, gives=TOKENS,
)  # fmt: skip
def open_(call: Call) -> Tokens:
    """WeChat is asked outside of any transaction; then the session is written."""
    pace.take(attempt.of_api_session(ip=call.device.ip), at=call.at)
    code = call.body.code
    try:
        found = mini_program().jscode2session(code)
    except Refused as error:
        raise bearer.unauthorised("code_refused") from error
    except Unavailable as error:
        raise Problem(503, "wechat_unavailable", "微信登录暂时没有应答，请稍后再试。") from error
    with acting(actor("session.open", call)), transaction():
        session = identity.sign_in(openid=found.openid, code=code, device=call.device, at=call.at)
        return _tokens(session, call)


@route(
    "POST", "/session/refresh", "session.refresh", "用刷新令牌换一对新令牌；旧的用第二次即结束会话", body=Refresh,
    answer=Tokens, guard=Guard.PUBLIC, own_edge=True, example={"refresh_token": "WzEsMV0.sig"}, gives=TOKENS,
)  # fmt: skip
def refresh(call: Call) -> Tokens:
    """A refresh token is good once: used again it ends the session, whoever has it."""
    pace.take(attempt.of_api_session(ip=call.device.ip), at=call.at)
    session_id, generation = bearer.read_refresh(call.body.refresh_token)
    with acting(actor("session.refresh", call)), transaction():
        session = identity.refresh(session_id=session_id, generation=generation, at=call.at)
        tokens = _tokens(session, call) if session else None
    if tokens is None:
        raise bearer.unauthorised("refresh_reused")
    return tokens


@route("DELETE", "/session", "session.end", "退出登录", status=204, guard=Guard.SIGNED_IN)
def end(call: Call) -> None:
    identity.end(session_id=call.person.session_id, why="signed_out", at=call.at)


def _tokens(session: MemberSession, call: Call) -> Tokens:
    found = identities.caller(session_id=session.id, at=call.at)
    return Tokens(
        access_token=bearer.access_token(session_id=session.id, identity_id=session.identity_id, at=call.at),
        access_expires_at=call.at + bearer.ACCESS,
        refresh_token=bearer.refresh_token(session_id=session.id, generation=session.generation),
        refresh_expires_at=session.expires_at,
        is_registered=found is not None and found.member_id is not None,
    )
