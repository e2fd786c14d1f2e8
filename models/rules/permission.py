"""Who may do what: the named actions, the fixed roles and which actions each role holds."""

import re
from collections.abc import Collection

from models.errors import Forbidden, Invalid
from models.rules.duty import EVERYBODY as EVERYBODY
from models.rules.duty import HOUSE as HOUSE
from models.rules.duty import Permission as Permission
from models.rules.duty import Role as Role

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")


class UnknownRole(Invalid):
    """A role outside the fixed list."""


class ClashingRoles(Forbidden):
    """Two duties that must stay in different hands, or a merchant with a duty of the house."""


# One block a desk; a permission says who holds it.
_OWN = (
    Permission("account.manage", "Own password, authenticator and sessions", EVERYBODY),
    Permission("home.view", "Open the workbench", EVERYBODY),
    Permission("export.view", "See exports", EVERYBODY),
    # An auditor takes the operation log home (rules 3.7).
    Permission(
        "export.create",
        "Export a list",
        (Role.OPERATOR, Role.FINANCE, Role.COMPLIANCE, Role.AUDITOR, Role.MERCHANT),
    ),
    Permission(
        "view.save",
        "Save a view of a list",
        (Role.OPERATOR, Role.FINANCE, Role.REVIEWER, Role.COMPLIANCE, Role.SUPPORT, Role.MERCHANT),
    ),
    Permission("pii.reveal", "Reveal personal data", (Role.COMPLIANCE, Role.SUPPORT), step_up=True),
    Permission("approval.view", "See what waits for approval", HOUSE),
    Permission(
        "approval.withdraw",
        "Withdraw one's own request",
        (Role.OPERATOR, Role.FINANCE, Role.REVIEWER, Role.COMPLIANCE, Role.SUPPORT),
    ),
    Permission(
        "approval.decide",
        "Decide what another asked for",
        (Role.OPERATOR, Role.FINANCE, Role.REVIEWER, Role.COMPLIANCE),
        step_up=True,
    ),
    Permission("move.approve", "Approve a re-placement", (Role.OPERATOR, Role.COMPLIANCE), step_up=True),
    Permission("adjust.approve", "Approve a correction of the ledger", (Role.FINANCE,), step_up=True),
    Permission("batch.view", "See batches", HOUSE),
    Permission(
        "batch.start",
        "Start and cancel a batch over a list",
        (Role.OPERATOR, Role.FINANCE, Role.REVIEWER, Role.COMPLIANCE, Role.SUPPORT),
    ),
)

_SALES = (
    Permission("import.view", "See imports", HOUSE),
    Permission("import.create", "Upload a file to import", (Role.OPERATOR,)),
    Permission("import.run", "Run an import", (Role.OPERATOR,)),
    Permission("import.undo", "Undo an import", (Role.OPERATOR,)),
    Permission("layout.manage", "Manage import layouts", (Role.OPERATOR,)),
    Permission("shop.manage", "Manage merchants and shops", (Role.OPERATOR,)),
    Permission("history.view", "See history orders", EVERYBODY),
    Permission("board.view", "See boards", EVERYBODY),
    Permission("simulator.view", "Use the earnings simulator", HOUSE),
    Permission("board.export", "Export boards", (Role.OPERATOR, Role.FINANCE, Role.COMPLIANCE, Role.MERCHANT)),
)

_PRODUCT = (
    Permission(
        "product.view",
        "See products and their windows",
        (Role.OPERATOR, Role.FINANCE, Role.COMPLIANCE, Role.SUPPORT, Role.AUDITOR, Role.MERCHANT),
    ),
    Permission("product.edit", "Take products in, change and retire them", (Role.OPERATOR,)),
    Permission("product.list", "Put products into windows", (Role.OPERATOR,)),
    Permission("product.delist", "Take products down everywhere", (Role.OPERATOR, Role.COMPLIANCE)),
    Permission(
        "curation.view",
        "See the curation board and the waterfall",
        (Role.OPERATOR, Role.FINANCE, Role.COMPLIANCE, Role.AUDITOR),
    ),
    Permission("curation.decide", "Decide the weekly refresh", (Role.OPERATOR,)),
)

_TREE = (
    Permission("merchant.view", "See merchants, matrices and showcases", EVERYBODY),
    Permission("matrix.make", "Make a matrix", (Role.OPERATOR,)),
    Permission("showcase.close", "Close and reopen a showcase", (Role.OPERATOR, Role.COMPLIANCE)),
    Permission("tree.view", "See the placement tree and its log", EVERYBODY),
    Permission("tree.check", "Check and repair the placement tree", (Role.OPERATOR,)),
    Permission("seat.ask", "Ask for a re-placement", (Role.OPERATOR,)),
    Permission("flow.view", "See the flow plans", HOUSE),
    Permission("flow.plan", "Plan the weekly flow", (Role.OPERATOR,)),
    Permission("flow.approve", "Approve the weekly flow", (Role.OPERATOR, Role.COMPLIANCE), step_up=True),
)

