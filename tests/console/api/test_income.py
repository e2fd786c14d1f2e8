"""Every figure of income sits beside its disclaimer: in each schema, each example, and each answer that is given."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from console.api.route import Route, route
from models import transaction
from models.operations import board, region_agent, share
from models.rules.compliance import DISCLAIMERS
from models.rules.leaderboard import Board
from tests.console.api.test_foreign import Village
from tests.operations import world

NOW = datetime.now(UTC)
PLAIN = {"paid_fen", "price_fen", "deposit_fen", "sales_fen", "needed_fen", "refunded_fen", "refund_fen"}
"""Amounts that are nobody's income: prices, payments, refunds, sales, what an order brings."""
ADDRESSES = {"agency.report": "/me/agency/report?region_code=330100"}
INCOME_BODIES = {"withdrawals.ask": {"amount_fen": 100}, "simulations.run": {"width": 3, "depth": 10, "fen": 2_000}}


def models(annotation: Any) -> set[type[BaseModel]]:
    """Every declaration that an answer may hold, itself among them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        inside = [models(field.annotation) for field in annotation.model_fields.values()]
        return {annotation}.union(*inside)
    return set().union(*(models(one) for one in get_args(annotation)))


def incomes(model: type[BaseModel]) -> set[str]:
    return {name for name in model.model_fields if name.endswith("fen") and name not in PLAIN}


def shows_income(one: Route) -> bool:
    return any(incomes(model) for model in models(one.answer))


def figures(value: Any):
    """Every figure of income with the disclaimer of the object it sits in."""
    if isinstance(value, dict):
        for name, inside in value.items():
            if name.endswith("fen") and name not in PLAIN and isinstance(inside, int):
                yield name, value.get("disclaimer")
            yield from figures(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from figures(inside)


def bare(value: Any) -> list[str]:
    """The figures whose disclaimer is missing, or is not the text of its id."""
    return [name for name, said in figures(value) if not said or said["text"] != DISCLAIMERS[said["id"]]]


SHOWING = [one for one in route.routes if shows_income(one)]


class TestDeclared:
    def test_beside_a_disclaimer_that_is_always_there(self):
        declared = {model for one in route.routes for model in models(one.answer)}
        without = [f"{model.__module__}.{model.__name__}" for model in declared
                   if incomes(model) and "disclaimer" not in model.model_fields]  # fmt: skip
        assert without == []
        assert len(SHOWING) >= 8

    @pytest.mark.parametrize("one", SHOWING, ids=lambda one: one.name)
    def test_in_examples_too(self, one):
        assert bare(one.gives) == []


class TestGiven:
    """Each call that shows income is asked by whom it belongs to; one that is new and not asked here is red."""

    @pytest.fixture
    def seller(self, session, phone):
        village = Village(phone)
        with transaction():
            region_agent.appoint(code="W1", region="330100", at=NOW)
            world.completed("o9", "W1", NOW, buyer="W2", region="330106")
            draft = share.Draft()
            draft.add("custody", -10_000, "adjustment")
            draft.add("member:W1:available", 10_000, "adjustment")
            draft.book(key="income", kind="adjustment", subject="member:W1", at=NOW)
            for one in Board:
                board.count(board=one, at=NOW + timedelta(minutes=1))
        village.seller.post("/me/withdrawals", {"amount_fen": 200})
        self.ids = {"product_id": str(village.product), "board": "earnings"}
        return village.seller

    def test_beside_its_disclaimer_in_every_answer(self, seller):
        wrong, seen = [], set()
        for one in SHOWING:
            path = re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda found: self.ids[found[1]], one.path)
            answer = seller.ask(one.method, ADDRESSES.get(one.name, path), INCOME_BODIES.get(one.name))
            assert answer.status_code in (200, 201), f"{one.name}: {answer.text}"
            wrong += [f"{one.name}: {name}" for name in bare(answer.json)]
            seen |= {name for name, _ in figures(answer.json)}
        assert wrong == []
        assert seen == {name for one in SHOWING for model in models(one.answer) for name in incomes(model)}
