"""Putting a ring of linked accounts before the reviewers."""

from datetime import datetime

from models.base import db
from models.errors import Missing
from models.operations import case
from models.queries import ring as queries
from models.rules import ring as rules
from models.rules.case import Hit, Queue
from models.tables.case import Case
from models.tables.risk import RiskRing


class NoRing(Missing):
    """No ring has this number, or another took it in."""


def open_case(*, ring_id: int, why: str, at: datetime, by: str) -> Case:
    """Put a ring before the reviewers; its open case gets the reason where there is one."""
    found = db.session.get(RiskRing, ring_id)
    if found is None or found.size < 2:
        raise NoRing("规则 8.2：没有这个关联环，它可能已并入另一个环，请刷新列表。")
    drawn = queries.drawn(ring_id)
    suspicious = sum(one.suspicious for one in drawn.people)
    return case.open_case(
        queue=Queue.FIRST_REVIEW, subject=f"ring:{ring_id}", group="ring", stake_fen=drawn.stake_fen,
        score=rules.score(size=found.size, suspicious=suspicious), members=queries.members_of(ring_id), at=at, by=by,
        reasons=[Hit("ring", f"{found.size} 个账号相互关联，已有 {suspicious} 次可疑判定；{why}")],
    )  # fmt: skip
