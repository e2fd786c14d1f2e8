"""The OpenAPI file tells every route, each with examples that are what it says."""

import re

import jsonschema
import pytest

from console.api import openapi
from console.api.route import route


def operations():
    for path, methods in openapi.document()["paths"].items():
        for method, one in methods.items():
            yield pytest.param(one, id=f"{method} {path}")


def validator(schema):
    whole = {"$ref": schema["$ref"], "components": openapi.document()["components"]}
    return jsonschema.Draft202012Validator(whole)


class TestFile:
    def test_tells_every_route_and_no_other(self, app):
        served = {
            (re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")), method.lower())
            for rule in app.url_map.iter_rules()
            if rule.rule.startswith("/api/v1/") and rule.endpoint not in ("api.openapi", "api.docs")
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        }
        told = {(path, method) for path, methods in openapi.document()["paths"].items() for method in methods}
        assert told == served

    def test_is_served_with_a_page_for_people_outside_production(self, client):
        assert client.get("/api/v1/openapi.json").json["openapi"] == "3.1.0"
        assert "/me/withdrawals" in client.get("/api/v1/docs").text

    @pytest.mark.parametrize("one", list(operations()))
    def test_has_examples_that_validate(self, one):
        answers = [answer for answer in one["responses"].values() if "application/json" in answer.get("content", {})]
        bodies = [body for body in [one.get("requestBody", {})] if "application/json" in body.get("content", {})]
        contents = [answer["content"]["application/json"] for answer in [*answers, *bodies]]
        for content in contents:
            validator(content["schema"]).validate(content["example"])

    def test_asks_a_key_of_every_post_that_makes_or_moves_something(self):
        unkeyed = {one.name for one in route.routes if one.method == "POST" and not one.keyed}
        assert unkeyed == {"session.open", "session.refresh", "simulations.run"}
