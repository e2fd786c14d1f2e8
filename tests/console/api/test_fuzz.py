"""Requests made up from the OpenAPI file, right and wrong: no error of the server, no answer it does not tell."""

from collections import Counter

import pytest
from schemathesis import GenerationMode

from tests.console.api import fuzz

CASES = 3


class TestFuzz:
    @pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
    def test_every_answer_is_one_that_the_file_tells(self, app, session, phone, mode):
        token = phone().as_member(fuzz.populated()).tokens["access_token"]
        failed: Counter[str] = Counter()
        asked = sum(
            fuzz.ask(one, mode, token, cases=CASES, number=0, failed=failed) for one in fuzz.operations(app, mode)
        )
        assert [f"{said}\n{fuzz.said_more.get(said)}" for said in failed] == []
        assert asked >= 15
