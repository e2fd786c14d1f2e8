"""The OpenAPI 3.1 file, made from the declared routes and from nothing else."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from console.api.route import Guard, Route, route
from console.api.schema import ProblemAnswer
from console.pictures import TYPES
from console.problem import MEDIA_TYPE
from models.rules.picture import BYTES_MAX

REF = "#/components/schemas/{model}"
_PART = re.compile(r"<(?:(?P<kind>\w+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
LARGEST_ID = 2**63 - 1
SAID = {
    304: "没有变化",
    400: "请求格式有误",
    401: "没有登录或登录已失效",
    403: "没有登记或不允许",
    404: "没有，或不属于本人",
    409: "当前状态不允许",
    413: "内容过大",
    415: "须为 JSON，上传图片处须为图片",
    422: "字段有误",
    429: "过于频繁，见 Retry-After",
    503: "暂时不可用",
}


@cache
def document() -> dict[str, Any]:
    """The whole file."""
    schemas, made = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for one in route.routes:
        paths.setdefault(templated(one.path), {})[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "千星小程序接口", "version": "1"},
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {
            "schemas": made["$defs"],
            "securitySchemes": {"member": {"type": "http", "scheme": "bearer"}},
        },
    }


def templated(path: str) -> str:
    """A path as OpenAPI writes it."""
    return _PART.sub(lambda found: f"{{{found['name']}}}", path)


def _models() -> list[tuple[type[BaseModel], str]]:
    found: dict[tuple[type[BaseModel], str], None] = {(ProblemAnswer, "serialization"): None}
    for one in route.routes:
        for model, mode in ((one.body, "validation"), (one.answer, "serialization")):
            if model is not None:
                found[model, mode] = None
    return list(found)


def _schemas() -> tuple[Mapping[Any, Any], dict[str, Any]]:
    refs, made = models_json_schema(_models(), ref_template=REF)  # type: ignore[arg-type]
    return refs, made


def _operation(one: Route, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "tags": [one.name.partition(".")[0]],
        "parameters": [*_in_path(one), *_in_query(one), *_in_headers(one)],
        "responses": {str(one.status): _success(one, schemas)} | _problems(one, schemas),
        "security": [] if one.guard is Guard.PUBLIC else [{"member": []}],
    }
    if one.body is not None:
        content = {"schema": schemas[one.body, "validation"]}
        if one.example is not None:
            content["example"] = one.example
        made["requestBody"] = {"required": True, "content": {"application/json": content}}
    if one.takes_picture:
        made["requestBody"] = {"required": True, "content": _picture()}
    return made


def _picture() -> dict[str, Any]:
    """A picture by itself, or as the one part of a form."""
    file = {"type": "string", "format": "binary", "maxLength": BYTES_MAX}
    form = {"type": "object", "required": ["picture"], "properties": {"picture": file}, "additionalProperties": False}
    encoding = {"picture": {"contentType": ", ".join(TYPES)}}
    return {name: {"schema": file} for name in TYPES} | {"multipart/form-data": {"schema": form, "encoding": encoding}}


def _success(one: Route, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"description": one.summary}
    if one.media:
        made["content"] = {one.media: {}}
    if one.answer is not None:
        content = {"schema": schemas[one.answer, "serialization"]}
        if one.gives is not None:
            content["example"] = one.gives
        made["content"] = {"application/json": content}
    if one.is_read:
        made["headers"] = {"ETag": {"schema": {"type": "string"}}}
    return made


def _problems(one: Route, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    statuses = {400, 409, 422, 429, 503}
    statuses |= set() if one.guard is Guard.PUBLIC and not one.name.startswith("session") else {401}
    statuses |= {403} if one.guard is Guard.MEMBER or not one.is_read else set()
    statuses |= {404} if "<" in one.path or one.body or one.query else set()
    statuses |= {413, 415} if one.body or one.takes_picture else set()
    found: dict[str, Any] = {"304": {"description": SAID[304]}} if one.is_read else {}
    for status in sorted(statuses):
        schema = schemas[ProblemAnswer, "serialization"]
        found[str(status)] = {"description": SAID[status], "content": {MEDIA_TYPE: {"schema": schema}}}
    return found


def _in_path(one: Route) -> Sequence[dict[str, Any]]:
    made = []
    for found in _PART.finditer(one.path):
        schema: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 64}
        if found["kind"] in ("int", "number"):
            schema = {"type": "integer", "minimum": 0, "maximum": LARGEST_ID}
        made.append({"name": found["name"], "in": "path", "required": True, "schema": schema})
    return made


def _in_query(one: Route) -> Sequence[dict[str, Any]]:
    if one.query is None:
        return []
    schema = one.query.model_json_schema()
    return [
        {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": _plain(inside)}
        for name, inside in schema["properties"].items()
    ]


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter is there or not; it is never null."""
    chosen = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    kept = {name: value for name, value in schema.items() if name not in ("anyOf", "default", "title")}
    return kept | (dict(chosen[0]) if chosen else {})


def _in_headers(one: Route) -> Sequence[dict[str, Any]]:
    if not one.keyed:
        return []
    schema = {"type": "string", "minLength": 8, "maxLength": 128, "pattern": r"^[\x21-\x7e]+$"}
    return [{"name": "Idempotency-Key", "in": "header", "required": True, "schema": schema}]
