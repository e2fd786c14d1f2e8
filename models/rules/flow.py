"""The weekly flow (清流): who stands in for a broken node, and what of an order then goes there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from models.rules.share import Bucket, House, Marks, Person, bucket_new

LEVELS_BELOW = 3
SALES_SPAN = timedelta(days=7)
EARNINGS_SPAN = timedelta(days=30)
TOP_PERCENT = 20
TEN_THOUSAND = 10_000

Path = tuple[int, ...]


@dataclass(frozen=True)
class Gap:
    """An exited or closed node with active members within three levels below; ``path`` are the seats from the root."""

    member: int
    path: Path
    why: House


@dataclass(frozen=True)
class Candidate:
    """An active promoter: sales completed in seven days, earnings of thirty, whether it stands in elsewhere."""

    member: int
    path: Path
    sales: int
    earned_fen: int
    stands_in: bool = False


@dataclass(frozen=True)
class Pair:
    """A gap and who stands in for it."""

    gap: Gap
    stand_in: Candidate
    distance: int


def distance(one: Path, other: Path) -> int:
    """Steps between two seats of a tree: up to the last common ancestor and down again."""
    common = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        common += 1
    return len(one) + len(other) - 2 * common


def top_earners(earned: Mapping[int, int]) -> set[int]:
    """Who is among the top fifth by earnings; nobody who earned nothing, of equals the earlier member."""
    ranked = sorted((one for one, fen in earned.items() if fen > 0), key=lambda one: (-earned[one], one))
    return set(ranked[: len(earned) * TOP_PERCENT // 100])


def top_share_bps(earned: Mapping[int, int]) -> int:
    """What the top fifth earns of everything earned, in basis points."""
    total = sum(earned.values())
    top = sum(earned[one] for one in top_earners(earned))
    return top * TEN_THOUSAND // total if total > 0 else 0


def pairs(gaps: Iterable[Gap], candidates: Sequence[Candidate]) -> list[Pair]:
    """A stand-in for each gap, the shallowest and earliest gap first (rules 7.3).

    Nearest by tree distance, then most sales, then earliest placement (the lower seat); everybody stands in once.
    """
    top = top_earners({one.member: one.earned_fen for one in candidates})
    free = {one.member: one for one in candidates if one.sales > 0 and not one.stands_in and one.member not in top}
    found: list[Pair] = []
    for gap in sorted(gaps, key=lambda gap: (len(gap.path), gap.path[-1])):
        chosen = min(
            (one for one in free.values() if one.member != gap.member),
            key=lambda one: (distance(one.path, gap.path), -one.sales, one.path[-1]),
            default=None,
        )
        if chosen is not None:
            del free[chosen.member]
            found.append(Pair(gap, chosen, distance(chosen.path, gap.path)))
    return found


@dataclass(frozen=True)
class LevelShare:
    """A level share of an order before stand-ins: whose node it belongs to, and where it lies."""

    level: int
    amount_fen: int
    owner: str
    where: Bucket | House
    receiver: str | None = None
    """Who receives it; None while it is the owner's or the house's."""


def diverted(shares: Sequence[LevelShare], stand_ins: Mapping[str, Person], marks: Marks) -> list[LevelShare]:
    """The level shares of an order with stand-ins in place of exited and closed nodes (rules 7.3).

    A stand-in receives as that node; who would have two shares of one order keeps the larger, the earlier level of
    equals, and the other stays with the house.
    """
    moved = [_stood_in(share, stand_ins.get(share.owner), marks) for share in shares]
    best: dict[str, LevelShare] = {}
    for share in moved:
        name = _earner(share)
        if name is not None and (name not in best or share.amount_fen > best[name].amount_fen):
            best[name] = share
    reason = next((one.where for one in shares if one.where in (House.EXITED, House.CLOSED)), House.EXITED)
    return [
        share if (name := _earner(share)) is None or best[name] is share
        else LevelShare(share.level, share.amount_fen, share.owner, original.where if share.receiver else reason)
        for share, original in zip(moved, shares, strict=True)
    ]  # fmt: skip


def _stood_in(share: LevelShare, person: Person | None, marks: Marks) -> LevelShare:
    if person is None or share.where not in (House.EXITED, House.CLOSED):
        return share
    where = bucket_new(person, share.level, marks)
    if isinstance(where, House):
        return share
    return LevelShare(share.level, share.amount_fen, share.owner, where, person.code)


def _earner(share: LevelShare) -> str | None:
    return None if isinstance(share.where, House) else share.receiver or share.owner