_MONEY = (
    Permission("ledger.view", "See accounts and the ledger", (Role.FINANCE, Role.AUDITOR)),
    Permission("bill.view", "See dividend bills", (Role.FINANCE, Role.AUDITOR)),
    Permission("bill.build", "Build a dividend bill", (Role.FINANCE,)),
    Permission("bill.confirm", "Confirm a dividend bill", (Role.FINANCE,), step_up=True),
    Permission("bill.pay", "Pay a dividend bill", (Role.FINANCE,), step_up=True),
    Permission("withdrawal.view", "See withdrawals and transfers", (Role.FINANCE, Role.AUDITOR)),
    Permission("withdrawal.approve", "Approve withdrawals", (Role.FINANCE,), step_up=True),
    Permission("withdrawal.reject", "Reject withdrawals", (Role.FINANCE,)),
    Permission("withdrawal.query", "Ask again about a transfer", (Role.FINANCE,)),
    Permission("tax.view", "See tax withheld", (Role.FINANCE, Role.AUDITOR)),
    Permission("adjust.view", "See corrections of the ledger", (Role.FINANCE, Role.AUDITOR)),
    Permission("adjust.ask", "Ask for a correction of the ledger", (Role.FINANCE,)),
    Permission("switch.view", "See the kill-switches of money", (Role.FINANCE, Role.AUDITOR)),
    Permission("switch.off", "Switch a money job off", (Role.FINANCE,)),
    Permission("switch.on", "Ask to switch a money job on", (Role.FINANCE,)),
    Permission("switch.resume", "Approve that a money job goes on", (Role.FINANCE,), step_up=True),
)

_MEMBER = (
    Permission("member.view", "See members", HOUSE),
    Permission(
        "member.money.view",
        "See a member's money",
        (Role.OPERATOR, Role.FINANCE, Role.COMPLIANCE, Role.SUPPORT, Role.AUDITOR),
    ),
    Permission(
        "member.note",
        "Write notes about members",
        (Role.OPERATOR, Role.REVIEWER, Role.COMPLIANCE, Role.SUPPORT),
    ),
    Permission("admission.view", "See the admission desk", HOUSE),
    Permission("member.qualify", "Ask to qualify a candidate by hand", (Role.OPERATOR,)),
    Permission("qualify.approve", "Approve qualifying by hand", (Role.OPERATOR, Role.COMPLIANCE), step_up=True),
    Permission(
        "seed.view",
        "See seed candidates",
        (Role.OPERATOR, Role.FINANCE, Role.COMPLIANCE, Role.SUPPORT, Role.AUDITOR),
    ),
    Permission("seed.propose", "Propose and name seed promoters", (Role.OPERATOR,)),
    Permission("offer.view", "See seed candidates proposed to the own merchant", (Role.MERCHANT,)),
    Permission("offer.answer", "Answer proposals of seed promoters", (Role.MERCHANT,)),
)

_ORDER = (
    Permission("order.view", "See orders", EVERYBODY),
    Permission("order.ship", "Send parcels and note their tracks", (Role.OPERATOR, Role.MERCHANT)),
    Permission("order.remind", "Ask for the balance of a presale", (Role.OPERATOR, Role.SUPPORT)),
    Permission("order.cancel", "Cancel an order that is not paid", (Role.OPERATOR, Role.SUPPORT)),
    Permission(
        "order.refund", "Pay an order back", (Role.OPERATOR, Role.FINANCE, Role.COMPLIANCE, Role.SUPPORT), step_up=True
    ),
    Permission("after_sale.open", "Open a case for a buyer", (Role.OPERATOR, Role.SUPPORT)),
    Permission("after_sale.decide", "Decide after-sales", (Role.OPERATOR, Role.SUPPORT)),
)

_REGION = (
    Permission(
        "agency.view",
        "See regional agents and their income",
        (Role.OPERATOR, Role.FINANCE, Role.COMPLIANCE, Role.SUPPORT, Role.AUDITOR),
    ),
    Permission("agency.decide", "Take in, sign, extend and refuse agencies", (Role.OPERATOR,)),
    Permission("agency.deposit", "Note that a deposit came in", (Role.FINANCE,), step_up=True),
    Permission("agency.ask", "Ask to end an agency or to keep part of its deposit", (Role.OPERATOR, Role.FINANCE)),
    Permission("agency.approve", "Approve the end of an agency", (Role.FINANCE, Role.COMPLIANCE), step_up=True),
)

