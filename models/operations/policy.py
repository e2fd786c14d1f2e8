"""Putting a policy in force: one person makes a version, another approves it (rules §10)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from models.base import db
from models.errors import Conflict, Forbidden, Missing
from models.queries import measured
from models.queries import policy as policies
from models.rules import approval, lint
from models.rules import policy as rules
from models.rules.lint import Facts
from models.tables.policy import PolicyVersion


class NotADraft(Conflict):
    """The version was decided already."""


class NoVersion(Missing):
    """No version has this id."""


class PayloadChanged(Conflict):
    """The version is not what the approver saw."""


class TooLate(Conflict):
    """The version would begin in the past."""


class NotTheMaker(Forbidden):
    """A draft is its maker's to withdraw."""


def propose(
    *, preset: str, terms: Mapping[str, Any], effective_at: datetime, at: datetime, by: str, note: str = ""
) -> PolicyVersion:
    """Draft a version: a preset with some keys changed. What the rules forbid is refused here already."""
    policy = rules.changed(rules.preset(preset), terms)
    version = PolicyVersion(
        preset=preset, terms=rules.plain(policy), digest=bytes.fromhex(rules.digest(policy)), state="draft",
        effective_at=effective_at, made_at=at, made_by=by, acknowledged=[], note=note,
    )  # fmt: skip
    db.session.add(version)
    db.session.flush()
    return version


def findings(version: PolicyVersion, *, at: datetime, opinion_until: datetime | None = None) -> list[lint.Finding]:
    """What the lint says of a version and of the platform as measured: what its approver must read."""
    facts = Facts(at=at, opinion_until=opinion_until, effective_at=version.effective_at, **measured.facts(at))
    return lint.lint(policies.of(version.id), facts)


def approve(
    *,
    version_id: int,
    digest: bytes,
    at: datetime,
    by: str,
    acknowledged: Collection[str] = (),
    opinion_until: datetime | None = None,
) -> PolicyVersion:
    """Put a draft in force from its instant; ``digest`` is of what the approver saw.

    Each red finding of the lint wants its acknowledgement, and together they want a legal opinion that still runs: the
    version counts until that lapses. A version without red findings needs none and keeps none.
    """
    version = _draft(version_id)
    if version.digest != digest:
        raise PayloadChanged("规则 10：内容在您查看之后有改动，请重新核对后再审批。")
    approval.check_open(made_at=version.made_at, at=at, rule="10")
    if version.effective_at < at:
        raise TooLate("规则 10：生效时间已过，策略不能倒填，请重新提交一个以后生效的版本。")
    red = lint.red(findings(version, at=at, opinion_until=opinion_until))
    rules.check_approval(
        maker=version.made_by, checker=by, red=red, acknowledged=acknowledged, opinion_until=opinion_until, at=at
    )
    version.state, version.approved_by, version.approved_at = "approved", by, at
    version.acknowledged, version.opinion_until = red, opinion_until if red else None
    db.session.flush()
    return version


def withdraw(*, version_id: int, by: str) -> PolicyVersion:
    """Take a draft back: its maker alone, as long as nobody decided."""
    version = _draft(version_id)
    if version.made_by != by:
        raise NotTheMaker("规则 10：只有提交人可以撤回自己的版本。")
    version.state = "withdrawn"
    db.session.flush()
    return version


def _draft(version_id: int) -> PolicyVersion:
    version = db.session.get(PolicyVersion, version_id, with_for_update=True, populate_existing=True)
    if version is None:
        raise NoVersion("规则 10：没有这个策略版本，请刷新列表。")
    if version.state != "draft":
        raise NotADraft("规则 10：该版本已经处理过，请刷新后查看最新状态。")
    return version
