"""Putting a policy in force: one person makes a version, another approves it (rules §10)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from models.base import db
from models.errors import Conflict
from models.rules import policy as rules
from models.tables.policy import PolicyVersion


class NotADraft(Conflict):
    """The version was decided already."""


class PayloadChanged(Conflict):
    """The version is not what the approver saw."""


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


def approve(
    *,
    version_id: int,
    digest: bytes,
    red: Collection[str],
    acknowledged: Collection[str],
    opinion_until: datetime | None,
    at: datetime,
    by: str,
) -> PolicyVersion:
    """Put a draft in force from its instant; ``digest`` is of what the approver saw, ``red`` what lint finds."""
    version = db.session.get_one(PolicyVersion, version_id, with_for_update=True)
    if version.state != "draft":
        raise NotADraft("该版本已经处理过，请刷新后查看最新状态")
    if version.digest != digest:
        raise PayloadChanged("内容在您查看之后有改动，请重新核对后再审批")
    rules.check_approval(
        maker=version.made_by, checker=by, red=red, acknowledged=acknowledged, opinion_until=opinion_until, at=at
    )
    version.state, version.approved_by, version.approved_at = "approved", by, at
    version.acknowledged, version.opinion_until = sorted(acknowledged), opinion_until
    db.session.flush()
    return version