_POLICY = (
    Permission("policy.view", "See policies and the lint", HOUSE),
    Permission("policy.draft", "Draft and withdraw policies", (Role.OPERATOR, Role.COMPLIANCE)),
    Permission("policy.approve", "Put a policy in force", (Role.COMPLIANCE, Role.FINANCE), step_up=True),
    Permission("agreement.view", "See agreements and consents", HOUSE),
    Permission("agreement.publish", "Publish an agreement", (Role.COMPLIANCE,), step_up=True),
)

_LEGAL = (
    Permission("lamp.view", "See the compliance lamps", HOUSE),
    Permission("finding.view", "See findings", HOUSE),
    Permission("finding.own", "Take findings", (Role.OPERATOR, Role.FINANCE, Role.REVIEWER, Role.COMPLIANCE)),
    Permission("finding.mute", "Mute findings", (Role.COMPLIANCE,)),
    Permission(
        "complaint.view",
        "See complaints",
        (Role.OPERATOR, Role.REVIEWER, Role.COMPLIANCE, Role.SUPPORT, Role.AUDITOR),
    ),
    Permission("complaint.answer", "Take in, answer and close complaints", (Role.COMPLIANCE, Role.SUPPORT)),
    Permission(
        "copy.scan",
        "Scan a text for banned phrases",
        (Role.OPERATOR, Role.FINANCE, Role.REVIEWER, Role.COMPLIANCE, Role.SUPPORT),
    ),
    Permission("handout.view", "See evidence packs and reports", (Role.COMPLIANCE, Role.FINANCE, Role.AUDITOR)),
    Permission("pack.make", "Make an evidence pack", (Role.COMPLIANCE,), step_up=True),
    Permission("filing.make", "Make a report to the tax authority", (Role.FINANCE,), step_up=True),
    Permission("retention.view", "See what is kept how long", (Role.COMPLIANCE, Role.AUDITOR)),
    Permission("law.view", "See the laws behind the rules", HOUSE),
    Permission("law.check", "Note that a law was looked at", (Role.COMPLIANCE,)),
)

_SYSTEM = (
    Permission("job.view", "See jobs", HOUSE),
    Permission("job.cancel", "Cancel a job", (Role.OPERATOR,)),
    Permission("job.rerun", "Run a dead job again", (Role.OPERATOR,)),
    Permission("staff.view", "See staff and their sessions", (Role.AUDITOR,)),
    Permission("staff.create", "Create staff", step_up=True),
    Permission("staff.edit", "Edit staff"),
    Permission("staff.grant", "Grant roles", step_up=True),
    Permission("staff.disable", "Disable and enable staff", step_up=True),
    Permission("staff.reset", "Reset a password and authenticator", step_up=True),
    Permission("session.end", "End another's session"),
    Permission("role.view", "See roles and permissions", (Role.COMPLIANCE, Role.AUDITOR)),
    Permission("audit.view", "Search the audit trail", (Role.COMPLIANCE, Role.AUDITOR)),
    Permission("event.view", "See events", (Role.OPERATOR, Role.AUDITOR)),
    Permission("health.view", "See health", (Role.OPERATOR, Role.AUDITOR)),
)

_CASE = (
    Permission(
        "case.view",
        "See review cases",
        (Role.OPERATOR, Role.REVIEWER, Role.COMPLIANCE, Role.SUPPORT, Role.AUDITOR),
    ),
    Permission(
        "case.work",
        "Work on review cases",
        (Role.OPERATOR, Role.REVIEWER, Role.COMPLIANCE, Role.SUPPORT),
    ),
    Permission("case.assign", "Assign free cases to reviewers", (Role.REVIEWER, Role.COMPLIANCE)),
    Permission("case.approve", "Be the second person on a case", (Role.REVIEWER, Role.COMPLIANCE), step_up=True),
    Permission("strike.view", "See strikes and appeals", (Role.REVIEWER, Role.COMPLIANCE, Role.SUPPORT, Role.AUDITOR)),
    Permission("reviewer.view", "See reviewers and their load", (Role.REVIEWER, Role.COMPLIANCE, Role.AUDITOR)),
    Permission("reviewer.manage", "Set reviewers' skills, caps, absences and ties", (Role.COMPLIANCE,)),
    Permission("queue.view", "See how queues are worked on", (Role.REVIEWER, Role.COMPLIANCE, Role.AUDITOR)),
    Permission("queue.manage", "Set queues' clocks, limits and holidays", (Role.COMPLIANCE,)),
)

_FLOW = (
    Permission("reconciliation.view", "See the reconciliation", (Role.FINANCE, Role.AUDITOR)),
    Permission("reconciliation.upload", "Upload statements of channels", (Role.FINANCE,)),
    Permission("reconciliation.run", "Reckon a day again", (Role.FINANCE,)),
    Permission("reconciliation.resolve", "Take on and clear differences", (Role.FINANCE,)),
    Permission(
        "stray.view",
        "See orders without a known seller",
        (Role.OPERATOR, Role.FINANCE, Role.SUPPORT, Role.AUDITOR),
    ),
    Permission("stray.assign", "Assign orders to their sellers", (Role.OPERATOR,)),
    Permission(
        "callback.view",
        "See callbacks of WeChat",
        (Role.OPERATOR, Role.FINANCE, Role.COMPLIANCE, Role.AUDITOR),
    ),
    Permission("callback.rerun", "Decide a callback again", (Role.OPERATOR, Role.FINANCE)),
)

