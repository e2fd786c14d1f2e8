"""Requests made up from the OpenAPI file, right and wrong: no error of the server, no answer it does not tell."""

from datetime import UTC, datetime

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from models import transaction
from tests.operations import world

CASES = 3
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


class TestFuzz:
    @pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
    def test_every_answer_is_one_that_the_file_tells(self, app, session, phone, mode):
        with transaction():
            world.network()
            member = world.member("W1", "M-10", datetime.now(UTC))
        token = phone().as_member(member).tokens["access_token"]
        asked = 0
        operations = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app).get_all_operations()
        for operation in [one.ok() for one in operations]:
            if (operation.method.upper(), operation.path) in (("DELETE", "/me"), ("DELETE", "/session")):
                continue  # They end the session that the others need.
            if mode is GenerationMode.NEGATIVE and not operation.definition.raw.get("requestBody"):
                continue  # Nothing can be wrong with what takes nothing.

            @settings(max_examples=CASES, derandomize=True, deadline=None, database=None,
                      suppress_health_check=list(HealthCheck))  # fmt: skip
            @given(case=operation.as_strategy(generation_mode=mode))
            def check(case):
                nonlocal asked
                asked += 1
                answer = case.call(headers={"Authorization": f"Bearer {token}"})
                case.validate_response(answer, checks=CHECKS)

            check()
        assert asked >= 15
