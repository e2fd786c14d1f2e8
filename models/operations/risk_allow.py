"""Allow-lists: households, dormitories, offices, pickup points; with author, reason and an end (rules §8.1)."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Invalid, Missing
from models.rules import blind
from models.tables.risk import RiskAllow

DAYS_MAX = 366
KINDS = ("ip", "address", "device")


class NotClear(Invalid):
    """The entry lacks a word, or is no address."""


class ListedAlready(Conflict):
    """It stands on the list."""


class NotListed(Missing):
    """Nothing of this number stands on the list."""


def normal(kind: str, value: str) -> str:
    """A value in the spelling in which events carry it; refused when it is none."""
    found = {
        "ip": blind.ip_of(value),
        "address": blind.normalised({"text": value}),
        "device": value.strip(),
    }.get(kind, "")
    if not found:
        raise NotClear("规则 8.1：请填写有效的 IP、完整收货地址或设备标识。")
    return found


def add(
    *, kind: str, value: str, label: str, why: str, days: int, at: datetime, by: str, digest: bytes | None = None
) -> RiskAllow:
    """Let what is shared there count for nothing until a day; ``digest`` names it where only that is known."""
    if not label.strip() or not why.strip():
        raise NotClear("规则 8.1：请写明这是什么地方，以及放行的理由。")
    if not 1 <= days <= DAYS_MAX:
        raise NotClear(f"规则 8.1：有效期应为 1 到 {DAYS_MAX} 天，名单不能永久有效。")
    if kind not in KINDS:
        raise NotClear("规则 8.1：名单类型应为 IP、地址或设备。")
    covered = digest if digest is not None else blind.digest(kind, normal(kind, value))
    there = db.session.scalars(
        sa.select(RiskAllow)
        .where(RiskAllow.kind == kind, RiskAllow.digest == covered, RiskAllow.ended_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if there is not None:
        if at < there.until:
            raise ListedAlready(f"规则 8.1：该项已在名单中（#{there.id}），请先结束它再重新添加。")
        there.ended_at, there.ended_by = there.until, "system:expired"
        db.session.flush()
    made = RiskAllow(
        kind=kind, digest=covered, label=label, reason=why, since=at, until=at + timedelta(days=days), made_by=by,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


def end(*, allow_id: int, at: datetime, by: str) -> RiskAllow:
    """Take an entry off the list from now on."""
    found = db.session.get(RiskAllow, allow_id, with_for_update=True, populate_existing=True)
    if found is None or found.ended_at is not None:
        raise NotListed("规则 8.1：名单中没有这一项，或已经结束，请刷新列表。")
    found.ended_at, found.ended_by = at, by
    db.session.flush()
    return found
