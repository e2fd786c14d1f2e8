"""What members hand on: scripts that were looked over, and their poster with their own code."""

import os
import secrets
from pathlib import Path
from typing import Annotated, Literal

from flask import current_app
from pydantic import BeforeValidator, Field

from console import formatting, poster
from console.api import cursor
from console.api.route import Call, route
from console.api.schema import EARNED, Answer, Count, Disclaimer, Instant, Paged, Query, digits, disclaimer
from console.api.shown import masked, not_there
from console.poster import Poster
from console.problem import Problem
from jobs import pace
from jobs.gateways.outreach import Outreach, Refused, Unavailable
from models import Content, db
from models.queries import portal, toolkit
from models.rules import attempt, scanning
from models.rules.compliance import DISCLAIMERS
from models.rules.content import Kind, fingerprint

AT = "2026-11-24T08:00:00.000+08:00"
PAGE = "pages/join/index"
FROM_THE_END = 2**63 - 1
LAYOUT = "1"
"""Grows when posters are drawn in another way: kept ones are drawn anew."""

ONE = {
    "code": "greeting", "version": 1, "kind": "script", "title": "打招呼", "body": "最近用到一款面膜，分享给您。",
    "published_at": AT, "disclaimer": {"id": "D-03", "text": DISCLAIMERS["D-03"]},
}  # fmt: skip


class Tool(Answer):
    """A script or a poster's slogan; whoever hands it on hands on the disclaimer too."""

    code: str
    version: Count
    kind: Literal["script", "poster"]
    title: str
    body: str
    published_at: Instant
    disclaimer: Disclaimer


class Tools(Answer):
    items: list[Tool]
    next: str | None


class Asked(Paged):
    kind: Literal["script", "poster"] | None = None


class Drawn(Query):
    """Which poster, and which product of the own selection on it; without, the newest poster and none."""

    template: Annotated[str, Field(min_length=2, max_length=40, pattern=r"^[a-z0-9][a-z0-9-]+$")] | None = None
    product: Annotated[int, BeforeValidator(digits), Field(ge=1, le=999_999_999)] | None = None


@route(
    "GET", "/toolkit", "toolkit.list", "话术与海报模板", query=Asked, answer=Tools, gives={"items": [ONE], "next": None}
)
def list_(call: Call) -> Tools:
    """What is published now, the newest first."""
    asked: Asked = call.query
    scope = ("toolkit", call.member_id, asked.kind)
    before = cursor.after(asked.cursor, scope=scope) or FROM_THE_END
    found = toolkit.page(kind=asked.kind, before=before, limit=asked.limit + 1)
    rows, following = cursor.page(found, asked.limit, place=lambda row: row.id, scope=scope)
    return Tools(items=[_tool(row) for row in rows], next=following)


def _tool(row: Content) -> Tool:
    return Tool.model_validate({
        "code": row.code, "version": row.version, "kind": row.kind, "title": row.title, "body": row.body,
        "published_at": row.published_at, "disclaimer": disclaimer(EARNED),
    })  # fmt: skip


@route("GET", "/me/poster.png", "poster.read", "带我的小程序码的海报", query=Drawn, media="image/png")
def draw(call: Call) -> bytes:
    """Drawn once for the same words and kept; WeChat is asked for a code once a member."""
    made = _chosen(call)
    name = fingerprint(LAYOUT, made.name, made.slogan, made.palette, made.product, made.price, call.code)
    kept = _folder() / f"{name}.png"
    if kept.exists():
        return kept.read_bytes()
    pace.take(attempt.of_poster(identity_id=call.person.identity_id), at=call.at)
    # No transaction stands open while WeChat is asked.
    db.session.rollback()
    code = _code(call.code)
    picture = poster.render(
        Poster(
            name=made.name, slogan=made.slogan, palette=made.palette, code=code, product=made.product, price=made.price
        )
    )  # fmt: skip
    _keep(kept, picture)
    return picture


def _chosen(call: Call) -> Poster:
    """What goes onto the poster: only published words, and a nickname only where it may go out."""
    asked: Drawn = call.query
    found = toolkit.published(asked.template) if asked.template else _newest()
    if found is None or found.kind != Kind.POSTER:
        raise not_there()
    product = portal.product(member_id=call.member_id, product_id=asked.product) if asked.product else None
    if asked.product and product is None:
        raise not_there()
    one = product.Product if product else None
    if one is not None and not scanning.is_fit(one.title):
        raise not_there()
    return Poster(
        name=_name(call.member_id), slogan=found.body, palette=found.design["palette"], code=b"",
        product=one.title if one else "", price=formatting.yuan(one.price_fen) if one else "",
    )  # fmt: skip


def _newest() -> Content | None:
    found = toolkit.page(kind=Kind.POSTER, before=FROM_THE_END, limit=1)
    return found[0] if found else None


def _name(member_id: int) -> str:
    """One's own nickname as it is; a code's end where there is none or it may not stand on a poster."""
    code, nickname = portal.names([member_id])[member_id]
    return nickname if nickname and scanning.is_fit(nickname) else masked(code, None)


def _folder() -> Path:
    folder: Path = current_app.config["SETTINGS"].files / "posters"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _keep(path: Path, content: bytes) -> None:
    """Whole or not at all: two that draw the same picture put the same file there."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
    part.write_bytes(content)
    os.replace(part, path)


def _code(scene: str) -> bytes:
    """The picture of a member's code, asked for once and kept: it never changes."""
    kept = _folder() / f"code-{fingerprint(scene)[:32]}"
    if kept.exists():
        return kept.read_bytes()
    gateway: Outreach | None = current_app.extensions.get("outreach")
    if gateway is None:
        raise Problem(503, "not_set_up", "小程序码服务还没有配置，请稍后再试。")
    try:
        picture = gateway.code(scene=scene, page=PAGE)
    except (Refused, Unavailable) as error:
        raise Problem(503, "wechat_unavailable", "小程序码暂时无法生成，请稍后再试。") from error
    _keep(kept, picture)
    return picture