_RISK = (
    Permission(
        "risk_decision.view",
        "See what the risk rules decided and why",
        (Role.REVIEWER, Role.COMPLIANCE, Role.AUDITOR),
    ),
    Permission("risk_block.lift", "Let a blocked withdrawal go on", (Role.REVIEWER, Role.COMPLIANCE), step_up=True),
    Permission("risk_rule.view", "See the rules lab", (Role.REVIEWER, Role.COMPLIANCE, Role.AUDITOR)),
    Permission("risk_rule.draft", "Draft, try and shadow risk rules", (Role.REVIEWER, Role.COMPLIANCE)),
    Permission("risk_rule.roll_back", "Roll a live risk rule back", (Role.REVIEWER, Role.COMPLIANCE), step_up=True),
    Permission("risk.publish", "Approve that a risk rule goes live", (Role.REVIEWER, Role.COMPLIANCE), step_up=True),
    Permission("risk_allow.view", "See allow-lists", (Role.REVIEWER, Role.COMPLIANCE, Role.AUDITOR)),
    Permission("risk_allow.edit", "Add to allow-lists and end entries", (Role.REVIEWER, Role.COMPLIANCE)),
    Permission("risk_ring.view", "See rings of linked accounts", (Role.REVIEWER, Role.COMPLIANCE, Role.AUDITOR)),
    Permission("risk_ring.case", "Open a case about a ring", (Role.REVIEWER, Role.COMPLIANCE)),
)

_EVIDENCE = (
    Permission(
        "proof.view",
        "See the evidence of admission",
        (Role.OPERATOR, Role.REVIEWER, Role.COMPLIANCE, Role.SUPPORT, Role.AUDITOR),
    ),
    Permission("proof.decide", "Decide the evidence of admission", (Role.OPERATOR, Role.REVIEWER)),
)

_GROWTH = (
    Permission("growth.view", "See the toolkit, boards, stories and challenges", HOUSE),
    Permission("content.write", "Write scripts, posters, stories and challenges", (Role.OPERATOR,)),
    Permission("content.publish", "Publish and take down what members hand on", (Role.OPERATOR, Role.COMPLIANCE)),
    Permission("content.review", "Let findings for review pass", (Role.COMPLIANCE,)),
    Permission("notice.view", "See notices and their results", HOUSE),
    Permission("notice.word", "Set the words of notices", (Role.OPERATOR,)),
    Permission("notice.send", "Send a message again", (Role.OPERATOR, Role.SUPPORT)),
)

_ERRAND = (Permission("errand.again", "Tell WeChat again", (Role.OPERATOR, Role.SUPPORT)),)

_CLIENT = (
    Permission(
        "member_session.view",
        "See who is signed in to the mini-program",
        (Role.OPERATOR, Role.COMPLIANCE, Role.SUPPORT, Role.AUDITOR),
    ),
    Permission("member_session.end", "End a member's session", (Role.COMPLIANCE, Role.SUPPORT)),
)

_BINDING = (Permission("binding.decide", "Check the showcases that members name", (Role.OPERATOR, Role.REVIEWER)),)

_ALERT = (Permission("alert.manage", "Set when the business is warned", (Role.OPERATOR, Role.FINANCE)),)

_STRUCTURE = (
    Permission(
        "structure.view",
        "See the structure watch",
        (Role.OPERATOR, Role.FINANCE, Role.REVIEWER, Role.COMPLIANCE, Role.AUDITOR),
    ),
    Permission("structure.check", "Check the whole structure", (Role.FINANCE, Role.REVIEWER, Role.COMPLIANCE)),
)

_DESKS = (
    _OWN,
    _SALES,
    _PRODUCT,
    _TREE,
    _MONEY,
    _MEMBER,
    _ORDER,
    _REGION,
    _POLICY,
    _LEGAL,
    _RISK,
    _SYSTEM,
    _CASE,
    _FLOW,
    _EVIDENCE,
    _GROWTH,
    _ERRAND,
    _BINDING,
    _CLIENT,
    _ALERT,
    _STRUCTURE,
)

PERMISSIONS: dict[str, Permission] = {permission.name: permission for desk in _DESKS for permission in desk}

ROLES: dict[str, frozenset[str]] = {
    role: frozenset(name for name, permission in PERMISSIONS.items() if role is Role.ADMIN or role in permission.roles)
    for role in Role
}

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
