"""会员: who is here, how they stand, what comes next for them."""

from console.admin.member.log import StandingLogView
from console.admin.member.members import MemberView

__all__ = ["MemberView", "StandingLogView"]
