"""The distribution agreement: published by version, accepted by members, asked for again when it changes."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.errors import Conflict, Invalid
from models.queries import agreement as queries
from models.tables.member import Member
from models.tables.policy import Agreement, Consent

NONE_YET = "规则 3.1：还没有生效的推广协议，请先发布协议。"


class VersionReused(Conflict):
    """The version names another text, or another instant, already."""


class NoText(Invalid):
    """An agreement without words binds nobody."""


class NoAgreement(Conflict):
    """Nobody registers before an agreement is in effect."""


class Outdated(Conflict):
    """What was accepted is not the agreement that is asked for now."""


class ConsentMissing(Conflict):
    """The member has not accepted the agreement that is asked for now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """What a person accepted, and from where: the version on the screen, the SHA-256 (hex) of its text."""

    version: str
    sha256: str
    ip: str
    user_agent: str


def fingerprint(text: str) -> str:
    """SHA-256 of an agreement's text, in hex: what a person's device says it showed."""
    return hashlib.sha256(text.encode()).hexdigest()


def publish(*, version: str, text: str, effective_at: datetime) -> Agreement:
    """Put a version on file, asked for from its instant; its text never changes, and again changes nothing."""
    if not version.strip() or not text.strip():
        raise NoText("规则 3.1：协议的版本号和正文都不能为空。")
    digest = fingerprint(text)
    db.session.execute(
        insert(Agreement).values(version=version, text=text, sha256=digest, effective_at=effective_at)
        .on_conflict_do_nothing(index_elements=["version"])
    )  # fmt: skip
    agreement = db.session.scalars(sa.select(Agreement).where(Agreement.version == version)).one()
    if (agreement.sha256, agreement.effective_at) != (digest, effective_at):
        raise VersionReused(f"规则 3.1：协议版本 {version} 已发布且内容不同，请换一个版本号。")
    return agreement


def required(*, acceptance: Acceptance, at: datetime) -> Agreement:
    """The agreement that is asked for now, if that is what was accepted (rules §3.1)."""
    agreement = queries.current(at)
    if agreement is None:
        raise NoAgreement(NONE_YET)
    check_accepted(acceptance, version=agreement.version, sha256=agreement.sha256)
    return agreement


def check_accepted(acceptance: Acceptance, *, version: str | None, sha256: str | None) -> None:
    """Refuse what was accepted unless it is the version that is asked for."""
    if version is None:
        raise NoAgreement(NONE_YET)
    if (acceptance.version, acceptance.sha256) != (version, sha256):
        raise Outdated(f"规则 3.1：推广协议已更新为 {version}，请阅读并同意新版本。")


def accept(*, member: Member, acceptance: Acceptance, at: datetime) -> None:
    """Keep a member's acceptance of the current version; the first one of a version stays."""
    agreement = required(acceptance=acceptance, at=at)
    db.session.execute(
        insert(Consent).values(
            member_id=member.id, agreement_id=agreement.id, sha256=agreement.sha256, accepted_at=at, ip=acceptance.ip,
            user_agent=acceptance.user_agent,
        ).on_conflict_do_nothing(index_elements=["member_id", "agreement_id"])
    )  # fmt: skip


def check_consent(*, member: Member, at: datetime) -> None:
    """Refuse an earning action of a member who has not accepted the current version (rules §3.1).

    Presets are the merchant's own showcases and sign nothing.
    """
    agreement = queries.current(at)
    if member.position is not None or agreement is None:
        return
    if not queries.has_accepted(member_id=member.id, agreement_id=agreement.id):
        raise ConsentMissing(f"规则 3.1：请先阅读并同意推广协议 {agreement.version}，再继续。")
