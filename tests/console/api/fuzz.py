"""Requests made up from the OpenAPI file by schemathesis: for a few in every run, for many in a benchmark."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from models import Member, transaction
from models.operations import board, challenge, notice, order
from models.rules.content import Kind
from models.rules.leaderboard import Board
from tests import factories
from tests.operations import world
from tests.operations.growth import contest, published

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
# They end the session that the others need.
ENDING = (("DELETE", "/me"), ("DELETE", "/session"))
NOW = datetime.now(UTC)
# Of each kind of failure the first request, with its answer.
said_more: dict[str, str] = {}


def populated() -> Member:
    """A member with something behind every list: products, orders on both sides, notices, a challenge, boards."""
    with transaction():
        matrix = world.network()
        member = world.member("W1", "M-10", NOW - timedelta(days=2))
        world.member("W2", "W1", NOW - timedelta(days=2))
        factories.product(merchant_id=matrix.merchant_id)
        world.completed("1", "W1", NOW - timedelta(days=1), buyer="W2")
        order.place(purchase=world.purchase("2", "M-10", buyer="W1"), at=NOW)
        order.ship(number="2", at=NOW)
        published(at=NOW)
        published("好物值得分享", "poster-one", at=NOW, kind=Kind.POSTER)
        made = challenge.write(challenge_id=None, draft=contest(NOW), at=NOW, by="staff:1")
        challenge.publish(challenge_id=made.id, is_reviewer=False, at=NOW, by="staff:2")
        notice.tell(member_id=member.id, template="rank.reached", values={"day": "2026-01-01"}, about="r", at=NOW)
        for one in Board:
            board.count(board=one, at=NOW + timedelta(minutes=1))
    return member


def operations(app: Flask, mode: GenerationMode) -> list[Any]:
    """The calls of the file that this mode can make something of."""
    found = [one.ok() for one in schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app).get_all_operations()]
    kept = [one for one in found if (one.method.upper(), one.path) not in ENDING]
    if mode is GenerationMode.NEGATIVE:
        # Nothing can be wrong with what takes nothing.
        kept = [one for one in kept if one.definition.raw.get("requestBody")]
    return kept


def ask(operation: Any, mode: GenerationMode, token: str, *, cases: int, number: int, failed: Counter[str]) -> int:
    """So many requests of one call, made from a seed; what is wrong is counted by its kind. How many were sent."""
    asked = 0

    @seed(number)
    @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck),
              phases=[Phase.generate])  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        nonlocal asked
        asked += 1
        answer = case.call(headers={"Authorization": f"Bearer {token}"})
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            for one in group.exceptions:
                said = f"{operation.method.upper()} {operation.path}: {one.title}: {answer.status_code}"
                if said not in failed:
                    said_more[said] = f"{case.as_curl_command()}\n{answer.content[:400]!r}\n{one.message[:600]}"
                failed[said] += 1

    check()
    return asked
