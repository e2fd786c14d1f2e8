"""The agreement that is asked for, and consent to it."""

from typing import Annotated

from pydantic import Field

from console.api.route import Call, Guard, route
from console.api.schema import Answer, Body, Instant
from models.operations import agreement, identity
from models.operations.agreement import Acceptance
from models.queries import agreement as agreements

SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class Current(Answer):
    """The text that a person reads before accepting it."""

    version: str
    text: str
    sha256: str
    effective_at: Instant


class Accepting(Body):
    """What was on the screen: the version, and the SHA-256 of the text."""

    version: Annotated[str, Field(min_length=1, max_length=64)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Accepted(Answer):
    version: str
    sha256: str
    accepted_at: Instant


@route(
    "GET", "/agreement", "agreement.current", "当前推广协议", answer=Current, guard=Guard.PUBLIC,
    gives={"version": "1", "text": "推广协议……", "sha256": SHA, "effective_at": "2026-01-01T09:00:00.000+08:00"},
)  # fmt: skip
def current(call: Call) -> Current:
    """The version in effect."""
    found = agreements.current(call.at)
    if found is None:
        raise agreement.NoAgreement(agreement.NONE_YET)
    return Current(
        version=found.version, text=found.text, sha256=found.sha256, effective_at=found.effective_at
    )  # fmt: skip


@route(
    "POST", "/agreement/acceptance", "agreement.accept", "同意当前协议", body=Accepting, answer=Accepted, status=201,
    guard=Guard.SIGNED_IN, keyed=True, example={"version": "1", "sha256": SHA},
    gives={"version": "1", "sha256": SHA, "accepted_at": "2026-11-24T08:00:00.000+08:00"},
)  # fmt: skip
def accept(call: Call) -> Accepted:
    """Version, digest, instant, address and agent are kept (rules §3.1)."""
    acceptance = Acceptance(
        version=call.body.version, sha256=call.body.sha256, ip=call.device.ip, user_agent=call.device.user_agent
    )
    identity.accept(identity_id=call.person.identity_id, acceptance=acceptance, at=call.at)
    return Accepted(version=acceptance.version, sha256=acceptance.sha256, accepted_at=call.at)
