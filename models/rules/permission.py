"""Who may do what: the named actions, the fixed roles and which actions each role holds."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from models.errors import Forbidden, Invalid

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")


@dataclass(frozen=True)
class Permission:
    """One named action. ``step_up`` asks for a fresh password and code when the last ones are old."""

    name: str
    title: str
    step_up: bool = False

    @property
    def area(self) -> str:
        return self.name.partition(".")[0]

    @property
    def is_read(self) -> bool:
        """A reading permission never opens a route that writes."""
        return self.name.endswith(".view")


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


class UnknownRole(Invalid):
    """A role outside the fixed list."""


class ClashingRoles(Forbidden):
    """Two duties that must stay in different hands, or a merchant with a duty of the house."""


PERMISSIONS: dict[str, Permission] = {
    permission.name: permission
    for permission in (
        Permission("account.manage", "Own password, authenticator and sessions"),
        Permission("home.view", "Open the workbench"),
        Permission("import.view", "See imports"),
        Permission("import.create", "Upload a file to import"),
        Permission("import.run", "Run an import"),
        Permission("import.undo", "Undo an import"),
        Permission("layout.manage", "Manage import layouts"),
        Permission("shop.manage", "Manage merchants and shops"),
        Permission("history.view", "See history orders"),
        Permission("board.view", "See boards"),
        Permission("board.export", "Export boards"),
        Permission("export.view", "See exports"),
        Permission("export.create", "Export a list"),
        Permission("job.view", "See jobs"),
        Permission("job.cancel", "Cancel a job"),
        Permission("job.rerun", "Run a dead job again"),
        Permission("staff.view", "See staff and their sessions"),
        Permission("staff.create", "Create staff", step_up=True),
        Permission("staff.edit", "Edit staff"),
        Permission("staff.grant", "Grant roles", step_up=True),
        Permission("staff.disable", "Disable and enable staff", step_up=True),
        Permission("staff.reset", "Reset a password and authenticator", step_up=True),
        Permission("session.end", "End another's session"),
        Permission("role.view", "See roles and permissions"),
        Permission("audit.view", "Search the audit trail"),
        Permission("event.view", "See events"),
        Permission("health.view", "See health"),
        Permission("view.save", "Save a view of a list"),
        # Products and windows
        Permission("product.view", "See products and their windows"),
        Permission("product.edit", "Take products in, change and retire them"),
        Permission("product.list", "Put products into windows"),
        Permission("product.delist", "Take products down everywhere"),
        Permission("curation.view", "See the curation board and the waterfall"),
        Permission("curation.decide", "Decide the weekly refresh"),
        Permission("pii.reveal", "Reveal personal data", step_up=True),
        # Two people, batches
        Permission("approval.view", "See what waits for approval"),
        Permission("approval.withdraw", "Withdraw one's own request"),
        Permission("approval.decide", "Decide what another asked for", step_up=True),
        Permission("move.approve", "Approve a re-placement", step_up=True),
        Permission("adjust.approve", "Approve a correction of the ledger", step_up=True),
        Permission("batch.view", "See batches"),
        Permission("batch.start", "Start and cancel a batch over a list"),
    )
}

_EVERYBODY = ("account.manage", "home.view", "history.view", "board.view", "export.view")
_HOUSE = ("approval.view", "batch.view")
_ASKS = (*_HOUSE, "approval.withdraw")
_DECIDES = (*_ASKS, "approval.decide", "batch.start")

# What each desk's roles hold beside: one block a desk.
_DESKS: tuple[dict[Role, tuple[str, ...]], ...] = (
    {  # Products and windows
        Role.OPERATOR: ("product.view", "product.edit", "product.list", "product.delist", "curation.view",
                        "curation.decide"),
        Role.FINANCE: ("product.view", "curation.view"),
        Role.COMPLIANCE: ("product.view", "product.delist", "curation.view"),
        Role.SUPPORT: ("product.view",),
        Role.AUDITOR: ("product.view", "curation.view"),
        Role.MERCHANT: ("product.view",),
    },
)  # fmt: skip

ROLES: dict[str, frozenset[str]] = {
    role: frozenset(names).union(*(desk.get(role, ()) for desk in _DESKS))
    for role, names in {
        Role.ADMIN: tuple(PERMISSIONS),
        Role.OPERATOR: (
            *_EVERYBODY, "import.view", "import.create", "import.run", "import.undo", "layout.manage", "shop.manage",
            "board.export", "export.create", "job.view", "job.cancel", "job.rerun", "event.view", "health.view",
            "view.save", *_DECIDES, "move.approve",
        ),
        Role.FINANCE: (
            *_EVERYBODY, "import.view", "board.export", "export.create", "job.view", "view.save", *_DECIDES,
            "adjust.approve",
        ),
        Role.REVIEWER: (*_EVERYBODY, "import.view", "job.view", "view.save", *_DECIDES),
        Role.COMPLIANCE: (
            *_EVERYBODY, "import.view", "board.export", "export.create", "job.view", "role.view", "audit.view",
            "view.save", "pii.reveal", *_DECIDES, "move.approve",
        ),
        Role.SUPPORT: (*_EVERYBODY, "import.view", "job.view", "view.save", "pii.reveal", *_ASKS, "batch.start"),
        Role.AUDITOR: (
            *_EVERYBODY, "import.view", "job.view", "staff.view", "role.view", "audit.view", "event.view",
            "health.view", *_HOUSE,
        ),
        Role.MERCHANT: (*_EVERYBODY, "board.export", "export.create", "view.save"),
    }.items()
}  # fmt: skip

# Who decides a case never touches its money.
_APART = (frozenset({Role.REVIEWER, Role.FINANCE}),)


def held_by(roles: Collection[str]) -> frozenset[str]:
    """Every permission that the roles hold together."""
    return frozenset().union(*(ROLES[role] for role in roles))


def check_roles(roles: Collection[str], *, merchant_id: int | None) -> None:
    """Refuse an unknown role, a clash of duties, or a merchant's account that is anything else beside."""
    unknown = sorted(set(roles) - set(Role))
    if unknown or not roles:
        raise UnknownRole(f"没有这样的角色：{'、'.join(unknown)}" if unknown else "请至少选择一个角色")
    if (Role.MERCHANT in roles) != (merchant_id is not None):
        raise ClashingRoles("商家账号必须且只能绑定一个商家；其他角色不绑定商家")
    if Role.MERCHANT in roles and len(set(roles)) > 1:
        raise ClashingRoles("商家账号不能再兼任其他角色")
    if any(apart <= set(roles) for apart in _APART):
        raise ClashingRoles("审核与财务须由不同的人担任，请去掉其中一个角色")
