"""The fixed roles, and what a named action is; which roles hold which actions is said in `permission`."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The fixed roles; a staff holds one or more."""

    ADMIN = "admin"
    OPERATOR = "operator"
    FINANCE = "finance"
    REVIEWER = "reviewer"
    COMPLIANCE = "compliance"
    SUPPORT = "support"
    AUDITOR = "auditor"
    MERCHANT = "merchant"


@dataclass(frozen=True)
class Permission:
    """One named action. ``step_up`` asks for a fresh password and code when the last ones are old."""

    name: str
    title: str
    roles: tuple[Role, ...] = ()
    step_up: bool = False

    @property
    def area(self) -> str:
        return self.name.partition(".")[0]

    @property
    def is_read(self) -> bool:
        """A reading permission never opens a route that writes."""
        return self.name.endswith(".view")


EVERYBODY = tuple(role for role in Role if role is not Role.ADMIN)
"""Every role; the administrator holds each permission without being named."""

HOUSE = tuple(role for role in EVERYBODY if role is not Role.MERCHANT)
"""The staff of the house: everybody but a merchant's own."""
