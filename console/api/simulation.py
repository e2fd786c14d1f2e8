"""The simulator of rules §9: never without its texts."""

from typing import Annotated

from pydantic import Field

from console.api.route import Call, Guard, route
from console.api.schema import AskedFen, Body, Count, Disclaimer, Fen, Projected, disclaimer
from models.rules import simulation
from models.rules.compliance import DISCLAIMERS, LEVELS_SHOWN, PROJECTION, WIDTH

TEXTS = [{"id": name, "text": DISCLAIMERS[name]} for name in PROJECTION]


class Asking(Body):
    """A full tree: how wide, how deep, and what one order brings."""

    width: Annotated[int, Field(ge=1, le=WIDTH)] = WIDTH
    depth: Annotated[int, Field(ge=1, le=LEVELS_SHOWN)] = LEVELS_SHOWN
    fen: AskedFen = 2_000


class Projection(Projected):
    """The theory, beside it always what the cap pays, the mean and the median, and how many have nobody below."""

    width: Count
    depth: Count
    fen: Fen
    orders: Count
    theoretical_fen: Fen
    widest: Count
    capped_orders: Count
    capped_fen: Fen
    mean_fen: Fen
    median_fen: Fen
    alone_bps: Count
    statement: str
    disclaimers: list[Disclaimer]


@route(
    "POST", "/simulations", "simulations.run", "收益测算（不是承诺）", body=Asking, answer=Projection,
    guard=Guard.PUBLIC, own_edge=True, example={"width": 3, "depth": 10, "fen": 2000},
    gives={
        "width": 3, "depth": 10, "fen": 2000, "orders": 88572, "theoretical_fen": 177144000, "widest": 59049,
        "capped_orders": 39, "capped_fen": 78000, "mean_fen": 6000, "median_fen": 0, "alone_bps": 6667,
        "statement": simulation.STATEMENT, "disclaimers": TEXTS, "disclaimer": TEXTS[0],
    },
)  # fmt: skip
def run(call: Call) -> Projection:
    """Computed by the rules of settlement (rules §9)."""
    asked: Asking = call.body
    found = simulation.project(width=asked.width, depth=asked.depth, fen=asked.fen)
    texts = [disclaimer(name) for name in PROJECTION]
    figures = simulation.export(found, shown=[one.id for one in texts])
    figures["disclaimers"] = texts
    return Projection.model_validate(figures)
