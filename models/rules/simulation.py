"""The simulator: a full tree of entrants, computed by the rules of settlement, never shown without its disclaimers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from models.errors import Invalid
from models.money import BPS
from models.rules.commission import Kind, RowKind, Terms, Upline, settle
from models.rules.compliance import AMOUNT_MAX_FEN, DISCLAIMERS, LEVELS_SHOWN, PROJECTION, WIDTH, check_labelled
from models.rules.policy import PLAN, Policy
from models.rules.share import Person
from models.rules.standing import Showcase, Standing

NEVER = datetime(1970, 1, 1, tzinfo=UTC)

STATEMENT = "收入取决于真实的销售与复购，没有任何保证。"


class BadTree(Invalid):
    """A tree that the simulator does not draw."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer below the root: its orders, what they bring the root in theory, and what the cap pays of it."""

    level: int
    orders: int
    theoretical_fen: int
    paid_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """A full tree in which every entrant places one order with each member above; amounts in fen."""

    width: int
    depth: int
    fen: int
    layers: tuple[Layer, ...]
    orders: int
    theoretical_fen: int
    widest: int
    members: int
    capped_orders: int
    capped_fen: int
    paid_fen: int
    mean_fen: int
    median_fen: int
    alone_bps: int
    """Members with nobody below."""
    statement: str = STATEMENT
    disclaimers: tuple[str, ...] = PROJECTION


def project(*, width: int = WIDTH, depth: int = LEVELS_SHOWN, fen: int = 2_000, policy: Policy = PLAN) -> Projection:
    """What a full tree of a depth would bring its root in theory, and what the cap pays anybody (rules 9)."""
    if not 1 <= depth <= LEVELS_SHOWN or not 1 <= fen <= AMOUNT_MAX_FEN:
        raise BadTree(f"规则 9：层数应在 1 到 {LEVELS_SHOWN} 之间，每单佣金应为正数，请重新填写。")
    if not 1 <= width <= WIDTH:
        raise BadTree(f"规则 10：每人下方最多 {WIDTH} 个位置，宽度应在 1 到 {WIDTH} 之间，请重新填写。")
    layers = [width**level for level in range(depth + 1)]
    rates = [paid_at(distance, fen, policy) for distance in range(1, depth + 1)]
    earned = [sum(layers[k] * rates[k - 1] for k in range(1, depth - level + 1)) for level in range(depth + 1)]
    members = sum(layers)
    paid = sum(count * each for count, each in zip(layers, earned, strict=True))
    return Projection(
        width=width,
        depth=depth,
        fen=fen,
        layers=tuple(Layer(k, layers[k], layers[k] * fen, layers[k] * rates[k - 1]) for k in range(1, depth + 1)),
        orders=members - 1,
        theoretical_fen=(members - 1) * fen,
        widest=layers[-1],
        members=members,
        capped_orders=sum(layers[k] for k in range(1, depth + 1) if rates[k - 1]),
        capped_fen=earned[0],
        paid_fen=paid,
        mean_fen=(2 * paid + members) // (2 * members),
        median_fen=_median(layers, earned),
        alone_bps=(2 * layers[-1] * BPS + members) // (2 * members),
    )


def paid_at(distance: int, fen: int, policy: Policy) -> int:
    """What an admission order pays a seller so far above its buyer, by the rules of settlement."""
    seller = Person(code="", standing=Standing.ACTIVE, showcase=Showcase.OPEN, unlocked=True)
    terms = Terms(kind=Kind.ADMISSION, paid_fen=fen, cost_fen=0, commission_fen=fen, paid_at=NEVER)
    rows = settle(terms, Upline(people=[seller], distance=distance), {}, policy)
    return sum(row.amount_fen for row in rows if row.kind is RowKind.LEVEL)


def _median(layers: list[int], earned: list[int]) -> int:
    """The lower median of what members earn; deeper layers earn less."""
    seen, half = 0, (sum(layers) + 1) // 2
    for count, each in sorted(zip(layers, earned, strict=True), key=lambda pair: pair[1]):
        seen += count
        if seen >= half:
            return each
    raise AssertionError("a tree has a middle")


def export(projection: Projection, *, shown: Collection[str]) -> dict[str, object]:
    """The figures for a file or an API; refused unless the disclaimers are shown with them (rules 9)."""
    check_labelled(shown)
    return {
        "width": projection.width,
        "depth": projection.depth,
        "fen": projection.fen,
        "orders": projection.orders,
        "theoretical_fen": projection.theoretical_fen,
        "widest": projection.widest,
        "capped_orders": projection.capped_orders,
        "capped_fen": projection.capped_fen,
        "mean_fen": projection.mean_fen,
        "median_fen": projection.median_fen,
        "alone_bps": projection.alone_bps,
        "statement": projection.statement,
        "disclaimers": {name: DISCLAIMERS[name] for name in projection.disclaimers},
    }
