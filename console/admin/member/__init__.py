"""会员: who is here, how they stand, what comes next for them."""

from console.admin.member.admission import AdmissionView
from console.admin.member.log import StandingLogView
from console.admin.member.members import MemberView
from console.admin.member.rank import RankView
from console.admin.member.seed import OfferView, SeedView
from console.admin.member.standing import StandingView

__all__ = ["AdmissionView", "MemberView", "OfferView", "RankView", "SeedView", "StandingLogView", "StandingView"]
