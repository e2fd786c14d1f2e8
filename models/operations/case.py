"""Opening review cases: one open case a subject and group of rules, whatever comes later joins it (rules §8.2)."""

from collections.abc import Sequence
from datetime import datetime

from models.base import db
from models.errors import Missing
from models.operations import docket
from models.rules import case as rules
from models.rules.case import LIVE, Hit, Question, Queue
from models.tables.case import Case, CaseStep


class NoCase(Missing):
    """No case has this id."""


def open_case(
    *,
    queue: str,
    subject: str,
    group: str,
    stake_fen: int,
    score: int,
    reasons: Sequence[Hit | str],
    at: datetime,
    by: str,
    members: Sequence[int] = (),
    orders: Sequence[int] = (),
) -> Case:
    """Put a question before the reviewers; asked again while it is open, the same case gets the new hits (R1).

    ``subject`` is ``kind:id`` (``order:ID``, ``member:ID``, ``ring:ID``, ``proof:ID``, ``withdrawal:ID``,
    ``after_sale:ID``, ``complaint:ID``, ``strike:ID``); an order may be named by its number. ``group`` is the group of
    rules; ``reasons`` what was found, as hits or plain sentences. ``members`` are people it concerns beside those that
    the subject names; ``orders`` ids of orders whose money the case holds. An order that is held already is kept by
    the case about it.
    """
    question = Question(
        queue=Queue(queue), subject=subject, group=group, stake_fen=stake_fen, score=score,
        hits=tuple(one if isinstance(one, Hit) else Hit(group, one) for one in reasons),
        member_ids=tuple(members), order_ids=tuple(orders),
    )  # fmt: skip
    return docket.open_many(asked=[question], at=at, by=by)[0]


def locked(case_id: int) -> Case:
    """The case under its row lock, as it stands now."""
    found = db.session.get(Case, case_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoCase("没有这个个案，请刷新列表。")
    return found


def live(case_id: int) -> Case:
    """As ``locked``, of a case that is still open."""
    found = locked(case_id)
    if found.state not in LIVE:
        raise rules.NotOpen("规则 8.2：该个案已经结案，请刷新后查看结果。")
    return found


def step(case: Case, kind: str, *, at: datetime, by: str, note: str = "", to_id: int | None = None) -> None:
    """Write one line of the case's story."""
    db.session.add(CaseStep(case_id=case.id, at=at, kind=kind, by=by, note=note, to_id=to_id))
    db.session.flush()
