"""The qualifying purchases: which showcases a candidate owes one order, which orders count, what a refund undoes."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from models import money
from models.errors import Conflict
from models.rules.policy import Policy, RefundEffect
from models.rules.share import Person
from models.rules.standing import QUALIFIED, Showcase, Standing

PRICE_MIN_FEN = 4_900
PRICE_MAX_FEN = 9_900


class NotCandidate(Conflict):
    """Only a candidate places admission orders."""


class NotATask(Conflict):
    """The seller is not one of the candidate's tasks."""


class TaskTaken(Conflict):
    """One admission order a task."""


class OffPrice(Conflict):
    """An admission order outside the price span."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """An admission order of a candidate as the tasks see it."""

    seller: str
    completed: bool
    refunded: bool
    """Wholly."""


def tasks(ancestors: Iterable[Person], presets: Sequence[str], policy: Policy) -> tuple[str, ...]:
    """The showcases fixed at registration: nearest fitting ancestors first, then the matrix's others (rules 3.2)."""
    if not policy.admission_orders:
        return ()
    found = [person.code for person in ancestors if _is_task(person)]
    known = set(found)
    found.extend(code for code in presets if code not in known)
    return tuple(found[: policy.admission_orders])


def _is_task(person: Person) -> bool:
    if person.preset:
        return True
    return person.standing in (Standing.ACTIVE, Standing.FROZEN) and person.showcase is Showcase.OPEN


def check_order(
    *,
    buyer: Standing | None,
    tasks: Collection[str],
    seller: str,
    paid_fen: int,
    purchases: Iterable[Purchase],
) -> None:
    """Refuse an admission order that cannot pass a task (rules 3.2)."""
    if buyer is not Standing.CANDIDATE:
        raise NotCandidate("规则 3.2：只有候选人可以下准入单，请先登记。")
    if seller not in tasks:
        raise NotATask(f"规则 3.2：{seller} 不在该候选人的准入任务里，请按任务清单选择橱窗。")
    if not PRICE_MIN_FEN <= paid_fen <= PRICE_MAX_FEN:
        bounds = f"{money.yuan(PRICE_MIN_FEN)} 到 {money.yuan(PRICE_MAX_FEN)}"
        raise OffPrice(f"规则 3.2：准入单金额应在 {bounds} 之间，本单为 {money.yuan(paid_fen)}。")
    if any(one.seller == seller and not one.refunded for one in purchases):
        raise TaskTaken(f"规则 3.2：{seller} 的任务已有一笔准入单，每个任务只收一单。")


def passed(tasks: Collection[str], purchases: Iterable[Purchase]) -> list[str]:
    """The tasks that a completed, not wholly refunded order passes (rules 3.2)."""
    done = {one.seller for one in purchases if one.completed and not one.refunded}
    return [seller for seller in tasks if seller in done]


def is_complete(tasks: Collection[str], purchases: Iterable[Purchase]) -> bool:
    """All tasks passed; where the policy asks for no purchase, purchases never qualify (rules 3.4, 3.6)."""
    return bool(tasks) and len(passed(tasks, purchases)) == len(tasks)


def refund_closes(standing: Standing, policy: Policy) -> bool:
    """Whether a whole refund of an admission order closes its buyer's showcase (rules 3.5)."""
    return policy.admission_refund_effect is RefundEffect.CLOSE_SHOWCASE and standing in QUALIFIED
