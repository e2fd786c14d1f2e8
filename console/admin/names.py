"""The words for roles, states and reasons that several pages show."""

from flask_babel import lazy_gettext as _l

from console.admin.columns import Badge, Text, Tone
from models.rules.permission import Role
from models.rules.session import Ended

ROLE_NAMES: dict[str, Text] = {
    Role.ADMIN: _l("Administrator"),
    Role.OPERATOR: _l("Operator"),
    Role.FINANCE: _l("Finance"),
    Role.REVIEWER: _l("Reviewer"),
    Role.COMPLIANCE: _l("Compliance"),
    Role.SUPPORT: _l("Support"),
    Role.AUDITOR: _l("Auditor"),
    Role.MERCHANT: _l("Merchant"),
}

STAFF_STATES: dict[str, Badge] = {"active": Badge(_l("In use"), Tone.GOOD), "disabled": Badge(_l("Disabled"), Tone.BAD)}

ENDINGS: dict[str, Badge] = {
    Ended.SIGNED_OUT: Badge(_l("Signed out")),
    Ended.IDLE: Badge(_l("30 minutes idle")),
    Ended.EXPIRED: Badge(_l("12 hours over")),
    Ended.REPLACED: Badge(_l("Signed in again")),
    Ended.BY_SELF: Badge(_l("Ended by themselves")),
    Ended.BY_ADMIN: Badge(_l("Ended by an administrator"), Tone.WARN),
    Ended.DISABLED: Badge(_l("Account disabled"), Tone.WARN),
    Ended.ROLES: Badge(_l("Roles changed"), Tone.WARN),
    Ended.CREDENTIALS: Badge(_l("Credentials changed"), Tone.WARN),
}

# Why somebody's account is changed: the code goes into the audit trail, the words are for people.
STAFF_REASONS: dict[str, Text] = {
    "duty": _l("Change of duty"),
    "joined": _l("Joined"),
    "left": _l("Left or on leave"),
    "lost": _l("Lost phone or password"),
    "security": _l("Suspicion of misuse"),
    "other": _l("Other, see the note"),
}
